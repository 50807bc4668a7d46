// The live stream: many subscribers, changes at a given rate, and how late they come.
//
//   curfew_stream_bench --curfew HOST:PORT --api-key KEY --sessions N [--seed N] --subscribers N --rate N --seconds S
//       [--encoding gzip|identity]
//
// Touches of the main realm are sent through ingest, each with the moment at which it is sent; every subscriber follows
// that realm, and takes gzip as a browser does, unless told otherwise. A few subscribers take the events apart and
// compare the moment with now; the others only receive, so that this program costs little beside the server. One JSON
// object on standard output.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <deque>
#include <random>
#include <thread>

#include "base/json_writer.h"
#include "peers/http_client.h"
#include "peers/peer.h"

namespace curfew::bench {
namespace {

struct Options {
  std::string curfew, key, encoding = "gzip";
  std::uint64_t sessions = 10'000, seed = 1, subscribers = 1000, rate = 1000;
  double seconds = 5;
};
constexpr std::size_t kReaders = 10;  // subscribers that take events apart

std::int64_t wall_ms() {
  return SystemClock().now().ms;
}

class Subscribers {
 public:
  explicit Subscribers(const Options& options) : options_(options), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    for (std::uint64_t i = 0; i < options.subscribers; ++i) connect(i);
  }
  ~Subscribers() {
    for (One& one : all_) {
      ::close(one.socket);
      ::inflateEnd(&one.inflate);
    }
    ::close(epoll_);
  }
  Subscribers(const Subscribers&) = delete;
  Subscribers& operator=(const Subscribers&) = delete;

  void run(const std::atomic<bool>& over) {
    std::vector<epoll_event> ready(256);
    while (!over) {
      const int count = ::epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), 50);
      for (int i = 0; i < count; ++i) receive(all_[ready[static_cast<std::size_t>(i)].data.u64]);
    }
  }
  std::uint64_t bytes = 0, events = 0, resets = 0, dropped = 0;
  std::vector<double> lags_ms;

 private:
  struct One {
    int socket;
    bool reads;
    std::string partial;
    z_stream inflate{};
    std::string chunked;  // what came and is not yet taken out of its chunks
    std::size_t chunk_left = 0;
  };
  void connect(std::uint64_t number) {
    const std::size_t colon = options_.curfew.rfind(':');
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(options_.curfew.substr(colon + 1))));
    ::inet_pton(AF_INET, options_.curfew.substr(0, colon).c_str(), &address.sin_addr);
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      die("no connection for a subscriber");
    const std::string request = fmt::format(
        "GET /api/v1/realms/main/events HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nAccept: "
        "text/event-stream\r\nAccept-Encoding: {}\r\n\r\n",
        options_.curfew, options_.key, options_.encoding);
    if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
      die("no request");
    // The head alone: what follows belongs to the body.
    std::string head;
    while (!head.ends_with("\r\n\r\n")) {
      char c = 0;
      if (::recv(socket, &c, 1, 0) != 1) die("a subscriber was refused");
      head += c;
    }
    if (!head.starts_with("HTTP/1.1 200")) die("a subscriber was refused");
    One& one = all_.emplace_back();
    one.socket = socket;
    one.reads = number < kReaders;
    if (::inflateInit2(&one.inflate, 15 + 16) != Z_OK) die("no memory for zlib");
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = number;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
  }
  void receive(One& one) {
    // MSG_TRUNC throws away what nobody looks at, without copying it.
    const ssize_t got = ::recv(one.socket, buffer_.data(), buffer_.size(), MSG_DONTWAIT | (one.reads ? 0 : MSG_TRUNC));
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
      ++dropped;
      ::epoll_ctl(epoll_, EPOLL_CTL_DEL, one.socket, nullptr);
      return;
    }
    bytes += static_cast<std::uint64_t>(got);
    if (one.reads) unchunk(one, std::string_view(buffer_.data(), static_cast<std::size_t>(got)));
  }
  void unchunk(One& one, std::string_view part) {
    one.chunked += part;
    std::string_view rest = one.chunked;
    std::string body;
    while (!rest.empty()) {
      if (one.chunk_left == 0) {
        const std::size_t line = rest.find("\r\n");
        if (line == std::string_view::npos) break;
        one.chunk_left = std::stoul(std::string(rest.substr(0, line)), nullptr, 16) + 2;  // with the end of its line
        rest.remove_prefix(line + 2);
        continue;
      }
      const std::size_t now = std::min(one.chunk_left, rest.size());
      const std::size_t ends = one.chunk_left - now;  // how much of the two last bytes is not here
      body += rest.substr(0, ends >= 2 ? now : now - std::min<std::size_t>(now, 2 - ends));
      one.chunk_left -= now;
      rest.remove_prefix(now);
    }
    one.chunked.erase(0, one.chunked.size() - rest.size());
    if (options_.encoding != "gzip") return read(one, body);
    one.inflate.next_in = reinterpret_cast<Bytef*>(body.data());
    one.inflate.avail_in = static_cast<uInt>(body.size());
    while (one.inflate.avail_in > 0) {
      one.inflate.next_out = reinterpret_cast<Bytef*>(plain_.data());
      one.inflate.avail_out = static_cast<uInt>(plain_.size());
      const int result = ::inflate(&one.inflate, Z_SYNC_FLUSH);
      if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) die("not gzip");
      read(one, std::string_view(plain_.data(), plain_.size() - one.inflate.avail_out));
      if (result != Z_OK) break;
    }
  }
  void read(One& one, std::string_view part) {
    one.partial += part;
    const std::int64_t now = wall_ms();
    constexpr std::string_view kAccess = "\"lastAccess\":\"";
    std::size_t at = 0;
    for (;;) {
      const std::size_t end = one.partial.find("\n\n", at);
      if (end == std::string::npos) break;
      const std::string_view event = std::string_view(one.partial).substr(at, end - at);
      at = end + 2;
      if (event.find("event: reset") != std::string_view::npos) ++resets;
      if (event.find("session.touched") == std::string_view::npos) continue;
      ++events;
      const std::size_t field = event.find(kAccess);
      if (field == std::string_view::npos) continue;
      if (const auto time = parse_time(event.substr(field + kAccess.size(), 24)))
        lags_ms.push_back(static_cast<double>(now - time->ms));
    }
    one.partial.erase(0, at);
  }

  const Options& options_;
  int epoll_;
  std::deque<One> all_;  // zlib keeps the address of its own
  std::string buffer_ = std::string(256 * 1024, '\0'), plain_ = std::string(1024 * 1024, '\0');
};

// Sends `rate` touches a second in fifty groups a second; how many were sent.
std::uint64_t send_touches(const Options& options, const std::vector<session::SessionKey>& keys) {
  HttpClient client(options.curfew, options.key);
  std::mt19937_64 random(options.seed);
  const Stopwatch watch;
  std::uint64_t sent = 0;
  std::string lines;
  while (watch.seconds() < options.seconds) {
    const auto due = static_cast<std::uint64_t>(watch.seconds() * static_cast<double>(options.rate));
    lines.clear();
    for (; sent < due; ++sent) {
      const session::SessionKey& key = keys[random() % keys.size()];
      JsonWriter json(lines);
      json.begin_object().field("op", "touch").field("type", session::to_string(key.type)).field("id", key.id);
      json.field("at", Time{wall_ms()}).end_object();
      lines += '\n';
    }
    if (!lines.empty() && client.call("POST", "/api/v1/realms/main/ingest", lines, "application/x-ndjson") != 200)
      die("ingest: {}", client.body());
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return sent;
}

void run(const Options& options) {
  const Generator generator(options.sessions, options.seed);
  std::vector<session::SessionKey> keys;
  for (std::uint64_t no = 1; no <= std::min<std::uint64_t>(generator.size(), 100'000); ++no)
    if (auto key = generator.key(no); key.realm == Generator::kMainRealm) keys.push_back(std::move(key));
  Subscribers subscribers(options);
  std::atomic<bool> over{false};
  std::thread receiver([&] { subscribers.run(over); });
  const std::uint64_t sent = send_touches(options, keys);
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));  // what is still on the way
  over = true;
  receiver.join();
  auto& lags = subscribers.lags_ms;
  std::sort(lags.begin(), lags.end());
  const auto part = [&](double p) {
    return lags.empty()
               ? -1.0
               : lags[std::min(lags.size() - 1, static_cast<std::size_t>(static_cast<double>(lags.size()) * p))];
  };
  const double readers = static_cast<double>(std::min<std::uint64_t>(kReaders, options.subscribers));
  fmt::print(
      R"({{"subscribers":{},"rate":{},"encoding":"{}","sent":{},"events_each":{:.0f},"resets":{},"dropped":{},"lag_p50_ms":{:.0f},"lag_p99_ms":{:.0f},"mb_received":{}}})"
      "\n",
      options.subscribers, options.rate, options.encoding, sent, static_cast<double>(subscribers.events) / readers,
      subscribers.resets, subscribers.dropped, part(0.5), part(0.99), subscribers.bytes >> 20);
}

}  // namespace
}  // namespace curfew::bench

int main(int count, char** values) {
  curfew::bench::Options options;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view name = values[i];
    const std::string text = values[i + 1];
    if (name == "--curfew")
      options.curfew = text;
    else if (name == "--api-key")
      options.key = text;
    else if (name == "--sessions")
      options.sessions = std::stoull(text);
    else if (name == "--seed")
      options.seed = std::stoull(text);
    else if (name == "--subscribers")
      options.subscribers = std::stoull(text);
    else if (name == "--rate")
      options.rate = std::stoull(text);
    else if (name == "--encoding")
      options.encoding = text;
    else if (name == "--seconds")
      options.seconds = std::stod(text);
    else
      curfew::bench::die("unknown option {}", name);
  }
  curfew::bench::run(options);
}
