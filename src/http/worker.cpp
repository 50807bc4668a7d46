#include "http/worker.h"

#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <exception>
#include <span>

#include "base/crypto.h"
#include "http/connection.h"
#include "http/response_head.h"

namespace curfew::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// So many connections over the limit are told so at a time, a worker; further ones are just closed.
constexpr std::size_t kMaxRefusedOpen = 64;
// Whoever has connected comes in with so many others before the next round of requests. One at a time, each would wait
// as long as all requests of a round take: seconds, where hundreds come to a busy server. With TLS fewer: each may
// begin with a handshake, half a millisecond of work.
constexpr std::size_t kAcceptedAtOnce = 64, kAcceptedAtOnceWithTls = 8;
constexpr std::size_t kRequestIdBytes = 16;
constexpr std::size_t kSpareExchanges = 64;

using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

IpAddress to_ip(const asio::ip::address& address) {
  if (address.is_v4()) return IpAddress::v4(address.to_v4().to_uint());
  return IpAddress::from_bytes(address.to_v6().to_bytes());
}

// An eighth of the shortest deadline, so that none is late by much.
std::chrono::nanoseconds tick_period(const ServerOptions& options) {
  const auto shortest = std::min({options.header_deadline, options.body_deadline, options.stream_read_deadline,
                                  options.write_deadline, options.keep_alive, options.drain});
  return std::clamp<std::chrono::nanoseconds>(shortest / 8, std::chrono::milliseconds(2),
                                              std::chrono::milliseconds(500));
}

}  // namespace

std::int64_t monotonic_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// Only this worker's thread touches its sockets and timers, so the reactor needs no locks; posting stays safe from any.
Worker::Worker(Shared& shared)
    : shared_(shared),
      io_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),
      acceptor_(io_),
      ticker_(io_),
      tick_period_(tick_period(shared.options)),
      mailbox_(std::make_shared<Mailbox>(io_)) {}

Worker::~Worker() {
  mailbox_->close();
  join();
}

Result<std::uint16_t> Worker::listen(const asio::ip::tcp::endpoint& endpoint) {
  error_code ec;
  acceptor_.open(endpoint.protocol(), ec);
  if (!ec) acceptor_.set_option(asio::socket_base::reuse_address(true), ec);
  if (!ec) acceptor_.set_option(ReusePort(true), ec);
  // Accepted sockets inherit it: no call for each connection.
  if (!ec) acceptor_.set_option(asio::ip::tcp::no_delay(true), ec);
  if (!ec) acceptor_.bind(endpoint, ec);
  if (!ec) acceptor_.listen(asio::socket_base::max_listen_connections, ec);
  // accept() asks for further ones that have connected, and must not wait for any: not behind one that is gone either.
  if (!ec) acceptor_.non_blocking(true, ec);
  if (!ec) acceptor_.set_option(asio::socket_base::enable_connection_aborted(true), ec);
  std::uint16_t port = 0;
  if (!ec) port = acceptor_.local_endpoint(ec).port();
  if (ec) return fail(ErrorCode::kUnavailable, "can_not_listen", ec.message());
  return port;
}

void Worker::start(unsigned number) {
  accept();
  tick();
  thread_ = std::thread([this, number] {
    const std::string name = "http-" + std::to_string(number);
    ::pthread_setname_np(::pthread_self(), name.c_str());
    for (bool ended = false; !ended;) {
      try {
        io_.run();
        ended = true;
      } catch (const std::exception&) {
        // Memory is short: what was being done is lost, the rest goes on.
      }
    }
    mailbox_->close();
  });
}

void Worker::stop() {
  mailbox_->post([this] { begin_drain(); });
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::accept() {
  acceptor_.async_accept([this](error_code ec, asio::ip::tcp::socket socket) {
    accepting_ = false;
    if (draining_ || ec == asio::error::operation_aborted) return;
    // Most likely no descriptors are left: the next tick tries again, instead of a loop at full speed.
    if (ec && ec != asio::error::connection_aborted) return;
    if (!ec) admit(std::move(socket));
    const std::size_t most = shared_.tls() ? kAcceptedAtOnceWithTls : kAcceptedAtOnce;
    for (std::size_t n = 1; n < most && !ec; ++n) {
      asio::ip::tcp::socket next(io_);
      acceptor_.accept(next, ec);
      if (!ec) admit(std::move(next));
    }
    accept();
  });
  accepting_ = true;
}

void Worker::admit(asio::ip::tcp::socket socket) {
  error_code gone;
  const asio::ip::tcp::endpoint peer = socket.remote_endpoint(gone);
  if (gone) return;
  counters_.accepted.add(1);
  const std::size_t before = shared_.open.fetch_add(1, std::memory_order_relaxed);
  const bool over = before >= shared_.options.max_connections;
  const std::shared_ptr<TlsContext> tls = shared_.tls();
  if (over) {
    shared_.open.fetch_sub(1, std::memory_order_relaxed);
    counters_.refused.add(1);
    // With TLS a handshake would be needed to say so: just what an overloaded server can't afford.
    if (tls || refused_open_ >= kMaxRefusedOpen) return;
  }
  std::unique_ptr<TlsSession> session;
  if (tls && !(session = tls->accept(socket.native_handle()))) {
    shared_.open.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  auto connection =
      std::make_shared<Connection>(*this, std::move(socket), to_ip(peer.address()), std::move(session), !over);
  if (over) ++refused_open_;
  add(connection);
  connection->start();
}

void Worker::add(std::shared_ptr<Connection> connection) {
  connection->slot = connections_.size();
  connections_.push_back(std::move(connection));
}

void Worker::remove(Connection& connection) {
  if (connection.admitted()) {
    shared_.open.fetch_sub(1, std::memory_order_relaxed);
  } else {
    --refused_open_;
  }
  // The last one takes its place; keep the one that leaves until its members are no longer in use.
  const std::shared_ptr<Connection> leaving = std::move(connections_[connection.slot]);
  if (connection.slot + 1 != connections_.size()) {
    connections_[connection.slot] = std::move(connections_.back());
    connections_[connection.slot]->slot = connection.slot;
  }
  connections_.pop_back();
  end_if_drained();
}

std::unique_ptr<Exchange> Worker::take_exchange() {
  if (spare_exchanges_.empty()) return std::make_unique<Exchange>();
  auto exchange = std::move(spare_exchanges_.back());
  spare_exchanges_.pop_back();
  return exchange;
}

void Worker::give_back(std::unique_ptr<Exchange> exchange) {
  if (spare_exchanges_.size() >= kSpareExchanges) return;
  exchange->renew();
  spare_exchanges_.push_back(std::move(exchange));
}

void Worker::tick() {
  ticker_.expires_after(tick_period_);
  ticker_.async_wait([this](error_code ec) {
    if (ec) return;
    const std::int64_t now = monotonic_ns();
    const bool overdue = draining_ && now >= drain_deadline_;
    // Backwards, since the last takes the place of one that is closed; a copy, since closing lets it go.
    for (std::size_t i = connections_.size(); i-- > 0;) {
      if (i >= connections_.size()) continue;
      const std::shared_ptr<Connection> connection = connections_[i];
      try {
        if (!overdue) {
          connection->sweep(now);
          continue;
        }
      } catch (const std::exception&) {  // the ticker must go on
      }
      connection->close();
    }
    if (draining_) {
      end_if_drained();
      if (connections_.empty()) return;
    }
    tick();
    if (!draining_ && !accepting_) accept();
  });
}

void Worker::begin_drain() {
  if (draining_) return;
  draining_ = true;
  drain_deadline_ = monotonic_ns() + std::chrono::nanoseconds(shared_.options.drain).count();
  error_code ignored;
  acceptor_.close(ignored);
  const auto connections = connections_;
  for (const auto& connection : connections) connection->drain();
  end_if_drained();
}

// Without an acceptor, connections and the ticker nothing is left to wait for, and the thread's run() returns.
void Worker::end_if_drained() {
  if (draining_ && connections_.empty()) ticker_.cancel();
}

std::string_view Worker::date() {
  const std::int64_t now = std::time(nullptr);
  if (now != date_second_) {
    date_second_ = now;
    date_ = imf_fixdate(now);
  }
  return date_;
}

std::string Worker::next_request_id() {
  if (random_used_ + kRequestIdBytes > random_.size()) {
    SystemRandom().fill(random_);
    random_used_ = 0;
  }
  const auto id = std::span(random_).subspan(random_used_, kRequestIdBytes);
  random_used_ += kRequestIdBytes;
  return to_hex(id);
}

}  // namespace curfew::http
