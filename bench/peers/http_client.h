// HttpClient: one kept-alive connection that sends a request and waits for the whole answer. For a server on this
// machine that we started: it knows no more of HTTP than that needs.
#pragma once

#include <string>
#include <string_view>

namespace curfew::bench {

class HttpClient {
 public:
  HttpClient(const std::string& host_and_port, std::string key);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // The status. The target is percent-encoded already.
  int call(std::string_view method, std::string_view target, std::string_view body = {},
           std::string_view content_type = "application/json");
  std::string_view body() const { return std::string_view(in_).substr(body_at_); }
  std::string_view head() const { return std::string_view(in_).substr(0, body_at_); }

 private:
  void connect();
  void receive();

  int socket_ = -1;
  std::string host_, key_, out_, in_;
  std::size_t body_at_ = 0;
};

}  // namespace curfew::bench
