// Exchange: one request and its answer, from the end of the request's head to the last byte of the answer.
//
// What it is: all that a connection needs only while a request is under way. Its worker keeps a few for the next
// requests: so those that come to many connections in turn use the same memory, which is still near, and a connection
// that waits for its client holds none. Threads: the connection's. Limits: renew() leaves little memory in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "http/buffers.h"
#include "http/message.h"
#include "http/request_parser.h"

namespace curfew::http {

struct Exchange {
  // The request
  RequestHead head;  // until the application takes it
  RequestFraming framing;
  BodyReader reader;
  std::string body;
  std::size_t body_limit = 0;
  std::unique_ptr<BodySink> sink;
  bool paused = false;
  bool head_only = false;
  bool refused = false;  // the answer is the transport's own

  // Its answer
  std::optional<Response> answer;
  bool answering = false;  // its head is written
  bool answered = false;   // all of it is in output, or sent
  bool chunked = false;
  bool waiting = false;  // for the source's wake-up
  Output output;
  std::unique_ptr<BodySource> source;

  // What is left of the request for the log
  RequestHead log_head;
  int log_status = 0;
  std::uint64_t log_bytes = 0;
  std::int64_t started_ns = 0;

  // Ready for another request.
  void renew() {
    constexpr std::size_t kKept = 1024;  // bytes
    sink.reset();
    source.reset();
    answer.reset();
    paused = head_only = refused = answering = answered = chunked = waiting = false;
    output.clear();
    head = RequestHead();
    framing = RequestFraming();
    reader = BodyReader();
    body.clear();
    if (body.capacity() > kKept) std::string().swap(body);
    log_head.headers.clear();
    if (log_head.path.capacity() > kKept) log_head = RequestHead();
  }
};

}  // namespace curfew::http
