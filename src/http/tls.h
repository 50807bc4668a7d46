// TLS on OpenSSL 3, without Asio in between: a session reads and writes a non-blocking socket itself, so an idle
// connection keeps no record buffers.
//
// TlsContext: certificate, key and policy (TLS 1.2 and 1.3, forward secrecy and authenticated ciphers only, ALPN
// http/1.1, no renegotiation, no compression). Immutable; threads: any. TlsSession: one connection; threads: one at a
// time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "http/server.h"

struct ssl_st;
struct ssl_ctx_st;

namespace curfew::http {

enum class TlsIo : std::uint8_t {
  kDone,
  kWantRead,   // call again when the socket is readable
  kWantWrite,  // … writable
  kClosed,     // the peer has ended the stream
  kFailed,     // a protocol error, or the socket is broken
};

struct TlsCount {
  TlsIo io = TlsIo::kFailed;
  std::size_t bytes = 0;
};

class TlsSession {
 public:
  explicit TlsSession(ssl_st* ssl) : ssl_(ssl) {}
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  TlsIo handshake();
  TlsCount read(char* into, std::size_t size);
  TlsCount write(
      std::string_view bytes);  // a write that wants more must be repeated with the same bytes, or more of them
  void shutdown();              // says good-bye, as far as the socket takes it

 private:
  TlsIo why(int result);
  ssl_st* ssl_;
  bool broken_ = false;
};

class TlsContext {
 public:
  // kInvalidArgument naming the file and what is wrong with it: missing, not PEM, encrypted, key and certificate
  // unlike.
  static Result<std::shared_ptr<TlsContext>> load(const TlsFiles& files);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // The server's side of a new connection. The socket stays the caller's; null only when memory is short.
  std::unique_ptr<TlsSession> accept(int socket);

 private:
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
};

}  // namespace curfew::http
