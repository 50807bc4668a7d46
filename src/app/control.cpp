#include "app/control.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace curfew::app {
namespace {

constexpr int kSilenceMs = 10'000;
constexpr std::size_t kMostBytes = 8'192;
constexpr std::string_view kBackup = "backup ";

Status system_error(const std::string& what) {
  return fail(ErrorCode::kUnavailable, "control_socket", what + ": " + std::strerror(errno));
}

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return fail(ErrorCode::kInvalidArgument, "path_too_long",
                path + " is too long for a socket's name: use a data directory with a shorter path");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

// One line, without its end; an error when it does not come in time or is too long.
Result<std::string> read_line(int socket, int patience_ms) {
  std::string line;
  for (;;) {
    pollfd ready{socket, POLLIN, 0};
    if (::poll(&ready, 1, patience_ms) <= 0) return fail(ErrorCode::kDeadlineExceeded, "silence", "no answer");
    char buffer[512];
    const ssize_t n = ::recv(socket, buffer, sizeof buffer, 0);
    if (n <= 0) return fail(ErrorCode::kUnavailable, "closed", "the other side closed the connection");
    line.append(buffer, static_cast<std::size_t>(n));
    if (const auto end = line.find('\n'); end != std::string::npos) return line.substr(0, end);
    if (line.size() > kMostBytes) return fail(ErrorCode::kTooLarge, "too_long", "a line of more than 8192 bytes");
  }
}

void send_line(int socket, std::string line) {
  for (char& c : line)
    if (c == '\n' || c == '\r') c = ' ';
  line += '\n';
  (void)::send(socket, line.data(), line.size(), MSG_NOSIGNAL);
}

}  // namespace

ControlSocket::ControlSocket(std::string path, Backup backup) : path_(std::move(path)), backup_(std::move(backup)) {}
ControlSocket::~ControlSocket() {
  stop();
}

Status ControlSocket::start() {
  CURFEW_TRY(const sockaddr_un address, address_of(path_));
  // The ledger's lock is held, so whoever left a socket here is gone.
  ::unlink(path_.c_str());
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener_ < 0) return system_error(path_);
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(path_.c_str(), 0600) != 0 || ::listen(listener_, 4) != 0 || ::pipe2(wake_, O_CLOEXEC) != 0)
    return system_error(path_);
  thread_ = std::thread([this] { run(); });
  return {};
}

void ControlSocket::stop() {
  if (thread_.joinable()) {
    (void)!::write(wake_[1], "x", 1);
    thread_.join();
    ::unlink(path_.c_str());
  }
  for (int* fd : {&listener_, &wake_[0], &wake_[1]}) {
    if (*fd >= 0) ::close(*fd);
    *fd = -1;
  }
}

void ControlSocket::run() {
  for (;;) {
    pollfd ready[2] = {{listener_, POLLIN, 0}, {wake_[0], POLLIN, 0}};
    if (::poll(ready, 2, -1) < 0 && errno != EINTR) return;
    if (ready[1].revents != 0) return;
    if ((ready[0].revents & POLLIN) == 0) continue;
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    serve(connection);
    ::close(connection);
  }
}

void ControlSocket::serve(int connection) {
  const auto line = read_line(connection, kSilenceMs);
  if (!line) return;
  if (!line->starts_with(kBackup) || line->size() <= kBackup.size() || (*line)[kBackup.size()] != '/') {
    send_line(connection, "error unknown request");
    return;
  }
  const Status done = backup_(line->substr(kBackup.size()));
  send_line(connection, done ? "ok" : "error " + done.error().message);
}

Status ask_for_backup(const std::string& socket_path, const std::string& target) {
  CURFEW_TRY(const sockaddr_un address, address_of(socket_path));
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return system_error(socket_path);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(socket);
    return fail(ErrorCode::kNotFound, "not_running", "no server listens at " + socket_path);
  }
  send_line(socket, std::string(kBackup) + target);
  const auto answer = read_line(socket, -1);  // a big ledger takes minutes
  ::close(socket);
  if (!answer) return tl::make_unexpected(answer.error());
  if (*answer == "ok") return {};
  return fail(ErrorCode::kUnavailable, "backup_failed", answer->starts_with("error ") ? answer->substr(6) : *answer);
}

}  // namespace curfew::app
