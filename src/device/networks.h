// The network that an address stands in, where nothing better (its autonomous system) is known.
#pragma once

#include "base/ip.h"

namespace curfew::device {

// The /24 of an IPv4 address, the /48 of an IPv6 address: what one site is commonly given.
Cidr network_of(const IpAddress& address);

}  // namespace curfew::device
