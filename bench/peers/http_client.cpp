#include "peers/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "peers/peer.h"

namespace curfew::bench {

HttpClient::HttpClient(const std::string& host_and_port, std::string key) : host_(host_and_port), key_(std::move(key)) {
  connect();
}

void HttpClient::connect() {
  if (socket_ >= 0) ::close(socket_);
  const std::size_t colon = host_.rfind(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(host_.substr(colon + 1))));
  ::inet_pton(AF_INET, host_.substr(0, colon).c_str(), &address.sin_addr);
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    die("no connection to {}: {}", host_, std::strerror(errno));
  const int yes = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

HttpClient::~HttpClient() {
  ::close(socket_);
}

int HttpClient::call(std::string_view method, std::string_view target, std::string_view body,
                     std::string_view content_type) {
  // A server closes what has been idle for long, while other systems were measured.
  char byte = 0;
  if (::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0) connect();
  out_.clear();
  fmt::format_to(std::back_inserter(out_), "{} {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n", method, target,
                 host_, key_);
  if (method != "GET")
    fmt::format_to(std::back_inserter(out_), "Content-Type: {}\r\nContent-Length: {}\r\n", content_type, body.size());
  out_.append("\r\n").append(body);
  for (std::string_view left = out_; !left.empty();) {
    const ssize_t sent = ::send(socket_, left.data(), left.size(), MSG_NOSIGNAL);
    if (sent <= 0) die("{} {}: {}", method, target, std::strerror(errno));
    left.remove_prefix(static_cast<std::size_t>(sent));
  }
  in_.clear();
  std::size_t end = std::string::npos;
  while ((end = in_.find("\r\n\r\n")) == std::string::npos) receive();
  body_at_ = end + 4;
  std::size_t length = 0;
  for (const std::string_view name : {"Content-Length: ", "content-length: "})
    if (const std::size_t at = in_.find(name); at < end) length = std::stoul(in_.substr(at + name.size(), 20));
  while (in_.size() < body_at_ + length) receive();
  return std::stoi(in_.substr(9, 3));
}

void HttpClient::receive() {
  const std::size_t had = in_.size();
  in_.resize(had + 64 * 1024);
  const ssize_t got = ::recv(socket_, in_.data() + had, in_.size() - had, 0);
  if (got <= 0) die("{}: the server closed the connection", host_);
  in_.resize(had + static_cast<std::size_t>(got));
}

}  // namespace curfew::bench
