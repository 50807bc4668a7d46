// Which server and which key; profiles and signing in. Keys never show.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "cli/testing.h"

namespace curfew::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::Shell;

class Connection : public ::testing::Test {
 protected:
  Connection() {
    std::string pattern = ::testing::TempDir() + "curfew-XXXXXX";
    home_ = mkdtemp(pattern.data());
    shell.env["HOME"] = home_;
  }
  ~Connection() override { std::filesystem::remove_all(home_); }

  std::string path() const { return home_ + "/.config/curfew/config.toml"; }
  void write(const Profiles& profiles) { ASSERT_TRUE(write_profiles(path(), profiles)); }
  const client::ClientOptions& used() { return shell.server.connections.back(); }

  std::string home_;
  Shell shell;
};

const Profiles kTwo{
    .fallback = "prod",
    .by_name = {
        {"prod",
         {.server = "https://prod.example.com", .api_key = "prod-key", .ca_file = "/ca.pem", .realm = "production"}},
        {"lab", {.server = "http://lab:8080", .api_key = "lab-key", .ca_file = {}, .realm = {}, .plain_http = true}}}};

TEST_F(Connection, WithoutAnythingItIsThisMachine) {
  shell.run({"me"});
  EXPECT_EQ(used().server, "http://127.0.0.1:8080");
  EXPECT_EQ(used().api_key, "");
}

TEST_F(Connection, TheEnvironmentNamesServerAndKey) {
  shell.env["CURFEW_SERVER"] = "https://a.example";
  shell.env["CURFEW_API_KEY"] = "secret";
  shell.run({"me", "--timeout", "5"});
  EXPECT_EQ(used().server, "https://a.example");
  EXPECT_EQ(used().api_key, "secret");
  EXPECT_EQ(used().timeout, Duration::seconds(5));
}

TEST_F(Connection, TheDefaultProfileServesWhereNothingElseIsSaid) {
  write(kTwo);
  shell.run({"sessions", "list"});
  EXPECT_EQ(used().server, "https://prod.example.com");
  EXPECT_EQ(used().api_key, "prod-key");
  EXPECT_EQ(used().ca_file, "/ca.pem");
  EXPECT_EQ(shell.server.asked.back(), "GET /api/v1/realms/production/sessions");
}

TEST_F(Connection, AProfilesKeyGoesToItsOwnServerOnly) {
  write(kTwo);
  shell.run({"me", "--server", "https://evil.example"});
  EXPECT_EQ(used().server, "https://evil.example");
  EXPECT_EQ(used().api_key, "");
  shell.run({"me", "--server", "https://prod.example.com/"});
  EXPECT_EQ(used().api_key, "prod-key");
}

TEST_F(Connection, ANamedProfileOutranksTheEnvironment) {
  write(kTwo);
  shell.env["CURFEW_SERVER"] = "https://a.example";
  shell.env["CURFEW_API_KEY"] = "other";
  shell.run({"me", "--profile", "lab"});
  EXPECT_EQ(used().server, "http://lab:8080");
  EXPECT_EQ(used().api_key, "lab-key");
  EXPECT_TRUE(used().allow_plain_http);
}

TEST_F(Connection, AnUnknownProfileIsRefused) {
  EXPECT_EQ(shell.run({"me", "--profile", "nowhere"}), kExitUsage);
  EXPECT_TRUE(shell.server.connections.empty());
}

TEST_F(Connection, WithoutAKeyItSaysHowToGiveOne) {
  shell.server.then_fail(ErrorCode::kUnauthenticated, "unauthenticated", "No credentials.");
  EXPECT_EQ(shell.run({"me"}), kExitFailed);
  EXPECT_THAT(shell.err.str(), HasSubstr("curfew login"));
}

TEST_F(Connection, ProfilesSurviveTheFile) {
  write(kTwo);
  EXPECT_EQ(*read_profiles(path()), kTwo);
  Profiles odd = kTwo;
  odd.by_name["prod"].server = "https://a\"b\\c\n[x]";
  EXPECT_EQ(*parse_profiles(to_toml(odd), "x"), odd);
}

TEST_F(Connection, TheFileIsForItsOwnerOnly) {
  write(kTwo);
  struct stat info = {};
  ASSERT_EQ(stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  ASSERT_EQ(stat((home_ + "/.config/curfew").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
  chmod(path().c_str(), 0644);
  EXPECT_EQ(shell.run({"me"}), kExitUsage);
  EXPECT_THAT(shell.err.str(), HasSubstr("chmod 600"));
}

TEST_F(Connection, ABrokenFileIsRefusedWithItsLine) {
  std::filesystem::create_directories(home_ + "/.config/curfew");
  std::ofstream(path()) << "default = \"a\"\n[profile.a\n";
  EXPECT_EQ(shell.run({"me"}), kExitUsage);
  EXPECT_THAT(shell.err.str(), HasSubstr("line 2"));
  std::ofstream(path()) << "[profile.a]\nservr = \"x\"\n";
  EXPECT_EQ(shell.run({"me"}), kExitUsage);
  EXPECT_THAT(shell.err.str(), HasSubstr("\"servr\""));
}

TEST_F(Connection, LoginTriesTheKeyAndKeepsIt) {
  shell.secrets = {"my-key"};
  shell.server.then(R"({"name":"ops"})");
  EXPECT_EQ(shell.run({"login", "--server", "https://prod.example.com/", "--realm", "production"}), kExitDone);
  EXPECT_EQ(used().api_key, "my-key");
  const auto profiles = *read_profiles(path());
  EXPECT_EQ(profiles.fallback, "default");
  EXPECT_EQ(profiles.by_name.at("default"),
            (Profile{.server = "https://prod.example.com", .api_key = "my-key", .ca_file = {}, .realm = "production"}));
  EXPECT_THAT(shell.out.str() + shell.err.str(), Not(HasSubstr("my-key")));
}

TEST_F(Connection, AKeyThatIsRefusedIsNotKept) {
  shell.secrets = {"my-key"};
  shell.server.then_fail(ErrorCode::kUnauthenticated, "unauthenticated", "No such key.");
  EXPECT_EQ(shell.run({"login"}), kExitFailed);
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(Connection, LoginByPasswordMakesAKeyAndSignsOut) {
  shell.secrets = {"correct horse battery"};
  auto signed_in = testing::answer_of(
      R"({"name":"admin","grants":[{"realm":"-","permissions":["ADMIN:*"]}],"ownUser":null,"csrfToken":"t1"})");
  signed_in.headers = {{"set-cookie", "curfew_session=abc; HttpOnly; Path=/"}};
  shell.server.answers.emplace_back(signed_in);
  shell.server.then(R"({"id":"k1","key":"made-key"})", 201);
  shell.server.then("", 204);
  shell.server.then(R"({"name":"cli admin"})");
  EXPECT_EQ(shell.run({"login", "--username", "admin"}), kExitDone);
  EXPECT_EQ(shell.server.asked[0], R"(POST /api/v1/login {"username":"admin","password":"correct horse battery"})");
  EXPECT_THAT(shell.server.asked[1], HasSubstr(R"("grants":[{"realm":"-","permissions":["ADMIN:*"]}])"));
  EXPECT_EQ(shell.server.requests[1].headers,
            (client::Fields{{"Cookie", "curfew_session=abc"}, {"X-CSRF-Token", "t1"}}));
  EXPECT_EQ(shell.server.asked[2], "POST /api/v1/logout");
  EXPECT_EQ(read_profiles(path())->by_name.at("default").api_key, "made-key");
  EXPECT_THAT(shell.out.str() + shell.err.str(), Not(HasSubstr("made-key")));
}

TEST_F(Connection, APasswordIsNotSentInTheClear) {
  shell.secrets = {"correct horse battery"};
  EXPECT_EQ(shell.run({"login", "--username", "admin", "--server", "http://curfew.example.com"}), kExitUsage);
  EXPECT_TRUE(shell.server.asked.empty());
}

TEST_F(Connection, ProfilesAreSetListedUsedAndRemoved) {
  shell.in.str("key-one\n");
  EXPECT_EQ(shell.run({"profile", "set", "one", "--server", "https://one.example", "--api-key-file", "-"}), kExitDone);
  EXPECT_EQ(shell.run({"profile", "set", "two", "--server", "two.example:8080"}), kExitDone);
  EXPECT_EQ(shell.run({"profile", "use", "two"}), kExitDone);
  EXPECT_EQ(shell.run({"profile", "list"}), kExitDone);
  EXPECT_THAT(shell.out.str(), HasSubstr("https://one.example"));
  EXPECT_THAT(shell.out.str(), HasSubstr("http://two.example:8080"));
  EXPECT_THAT(shell.out.str(), Not(HasSubstr("key-one")));
  EXPECT_EQ(read_profiles(path())->fallback, "two");
  EXPECT_EQ(shell.run({"profile", "remove", "two"}), kExitDone);
  EXPECT_EQ(shell.run({"profile", "remove", "two"}), kExitUsage);
  EXPECT_TRUE(shell.server.asked.empty());
}

TEST_F(Connection, AProfileThatMovesToAnotherServerLosesItsKey) {
  write(kTwo);
  EXPECT_EQ(shell.run({"profile", "set", "prod", "--server", "https://elsewhere.example"}), kExitDone);
  EXPECT_EQ(read_profiles(path())->by_name.at("prod").api_key, "");
}

}  // namespace
}  // namespace curfew::cli
