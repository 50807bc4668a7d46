// Requests and responses as plain values: all that the layers above know of HTTP. Nothing here includes Asio or Beast.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ip.h"
#include "base/result.h"

namespace curfew::http {

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions, kOther };
std::string_view to_string(Method method);

struct Header {
  std::string name, value;
};

// The part of a request that stands before its body.
struct RequestHead {
  Method method = Method::kGet;
  std::string path;   // of the target before '?', still percent-encoded
  std::string query;  // after '?', still percent-encoded
  std::vector<Header> headers;
  IpAddress remote;        // the peer, or what a trusted proxy says (Forwarded / X-Forwarded-For)
  bool secure = false;     // TLS here, or at a trusted proxy
  std::string request_id;  // the caller's X-Request-Id if it is a sane one, else made here; echoed in the answer

  // The first header of that name (case-insensitive), or empty.
  std::string_view header(std::string_view name) const;
};

// A text that many answers share: it is sent from where it lies.
struct SharedText {
  std::shared_ptr<const void> owner;
  std::string_view text;
};

// Where a streamed response body comes from. The transport pulls; a source that has nothing yet says kLater and calls
// `wake` (from any thread, once) when it has. It is destroyed when the client has gone or the body is complete.
class BodySource {
 public:
  enum class Pull : std::uint8_t { kMore, kLater, kEnd, kAbort };
  virtual ~BodySource() = default;
  // Appends at most about 64 KiB to `out`. kMore: call again; kLater: `wake` was kept; kEnd: complete; kAbort: cut the
  // connection, so that the client sees that it is not whole.
  virtual Pull pull(std::string& out, std::function<void()> wake) = 0;
  // Asked after each pull that said kMore: what follows `out`, of any length.
  virtual SharedText shared() { return {}; }
};

struct Response {
  int status = 200;
  std::vector<Header> headers;  // Content-Length, Date, Connection and X-Request-Id are the transport's
  std::string body;
  std::unique_ptr<BodySource> stream;  // instead of body: chunked

  Response() = default;
  Response(int s, std::string content_type, std::string b) : status(s), body(std::move(b)) {
    headers.push_back({"Content-Type", std::move(content_type)});
  }
  Response&& with(std::string name, std::string value) && {
    headers.push_back({std::move(name), std::move(value)});
    return std::move(*this);
  }
};

// Answers one request, exactly once, from any thread. Destroyed unanswered, it answers 500. Move-only.
class Responder {
 public:
  using Send = std::function<void(Response)>;
  explicit Responder(Send send) : send_(std::move(send)) {}
  Responder(Responder&& other) noexcept : send_(std::exchange(other.send_, nullptr)) {}
  Responder& operator=(Responder&& other) noexcept {
    std::swap(send_, other.send_);  // what was to be answered here is so with `other`
    return *this;
  }
  ~Responder() {
    if (send_) send_(Response(500, "application/problem+json", R"({"status":500,"code":"internal"})"));
  }
  void operator()(Response response) { std::exchange(send_, nullptr)(std::move(response)); }

 private:
  Send send_;  // empty: answered
};

// Takes a streamed request body, a chunk of at most 64 KiB at a time, on the connection's thread. It ends with
// finish(), with abort(), or with an answer of its own before either: then it is fed no more and destroyed, and the
// connection is closed unless the body was complete. It may also be destroyed after finish(), when the client has gone
// before the answer.
class BodySink {
 public:
  virtual ~BodySink() = default;
  // True: go on. False: paused; the transport reads no further until `resume` is called (from any thread, once).
  virtual bool feed(std::string_view chunk, std::function<void()> resume) = 0;
  virtual void finish() = 0;  // the body is complete; the answer goes through the Responder that open() was given
  virtual void abort() = 0;   // the client went away or broke a limit; no answer is wanted any more
};

// What to do with a request's body, decided from its head.
struct BodyPlan {
  std::size_t max_bytes = 0;  // buffered: larger ones are answered 413 by the transport
  bool streamed = false;      // of any length, through a sink
};

// What the server serves. Threads: called from every I/O thread at once; must not block for longer than a page query
// takes.
class Application {
 public:
  virtual ~Application() = default;
  // Not asked of a GET or HEAD without a body.
  virtual BodyPlan plan(const RequestHead& head) = 0;
  virtual void handle(RequestHead head, std::string body, Responder respond) = 0;
  // For streamed plans. May answer at once through `respond` and return null: the body is then drained up to a bound.
  virtual std::unique_ptr<BodySink> open(RequestHead head, Responder respond) = 0;
};

}  // namespace curfew::http
