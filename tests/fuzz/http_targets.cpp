// What a stranger sends to the port.
#include "base/text.h"
#include "fuzz_target.h"
#include "http/cookie.h"
#include "http/forwarded.h"
#include "http/request_parser.h"
#include "http/uri.h"

namespace curfew::fuzz {
namespace {

using namespace curfew::http;

// A head, and behind it a body in whatever framing the head says.
void request(std::string_view bytes) {
  const HeadLimits limits{4096, 1024};
  (void)check_partial_head(bytes, 0, limits);
  const std::size_t end = find_head_end(bytes, 0);
  if (end == std::string_view::npos) return;
  FUZZ_CHECK(end <= bytes.size());
  RequestHead head;
  RequestFraming framing;
  if (parse_head(bytes.substr(0, end), limits, head, framing)) return;
  FUZZ_CHECK(head.path.size() + head.query.size() <= limits.target_bytes && head.headers.size() <= kMaxHeaderFields);
  FUZZ_CHECK(!(framing.chunked && framing.content_length > 0));
  for (const Header& header : head.headers)
    for (const char c : header.value) FUZZ_CHECK(c != '\r' && c != '\n' && c != '\0');
  std::string_view rest = bytes.substr(end);
  BodyReader reader(framing);
  std::size_t body = 0;
  while (!reader.done()) {
    const auto piece = reader.next(rest);
    if (piece.malformed) return;
    FUZZ_CHECK(piece.consumed <= rest.size());
    body += piece.body.size();
    rest.remove_prefix(piece.consumed);
    if (piece.consumed == 0 && piece.body.empty()) return;
  }
  if (!framing.chunked) FUZZ_CHECK(body == framing.content_length);
}

void uri(std::string_view bytes) {
  if (const auto path = split_path(bytes)) {
    FUZZ_CHECK(path->segments.size() <= kMaxPathSegments);
    for (const auto& segment : path->segments) FUZZ_CHECK(segment != "." && segment != ".." && is_valid_utf8(segment));
    if (!path->segments.empty()) {
      const auto again = split_path(build_path(path->segments));
      FUZZ_CHECK(again && again->segments == path->segments);
    }
  }
  if (const auto pairs = parse_query(bytes)) {
    FUZZ_CHECK(pairs->size() <= kMaxQueryPairs);
    const auto again = parse_query(build_query(*pairs));
    FUZZ_CHECK(again && *again == *pairs);
  }
}

void cookies(std::string_view bytes) {
  FUZZ_CHECK(parse_cookies(bytes).size() <= kMaxCookies);
  SetCookie cookie;
  cookie.name = std::string(bytes.substr(0, bytes.size() / 2));
  cookie.value = std::string(bytes.substr(bytes.size() / 2));
  if (const auto text = format_set_cookie(cookie)) {
    FUZZ_CHECK(text->find_first_of("\r\n") == std::string::npos);
    FUZZ_CHECK(text->starts_with(cookie.name + "=" + cookie.value + ";"));
  }
}

// Whatever a client writes into the headers, it can't take an address that no trusted proxy vouches for.
void forwarded(std::string_view bytes) {
  const IpAddress peer = *IpAddress::parse("198.51.100.1");
  RequestHead head;
  const bool standard = !bytes.empty() && (bytes.front() & 1) != 0;
  head.headers.push_back(
      {standard ? "Forwarded" : "X-Forwarded-For", std::string(bytes.substr(bytes.empty() ? 0 : 1))});
  FUZZ_CHECK(client_origin(head, peer, false, {}).address == peer);
  (void)client_origin(head, peer, true, {*Cidr::parse("198.51.100.0/24"), *Cidr::parse("::/0")});
}

}  // namespace

std::vector<Target> http_targets() {
  return {
      {"request",
       request,
       {"GET /api/v1/realms?x=1 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer abc\r\n\r\n",
        "POST /api/v1/login HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nTrailer: 1\r\n\r\n",
        "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"}},
      {"uri", uri, {"/api/v1/realms/production/sessions/regular/a%2Fb", "a=1&b=x%20y&c", "/a/../b", "/%2e%2e/"}},
      {"cookies", cookies, {"curfew=abc; other=\"x\"; broken", "__Host-curfew=token"}},
      {"forwarded",
       forwarded,
       {"1for=203.0.113.7;proto=https, for=\"[2001:db8::1]:80\"", "0203.0.113.7, 198.51.100.2"}},
  };
}

}  // namespace curfew::fuzz
