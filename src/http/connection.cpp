#include "http/connection.h"

#include <exception>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>

namespace curfew::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// Steps a connection may take before others get their turn.
constexpr int kStepsPerTurn = 32;
constexpr std::int64_t kLingerNs = 2'000'000'000;
constexpr std::size_t kLingerBytes = 1024 * 1024;
constexpr std::size_t kWatchBytes = 4 * 1024;

std::int64_t after(std::int64_t now, std::chrono::milliseconds delay) {
  return now + std::chrono::nanoseconds(delay).count();
}

}  // namespace

Connection::Connection(Worker& worker, asio::ip::tcp::socket socket, const IpAddress& peer,
                       std::unique_ptr<TlsSession> tls, bool admitted)
    : worker_(worker),
      socket_(std::move(socket)),
      tls_(std::move(tls)),
      peer_(peer),
      admitted_(admitted),
      handshaken_(!tls_) {}

void Connection::start() {
  if (!admitted_) {
    refuse_unread({503, "overloaded", "the server has as many connections as it may have; try again in a moment"});
  } else if (!handshaken_) {
    read_deadline_ = after(monotonic_ns(), worker_.options().header_deadline);
  }
  run();
}

void Connection::run() {
  if (running_ || closed_) return;  // the loop below sees what has changed
  running_ = true;
  int steps = kStepsPerTurn;
  try {
    while (!closed_ && step()) {
      if (--steps == 0) {
        yield();
        break;
      }
    }
  } catch (const std::exception&) {  // memory is short, or the application broke its promise not to throw
    close();
  }
  running_ = false;
}

bool Connection::step() {
  if (!handshaken_) return handshake();
  if (exchange_) {
    if (exchange_->output.pending()) return flush();
    if (exchange_->source) return pump();
    if (exchange_->answer) return begin_answer();
    if (exchange_->answered) return end_answer();
  }
  switch (phase_) {
    case Phase::kHead:
      return read_head();
    case Phase::kBuffered:
      return read_buffered();
    case Phase::kSink:
      return read_sink();
    case Phase::kRespond:
      return start_read(kWatchBytes, kWatchBytes);  // to notice that the client goes away
    case Phase::kLinger:
      return linger();
  }
  return false;
}

void Connection::yield() {
  if (yielded_) return;
  yielded_ = true;
  asio::post(worker_.io(), [self = shared_from_this()] {
    self->yielded_ = false;
    self->run();
  });
}

bool Connection::handshake() {
  switch (tls_->handshake()) {
    case TlsIo::kDone:
      handshaken_ = true;
      read_deadline_ = 0;
      return true;
    case TlsIo::kWantRead:
      wait_readable();
      return false;
    case TlsIo::kWantWrite:
      wait_writable();
      return false;
    case TlsIo::kClosed:
    case TlsIo::kFailed:
      close();
      return false;
  }
  return false;
}

void Connection::wait_readable() {
  if (reading_) return;
  reading_ = true;
  socket_.async_wait(asio::socket_base::wait_read, [self = shared_from_this()](error_code ec) {
    self->reading_ = false;
    if (ec) return self->close();
    self->run();
  });
}

void Connection::wait_writable() {
  if (writing_) return;
  writing_ = true;
  socket_.async_wait(asio::socket_base::wait_write, [self = shared_from_this()](error_code ec) {
    self->writing_ = false;
    if (ec) return self->close();
    self->run();
  });
}

bool Connection::start_read(std::size_t preferred, std::size_t limit) {
  if (reading_ || eof_ || !input_.make_room(preferred, limit)) return false;
  if (tls_) return start_tls_read();
  reading_ = true;
  socket_.async_read_some(asio::buffer(input_.tail(), input_.room()),
                          [self = shared_from_this()](error_code ec, std::size_t n) {
                            self->reading_ = false;
                            if (self->closed_) return;
                            if (ec == asio::error::eof) {
                              self->eof_ = true;
                            } else if (ec) {
                              return self->close();
                            }
                            self->note_input(n);
                            self->run();
                          });
  return false;
}

bool Connection::start_tls_read() {
  const TlsCount count = tls_->read(input_.tail(), input_.room());
  switch (count.io) {
    case TlsIo::kDone:
      note_input(count.bytes);
      return true;
    case TlsIo::kWantRead:
      wait_readable();
      return false;
    case TlsIo::kWantWrite:
      wait_writable();
      return false;
    case TlsIo::kClosed:
      eof_ = true;
      return true;
    case TlsIo::kFailed:
      close();
      return false;
  }
  return false;
}

void Connection::note_input(std::size_t n) {
  input_.commit(n);
  worker_.counters().bytes_in.add(n);
}

// Closing at once would make the kernel answer bytes still on their way with a reset, and the peer might lose our last
// words.
void Connection::start_linger() {
  if (tls_) tls_->shutdown();
  error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_send, ignored);
  phase_ = Phase::kLinger;
  lingered_ = 0;
  read_deadline_ = monotonic_ns() + kLingerNs;
}

bool Connection::linger() {
  lingered_ += input_.view().size();
  input_.consume(input_.view().size());
  if (eof_ || lingered_ > kLingerBytes) {
    close();
    return false;
  }
  return start_read(kWatchBytes, kWatchBytes);
}

void Connection::drain() {
  const bool idle = handshaken_ && phase_ == Phase::kHead && input_.empty();
  if (idle || (exchange_ && exchange_->source && exchange_->waiting)) return close();
  run();
}

void Connection::close() {
  if (closed_) return;
  closed_ = true;
  const auto self = shared_from_this();
  if (exchange_) {  // kept: whoever called this may still be using it
    if (exchange_->answering) log();
    if (exchange_->sink && phase_ == Phase::kSink) exchange_->sink->abort();
    exchange_->sink.reset();
    exchange_->source.reset();
    exchange_->answer.reset();
  }
  ++request_;
  error_code ignored;
  socket_.close(ignored);
  worker_.remove(*this);
}

void Connection::sweep(std::int64_t now) {
  if (write_deadline_ != 0 && now >= write_deadline_) {
    worker_.counters().timeouts.add(1);
    return close();
  }
  if (read_deadline_ == 0 || now < read_deadline_) return;
  read_deadline_ = 0;
  switch (phase_) {
    case Phase::kHead:
      if (!handshaken_) worker_.counters().timeouts.add(1);
      if (!head_started_) return close();
      refuse_unread({408, "request_timeout", "the head of the request took too long"}, true);
      break;
    case Phase::kBuffered:
    case Phase::kSink:
      refuse({408, "request_timeout", "the body of the request took too long"}, true);
      break;
    case Phase::kRespond:
      return;
    case Phase::kLinger:
      return close();
  }
  run();
}

}  // namespace curfew::http
