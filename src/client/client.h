// The API's client over HTTP: a Transport on libcurl, with TLS, deadlines, retries and one kept connection.
//
// Retries: only for requests that are the same twice (GET, PUT, and those marked repeatable), only when the server
// could not be talked to or answered 429, 502, 503 or 504, and at most twice, after the wait that it asks for (at most
// 10 s). A refused connection is not retried: nobody is there. Redirects are not followed: the key would travel with
// them. The key goes into the Authorization header and nowhere else: no message holds it. It is not sent in the clear
// beyond loopback unless the options say so. Threads: one caller at a time. Ownership: owns its curl handles.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/time.h"
#include "client/transport.h"

namespace curfew::client {

struct ClientOptions {
  std::string server;             // "https://curfew.example.com", "http://127.0.0.1:8080", a path prefix allowed
  std::string api_key;            // empty: none is sent
  std::string ca_file;            // PEM to trust instead of the system's; empty: the system's
  bool allow_plain_http = false;  // send the key over http to a host other than loopback
  Duration connect_timeout = Duration::seconds(10);
  Duration timeout = Duration::seconds(60);         // a whole exchange; streams have none
  Duration stream_silence = Duration::seconds(90);  // a stream on which nothing arrives for this long is cut
  std::function<bool()> interrupted = [] {
    return false;
  };  // asked a few times a second; true ends the exchange: kCancelled
  std::function<void(Duration)> pause;  // between retries; by default sleeps
};

class Client final : public Transport {
 public:
  static constexpr std::size_t kMaxAnswerBytes = 64 * 1024 * 1024;  // of an answer that is held whole

  // kInvalidArgument with field "server", "apiKey" or "caFile" when the options can't be used.
  static Result<std::unique_ptr<Client>> open(ClientOptions options);
  ~Client() override;

  Result<Answer> send(const Request& request) override;
  Status stream(const Request& request, const ChunkSink& sink) override;
  Result<Answer> upload(const Request& request, const ChunkSource& source) override;

 private:
  struct Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace curfew::client
