// Who the client is when proxies stand in between.
//
// Only what a trusted proxy says counts: starting from the peer, each trusted address vouches for the one it names; the
// first that is not trusted is the client. Anything left of it may have been invented by the client and is ignored.
// X-Forwarded-For is read where it is present, else Forwarded (RFC 7239): reading both would let a client choose the
// one that its proxy does not set.
#pragma once

#include <vector>

#include "base/ip.h"
#include "http/message.h"

namespace curfew::http {

struct Origin {
  IpAddress address;
  bool secure = false;
};

// `peer`: the other end of the socket. `tls`: whether the socket itself is encrypted. Threads: any.
Origin client_origin(const RequestHead& head, const IpAddress& peer, bool tls, const std::vector<Cidr>& trusted);

bool is_trusted(const IpAddress& address, const std::vector<Cidr>& trusted);

}  // namespace curfew::http
