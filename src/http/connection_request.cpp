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
  started_ns_ = monotonic_ns();
  read_deadline_ = 0;
  scanned_ = 0;
  head_started_ = idle_ = false;
  auto refusal =
      parse_head(input_.view().substr(0, end), {options.max_header_bytes, options.max_target_bytes}, head_, framing_);
  input_.consume(end);
  reader_ = BodyReader(framing_);

  const Origin origin = client_origin(head_, peer_, tls_ != nullptr, options.trusted_proxies);
  head_.remote = origin.address;
  head_.secure = origin.secure;
  const std::string_view id = head_.header("X-Request-Id");
  head_.request_id = is_sane_request_id(id) ? std::string(id) : worker_.next_request_id();
  head_only_ = head_.method == Method::kHead;
  keep_for_log(log_head_, head_);
  worker_.counters().requests.add(1);
  ++request_;
  refused_ = false;
  return refusal ? refuse(*std::move(refusal)) : dispatch();
}

bool Connection::dispatch() {
  // Nothing to plan for what most requests are.
  if (!framing_.has_body() && (head_.method == Method::kGet || head_.method == Method::kHead)) return call_handler();
  BodyPlan plan;
  try {
    plan = worker_.shared().application.plan(head_);
  } catch (const std::exception&) {
    return refuse({500, "internal", "the request failed"});
  }
  if (plan.streamed) return open_sink();
  if (!framing_.has_body()) return call_handler();
  body_limit_ = plan.max_bytes;
  if (framing_.content_length > body_limit_ || body_limit_ == 0) return refuse(body_too_large(body_limit_));
  body_.reserve(std::min<std::size_t>(framing_.content_length, kTrustedReserve));
  begin_body(Phase::kBuffered, worker_.options().body_deadline);
  return true;
}

void Connection::begin_body(Phase phase, std::chrono::milliseconds deadline) {
  phase_ = phase;
  read_deadline_ = deadline_in(deadline);
  if (framing_.expects_continue && input_.empty()) output_.head = "HTTP/1.1 100 Continue\r\n\r\n";
}

bool Connection::call_handler() {
  phase_ = Phase::kRespond;
  read_deadline_ = 0;
  try {
    worker_.shared().application.handle(std::move(head_), std::exchange(body_, {}), make_responder());
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
    sink = worker_.shared().application.open(std::move(head_), make_responder());
  } catch (const std::exception&) {
  }
  if (closed_ || request != request_) return true;
  sink_ = std::move(sink);
  paused_ = false;
  if (!framing_.has_body()) return finish_sink();
  if (!sink_ && !answer_) {
    // No sink and no answer yet: the body has nowhere to go; the answer will be the connection's last.
    close_after_ = true;
    return true;
  }
  begin_body(Phase::kSink, worker_.options().stream_read_deadline);
  if (answer_) output_.clear();  // a final answer needs no 100 before it
  return true;
}

bool Connection::read_buffered() {
  const BodyReader::Piece piece = reader_.next(input_.view());
  if (piece.malformed) return refuse(malformed("the body's chunks are malformed"));
  if (body_.size() + piece.body.size() > body_limit_) return refuse(body_too_large(body_limit_));
  body_.append(piece.body);
  input_.consume(piece.consumed);
  if (reader_.done()) return call_handler();
  if (piece.consumed > 0) return true;
  if (eof_) {
    close();
    return false;
  }
  return start_read(kBufferedBytes, kBufferedBytes);
}

bool Connection::read_sink() {
  if (paused_) return false;
  const BodyReader::Piece piece = reader_.next(input_.view());
  if (piece.malformed) return refuse(malformed("the body's chunks are malformed"));
  if (!piece.body.empty() && !feed(piece.body)) return true;
  input_.consume(piece.consumed);
  if (answer_) {  // it has heard enough
    if (reader_.done()) phase_ = Phase::kRespond;
    return true;
  }
  if (reader_.done()) return paused_ ? false : finish_sink();
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
  paused_ = true;
  const bool go_on = sink_->feed(piece, [weak = weak_from_this(), mailbox = worker_.mailbox(), pause] {
    mailbox->post([weak, pause] {
      if (const auto self = weak.lock()) self->resume(pause);
    });
  });
  if (closed_ || request != request_) return false;
  if (go_on) paused_ = false;
  // While it is paused the client is not to blame for the silence.
  read_deadline_ = paused_ ? 0 : deadline_in(worker_.options().stream_read_deadline);
  return true;
}

void Connection::resume(std::uint64_t pause) {
  if (closed_ || !paused_ || pause != pause_) return;
  paused_ = false;
  if (phase_ == Phase::kSink) read_deadline_ = deadline_in(worker_.options().stream_read_deadline);
  run();
}

bool Connection::finish_sink() {
  phase_ = Phase::kRespond;
  read_deadline_ = 0;
  if (sink_) sink_->finish();
  return true;
}

// Refuses a request of which little or nothing has been read.
bool Connection::refuse_unread(Refusal refusal, bool timeout) {
  head_ = RequestHead();
  head_.remote = peer_;
  head_.secure = tls_ != nullptr;
  head_.request_id = worker_.next_request_id();
  framing_ = RequestFraming();
  head_only_ = false;
  started_ns_ = monotonic_ns();
  keep_for_log(log_head_, head_);
  return refuse(std::move(refusal), timeout);
}

// Answers in the application's stead; whatever it still says about this request is dropped.
bool Connection::refuse(Refusal refusal, bool timeout) {
  (timeout ? worker_.counters().timeouts : worker_.counters().bad_requests).add(1);
  ++request_;
  if (sink_ && phase_ == Phase::kSink) sink_->abort();
  sink_.reset();
  if (answering_) {  // too late for another answer
    close();
    return false;
  }
  head_started_ = idle_ = false;
  read_deadline_ = 0;
  std::string().swap(body_);
  output_.clear();
  close_after_ = refused_ = true;
  phase_ = Phase::kRespond;
  answer_ = to_response(refusal);
  if (refusal.status == 503) answer_->headers.push_back({"Retry-After", "1"});
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
  if (closed_ || request != request_ || answer_ || answering_) return;
  answer_ = std::move(response);
}

}  // namespace curfew::http
