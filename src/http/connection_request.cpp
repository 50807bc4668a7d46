#include <algorithm>
#include <exception>
#include <utility>

#include "http/connection.h"
#include "http/field.h"
#include "http/forwarded.h"

namespace curfew::http {
namespace {

constexpr std::size_t kHeadBytes = 4 * 1024;       // first memory of a connection; enough for nearly all heads
constexpr std::size_t kBufferedBytes = 16 * 1024;  // read at a time
constexpr std::size_t kSinkBytes = 64 * 1024;
constexpr std::size_t kTrustedReserve = 64 * 1024;  // of a Content-Length, before the bytes are there

std::int64_t deadline_in(std::chrono::milliseconds delay) {
  return monotonic_ns() + std::chrono::nanoseconds(delay).count();
}

bool is_sane_request_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
           c == '-';
  });
}

// The parts of a head that a log may want, without a copy of the rest; into the memory of those before.
void keep_for_log(RequestHead& kept, const RequestHead& head) {
  kept.method = head.method;
  kept.path = head.path;
  kept.remote = head.remote;
  kept.secure = head.secure;
  kept.request_id = head.request_id;
  kept.headers.clear();
  if (const auto agent = head.header("User-Agent"); !agent.empty())
    kept.headers.push_back({"User-Agent", std::string(agent)});
}

Refusal body_too_large(std::size_t limit) {
  return {413, "body_too_large",
          limit == 0 ? "this request takes no body" : "the body is larger than " + std::to_string(limit) + " bytes"};
}

}  // namespace

bool Connection::read_head() {
  while (input_.view().starts_with("\r\n")) input_.consume(2);  // some clients end a body with one too many
  const std::string_view bytes = input_.view();
  if (bytes.empty() || (bytes == "\r" && !eof_)) return wait_for_request();
  const ServerOptions& options = worker_.options();
  const HeadLimits limits{options.max_header_bytes, options.max_target_bytes};
  const std::size_t end = find_head_end(bytes, scanned_);
  if (end != std::string_view::npos) return take_head(end);

  if (auto refusal = check_partial_head(bytes, scanned_, limits)) return refuse_unread(*std::move(refusal));
  scanned_ = bytes.size();
  if (eof_) {
    close();
    return false;
  }
  if (!head_started_) {
    head_started_ = true;
    read_deadline_ = deadline_in(options.header_deadline);
  }
  return start_read(kHeadBytes, std::max(kHeadBytes, options.max_header_bytes));
}

bool Connection::wait_for_request() {
  if (eof_ || worker_.draining()) {
    close();
    return false;
  }
  if (!idle_) {
    idle_ = true;
    // From the last answer on, of which the time is known; a connection that had none begins now.
    if (ended_ns_ == 0) ended_ns_ = monotonic_ns();
    read_deadline_ = ended_ns_ + std::chrono::nanoseconds(worker_.options().keep_alive).count();
    if (!reading_ && input_.empty()) input_.release(kBufferedBytes);
  }
  return start_read(kHeadBytes, kHeadBytes);
}

bool Connection::take_head(std::size_t end) {
  const ServerOptions& options = worker_.options();
  exchange_ = worker_.take_exchange();
  exchange_->started_ns = monotonic_ns();
  read_deadline_ = 0;
  scanned_ = 0;
  head_started_ = idle_ = false;
  auto refusal = parse_head(input_.view().substr(0, end), {options.max_header_bytes, options.max_target_bytes},
                            exchange_->head, exchange_->framing);
  input_.consume(end);
  exchange_->reader = BodyReader(exchange_->framing);

  const Origin origin = client_origin(exchange_->head, peer_, tls_ != nullptr, options.trusted_proxies);
  exchange_->head.remote = origin.address;
  exchange_->head.secure = origin.secure;
  const std::string_view id = exchange_->head.header("X-Request-Id");
  exchange_->head.request_id = is_sane_request_id(id) ? std::string(id) : worker_.next_request_id();
  exchange_->head_only = exchange_->head.method == Method::kHead;
  keep_for_log(exchange_->log_head, exchange_->head);
  worker_.counters().requests.add(1);
  ++request_;
  return refusal ? refuse(*std::move(refusal)) : dispatch();
}

bool Connection::dispatch() {
  // Nothing to plan for what most requests are.
  if (!exchange_->framing.has_body() &&
      (exchange_->head.method == Method::kGet || exchange_->head.method == Method::kHead))
    return call_handler();
  BodyPlan plan;
  try {
    plan = worker_.shared().application.plan(exchange_->head);
  } catch (const std::exception&) {
    return refuse({500, "internal", "the request failed"});
  }
  if (plan.streamed) return open_sink();
  if (!exchange_->framing.has_body()) return call_handler();
  exchange_->body_limit = plan.max_bytes;
  if (exchange_->framing.content_length > exchange_->body_limit || exchange_->body_limit == 0)
    return refuse(body_too_large(exchange_->body_limit));
  exchange_->body.reserve(std::min<std::size_t>(exchange_->framing.content_length, kTrustedReserve));
  begin_body(Phase::kBuffered, worker_.options().body_deadline);
  return true;
}

void Connection::begin_body(Phase phase, std::chrono::milliseconds deadline) {
  phase_ = phase;
  read_deadline_ = deadline_in(deadline);
  if (exchange_->framing.expects_continue && input_.empty()) exchange_->output.head = "HTTP/1.1 100 Continue\r\n\r\n";
}

bool Connection::call_handler() {
  phase_ = Phase::kRespond;
  read_deadline_ = 0;
  try {
    worker_.shared().application.handle(std::move(exchange_->head), std::exchange(exchange_->body, {}),
                                        make_responder());
  } catch (const std::exception&) {
    // The responder is gone unanswered, which answers 500.
  }
  return true;
}

bool Connection::open_sink() {
  phase_ = Phase::kRespond;
  const std::uint64_t request = request_;
  std::unique_ptr<BodySink> sink;
  try {
    sink = worker_.shared().application.open(std::move(exchange_->head), make_responder());
  } catch (const std::exception&) {
  }
  if (closed_ || request != request_) return true;
  exchange_->sink = std::move(sink);
  if (!exchange_->framing.has_body()) return finish_sink();
  if (!exchange_->sink && !exchange_->answer) {
    // No sink and no answer yet: the body has nowhere to go; the answer will be the connection's last.
    close_after_ = true;
    return true;
  }
  begin_body(Phase::kSink, worker_.options().stream_read_deadline);
  if (exchange_->answer) exchange_->output.clear();  // a final answer needs no 100 before it
  return true;
}

bool Connection::read_buffered() {
  const BodyReader::Piece piece = exchange_->reader.next(input_.view());
  if (piece.malformed) return refuse(malformed("the body's chunks are malformed"));
  if (exchange_->body.size() + piece.body.size() > exchange_->body_limit)
    return refuse(body_too_large(exchange_->body_limit));
  exchange_->body.append(piece.body);
  input_.consume(piece.consumed);
  if (exchange_->reader.done()) return call_handler();
  if (piece.consumed > 0) return true;
  if (eof_) {
    close();
    return false;
  }
  return start_read(kBufferedBytes, kBufferedBytes);
}

bool Connection::read_sink() {
  if (exchange_->paused) return false;
  const BodyReader::Piece piece = exchange_->reader.next(input_.view());
  if (piece.malformed) return refuse(malformed("the body's chunks are malformed"));
  if (!piece.body.empty() && !feed(piece.body)) return true;
  input_.consume(piece.consumed);
  if (exchange_->answer) {  // it has heard enough
    if (exchange_->reader.done()) phase_ = Phase::kRespond;
    return true;
  }
  if (exchange_->reader.done()) return exchange_->paused ? false : finish_sink();
  if (piece.consumed > 0) return true;
  if (eof_) {
    close();
    return false;
  }
  return start_read(kSinkBytes, kSinkBytes);
}

// False when the request came to its end meanwhile.
bool Connection::feed(std::string_view piece) {
  const std::uint64_t request = request_;
  const std::uint64_t pause = ++pause_;
  exchange_->paused = true;
  const bool go_on = exchange_->sink->feed(piece, [weak = weak_from_this(), mailbox = worker_.mailbox(), pause] {
    mailbox->post([weak, pause] {
      if (const auto self = weak.lock()) self->resume(pause);
    });
  });
  if (closed_ || request != request_) return false;
  if (go_on) exchange_->paused = false;
  // While it is paused the client is not to blame for the silence.
  read_deadline_ = exchange_->paused ? 0 : deadline_in(worker_.options().stream_read_deadline);
  return true;
}

void Connection::resume(std::uint64_t pause) {
  if (closed_ || pause != pause_ || !exchange_ || !exchange_->paused) return;
  exchange_->paused = false;
  if (phase_ == Phase::kSink) read_deadline_ = deadline_in(worker_.options().stream_read_deadline);
  run();
}

bool Connection::finish_sink() {
  phase_ = Phase::kRespond;
  read_deadline_ = 0;
  if (exchange_->sink) exchange_->sink->finish();
  return true;
}

// Refuses a request of which little or nothing has been read.
bool Connection::refuse_unread(Refusal refusal, bool timeout) {
  exchange_ = worker_.take_exchange();
  exchange_->head.remote = peer_;
  exchange_->head.secure = tls_ != nullptr;
  exchange_->head.request_id = worker_.next_request_id();
  exchange_->started_ns = monotonic_ns();
  keep_for_log(exchange_->log_head, exchange_->head);
  return refuse(std::move(refusal), timeout);
}

// Answers in the application's stead; whatever it still says about this request is dropped.
bool Connection::refuse(Refusal refusal, bool timeout) {
  (timeout ? worker_.counters().timeouts : worker_.counters().bad_requests).add(1);
  ++request_;
  if (exchange_->sink && phase_ == Phase::kSink) exchange_->sink->abort();
  exchange_->sink.reset();
  if (exchange_->answering) {  // too late for another answer
    close();
    return false;
  }
  head_started_ = idle_ = false;
  read_deadline_ = 0;
  std::string().swap(exchange_->body);
  exchange_->output.clear();
  close_after_ = exchange_->refused = true;
  phase_ = Phase::kRespond;
  exchange_->answer = to_response(refusal);
  if (refusal.status == 503) exchange_->answer->headers.push_back({"Retry-After", "1"});
  return true;
}

Responder Connection::make_responder() {
  return Responder([weak = weak_from_this(), mailbox = worker_.mailbox(), request = request_,
                    thread = std::this_thread::get_id()](Response response) {
    // The weak pointer is only ever locked on the connection's own thread, so that it also ends there.
    if (std::this_thread::get_id() == thread) {
      const auto self = weak.lock();
      if (!self) return;
      // Within run() the loop takes the answer. Else it goes the long way: no application is called from within another
      // call.
      if (self->running_) return self->accept_answer(request, std::move(response));
    }
    mailbox->post([weak, request, response = std::move(response)]() mutable {
      if (const auto self = weak.lock()) {
        self->accept_answer(request, std::move(response));
        self->run();
      }
    });
  });
}

void Connection::accept_answer(std::uint64_t request, Response response) {
  if (closed_ || request != request_ || !exchange_ || exchange_->answer || exchange_->answering) return;
  exchange_->answer = std::move(response);
}

}  // namespace curfew::http
