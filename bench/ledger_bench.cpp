// The embedded ledger by itself: durable starts, activity, ends with their audit records, look-ups, load and disk at N
// sessions.
//
//   curfew_ledger_bench DIR [--sessions N] [--ends N] [--json]
//
// DIR is made, and must be empty; leave it to see the files. Prints one line a measure; with --json one JSON object a
// line. An end carries what the engine's does: a row's deletion, a tombstone, a sealed audit record, its index keys
// (user, session, actor, action, revocation), and its command in the journal.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <random>

#include "audit/record.h"
#include "generator.h"
#include "ledger_rocksdb/rocksdb_ledger.h"
#include "session/codec.h"

namespace curfew::bench {
namespace {

struct Options {
  std::string directory;
  std::uint64_t sessions = 1'000'000, ends = 1'000'000;
  bool json = false;
};

// Of wall time, and of this thread's processor time: on a busy machine the second still means something.
class Stopwatch {
 public:
  double cpu_seconds() const { return cpu_now() - cpu_start_; }
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  static double cpu_now() {
    timespec now = {};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
  }
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  double cpu_start_ = cpu_now();
};

double resident_mb() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t size = 0, resident = 0;
  statm >> size >> resident;
  return static_cast<double>(resident) * 4096 / 1e6;
}

class LedgerBench {
 public:
  explicit LedgerBench(const Options& options)
      : options_(options), generator_(std::max(options.sessions, options.ends) + 200'000, 1) {}

  int run() {
    if (!open()) return 1;
    load_up();
    durable_starts();
    activity();
    reopen_and_load("load, as written");
    lookups();
    ends(2'000, options_.ends / 4);
    ends(10'000, options_.ends - options_.ends / 4);
    audit_reads();
    reopen_and_load("load, after the ends");
    say("disk bytes", static_cast<double>(ledger_->disk_bytes()), "B");
    return 0;
  }

 private:
  void say(std::string_view name, double value, std::string_view unit) const {
    if (options_.json) {
      fmt::print("{{\"bench\":\"ledger\",\"sessions\":{},\"name\":\"{}\",\"value\":{:.3f},\"unit\":\"{}\"}}\n",
                 options_.sessions, name, value, unit);
    } else {
      fmt::print("{:<52}{:>16.2f} {}\n", name, value, unit);
    }
    std::fflush(stdout);
  }

  bool open() {
    ledger_rocksdb::Options options;
    options.directory = options_.directory;
    auto opened = ledger_rocksdb::RocksDbLedger::open(options);
    if (!opened) {
      fmt::print(stderr, "{}\n", opened.error().message);
      return false;
    }
    ledger_ = *std::move(opened);
    return true;
  }

  void append(const ledger::Commit& commit) {
    const auto appended = ledger_->append(commit);
    if (appended) return;
    fmt::print(stderr, "{}\n", appended.error().message);
    std::exit(1);
  }

  session::Session session(std::uint64_t no) const {
    session::Session s = generator_.session(no);
    s.no = session::SessionNo(no);
    return s;
  }

  void load_up() {
    double seconds = 0;
    for (; next_ <= options_.sessions;) {
      ledger::Commit commit;
      for (int i = 0; i < 10'000 && next_ <= options_.sessions; ++i) commit.puts.push_back(session(next_++));
      const Stopwatch watch;
      append(commit);
      seconds += watch.seconds();
    }
    say("starts in commits of 10,000", static_cast<double>(options_.sessions) / seconds, "/s");
    say("resident after the starts", resident_mb(), "MB");
  }

  void durable_starts() {
    for (const int batch : {1, 16, 64}) {
      constexpr int kCommits = 2'000;
      double seconds = 0;
      for (int i = 0; i < kCommits; ++i) {
        ledger::Commit commit;
        for (int n = 0; n < batch; ++n) {
          commit.puts.push_back(session(next_++));
          session::encode_command(commit.journal, session::StartSession{commit.puts.back()});
        }
        const Stopwatch watch;
        append(commit);
        seconds += watch.seconds();
      }
      say(fmt::format("durable commits, {} starts each", batch), kCommits / seconds, "commits/s");
      say(fmt::format("durable starts, {} a commit", batch), kCommits * batch / seconds, "/s");
    }
  }

  void activity() {
    std::mt19937_64 random(5);
    for (const std::size_t count : {std::size_t{100'000}, std::size_t{1'000'000}}) {
      std::vector<ledger::Activity> touches;
      for (std::size_t i = 0; i < count; ++i) {
        touches.push_back({session::SessionNo(random() % options_.sessions + 1),
                           generator_.now() + Duration{static_cast<std::int64_t>(i)}, generator_.random_ip(random())});
      }
      const Stopwatch watch;
      if (!ledger_->record_activity(touches)) std::exit(1);
      say(fmt::format("activity, {} at random", count), static_cast<double>(count) / watch.seconds(), "/s");
    }
  }

  void reopen_and_load(std::string_view name) {
    ledger_.reset();
    const Stopwatch open_watch;
    if (!open()) std::exit(1);
    say(fmt::format("{}: open", name), open_watch.seconds(), "s");
    const Stopwatch watch;
    std::uint64_t rows = 0, bytes = 0;
    const Status loaded = ledger_->each_row([&](const session::Session& s) {
      ++rows;
      bytes += s.key.id.size() + s.username.size();
    });
    if (!loaded) {
      fmt::print(stderr, "{}\n", loaded.error().message);
      std::exit(1);
    }
    say(fmt::format("{}: {} rows", name, rows), watch.seconds(), "s");
    say(fmt::format("{}: rate", name), static_cast<double>(rows) / watch.seconds(), "rows/s");
  }

  void lookups() {
    std::mt19937_64 random(9);
    std::vector<session::SessionKey> keys;
    for (int i = 0; i < 200'000; ++i) {
      keys.push_back({session::RealmId(1), session::SessionType::kRegular,
                      fmt::format("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", random() & 0xffffffff, random() & 0xffff,
                                  random() & 0xfff, random() & 0xfff, random() & 0xffffffffffff)});
    }
    for (const std::size_t at_once : {std::size_t{1}, std::size_t{16}, std::size_t{1'000}}) {
      const Stopwatch watch;
      for (std::size_t i = 0; i + at_once <= keys.size(); i += at_once) {
        if (!ledger_->tombstones(std::span(keys).subspan(i, at_once))) std::exit(1);
      }
      say(fmt::format("absent tombstones, {} keys a call", at_once),
          watch.seconds() * 1e6 / static_cast<double>(keys.size()), "us a key");
    }
  }

  ledger::Commit end_commit(std::uint64_t first, std::uint64_t count) {
    ledger::Commit commit;
    for (std::uint64_t no = first; no < first + count; ++no) {
      const session::Session s = session(no);
      audit::Record record;
      record.time = generator_.now();
      record.action = audit::action::kSessionEnded;
      record.origin = {session::ActorKind::kOperator, "op-7f3a", "Demo Operator", IpAddress::v4(0x0a140507),
                       "req-0001"};
      record.realm = s.key.realm;
      record.realm_name = "production";
      record.reason = "INC-4711";
      record.code = "revoked";
      record.session_type = s.key.type;
      record.session_id = s.key.id;
      record.user_id = s.user_id;
      record.username = s.username;
      record.session_ip = s.ip;
      record.session_started = s.started;
      record.session_last_access = s.last_access;
      record.user_agent = s.user_agent;
      record.revocation = "r-0001";
      ledger::AuditEntry entry;
      audit::seal(record, head_, entry.bytes);
      entry.seq = record.seq;
      entry.time = record.time;
      const session::RealmId any{0};
      entry.keys = {
          {ledger::AuditIndex::kUser, s.key.realm, s.user_id},
          {ledger::AuditIndex::kSession, s.key.realm, fmt::format("{}/{}", session::to_string(s.key.type), s.key.id)},
          {ledger::AuditIndex::kActor, any, record.origin.actor_id},
          {ledger::AuditIndex::kAction, any, record.action},
          {ledger::AuditIndex::kRevocation, s.key.realm, record.revocation}};
      audit_bytes_ += entry.bytes.size();
      commit.audit.push_back(std::move(entry));
      commit.ends.push_back({s.no, s.key, {generator_.now(), session::EndCause::kRevoked, record.seq}});
      session::encode_command(commit.journal,
                              session::EndSession{s.key, generator_.now(), session::EndCause::kRevoked, "INC-4711"});
    }
    return commit;
  }

  void ends(std::uint64_t chunk, std::uint64_t total) {
    double seconds = 0, cpu = 0, slowest = 0;
    const std::uint64_t until = ended_ + total;
    while (ended_ < until) {
      const std::uint64_t count = std::min(chunk, until - ended_);
      const ledger::Commit commit = end_commit(ended_ + 1, count);
      ended_ += count;
      const Stopwatch watch;
      append(commit);
      cpu += watch.cpu_seconds();
      slowest = std::max(slowest, watch.seconds());
      seconds += watch.seconds();
    }
    say(fmt::format("ends with audit, commits of {}", chunk), static_cast<double>(total) / seconds, "/s");
    say("the same, 1,000,000 of them", 1e6 * seconds / static_cast<double>(total), "s");
    say("the same, processor time of the writer", 1e6 * cpu / static_cast<double>(total), "s");
    say(fmt::format("slowest commit of {}", chunk), slowest * 1e3, "ms");
  }

  void audit_reads() {
    say("bytes of an audit record", static_cast<double>(audit_bytes_) / static_cast<double>(ended_), "B");
    std::mt19937_64 random(11);
    std::vector<double> us;
    for (int i = 0; i < 500; ++i) {
      const session::Session s = session(random() % ended_ + 1);
      std::uint64_t found = 0;
      const Stopwatch watch;
      (void)ledger_->find_audit({ledger::AuditIndex::kUser, s.key.realm, s.user_id}, 1, ~0ULL, true,
                                [&](std::uint64_t) { return ++found < 25; });
      us.push_back(watch.seconds() * 1e6);
      if (found == 0) std::exit(1);
    }
    std::sort(us.begin(), us.end());
    say("find the records of a user: p50", us[us.size() / 2], "us");
    say("find the records of a user: p99", us[us.size() * 99 / 100], "us");
    const Stopwatch watch;
    std::uint64_t scanned = 0;
    (void)ledger_->scan_audit(1, ~0ULL, false, [&](std::uint64_t, std::string_view) { return ++scanned > 0; });
    say("scan of the audit log", static_cast<double>(scanned) / watch.seconds(), "records/s");
    say("resident", resident_mb(), "MB");
  }

  Options options_;
  Generator generator_;
  std::unique_ptr<ledger_rocksdb::RocksDbLedger> ledger_;
  audit::ChainHead head_;
  std::uint64_t next_ = 1, ended_ = 0, audit_bytes_ = 0;
};

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--json") {
      options.json = true;
    } else if (argument == "--sessions" && i + 1 < argc) {
      options.sessions = std::strtoull(argv[++i], nullptr, 10);
    } else if (argument == "--ends" && i + 1 < argc) {
      options.ends = std::strtoull(argv[++i], nullptr, 10);
    } else if (!argument.starts_with('-') && options.directory.empty()) {
      options.directory = argument;
    } else {
      options.directory.clear();
      break;
    }
  }
  if (options.directory.empty() || options.sessions == 0) {
    fmt::print(stderr, "usage: curfew_ledger_bench DIR [--sessions N] [--ends N] [--json]\n");
    return 2;
  }
  return LedgerBench(options).run();
}

}  // namespace
}  // namespace curfew::bench

int main(int argc, char** argv) {
  return curfew::bench::main(argc, argv);
}
