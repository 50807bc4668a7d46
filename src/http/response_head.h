// The text of a response's head, written by hand into one buffer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace curfew::http {

std::string_view reason_phrase(int status);

enum class Framing : std::uint8_t {
  kNone,        // no body and no Content-Length: 1xx, 204, 304
  kLength,      // Content-Length
  kChunked,     // Transfer-Encoding: chunked
  kUntilClose,  // a streamed body for an HTTP/1.0 client
};

struct ResponseHead {
  int status = 200;
  const std::vector<Header>* headers = nullptr;
  std::string_view date;  // IMF-fixdate
  std::string_view request_id;
  Framing framing = Framing::kLength;
  std::uint64_t length = 0;
  bool http11 = true;
  bool keep_alive = true;
};

// False when a header can't be sent as it is: its name is no token, or its value holds a control character. Such a
// header would let a caller's text end the head early.
bool can_send(const std::vector<Header>& headers);

// Appends the status line, the transport's own headers, the security headers common to every answer, and the
// application's headers but those that are the transport's. REQUIRES: can_send(*head.headers).
void append_head(std::string& out, const ResponseHead& head);

// "Sun, 06 Nov 1994 08:49:37 GMT" (29 characters).
std::string imf_fixdate(std::int64_t unix_seconds);

}  // namespace curfew::http
