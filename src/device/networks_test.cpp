#include "device/networks.h"

#include <gtest/gtest.h>

namespace curfew::device {
namespace {

std::string network(std::string_view address) {
  return network_of(*IpAddress::parse(address)).to_string();
}

TEST(Networks, AnAddressStandsInTheNetworkOfOneSite) {
  EXPECT_EQ(network("203.0.113.77"), "203.0.113.0/24");
  EXPECT_EQ(network("::ffff:203.0.113.77"), "203.0.113.0/24");
  EXPECT_EQ(network("2001:db8:1:2:3::4"), "2001:db8:1::/48");
  EXPECT_EQ(network("::"), "::/48");
}

}  // namespace
}  // namespace curfew::device
