// Connection: one client's socket, from accept to close, as a state machine.
//
// run() takes steps until the connection has to wait; every event (bytes, room to write, an answer, a wake-up) changes
// the state and calls run(). Requests are taken strictly one after another, so answers to pipelined requests keep their
// order.
//
// Invariants
//   1. Everything happens on the worker's thread. Answers and wake-ups from other threads come through the worker's
//   Mailbox
//      with a weak pointer and the number of what they belong to; those that are late are dropped.
//   2. At most one read and one write wait are under way.
//   3. Bounded memory: input at most the head limit (64 KiB for a body), one chunk of at most about 80 KiB of a
//   streamed answer, and one text that is shared with others.
//   4. Whenever it waits for the peer, a deadline is set.
//   5. It has an exchange from a request's head on until its answer is sent: in every phase but kHead and kLinger.
// Ownership: the worker's, until close(); pending operations keep it alive until they have returned.
// Files: connection.cpp life and deadlines, connection_request.cpp what comes in, connection_answer.cpp what goes out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/ip/tcp.hpp>

#include "http/buffers.h"
#include "http/exchange.h"
#include "http/message.h"
#include "http/refusal.h"
#include "http/tls.h"
#include "http/worker.h"

namespace curfew::http {

class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  // `admitted`: false for one over the limit, which is only told so.
  Connection(Worker& worker, boost::asio::ip::tcp::socket socket, const IpAddress& peer,
             std::unique_ptr<TlsSession> tls, bool admitted);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();
  void drain();                  // stop() has begun: closes what is idle or streaming; the rest ends with its request
  void close();                  // now
  void sweep(std::int64_t now);  // acts on a deadline that has passed
  bool admitted() const { return admitted_; }

  std::size_t slot = 0;  // the worker's

 private:
  enum class Phase : std::uint8_t {
    kHead,      // waiting for a request, or in its head
    kBuffered,  // collecting a body
    kSink,      // handing a body on, piece by piece
    kRespond,   // the request is complete; its answer is awaited or under way
    kLinger,    // all is sent; reading on for a moment, so that the peer gets to see it
  };

  // connection.cpp
  void run();
  bool step();  // true: something was done; false: waiting
  void yield();
  bool handshake();
  void wait_readable();
  void wait_writable();
  bool start_read(std::size_t preferred, std::size_t limit);  // true: bytes are there already
  bool start_tls_read();
  void note_input(std::size_t n);
  bool linger();
  void start_linger();

  // connection_request.cpp
  bool read_head();
  bool wait_for_request();
  bool take_head(std::size_t end);
  bool dispatch();
  bool call_handler();
  bool open_sink();
  void begin_body(Phase phase, std::chrono::milliseconds deadline);
  bool read_buffered();
  bool read_sink();
  bool feed(std::string_view piece);
  bool finish_sink();
  bool refuse(Refusal refusal, bool timeout = false);
  bool refuse_unread(Refusal refusal, bool timeout = false);
  Responder make_responder();
  void accept_answer(std::uint64_t request, Response response);
  void resume(std::uint64_t pause);

  // connection_answer.cpp
  bool begin_answer();
  bool end_answer();
  bool begin_stream(std::unique_ptr<BodySource> source, bool chunked);
  bool pump();
  BodySource::Pull fill_chunk(std::string& chunk, SharedText& shared);
  void wake(std::uint64_t pull);
  bool flush();
  long send_some();  // bytes sent, 0: would block, -1: broken
  void log();

  Worker& worker_;
  boost::asio::ip::tcp::socket socket_;
  std::unique_ptr<TlsSession> tls_;
  const IpAddress peer_;
  const bool admitted_;

  Phase phase_ = Phase::kHead;
  bool running_ = false, closed_ = false, yielded_ = false;
  bool handshaken_ = true;
  bool reading_ = false, writing_ = false, eof_ = false;
  bool close_after_ = false;        // this answer is the connection's last
  std::int64_t read_deadline_ = 0;  // monotonic; 0: none
  std::int64_t write_deadline_ = 0;
  std::size_t lingered_ = 0;

  InputBuffer input_;
  std::size_t scanned_ = 0;  // of the head, without its end having been found
  bool idle_ = false, head_started_ = false;
  std::int64_t ended_ns_ = 0;  // the last answer's

  std::unique_ptr<Exchange> exchange_;  // null: no request is under way
  // What late callers name: numbers of a request, a pause of its body, a pull of its answer.
  std::uint64_t request_ = 0, pause_ = 0, pull_ = 0;
};

}  // namespace curfew::http
