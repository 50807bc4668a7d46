// The HTTP/1.1 server: sockets, TLS, limits and deadlines. It knows requests and responses, nothing of sessions.
//
// One io_context a thread, each accepting on the same address with SO_REUSEPORT; a connection lives on one thread.
// Header and body leave in one write. Every read and write has a deadline; idle keep-alive connections are closed; a
// connection over the limit is answered 503 with Retry-After and closed.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "http/message.h"

namespace curfew::http {

struct TlsFiles {
  std::string certificate_chain;  // PEM
  std::string private_key;        // PEM
};

struct ServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;  // 0: any free one; see Server::port()
  unsigned threads = 0;       // 0: one a core
  std::optional<TlsFiles> tls;
  std::vector<Cidr> trusted_proxies;

  std::size_t max_connections = 10'000;
  std::size_t max_header_bytes = 16 * 1024;
  std::size_t max_target_bytes = 8 * 1024;
  std::chrono::milliseconds header_deadline{10'000};       // from the first byte of a request to the end of its head
  std::chrono::milliseconds body_deadline{60'000};         // a buffered body, whole
  std::chrono::milliseconds stream_read_deadline{30'000};  // between two chunks of a streamed body
  std::chrono::milliseconds write_deadline{30'000};        // for each write to make progress
  std::chrono::milliseconds keep_alive{75'000};
  std::chrono::milliseconds drain{10'000};  // stop(): how long requests under way may take
};

// Counters for /metrics. `requests` have a complete head; `bad_requests` were answered by the transport.
struct ServerCounters {
  std::uint64_t connections_open = 0, connections_accepted = 0, connections_refused = 0;
  std::uint64_t requests = 0, bad_requests = 0, timeouts = 0, bytes_in = 0, bytes_out = 0;
};

// Called once for every answered request, on the connection's thread, when its last byte is sent or the connection is
// cut.
struct AccessEntry {
  Method method;
  std::string_view path;  // without the query: it may hold what is private
  int status;
  std::uint64_t bytes_out;
  std::int64_t duration_us;
  const RequestHead* head;  // for the log: without target and query, and of the headers only User-Agent
};

class Server {
 public:
  // The application must outlive the server.
  Server(ServerOptions options, Application& application, std::function<void(const AccessEntry&)> on_request = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  Status start();  // binds and serves on threads of its own; kUnavailable with the address when it can't
  std::uint16_t port() const;
  Status reload_tls();  // reads the files again; new connections use them; on an error the old ones stay
  void stop();  // stops accepting, lets requests under way end, closes idle and streaming ones, joins. Idempotent.
  ServerCounters counters() const;  // after start(), from any thread

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace curfew::http
