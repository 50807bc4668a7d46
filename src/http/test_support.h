// What the tests of this module share: an application made of functions, a client that sends exactly the bytes it is
// told to, and a way to wait for something that happens on another thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/server.h"

struct ssl_st;
struct ssl_ctx_st;

namespace curfew::http::test {

// How long a test waits for what must happen before it fails; never how long something takes.
inline constexpr std::chrono::seconds kPatience{30};

// Set once, waited for from any thread.
class Event {
 public:
  void set() {
    const std::lock_guard lock(mutex_);
    set_ = true;
    changed_.notify_all();
  }
  bool wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [this] { return set_; });
  }
  bool is_set() {
    const std::lock_guard lock(mutex_);
    return set_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool set_ = false;
};

// True as soon as the condition holds; polls.
bool eventually(const std::function<bool()>& condition);

class FunctionApplication final : public Application {
 public:
  std::function<BodyPlan(const RequestHead&)> on_plan = [](const RequestHead&) { return BodyPlan{1000, false}; };
  std::function<void(RequestHead, std::string, Responder)> on_handle = [](RequestHead head, std::string body,
                                                                          Responder respond) {
    respond(Response(200, "text/plain", head.path + ":" + body));
  };
  std::function<std::unique_ptr<BodySink>(RequestHead, Responder)> on_open;

  BodyPlan plan(const RequestHead& head) override { return on_plan(head); }
  void handle(RequestHead head, std::string body, Responder respond) override {
    on_handle(std::move(head), std::move(body), std::move(respond));
  }
  std::unique_ptr<BodySink> open(RequestHead head, Responder respond) override {
    return on_open(std::move(head), std::move(respond));
  }
};

struct Answer {
  int status = 0;  // 0: the connection ended before an answer
  std::vector<Header> headers;
  std::string body;
  bool complete = false;  // the whole body has come, as its framing says
  std::string_view header(std::string_view name) const;
  bool has(std::string_view name) const;
};

class Client {
 public:
  // `receive_buffer`: bytes, for a reader that is slow; 0: the system's choice.
  explicit Client(std::uint16_t port, int receive_buffer = 0);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // TLS from now on, trusting anything. False when the handshake fails. `max_version`: such as TLS1_1_VERSION; 0: any.
  bool start_tls(int max_version = 0, const std::string& alpn = {});
  std::string alpn() const;
  std::string tls_version() const;
  std::string peer_certificate_name() const;

  bool connected() const { return socket_ >= 0; }
  bool send(std::string_view bytes);              // false when the peer is gone
  std::string read_some();                        // empty at the end of the stream, or when patience is over
  Answer read_answer(bool head = false);          // `head`: the answer to a HEAD request
  std::string read_until(std::string_view text);  // up to and with it, or all there is
  std::string read_to_end();
  bool at_end();  // waits for the peer to close; false if bytes come instead
  void shutdown_send();
  void reset();  // closes with a reset

  Answer get(const std::string& path, const std::string& more_headers = {});

 private:
  bool fill();
  std::string read_chunked(bool& complete);

  int socket_ = -1;
  ssl_ctx_st* context_ = nullptr;
  ssl_st* ssl_ = nullptr;
  std::string buffer_;
};

// A server on a free loopback port with short ticks; stopped at the end of its scope.
struct RunningServer {
  explicit RunningServer(Application& application, ServerOptions options = {},
                         std::function<void(const AccessEntry&)> on_request = {});
  Server server;
  std::uint16_t port() const { return server.port(); }
};

// A source made of a function.
class FunctionSource final : public BodySource {
 public:
  using Function = std::function<Pull(std::string&, std::function<void()>)>;
  explicit FunctionSource(Function function, Event* destroyed = nullptr)
      : function_(std::move(function)), destroyed_(destroyed) {}
  ~FunctionSource() override {
    if (destroyed_) destroyed_->set();
  }
  Pull pull(std::string& out, std::function<void()> wake) override { return function_(out, std::move(wake)); }

 private:
  Function function_;
  Event* destroyed_;
};

// A PEM certificate, signed by its own key, for the host name given; the key encrypted if there is a passphrase.
struct KeyPair {
  std::string certificate, key;
};
KeyPair make_certificate(const std::string& name, const std::string& passphrase = {});

// A directory of its own, removed at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  std::string write(const std::string& name, const std::string& content) const;  // returns the path

 private:
  std::string path_;
};

}  // namespace curfew::http::test
