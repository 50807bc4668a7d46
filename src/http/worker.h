// Worker: one thread with its io_context, its acceptor and its connections. Nothing is shared between workers but the
// totals.
//
// Invariants: a connection is touched on its worker's thread alone; other threads reach it through the Mailbox.
// Deadlines are kept by the connections as plain numbers and swept a few times within the shortest of them, so a
// request arms no timer.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "http/exchange.h"
#include "http/server.h"
#include "http/tls.h"

namespace curfew::http {

class Connection;

// The way from any thread to a worker's. Outlives the worker in the hands of late callers, whose posts are then
// dropped.
class Mailbox {
 public:
  explicit Mailbox(boost::asio::io_context& io) : io_(&io) {}

  template <class Task>
  void post(Task task) {
    const std::lock_guard lock(mutex_);
    if (io_) boost::asio::post(*io_, std::move(task));
  }
  void close() {
    const std::lock_guard lock(mutex_);
    io_ = nullptr;
  }

 private:
  std::mutex mutex_;
  boost::asio::io_context* io_;
};

// Written by one thread, read by any.
class Counter {
 public:
  void add(std::uint64_t n) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

struct WorkerCounters {
  Counter accepted, refused, requests, bad_requests, timeouts, bytes_in, bytes_out;
};

// What all workers of a server see. Threads: any, but `options` is constant.
struct Shared {
  Shared(ServerOptions o, Application& a, std::function<void(const AccessEntry&)> f)
      : options(std::move(o)), application(a), on_request(std::move(f)) {}

  const ServerOptions options;
  Application& application;
  const std::function<void(const AccessEntry&)> on_request;
  std::atomic<std::size_t> open{0};

  std::shared_ptr<TlsContext> tls() {
    const std::lock_guard lock(tls_mutex);
    return tls_context;
  }
  std::mutex tls_mutex;
  std::shared_ptr<TlsContext> tls_context;  // null: plain
};

std::int64_t monotonic_ns();

class Worker {
 public:
  explicit Worker(Shared& shared);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Before start(): binds with SO_REUSEPORT. Returns the port.
  Result<std::uint16_t> listen(const boost::asio::ip::tcp::endpoint& endpoint);
  void start(unsigned number);
  void stop();  // from another thread; join() waits for the end
  void join();

  // For connections, on the worker's thread.
  Shared& shared() { return shared_; }
  const ServerOptions& options() const { return shared_.options; }
  WorkerCounters& counters() { return counters_; }
  boost::asio::io_context& io() { return io_; }
  const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }
  bool draining() const { return draining_; }
  std::string_view date();        // now, as an IMF-fixdate
  std::string next_request_id();  // 32 hexadecimal digits
  void remove(Connection& connection);
  std::unique_ptr<Exchange> take_exchange();  // the one that was given back last
  void give_back(std::unique_ptr<Exchange> exchange);

 private:
  void accept();
  void admit(boost::asio::ip::tcp::socket socket);
  void add(std::shared_ptr<Connection> connection);
  void tick();
  void begin_drain();
  void end_if_drained();

  Shared& shared_;
  WorkerCounters counters_;
  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer ticker_;
  std::chrono::nanoseconds tick_period_;
  std::shared_ptr<Mailbox> mailbox_;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Exchange>> spare_exchanges_;
  std::size_t refused_open_ = 0;  // connections that are only being told that there are too many
  bool draining_ = false, accepting_ = false;
  std::int64_t drain_deadline_ = 0;
  std::int64_t date_second_ = -1;
  std::string date_;
  std::array<std::uint8_t, 4096> random_{};
  std::size_t random_used_ = sizeof(random_);
  std::thread thread_;
};

}  // namespace curfew::http
