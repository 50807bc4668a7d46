#include "device/networks.h"

namespace curfew::device {
namespace {

// In 128-bit terms, as Cidr counts.
constexpr int kPrefixV4 = 96 + 24, kPrefixV6 = 48;

}  // namespace

Cidr network_of(const IpAddress& address) {
  return {address, address.is_v4() ? kPrefixV4 : kPrefixV6};
}

}  // namespace curfew::device
