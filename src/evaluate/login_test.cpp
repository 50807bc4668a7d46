#include "evaluate/login.h"

#include <gtest/gtest.h>

#include <sstream>

#include "evaluate/generator.h"

namespace curfew::evaluate {
namespace {

constexpr std::string_view kHeader =
    "index,Login Timestamp,User ID,Round-Trip Time [ms],IP Address,Country,Region,City,ASN,User Agent String,Browser "
    "Name and Version,OS Name and Version,Device Type,Login Successful,Is Attack IP,Is Account Takeover\n";

Result<std::vector<Login>> read(const std::string& text) {
  std::istringstream in(text);
  std::vector<Login> out;
  CURFEW_TRY_STATUS(read_logins(in, [&](Login&& login) { out.push_back(std::move(login)); }));
  return out;
}

TEST(LoginCsv, IsReadAsTheDataSetIsWritten) {
  const auto read_back = read(std::string(kHeader) +
                              "0,2020-02-03 12:43:30.772,-4324475583306591935,,10.0.65.171,NO,-,-,29695,\"Mozilla/5.0 "
                              "(a, \"\"b\"\")\",Firefox 20.0,iOS 13.4,mobile,False,False,False\r\n"
                              "1,2020-02-03 12:43:43.549,77,123.0,194.87.207.6,AU,Vic,Geelong,60117,curl,curl "
                              "7,Other,unknown,True,True,True\n");
  ASSERT_TRUE(read_back.has_value()) << read_back.error().message;
  ASSERT_EQ(read_back->size(), 2U);
  const Login& first = (*read_back)[0];
  EXPECT_EQ(format_time(first.at), "2020-02-03T12:43:30.772Z");
  EXPECT_EQ(first.user, "-4324475583306591935");
  EXPECT_FALSE(first.round_trip_ms);
  EXPECT_EQ(first.city, "");
  EXPECT_EQ(first.asn, 29695U);
  EXPECT_EQ(first.user_agent, "Mozilla/5.0 (a, \"b\")");
  EXPECT_FALSE(first.successful);
  EXPECT_EQ((*read_back)[1].round_trip_ms, 123);
  EXPECT_EQ((*read_back)[1].attacker, Attacker::kUnknown);
}

TEST(LoginCsv, OfAPopulationIsReadAsItWasWritten) {
  std::vector<Login> logins = generate({.seed = 3, .users = 40, .days = 10});
  std::ostringstream out;
  write_header(out);
  EXPECT_EQ(out.str(), kHeader);
  for (std::size_t i = 0; i < logins.size(); ++i) write_login(out, i, logins[i]);
  const auto read_back = read(out.str());
  ASSERT_TRUE(read_back.has_value()) << read_back.error().message;
  for (Login& login : logins)
    if (login.takeover) login.attacker = Attacker::kUnknown;
  EXPECT_EQ(*read_back, logins);
}

TEST(LoginCsv, ThatIsBrokenIsRefusedWithItsLine) {
  EXPECT_FALSE(read("").has_value());
  EXPECT_NE(read("a,b\n").error().message.find("no column"), std::string::npos);
  for (const std::string row : {"1,2\n", "0,yesterday,1,,10.0.0.1,NO,-,-,1,a,b,c,d,True,True,True\n",
                                "0,2020-02-03 12:43:30.772,1,,10.0.0,NO,-,-,1,a,b,c,d,True,True,True\n",
                                "0,2020-02-03 12:43:30.772,1,,10.0.0.1,NO,-,-,1,a,b,c,d,True,True,perhaps\n",
                                "0,2020-02-03 12:43:30.772,1,,10.0.0.1,NO,-,-,1,\"a,b,c,d,True,True,True\n"}) {
    const auto result = read(std::string(kHeader) + row);
    ASSERT_FALSE(result.has_value()) << row;
    EXPECT_TRUE(result.error().message.starts_with("Line 2: ")) << result.error().message;
  }
}

}  // namespace
}  // namespace curfew::evaluate
