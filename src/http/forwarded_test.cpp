#include "http/forwarded.h"

#include <gtest/gtest.h>

namespace curfew::http {
namespace {

class ForwardedTest : public testing::Test {
 protected:
  Origin origin(std::vector<Header> headers, const char* peer = "10.0.0.1", bool tls = false) {
    RequestHead head;
    head.headers = std::move(headers);
    return client_origin(head, *IpAddress::parse(peer), tls, trusted_);
  }
  std::string address(std::vector<Header> headers, const char* peer = "10.0.0.1") {
    return origin(std::move(headers), peer).address.to_string();
  }

  std::vector<Cidr> trusted_{*Cidr::parse("10.0.0.0/8"), *Cidr::parse("2001:db8::/32")};
};

TEST_F(ForwardedTest, AnUntrustedPeerIsTheClientWhateverItSays) {
  const Origin client = origin({{"X-Forwarded-For", "203.0.113.7"}, {"X-Forwarded-Proto", "https"}}, "198.51.100.1");
  EXPECT_EQ(client.address.to_string(), "198.51.100.1");
  EXPECT_FALSE(client.secure);
}

TEST_F(ForwardedTest, TheRightMostUntrustedAddressIsTheClient) {
  EXPECT_EQ(address({{"X-Forwarded-For", "203.0.113.7"}}), "203.0.113.7");
  EXPECT_EQ(address({{"X-Forwarded-For", "192.0.2.1, 203.0.113.7, 10.2.3.4"}}), "203.0.113.7");
  EXPECT_EQ(address({{"X-Forwarded-For", "192.0.2.1"}, {"x-forwarded-for", "203.0.113.7"}}), "203.0.113.7");
}

TEST_F(ForwardedTest, WhenAllAreTrustedTheLeftMostIsTheClient) {
  EXPECT_EQ(address({{"X-Forwarded-For", "10.9.9.9, 10.2.3.4"}}), "10.9.9.9");
}

TEST_F(ForwardedTest, WithoutTheHeaderThePeerIsTheClient) {
  EXPECT_EQ(address({}), "10.0.0.1");
}

TEST_F(ForwardedTest, NonsenseEndsTheChain) {
  EXPECT_EQ(address({{"X-Forwarded-For", "203.0.113.7, unknown, 10.2.3.4"}}), "10.2.3.4");
  EXPECT_EQ(address({{"X-Forwarded-For", "203.0.113.7,,"}}), "10.0.0.1");
}

TEST_F(ForwardedTest, PortsAndBracketsAreUnderstood) {
  EXPECT_EQ(address({{"X-Forwarded-For", "203.0.113.7:4711"}}), "203.0.113.7");
  EXPECT_EQ(address({{"X-Forwarded-For", "[2001:db9::1]:4711"}}), "2001:db9::1");
  EXPECT_EQ(address({{"X-Forwarded-For", "2001:db9::1"}}, "2001:db8::5"), "2001:db9::1");
}

TEST_F(ForwardedTest, ForwardedIsReadWhereXForwardedForIsMissing) {
  EXPECT_EQ(address({{"Forwarded", "for=192.0.2.60;proto=http;by=203.0.113.43"}}), "192.0.2.60");
  EXPECT_EQ(address({{"Forwarded", "for=1.2.3.4, For=\"[2001:db9:cafe::17]:4711\";proto=https, for=10.1.1.1"}}),
            "2001:db9:cafe::17");
  EXPECT_EQ(address({{"Forwarded", "for=192.0.2.60"}, {"X-Forwarded-For", "203.0.113.7"}}), "203.0.113.7");
  EXPECT_EQ(address({{"Forwarded", "for=_hidden"}}), "10.0.0.1");
  EXPECT_TRUE(origin({{"Forwarded", "for=1.2.3.4;proto=\"https\""}}).secure);
}

TEST_F(ForwardedTest, TheNearestProxySaysWhetherItIsSecure) {
  EXPECT_TRUE(origin({{"X-Forwarded-Proto", "https"}}).secure);
  EXPECT_TRUE(origin({{"X-Forwarded-Proto", "http, HTTPS"}}).secure);
  EXPECT_FALSE(origin({{"X-Forwarded-Proto", "https, http"}}).secure);
  EXPECT_TRUE(origin({{"X-Forwarded-Proto", "http"}}, "10.0.0.1", true).secure);
}

}  // namespace
}  // namespace curfew::http
