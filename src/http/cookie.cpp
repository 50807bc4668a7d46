#include "http/cookie.h"

#include <algorithm>

#include "http/field.h"

namespace curfew::http {
namespace {

constexpr std::size_t kMaxSetCookie = 4096;

bool is_cookie_octet(char c) {
  return c > 0x20 && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\';
}

bool is_attribute_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f && c != ';' && c != ','; });
}

std::string_view to_string(SameSite same_site) {
  switch (same_site) {
    case SameSite::kStrict:
      return "Strict";
    case SameSite::kLax:
      return "Lax";
    case SameSite::kNone:
      return "None";
  }
  return "Strict";
}

std::string_view unquote(std::string_view value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') return value.substr(1, value.size() - 2);
  return value;
}

}  // namespace

std::vector<Cookie> parse_cookies(std::string_view header) {
  std::vector<Cookie> cookies;
  while (!header.empty() && cookies.size() < kMaxCookies) {
    const auto end = header.find(';');
    const std::string_view pair = trim(header.substr(0, end));
    header.remove_prefix(end == std::string_view::npos ? header.size() : end + 1);
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = trim(pair.substr(0, equals));
    const std::string_view value = unquote(trim(pair.substr(equals + 1)));
    if (!is_token(name) || !std::all_of(value.begin(), value.end(), is_cookie_octet)) continue;
    cookies.push_back({std::string(name), std::string(value)});
  }
  return cookies;
}

std::optional<std::string> find_cookie(const RequestHead& head, std::string_view name) {
  for (const Header& header : head.headers) {
    if (!iequals(header.name, "Cookie")) continue;
    for (Cookie& cookie : parse_cookies(header.value)) {
      if (cookie.name == name) return std::move(cookie.value);
    }
  }
  return std::nullopt;
}

Result<std::string> format_set_cookie(const SetCookie& cookie) {
  if (!is_token(cookie.name)) return invalid("name", "a cookie's name must be a token");
  if (!std::all_of(cookie.value.begin(), cookie.value.end(), is_cookie_octet)) {
    return invalid("value",
                   "a cookie's value must be visible ASCII without quotes, commas, semicolons and backslashes");
  }
  if (!is_attribute_text(cookie.path) || (!cookie.path.empty() && cookie.path.front() != '/')) {
    return invalid("path", "a cookie's path must begin with '/' and hold no spaces, commas or semicolons");
  }
  if (!is_attribute_text(cookie.domain)) return invalid("domain", "a cookie's domain must be a host name");
  if (cookie.same_site == SameSite::kNone && !cookie.secure) return invalid("secure", "SameSite=None needs Secure");
  const bool host_prefix = cookie.name.starts_with("__Host-");
  if ((host_prefix || cookie.name.starts_with("__Secure-")) && !cookie.secure) {
    return invalid("secure", "a cookie with this prefix must be Secure");
  }
  if (host_prefix && (cookie.path != "/" || !cookie.domain.empty())) {
    return invalid("path", "a __Host- cookie must have the path '/' and no domain");
  }

  std::string out = cookie.name + "=" + cookie.value;
  if (!cookie.path.empty()) out += "; Path=" + cookie.path;
  if (!cookie.domain.empty()) out += "; Domain=" + cookie.domain;
  if (cookie.max_age_seconds) out += "; Max-Age=" + std::to_string(*cookie.max_age_seconds);
  if (cookie.http_only) out += "; HttpOnly";
  if (cookie.secure) out += "; Secure";
  out += "; SameSite=";
  out += to_string(cookie.same_site);
  if (out.size() > kMaxSetCookie) {
    return fail(ErrorCode::kTooLarge, "cookie_too_large",
                "a cookie may have " + std::to_string(kMaxSetCookie) + " bytes at most", "value");
  }
  return out;
}

}  // namespace curfew::http
