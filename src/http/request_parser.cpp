#include "http/request_parser.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/none.hpp>

#include "http/field.h"

namespace curfew::http {
namespace {

namespace beast = boost::beast;
using boost::system::error_code;

// A piece of a line that starts with a space or a tab continues the line before it (obs-fold).
std::optional<Refusal> check_lines(std::string_view bytes, std::size_t from) {
  const char* const end = bytes.data() + bytes.size();
  const char* at = bytes.data() + from;
  while (at < end && (at = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at))))) {
    if (at == bytes.data() || at[-1] != '\r') return malformed("lines of the head must end with CR LF");
    if (++at < end && (*at == ' ' || *at == '\t'))
      return malformed("folded header lines are not accepted; send the field in one line");
  }
  return std::nullopt;
}

Refusal target_too_long(std::size_t limit) {
  return {414, "uri_too_long", "the request target is longer than " + std::to_string(limit) + " bytes"};
}

Refusal header_too_large(std::size_t limit) {
  return {431, "header_too_large", "the head of the request is larger than " + std::to_string(limit) + " bytes"};
}

Method to_method(beast::http::verb verb) {
  switch (verb) {
    case beast::http::verb::get:
      return Method::kGet;
    case beast::http::verb::head:
      return Method::kHead;
    case beast::http::verb::post:
      return Method::kPost;
    case beast::http::verb::put:
      return Method::kPut;
    case beast::http::verb::patch:
      return Method::kPatch;
    case beast::http::verb::delete_:
      return Method::kDelete;
    case beast::http::verb::options:
      return Method::kOptions;
    default:
      return Method::kOther;
  }
}

constexpr std::array<bool, 256> host_table() {
  std::array<bool, 256> table{};
  for (char c = '0'; c <= '9'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c : std::string_view("-._~%!$&'()*+,;=:[]")) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr auto kHost = host_table();

bool is_valid_host(std::string_view host) {
  if (host.empty() || host.size() > 261) return false;
  return std::ranges::all_of(host, [](char c) { return kHost[static_cast<unsigned char>(c)]; });
}

// Visible ASCII but '#'. Without a way out of the loop, so that the compiler looks at many bytes at once.
bool is_target(std::string_view text) {
  bool good = !text.empty();
  for (const char c : text) good &= c > 0x20 && c < 0x7f && c != '#';
  return good;
}

bool parse_decimal(std::string_view text, std::uint64_t& value) {
  if (text.empty() || text.size() > 18) return false;
  value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return true;
}

// Splits the target, "/api/v1/realms?x=y", into path and query. An absolute target ("http://host/path", which every
// server must take) loses its front; "*" is for OPTIONS alone.
bool split_target(std::string_view rest, RequestHead& head) {
  if (!is_target(rest)) return false;
  if (rest.front() != '/') {
    if (rest == "*" && head.method == Method::kOptions) {
      head.path = "*";
      return true;
    }
    const auto scheme = rest.find("://");
    if (scheme == std::string_view::npos ||
        !(iequals(rest.substr(0, scheme), "http") || iequals(rest.substr(0, scheme), "https")))
      return false;
    rest.remove_prefix(scheme + 3);
    const auto path = rest.find_first_of("/?");
    if (!is_valid_host(rest.substr(0, path))) return false;
    rest = path == std::string_view::npos ? std::string_view() : rest.substr(path);
  }
  const auto question = rest.find('?');
  head.path = rest.substr(0, question);
  if (head.path.empty()) head.path = "/";
  if (question != std::string_view::npos) head.query = rest.substr(question + 1);
  return true;
}

// Beast's parser with a RequestHead as its sink. It is told that there is no body: BodyReader finds that one, since
// Beast's own reading of chunks needs whole lines in the buffer and asserts when a last chunk arrives byte by byte.
class Reader final : public beast::http::basic_parser<true> {
 public:
  explicit Reader(RequestHead& head) : head_(head) { skip(true); }

  int hosts = 0, lengths = 0, codings = 0;
  bool too_many_fields = false, chunked_coding = false, bad_length = false, bad_host = false;
  bool expects_continue = false, unknown_expectation = false;
  bool http11 = true;
  std::string_view target;  // in the bytes that are read

 private:
  using Text = beast::string_view;
  static std::string_view view(Text text) { return {text.data(), text.size()}; }

  void on_request_impl(beast::http::verb verb, Text, Text text, int version, error_code&) override {
    head_.method = to_method(verb);
    target = view(text);
    http11 = version >= 11;
  }
  void on_response_impl(int, Text, int, error_code&) override {}

  void on_field_impl(beast::http::field field, Text name, Text value, error_code& ec) override {
    if (head_.headers.size() >= kMaxHeaderFields) {
      too_many_fields = true;
      ec = beast::http::error::header_limit;
      return;
    }
    note(field, view(value));
    head_.headers.push_back({std::string(view(name)), std::string(view(value))});
  }

  void note(beast::http::field field, std::string_view value) {
    std::uint64_t length = 0;
    switch (field) {
      case beast::http::field::host:
        ++hosts;
        bad_host |= !is_valid_host(value);
        break;
      case beast::http::field::content_length:
        ++lengths;
        bad_length |= !parse_decimal(value, length);
        break;
      case beast::http::field::transfer_encoding:
        ++codings;
        chunked_coding = iequals(value, "chunked");
        break;
      case beast::http::field::expect:
        (iequals(value, "100-continue") ? expects_continue : unknown_expectation) = true;
        break;
      default:
        break;
    }
  }

  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(Text text, error_code&) override { return text.size(); }
  void on_chunk_header_impl(std::uint64_t, Text, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text text, error_code&) override { return text.size(); }
  void on_finish_impl(error_code&) override {}

  RequestHead& head_;
};

std::optional<Refusal> check_framing(const Reader& reader) {
  if (reader.codings > 0 && reader.lengths > 0)
    return malformed("Content-Length and Transfer-Encoding exclude each other");
  if (reader.lengths > 1) return malformed("more than one Content-Length");
  if (reader.bad_length) return malformed("Content-Length is not a number of bytes");
  if (reader.codings > 0 && (reader.codings > 1 || !reader.chunked_coding))
    return malformed("the only transfer coding accepted is chunked");
  if (reader.codings > 0 && !reader.http11) return malformed("HTTP/1.0 has no Transfer-Encoding");
  if (reader.hosts > 1) return malformed("more than one Host");
  if (reader.bad_host) return malformed("Host is not a host name with an optional port");
  if (reader.hosts == 0 && reader.http11) return malformed("HTTP/1.1 requires a Host header");
  if (reader.unknown_expectation)
    return Refusal{417, "expectation_failed", "the only expectation known is 100-continue"};
  return std::nullopt;
}

std::string_view describe(const error_code& ec) {
  using beast::http::error;
  if (ec == error::bad_version) return "the version must be HTTP/1.1 or HTTP/1.0";
  if (ec == error::bad_method) return "the method is not a token";
  if (ec == error::bad_target) return "the request target holds a character that must be percent-encoded";
  if (ec == error::bad_field) return "a header name is malformed";
  if (ec == error::bad_value) return "a header value is malformed";
  if (ec == error::bad_line_ending) return "lines of the head must end with CR LF";
  if (ec == error::bad_content_length || ec == error::multiple_content_length)
    return "Content-Length is malformed, or stands twice, or with Transfer-Encoding";
  if (ec == error::bad_transfer_encoding)
    return "Transfer-Encoding is malformed, or stands twice, or with Content-Length";
  return "the head of the request is malformed";
}

}  // namespace

std::size_t find_head_end(std::string_view bytes, std::size_t from) {
  const auto at = bytes.find("\r\n\r\n", from > 3 ? from - 3 : 0);
  return at == std::string_view::npos ? at : at + 4;
}

std::optional<Refusal> check_partial_head(std::string_view bytes, std::size_t from, const HeadLimits& limits) {
  if (!is_token(bytes.substr(0, 1))) return malformed("the request does not begin with a method");
  if (auto refusal = check_lines(bytes, from)) return refusal;
  // Room for the method and the version beside the target.
  if (bytes.size() > limits.target_bytes + 32 &&
      bytes.substr(0, limits.target_bytes + 32).find('\n') == std::string_view::npos) {
    return target_too_long(limits.target_bytes);
  }
  if (bytes.size() >= limits.header_bytes) return header_too_large(limits.header_bytes);
  return std::nullopt;
}

std::optional<Refusal> parse_head(std::string_view bytes, const HeadLimits& limits, RequestHead& head,
                                  RequestFraming& framing) {
  head = RequestHead();
  head.headers.reserve(12);
  framing = RequestFraming();
  framing.keep_alive = false;
  if (bytes.size() > limits.header_bytes) return header_too_large(limits.header_bytes);
  if (auto refusal = check_lines(bytes, 0)) return refusal;

  Reader reader(head);
  reader.header_limit(static_cast<std::uint32_t>(
      std::min<std::size_t>(limits.header_bytes, std::numeric_limits<std::uint32_t>::max())));
  reader.body_limit(boost::none);
  error_code ec;
  const std::size_t consumed = reader.put(boost::asio::const_buffer(bytes.data(), bytes.size()), ec);
  framing.http11 = reader.http11;
  if (reader.too_many_fields) {
    return Refusal{431, "header_too_large", "more than " + std::to_string(kMaxHeaderFields) + " header fields"};
  }
  if (reader.target.size() > limits.target_bytes) return target_too_long(limits.target_bytes);
  if (ec) return malformed(std::string(describe(ec)));
  if (consumed != bytes.size() || !reader.is_header_done()) return malformed("the head of the request is malformed");
  if (auto refusal = check_framing(reader)) return refusal;
  if (!split_target(reader.target, head)) return malformed("the request target must be a path, percent-encoded");

  framing.keep_alive = reader.keep_alive();
  framing.chunked = reader.chunked();
  framing.expects_continue = reader.expects_continue && reader.http11;
  framing.content_length = reader.content_length().value_or(0);
  return std::nullopt;
}

BodyReader::Piece BodyReader::next(std::string_view input) {
  if (chunked_) {
    const ChunkDecoder::Piece piece = chunks_.next(input);
    return {piece.consumed, piece.body, chunks_.state() == ChunkDecoder::State::kMalformed};
  }
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
  left_ -= size;
  return {size, input.substr(0, size), false};
}

}  // namespace curfew::http
