#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <exception>
#include <utility>

#include "http/connection.h"
#include "http/response_head.h"

namespace curfew::http {
namespace {

// A body up to this size is copied behind its head: one piece to send, and with TLS one record.
constexpr std::size_t kInlineBody = 4 * 1024;
constexpr std::size_t kInlineBodyTls = 12 * 1024;
constexpr std::size_t kChunkTarget =
    16 * 1024;  // a chunk is sent when it has grown so far, or when there is no more for now
constexpr int kPullsPerChunk = 64;

std::string chunk_size_line(std::size_t size) {
  std::array<char, 18> text;
  char* end = std::to_chars(text.data(), text.data() + 16, size, 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  return std::string(text.data(), end);
}

Response internal_error() {
  return to_response({500, "internal", "the request failed"});
}

}  // namespace

bool Connection::begin_answer() {
  Response response = *std::move(exchange_->answer);
  exchange_->answer.reset();
  if (response.status < 200 || response.status > 599 || !can_send(response.headers)) response = internal_error();
  if (phase_ != Phase::kRespond) {  // answered before the body was complete: what is left of it is not wanted
    exchange_->sink.reset();
    close_after_ = true;
    phase_ = Phase::kRespond;
    read_deadline_ = 0;
  }
  if (!exchange_->framing.keep_alive || worker_.draining()) close_after_ = true;

  const bool bodiless = response.status == 204 || response.status == 304;
  std::unique_ptr<BodySource> source = std::move(response.stream);
  ResponseHead head;
  head.framing = Framing::kLength;
  head.length = response.body.size();
  if (bodiless) head.framing = Framing::kNone;
  if (source && !bodiless) {
    head.framing = exchange_->framing.http11 ? Framing::kChunked : Framing::kUntilClose;
    if (!exchange_->framing.http11) close_after_ = true;
  }
  head.status = response.status;
  head.headers = &response.headers;
  head.date = worker_.date();
  head.request_id = exchange_->log_head.request_id;
  head.http11 = exchange_->framing.http11;
  head.keep_alive = !close_after_;
  exchange_->output.clear();
  append_head(exchange_->output.head, head);

  exchange_->answering = true;
  exchange_->log_status = response.status;
  exchange_->log_bytes = 0;
  if (source && !bodiless && !exchange_->head_only)
    return begin_stream(std::move(source), head.framing == Framing::kChunked);
  if (!bodiless && !exchange_->head_only) {
    if (response.body.size() <= (tls_ ? kInlineBodyTls : kInlineBody)) {
      exchange_->output.head += response.body;
    } else {
      exchange_->output.body = std::move(response.body);
    }
  }
  exchange_->answered = true;
  return true;
}

bool Connection::end_answer() {
  log();
  // A client that asked for the end itself sends nothing more: no need to linger.
  const bool last_words = !exchange_->framing.keep_alive && !exchange_->refused && exchange_->reader.done();
  worker_.give_back(std::move(exchange_));
  ++request_;
  if (!close_after_) {
    phase_ = Phase::kHead;
    return true;
  }
  if (last_words && input_.empty() && !tls_) {
    close();
    return false;
  }
  start_linger();
  return true;
}

bool Connection::begin_stream(std::unique_ptr<BodySource> source, bool chunked) {
  exchange_->source = std::move(source);
  exchange_->chunked = chunked;
  exchange_->waiting = false;
  return pump();  // so that the first chunk leaves together with the head
}

// Adds the next chunk to the output.
bool Connection::pump() {
  if (exchange_->waiting && (eof_ || worker_.draining())) {
    close();
    return false;
  }
  if (exchange_->waiting) return start_read(4096, 4096);  // to notice that the client goes away
  if (!exchange_->output.pending()) exchange_->output.clear();
  std::string chunk;
  SharedText shared;
  const BodySource::Pull pull = fill_chunk(chunk, shared);
  if (closed_) return false;
  if (pull == BodySource::Pull::kAbort) {
    close();
    return false;
  }
  if (const std::size_t size = chunk.size() + shared.text.size(); size > 0) {
    if (exchange_->chunked) exchange_->output.head += chunk_size_line(size);
    exchange_->output.body = std::move(chunk);
    exchange_->output.shared = std::move(shared);
    if (exchange_->chunked) exchange_->output.tail = "\r\n";
  }
  if (pull == BodySource::Pull::kEnd) {
    exchange_->source.reset();
    exchange_->answered = true;
    if (exchange_->chunked) exchange_->output.tail = exchange_->output.tail.empty() ? "0\r\n\r\n" : "\r\n0\r\n\r\n";
  }
  return true;
}

BodySource::Pull Connection::fill_chunk(std::string& chunk, SharedText& shared) {
  auto pull = BodySource::Pull::kMore;
  for (int i = 0;
       i < kPullsPerChunk && chunk.size() < kChunkTarget && shared.text.empty() && pull == BodySource::Pull::kMore;
       ++i) {
    const std::uint64_t number = ++pull_;
    exchange_->waiting = true;
    try {
      pull = exchange_->source->pull(chunk, [weak = weak_from_this(), mailbox = worker_.mailbox(), number] {
        mailbox->post([weak, number] {
          if (const auto self = weak.lock()) self->wake(number);
        });
      });
      if (pull == BodySource::Pull::kMore) shared = exchange_->source->shared();
    } catch (const std::exception&) {
      pull = BodySource::Pull::kAbort;
    }
    exchange_->waiting = pull == BodySource::Pull::kLater;
  }
  return pull;
}

void Connection::wake(std::uint64_t pull) {
  if (closed_ || pull != pull_ || !exchange_ || !exchange_->waiting) return;
  exchange_->waiting = false;
  run();
}

bool Connection::flush() {
  if (writing_) return false;
  const long n = send_some();
  if (n < 0) {
    close();
    return false;
  }
  if (n > 0) {
    exchange_->output.advance(static_cast<std::size_t>(n));
    exchange_->log_bytes += static_cast<std::uint64_t>(n);
    worker_.counters().bytes_out.add(static_cast<std::uint64_t>(n));
    write_deadline_ = 0;
    return true;
  }
  if (write_deadline_ == 0)
    write_deadline_ = monotonic_ns() + std::chrono::nanoseconds(worker_.options().write_deadline).count();
  wait_writable();
  return false;
}

long Connection::send_some() {
  std::array<iovec, Output::kParts> parts;
  const int count = exchange_->output.parts(parts);
  if (tls_) {
    const TlsCount sent = tls_->write({static_cast<const char*>(parts[0].iov_base), parts[0].iov_len});
    if (sent.io == TlsIo::kDone) return static_cast<long>(sent.bytes);
    return sent.io == TlsIo::kWantWrite ? 0 : -1;
  }
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = static_cast<std::size_t>(count);
  const int socket = socket_.native_handle();
  constexpr int kFlags = MSG_NOSIGNAL | MSG_DONTWAIT;
  for (;;) {
    // Of one part, as most answers are, without the kernel's copy of a list.
    const auto n =
        count == 1 ? ::send(socket, parts[0].iov_base, parts[0].iov_len, kFlags) : ::sendmsg(socket, &message, kFlags);
    if (n >= 0) return static_cast<long>(n);
    if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
    if (errno != EINTR) return -1;
  }
}

void Connection::log() {
  ended_ns_ = monotonic_ns();
  if (!worker_.shared().on_request) return;
  const std::int64_t duration_us = (ended_ns_ - exchange_->started_ns) / 1000;
  worker_.shared().on_request({exchange_->log_head.method, exchange_->log_head.path, exchange_->log_status,
                               exchange_->log_bytes, duration_us, &exchange_->log_head});
}

}  // namespace curfew::http
