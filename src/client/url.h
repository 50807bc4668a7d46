// Where the server is: its URL, taken apart and checked.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace curfew::client {

struct ServerUrl {
  std::string base;  // "https://host:8443/prefix", without a slash at the end
  std::string host;
  bool tls = false;
  bool loopback = false;  // "localhost", 127.0.0.0/8 or ::1
};

// http or https, with a host; no user name, query or fragment. "host:port" alone reads as http://host:port.
Result<ServerUrl> parse_server_url(std::string_view text);

// Visible ASCII only: anything else would break the header that it goes into. Empty is fine. The message never holds
// the key.
Status check_key(std::string_view key);

}  // namespace curfew::client
