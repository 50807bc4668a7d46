// The reading of one request: parse_head() and BodyReader.
//
// The head is parsed by Beast's basic_parser, which fills a RequestHead directly (request_parser would build a field
// table first, only to be copied), and checked by the rules that Beast leaves to its user. All of Beast is instantiated
// in request_parser.cpp.
//
// Refused, since a proxy in front might read such a request otherwise: bare LF, folded lines, several Content-Length,
// Content-Length with Transfer-Encoding, any transfer coding but "chunked", Transfer-Encoding in HTTP/1.0, several or
// malformed Host, none in HTTP/1.1.
// Threads: functions any, a BodyReader one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "http/chunk_decoder.h"
#include "http/message.h"
#include "http/refusal.h"

namespace curfew::http {

inline constexpr std::size_t kMaxHeaderFields = 100;

struct HeadLimits {
  std::size_t header_bytes = 16 * 1024;
  std::size_t target_bytes = 8 * 1024;
};

// How the request's body is delimited and what shall happen to the connection.
struct RequestFraming {
  bool http11 = true;
  bool keep_alive = true;
  bool chunked = false;
  bool expects_continue = false;
  std::uint64_t content_length = 0;

  bool has_body() const { return chunked || content_length > 0; }
};

// Offset behind the empty line that ends the head, or npos. `from`: where an earlier search of the same bytes ended.
std::size_t find_head_end(std::string_view bytes, std::size_t from);

// What is wrong already with a head that is not complete yet. `from` as above.
std::optional<Refusal> check_partial_head(std::string_view bytes, std::size_t from, const HeadLimits& limits);

// `bytes`: exactly one head, its empty line included. Fills method, target, path, query and headers; on a refusal, as
// far as they were read.
std::optional<Refusal> parse_head(std::string_view bytes, const HeadLimits& limits, RequestHead& head,
                                  RequestFraming& framing);

// Finds the body in what follows the head.
class BodyReader {
 public:
  BodyReader() = default;  // no body
  explicit BodyReader(const RequestFraming& framing) : chunked_(framing.chunked), left_(framing.content_length) {}

  // The next piece of the body, a view into `input`, which starts with the first byte not consumed yet. Nothing
  // consumed: more input is needed.
  struct Piece {
    std::size_t consumed = 0;
    std::string_view body;
    bool malformed = false;
  };
  Piece next(std::string_view input);
  bool done() const { return chunked_ ? chunks_.state() == ChunkDecoder::State::kDone : left_ == 0; }

 private:
  bool chunked_ = false;
  std::uint64_t left_ = 0;
  ChunkDecoder chunks_;
};

}  // namespace curfew::http
