// Peer: one system that holds the sessions and is asked for them, so that all are measured by the same code.
//
// Every peer is given the same sessions, questions and writes, and answers with the ids of the page and the exact
// total; the driver (peers_bench.cpp) compares the answers before it measures. ask() is what is timed: it ends when the
// whole answer is in this process; answer() takes it apart afterwards. Threads: everything from one thread, but a
// Writer from its own. Errors: anything unexpected stops the program with a message: a benchmark that goes on measures
// nothing.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "generator.h"

namespace curfew::bench {

template <class... Args>
[[noreturn]] void die(fmt::format_string<Args...> format, Args&&... args) {
  fmt::print(stderr, "bench: {}\n", fmt::format(format, std::forward<Args>(args)...));
  std::exit(1);
}

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

inline constexpr std::size_t kPageRows = 25;
inline constexpr std::size_t kNetworks16 = 40;  // 10.0.0.0/16 to 10.39.0.0/16

// All of them ask the main realm for 25 rows, latest access first where nothing else is said, and the exact total.
enum class Kind : std::uint8_t {
  kAll,             // Q1
  kOfflineClient,   // Q2: offline, and used with the rarest client
  kUsernamePart,    // Q3: "oe12"
  kDeepOffset,      // Q4: from about the middle
  kUser,            // Q5
  kNetwork,         // Q6: in a /16
  kUserNotNetwork,  // Q6, second part: one user's, not in a /16
  kByUsername,      // Q7: regular ones by username
};
inline constexpr Kind kKinds[] = {Kind::kAll,  Kind::kOfflineClient, Kind::kUsernamePart,   Kind::kDeepOffset,
                                  Kind::kUser, Kind::kNetwork,       Kind::kUserNotNetwork, Kind::kByUsername};
std::string_view name_of(Kind kind);  // "Q1", …

struct Question {
  Kind kind = Kind::kAll;
  std::string user_id;        // Q5, Q6b
  std::uint32_t user = 0;     // its number, for systems that keep users by number
  std::uint32_t network = 0;  // Q6, Q6b: 10.<network>.0.0/16
  std::uint64_t offset = 0;   // Q4
};
inline constexpr std::string_view kUsernamePart = "oe12";

struct Answer {
  std::vector<std::string> ids;
  std::uint64_t total = 0;
  friend bool operator==(const Answer&, const Answer&) = default;
};

struct Touch {
  session::SessionKey key;
  Time at;
};

// One caller of many at a time, with a connection of its own. start() returns when the session is durable.
class Writer {
 public:
  virtual ~Writer() = default;
  virtual void start(const session::Session& session) = 0;
};

class Peer {
 public:
  virtual ~Peer() = default;
  virtual std::string_view name() const = 0;
  virtual void load(const Generator& generator) = 0;
  // Whether so many sessions are there already: they were loaded before.
  virtual bool holds(std::uint64_t) { return false; }
  // A copy of what is loaded, for a server to start on; false where there is no such thing.
  virtual bool backup(const std::string&) { return false; }

  virtual void ask(const Question& question) = 0;
  virtual Answer answer() = 0;  // of the last ask()
  // The cheapest call there is, to tell the way from the work; false where there is none.
  virtual bool ping() { return false; }

  // Latest activity, in one call; may be lost in a crash, as everywhere.
  virtual void touch(std::span<const Touch> touches) = 0;
  virtual void begin_durable_writes() {}
  virtual std::unique_ptr<Writer> writer() = 0;
  // Returns when they can't be used any more, durably.
  virtual void end(std::span<const session::SessionKey> keys) = 0;
  virtual std::uint64_t end_realm() = 0;  // every session of the main realm; how many there were
  // A page of the small realm from another thread, for what reads cost meanwhile; false where it is not measured.
  virtual bool probe() { return false; }

  struct Size {
    std::uint64_t memory = 0, disk = 0;  // bytes; 0: not its way
  };
  virtual Size size() = 0;
};

std::unique_ptr<Peer> make_engine(const std::string& directory);
std::unique_ptr<Peer> make_http(const std::string& address, const std::string& api_key, int process);  // host:port
std::unique_ptr<Peer> make_postgres(const std::string& connection);
std::unique_ptr<Peer> make_sqlite(const std::string& file);
std::unique_ptr<Peer> make_redis(const std::string& socket);

// "10.<network>.0.0/16"
std::string network_text(std::uint32_t network);
// Resident bytes of a process; 0: this one.
std::uint64_t resident_bytes(int process = 0);

}  // namespace curfew::bench
