#include "base/ip.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <unordered_set>
#include <vector>

#include "base/crypto.h"

namespace curfew {
namespace {

std::string round_trip(std::string_view text) {
  const auto address = IpAddress::parse(text);
  return address ? address->to_string() : "refused";
}

TEST(IpAddress, WritesTheFormsOfRfc5952) {
  EXPECT_EQ(round_trip("2001:0db8::0001"), "2001:db8::1");
  EXPECT_EQ(round_trip("2001:db8:0:0:0:0:2:1"), "2001:db8::2:1");
  EXPECT_EQ(round_trip("2001:db8:0:1:1:1:1:1"), "2001:db8:0:1:1:1:1:1");  // one zero group is not shortened
  EXPECT_EQ(round_trip("2001:db8::1:1:1:1:1"), "2001:db8:0:1:1:1:1:1");
  EXPECT_EQ(round_trip("2001:0:0:1:0:0:0:1"), "2001:0:0:1::1");        // the longest run
  EXPECT_EQ(round_trip("2001:db8:0:0:1:0:0:1"), "2001:db8::1:0:0:1");  // the first among equals
  EXPECT_EQ(round_trip("2001:DB8::ABCD"), "2001:db8::abcd");
  EXPECT_EQ(round_trip("::"), "::");
  EXPECT_EQ(round_trip("::1"), "::1");
  EXPECT_EQ(round_trip("1::"), "1::");
  EXPECT_EQ(round_trip("0:0:0:0:0:0:0:0"), "::");
  EXPECT_EQ(round_trip("1:2:3:4:5:6:7::"), "1:2:3:4:5:6:7:0");
  EXPECT_EQ(round_trip("::2:3:4:5:6:7:8"), "0:2:3:4:5:6:7:8");
  EXPECT_EQ(round_trip("64:ff9b::192.0.2.33"), "64:ff9b::c000:221");
}

TEST(IpAddress, MappedTextIsTheIpv4Address) {
  EXPECT_EQ(round_trip("::ffff:203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(round_trip("::ffff:cb00:7107"), "203.0.113.7");
  EXPECT_EQ(IpAddress::parse("0:0:0:0:0:ffff:203.0.113.7").value(), IpAddress::parse("203.0.113.7").value());
  EXPECT_TRUE(IpAddress::parse("::ffff:1.2.3.4")->is_v4());
  EXPECT_FALSE(IpAddress::parse("::1.2.3.4")->is_v4());
  EXPECT_EQ(IpAddress::v4(0xcb007107).to_string(), "203.0.113.7");
}

TEST(IpAddress, RefusesWhatIsNotAnAddress) {
  for (const char* text : {"",
                           " ",
                           "1.2.3",
                           "1.2.3.4.5",
                           "1.2.3.256",
                           "01.2.3.4",
                           "1.2.3.04",
                           "1.2.3.",
                           ".1.2.3",
                           "1..2.3",
                           "1.2.3.4 ",
                           " 1.2.3.4",
                           "1.2.3.4a",
                           "0x1.2.3.4",
                           "1234.1.1.1",
                           "+1.2.3.4",
                           ":",
                           ":::",
                           "1:",
                           ":1",
                           "1:2:3:4:5:6:7",
                           "::1::",
                           "1::2::3",
                           "1:2:3:4:5:6:7:8:9",
                           "1:2:3:4:5:6:7:8::",
                           "::1:2:3:4:5:6:7:8",
                           "12345::",
                           "g::",
                           "1:2:3:4:5:6:7:",
                           "::1%eth0",
                           "fe80::1%1",
                           "[::1]",
                           "::1.2.3",
                           "::1.2.3.4.5",
                           "1:2:3:4:5:6:7:1.2.3.4",
                           "::1.2.3.4:5",
                           "::ffff:01.2.3.4",
                           "localhost",
                           "1.2.3.4/32",
                           "::1\n"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
  EXPECT_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0", 8)));
  EXPECT_FALSE(IpAddress::parse(std::string(1000, '1')));
}

TEST(IpAddress, ZoneIndexSaysSo) {
  EXPECT_NE(IpAddress::parse("fe80::1%eth0").error().message.find("zone"), std::string::npos);
}

TEST(IpAddress, AllIpv4StandTogetherInTheOrder) {
  std::vector<IpAddress> addresses;
  for (const char* text : {"10.0.0.2", "::1", "2001:db8::1", "9.255.255.255", "10.0.0.10"}) {
    addresses.push_back(IpAddress::parse(text).value());
  }
  std::sort(addresses.begin(), addresses.end());
  std::vector<std::string> texts;
  for (const IpAddress& address : addresses) texts.push_back(address.to_string());
  EXPECT_EQ(texts, (std::vector<std::string>{"::1", "9.255.255.255", "10.0.0.2", "10.0.0.10", "2001:db8::1"}));
}

TEST(IpAddress, RandomAddressesRoundTripAndAgreeWithTheSystem) {
  SeededRandom random(11);
  for (int i = 0; i < 20'000; ++i) {
    std::array<std::uint8_t, 16> bytes{};
    random.fill(bytes);
    // Many zero groups, as those are what the shortening is about.
    const std::uint64_t zeros = random.next();
    for (std::size_t group = 0; group < 8; ++group) {
      if ((zeros >> group & 1) != 0) bytes[2 * group] = bytes[2 * group + 1] = 0;
    }
    const IpAddress address = IpAddress::from_bytes(bytes);
    const std::string text = address.to_string();
    ASSERT_EQ(IpAddress::parse(text).value(), address) << text;
    std::array<std::uint8_t, 16> system{};
    ASSERT_EQ(inet_pton(AF_INET6, address.is_v4() ? ("::ffff:" + text).c_str() : text.c_str(), system.data()), 1)
        << text;
    ASSERT_EQ(system, bytes) << text;
  }
}

TEST(IpAddress, AgreesWithTheSystemOnMutatedTexts) {
  SeededRandom random(12);
  const char* seeds[] = {"2001:db8::8:800:200c:417a", "::ffff:1.2.3.4", "10.20.30.40", "1:2:3:4:5:6:7:8", "::"};
  const char alphabet[] = "0123456789abcf:.:.";
  for (int i = 0; i < 50'000; ++i) {
    std::string text = seeds[random.next() % std::size(seeds)];
    for (std::uint64_t edits = 1 + random.next() % 3; edits > 0; --edits) {
      const std::size_t at = random.next() % (text.size() + 1);
      const char c = alphabet[random.next() % (sizeof alphabet - 1)];
      if (random.next() % 2 == 0)
        text.insert(at, 1, c);
      else if (at < text.size())
        text.erase(at, 1);
    }
    std::array<std::uint8_t, 16> bytes{};
    const bool v6 = text.find(':') != std::string::npos;
    const bool known = v6 ? inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1
                          : inet_pton(AF_INET, text.c_str(), bytes.data() + 12) == 1;
    const auto mine = IpAddress::parse(text);
    ASSERT_EQ(mine.has_value(), known) << text;
    if (known && v6) {
      ASSERT_EQ(mine->bytes(), bytes) << text;
    }
    if (known && !v6) {
      ASSERT_EQ(std::memcmp(mine->bytes().data() + 12, bytes.data() + 12, 4), 0) << text;
    }
  }
}

TEST(IpAddress, HashesSpread) {
  std::unordered_set<std::size_t> hashes;
  for (std::uint32_t i = 0; i < 10'000; ++i) hashes.insert(std::hash<IpAddress>{}(IpAddress::v4(0x0a000000 + i)));
  EXPECT_EQ(hashes.size(), 10'000U);
}

TEST(Cidr, HoldsItsFirstAndLastAddressAndNoOther) {
  const Cidr network = Cidr::parse("10.20.0.0/16").value();
  EXPECT_EQ(network.prefix(), 112);
  EXPECT_TRUE(network.contains(IpAddress::parse("10.20.0.0").value()));
  EXPECT_TRUE(network.contains(IpAddress::parse("10.20.255.255").value()));
  EXPECT_FALSE(network.contains(IpAddress::parse("10.19.255.255").value()));
  EXPECT_FALSE(network.contains(IpAddress::parse("10.21.0.0").value()));
  EXPECT_FALSE(network.contains(IpAddress::parse("::a14:1").value()));

  const Cidr six = Cidr::parse("2001:db8::/33").value();
  EXPECT_EQ(six.last().to_string(), "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff");
  EXPECT_FALSE(six.contains(IpAddress::parse("2001:db8:8000::").value()));
}

TEST(Cidr, ABareAddressIsANetworkOfOne) {
  const Cidr one = Cidr::parse("203.0.113.7").value();
  EXPECT_EQ(one.first(), one.last());
  EXPECT_EQ(one.to_string(), "203.0.113.7/32");
  EXPECT_EQ(Cidr::parse("2001:db8::7")->to_string(), "2001:db8::7/128");
}

TEST(Cidr, TheWholeOfIpv4HoldsNoIpv6) {
  const Cidr all = Cidr::parse("0.0.0.0/0").value();
  EXPECT_EQ(all.to_string(), "0.0.0.0/0");
  EXPECT_TRUE(all.contains(IpAddress::parse("255.255.255.255").value()));
  EXPECT_FALSE(all.contains(IpAddress::parse("2001:db8::1").value()));
  EXPECT_FALSE(all.contains(IpAddress::parse("::").value()));
}

TEST(Cidr, SetHostBitsAreRefusedWithTheNetworkThatWasMeant) {
  const auto refused = Cidr::parse("10.20.30.40/16");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("10.20.0.0/16"), std::string::npos);
  EXPECT_NE(Cidr::parse("2001:db8::1/32").error().message.find("2001:db8::/32"), std::string::npos);
}

TEST(Cidr, RefusesBrokenPrefixes) {
  for (const char* text : {"10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/8/8", "10.0.0.0/ 8",
                           "/8", "10.0.0/8", "::/129", "::/1000", "::/a", "10.0.0.0/255.0.0.0", ""}) {
    EXPECT_FALSE(Cidr::parse(text)) << text;
  }
}

TEST(Cidr, EveryPrefixRoundTripsThroughItsText) {
  const IpAddress six = IpAddress::parse("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff").value();
  for (int prefix = 0; prefix <= 128; ++prefix) {
    const Cidr network(six, prefix);
    EXPECT_EQ(Cidr::parse(network.to_string()).value(), network);
    EXPECT_TRUE(network.contains(six));
  }
  for (int prefix = 96; prefix <= 128; ++prefix) {
    const Cidr network(IpAddress::v4(0xffffffff), prefix);
    EXPECT_EQ(Cidr::parse(network.to_string()).value(), network);
  }
}

TEST(Cidr, MappedTextCountsIn128Bits) {
  EXPECT_EQ(Cidr::parse("::ffff:10.0.0.0/104")->to_string(), "10.0.0.0/8");
}

}  // namespace
}  // namespace curfew
