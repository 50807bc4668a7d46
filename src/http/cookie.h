// Cookies (RFC 6265): reading what a browser sends, writing what it shall keep. Values, no state. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/message.h"

namespace curfew::http {

inline constexpr std::size_t kMaxCookies = 64;

struct Cookie {
  std::string name, value;
  friend bool operator==(const Cookie&, const Cookie&) = default;
};

// The pairs of one Cookie header, in order. Other sites' cookies may stand there, so what is malformed is skipped, not
// refused; at most kMaxCookies are read. Quotes around a value are taken off.
std::vector<Cookie> parse_cookies(std::string_view header);

// The first cookie of that name in the request, if any.
std::optional<std::string> find_cookie(const RequestHead& head, std::string_view name);

enum class SameSite : std::uint8_t { kStrict, kLax, kNone };

struct SetCookie {
  std::string name, value;
  std::string path = "/";
  std::string domain;                           // empty: this host only
  std::optional<std::int64_t> max_age_seconds;  // none: until the browser closes; 0: delete it
  bool http_only = true;
  bool secure = true;
  SameSite same_site = SameSite::kStrict;
};

// The value of a Set-Cookie header. Refuses a name that is no token, a value, path or domain that could end the cookie
// early, SameSite=None without Secure, the prefixes __Host- and __Secure- without what they promise, and more than 4096
// bytes.
Result<std::string> format_set_cookie(const SetCookie& cookie);

}  // namespace curfew::http
