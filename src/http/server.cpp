#include "http/server.h"

#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include <boost/asio/ip/address.hpp>

#include "http/worker.h"

namespace curfew::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

Result<asio::ip::tcp::endpoint> parse_endpoint(const ServerOptions& options) {
  const std::string host = options.host == "localhost" ? "127.0.0.1" : options.host;
  error_code ec;
  const auto address = asio::ip::make_address(host, ec);
  if (ec)
    return invalid("listen",
                   "'" + options.host + "' is not an IP address to listen on; give one, such as 127.0.0.1 or ::");
  return asio::ip::tcp::endpoint(address, options.port);
}

std::string to_text(const asio::ip::tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(endpoint.port());
}

// SO_REUSEPORT would let two servers of one user share a port in silence. A socket without it can't be bound beside
// another server's, so try that first.
error_code probe(const asio::ip::tcp::endpoint& endpoint) {
  asio::io_context io;
  asio::ip::tcp::acceptor acceptor(io);
  error_code ec;
  acceptor.open(endpoint.protocol(), ec);
  if (!ec) acceptor.set_option(asio::socket_base::reuse_address(true), ec);
  if (!ec) acceptor.bind(endpoint, ec);
  return ec;
}

}  // namespace

struct Server::Impl {
  Impl(ServerOptions options, Application& application, std::function<void(const AccessEntry&)> on_request)
      : shared(std::move(options), application, std::move(on_request)) {}

  Status listen(asio::ip::tcp::endpoint endpoint) {
    const auto refused = [&](const std::string& why) {
      return fail(ErrorCode::kUnavailable, "can_not_listen", "can't listen on " + to_text(endpoint) + ": " + why);
    };
    if (endpoint.port() != 0) {
      if (const error_code ec = probe(endpoint)) return refused(ec.message());
    }
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    const unsigned threads = shared.options.threads != 0 ? shared.options.threads : cores;
    for (unsigned i = 0; i < threads; ++i) {
      auto worker = std::make_unique<Worker>(shared);
      const auto bound = worker->listen(endpoint);
      if (!bound) {
        workers.clear();
        return refused(bound.error().message);
      }
      endpoint.port(*bound);
      workers.push_back(std::move(worker));
    }
    port = endpoint.port();
    return {};
  }

  Shared shared;
  std::vector<std::unique_ptr<Worker>> workers;
  std::uint16_t port = 0;
  std::mutex stop_mutex;
};

Server::Server(ServerOptions options, Application& application, std::function<void(const AccessEntry&)> on_request)
    : impl_(std::make_unique<Impl>(std::move(options), application, std::move(on_request))) {}

Server::~Server() {
  stop();
}

Status Server::start() {
  CURFEW_TRY(const auto endpoint, parse_endpoint(impl_->shared.options));
  CURFEW_TRY_STATUS(reload_tls());
  CURFEW_TRY_STATUS(impl_->listen(endpoint));
  for (unsigned i = 0; i < impl_->workers.size(); ++i) impl_->workers[i]->start(i);
  return {};
}

std::uint16_t Server::port() const {
  return impl_->port;
}

Status Server::reload_tls() {
  Shared& shared = impl_->shared;
  if (!shared.options.tls) return {};
  CURFEW_TRY(auto context, TlsContext::load(*shared.options.tls));
  const std::lock_guard lock(shared.tls_mutex);
  shared.tls_context = std::move(context);
  return {};
}

void Server::stop() {
  const std::lock_guard lock(impl_->stop_mutex);
  for (const auto& worker : impl_->workers) worker->stop();
  for (const auto& worker : impl_->workers) worker->join();
}

ServerCounters Server::counters() const {
  ServerCounters sum;
  sum.connections_open = impl_->shared.open.load(std::memory_order_relaxed);
  for (const auto& worker : impl_->workers) {
    const WorkerCounters& counters = worker->counters();
    sum.connections_accepted += counters.accepted.get();
    sum.connections_refused += counters.refused.get();
    sum.requests += counters.requests.get();
    sum.bad_requests += counters.bad_requests.get();
    sum.timeouts += counters.timeouts.get();
    sum.bytes_in += counters.bytes_in.get();
    sum.bytes_out += counters.bytes_out.get();
  }
  return sum;
}

}  // namespace curfew::http
