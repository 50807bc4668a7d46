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
  Response response = *std::move(answer_);
  answer_.reset();
  if (response.status < 200 || response.status > 599 || !can_send(response.headers)) response = internal_error();
  if (phase_ != Phase::kRespond) {  // answered before the body was complete: what is left of it is not wanted
    sink_.reset();
    close_after_ = true;
    phase_ = Phase::kRespond;
    read_deadline_ = 0;
  }
  if (!framing_.keep_alive || worker_.draining()) close_after_ = true;

  const bool bodiless = response.status == 204 || response.status == 304;
  std::unique_ptr<BodySource> source = std::move(response.stream);
  ResponseHead head;
  head.framing = Framing::kLength;
  head.length = response.body.size();
  if (bodiless) head.framing = Framing::kNone;
  if (source && !bodiless) {
    head.framing = framing_.http11 ? Framing::kChunked : Framing::kUntilClose;
    if (!framing_.http11) close_after_ = true;
  }
  head.status = response.status;
  head.headers = &response.headers;
  head.date = worker_.date();
  head.request_id = log_head_.request_id;
  head.http11 = framing_.http11;
  head.keep_alive = !close_after_;
  output_.clear();
  append_head(output_.head, head);

  answering_ = true;
  log_status_ = response.status;
  log_bytes_ = 0;
  if (source && !bodiless && !head_only_) return begin_stream(std::move(source), head.framing == Framing::kChunked);
  if (!bodiless && !head_only_) {
    if (response.body.size() <= (tls_ ? kInlineBodyTls : kInlineBody)) {
      output_.head += response.body;
    } else {
      output_.body = std::move(response.body);
    }
  }
  answered_ = true;
  return true;
}

bool Connection::end_answer() {
  log();
  answering_ = answered_ = false;
  sink_.reset();
  output_.clear();
  ++request_;
  if (!close_after_) {
    phase_ = Phase::kHead;
    return true;
  }
  // A client that asked for the end itself sends nothing more: no need to linger.
  if (!framing_.keep_alive && !refused_ && reader_.done() && input_.empty() && !tls_) {
    close();
    return false;
  }
  start_linger();
  return true;
}

bool Connection::begin_stream(std::unique_ptr<BodySource> source, bool chunked) {
  source_ = std::move(source);
  chunked_ = chunked;
  waiting_ = false;
  return pump();  // so that the first chunk leaves together with the head
}

// Adds the next chunk to the output.
bool Connection::pump() {
  if (waiting_ && (eof_ || worker_.draining())) {
    close();
    return false;
  }
  if (waiting_) return start_read(4096, 4096);  // to notice that the client goes away
  if (!output_.pending()) output_.clear();
  std::string chunk;
  SharedText shared;
  const BodySource::Pull pull = fill_chunk(chunk, shared);
  if (closed_) return false;
  if (pull == BodySource::Pull::kAbort) {
    close();
    return false;
  }
  if (const std::size_t size = chunk.size() + shared.text.size(); size > 0) {
    if (chunked_) output_.head += chunk_size_line(size);
    output_.body = std::move(chunk);
    output_.shared = std::move(shared);
    if (chunked_) output_.tail = "\r\n";
  }
  if (pull == BodySource::Pull::kEnd) {
    source_.reset();
    answered_ = true;
    if (chunked_) output_.tail = output_.tail.empty() ? "0\r\n\r\n" : "\r\n0\r\n\r\n";
  }
  return true;
}

BodySource::Pull Connection::fill_chunk(std::string& chunk, SharedText& shared) {
  auto pull = BodySource::Pull::kMore;
  for (int i = 0;
       i < kPullsPerChunk && chunk.size() < kChunkTarget && shared.text.empty() && pull == BodySource::Pull::kMore;
       ++i) {
    const std::uint64_t number = ++pull_;
    waiting_ = true;
    try {
      pull = source_->pull(chunk, [weak = weak_from_this(), mailbox = worker_.mailbox(), number] {
        mailbox->post([weak, number] {
          if (const auto self = weak.lock()) self->wake(number);
        });
      });
      if (pull == BodySource::Pull::kMore) shared = source_->shared();
    } catch (const std::exception&) {
      pull = BodySource::Pull::kAbort;
    }
    waiting_ = pull == BodySource::Pull::kLater;
  }
  return pull;
}

void Connection::wake(std::uint64_t pull) {
  if (closed_ || !waiting_ || pull != pull_) return;
  waiting_ = false;
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
    output_.advance(static_cast<std::size_t>(n));
    log_bytes_ += static_cast<std::uint64_t>(n);
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
  const int count = output_.parts(parts);
  if (tls_) {
    const TlsCount sent = tls_->write({static_cast<const char*>(parts[0].iov_base), parts[0].iov_len});
    if (sent.io == TlsIo::kDone) return static_cast<long>(sent.bytes);
    return sent.io == TlsIo::kWantWrite ? 0 : -1;
  }
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = static_cast<std::size_t>(count);
  for (;;) {
    const auto n = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) return static_cast<long>(n);
    if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
    if (errno != EINTR) return -1;
  }
}

void Connection::log() {
  ended_ns_ = monotonic_ns();
  if (!worker_.shared().on_request) return;
  const std::int64_t duration_us = (ended_ns_ - started_ns_) / 1000;
  worker_.shared().on_request({log_head_.method, log_head_.path, log_status_, log_bytes_, duration_us, &log_head_});
}

}  // namespace curfew::http
