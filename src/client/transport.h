// The client's side of the HTTP API as a port: requests go out, answers or errors come back.
//
// Everything above (the command line, the demo, tools) speaks to this interface; client.h is the one over libcurl, and
// tests record what is asked. Threads: one caller at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/value.hpp>

#include "base/result.h"

namespace curfew::client {

enum class Method : std::uint8_t { kGet, kPost, kPut, kPatch, kDelete };
std::string_view to_string(Method method);

// Names and values in order; a name may stand more than once. Values are not yet percent-encoded.
using Fields = std::vector<std::pair<std::string, std::string>>;

struct Request {
  Method method = Method::kGet;
  std::string path = {};  // "/api/v1/me"; its variable segments already percent-encoded: see path_of()
  Fields query = {};
  std::optional<boost::json::value> body = {};
  Fields headers = {};  // beyond Authorization, Accept and Content-Type, which are the transport's
  // Sending it twice does what sending it once does: it may be retried. GET and PUT always are.
  bool repeatable = false;
  std::string accept = "application/json";
};

struct Answer {
  int status = 200;
  Fields headers;           // names in lower case
  boost::json::value body;  // null when there was none

  // The first header of that name (lower case), or empty.
  std::string_view header(std::string_view name) const;
};

// Takes a piece of a streamed body; false: enough, the transfer ends without an error.
using ChunkSink = std::function<bool(std::string_view)>;
// Gives the next piece of a body to send; empty: it is complete; an error aborts the transfer and is returned.
using ChunkSource = std::function<Result<std::string>()>;

class Transport {
 public:
  virtual ~Transport() = default;

  // An answer of 2xx, or an Error: the server's problem (its code as `reason`, its detail as `message`), or why there
  // is none.
  virtual Result<Answer> send(const Request& request) = 0;
  // A GET whose body is handed on as it arrives (an export, server-sent events). No total deadline; a body that is cut
  // short is an error. kCancelled when the user interrupted it.
  virtual Status stream(const Request& request, const ChunkSink& sink) = 0;
  // A POST of NDJSON of any length.
  virtual Result<Answer> upload(const Request& request, const ChunkSource& source) = 0;

  Result<Answer> request(Method method, std::string path, Fields query = {},
                         std::optional<boost::json::value> body = {});
  Result<Answer> get(std::string path, Fields query = {}) {
    return request(Method::kGet, std::move(path), std::move(query));
  }
};

// "/api/v1/realms" + "/" + each segment percent-encoded: path_of("/api/v1/realms", {"a b", "sessions"}).
std::string path_of(std::string_view prefix, std::initializer_list<std::string_view> segments);
// "?a=1&b=x%20y", or empty.
std::string query_text(const Fields& query);

// What an answer of a status other than 2xx means. `body` is as it was received, whatever it is: problem+json is read,
// anything else is told by its status alone. `retry_after` is the header's value or empty.
Error error_of(int status, std::string_view body, std::string_view retry_after = {});

}  // namespace curfew::client
