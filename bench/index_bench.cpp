// The index by itself, without disk or network: Q1 to Q7, W1, starts and ends, start-up and memory at N sessions.
//
//   curfew_index_bench [--sessions N] [--rounds N] [--seed N] [--only PREFIX] [--json]
//
// Queries of all kinds alternate, so that none finds the caches as it left them. Prints one line a measure: median and
// 99th percentile in microseconds, or a rate; with --json, one JSON object a line.
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <functional>
#include <map>
#include <random>

#include "generator.h"
#include "index/index.h"

namespace curfew::bench {
namespace {

using index::Filter;
using index::Index;
using index::Query;
using index::SortBy;

struct Options {
  std::uint64_t sessions = 1'000'000, rounds = 1000, seed = 1;
  bool json = false;
  std::string only;  // measures whose names begin so
};

// Seconds on the wall and seconds of processor time: on a machine that others use too, only the latter says what work
// costs.
struct Seconds {
  double wall = 0, cpu = 0;
};
class Stopwatch {
 public:
  explicit Stopwatch(clockid_t cpu = CLOCK_THREAD_CPUTIME_ID) : cpu_(cpu), start_(now()) {}
  Seconds elapsed() const {
    const Seconds t = now();
    return {t.wall - start_.wall, t.cpu - start_.cpu};
  }

 private:
  static double read(clockid_t clock) {
    timespec t{};
    ::clock_gettime(clock, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
  }
  Seconds now() const { return {read(CLOCK_MONOTONIC), read(cpu_)}; }
  clockid_t cpu_;
  Seconds start_;
};

struct Latencies {
  std::vector<double> wall_us, cpu_us;
  void add(const Seconds& seconds) {
    wall_us.push_back(seconds.wall * 1e6);
    cpu_us.push_back(seconds.cpu * 1e6);
  }
};
double percentile(std::vector<double>& values, std::size_t percent) {
  std::sort(values.begin(), values.end());
  return values[values.size() * percent / 100];
}

std::uint64_t resident_bytes() {
  ::malloc_trim(0);
  std::ifstream statm("/proc/self/statm");
  std::uint64_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident * 4096;
}

// Devices that are spread like those of people, from the one number that tells the generator's agent strings apart: 40
// families, some common and many rare, and all kinds.
std::shared_ptr<const device::Device> classify(std::string_view agent) {
  const auto at = agent.rfind('/');
  const int n = at == std::string_view::npos ? 0 : std::atoi(std::string(agent.substr(at + 1)).c_str());
  auto device = std::make_shared<device::Device>();
  device->family = fmt::format("Family {}", n * n / 500 * n / 500 * 40 / 500);
  device->kind = n < 300   ? device::Kind::kDesktop
                 : n < 470 ? device::Kind::kMobile
                 : n < 485 ? device::Kind::kTablet
                 : n < 490 ? device::Kind::kTv
                 : n < 495 ? device::Kind::kBot
                           : device::Kind::kTool;
  return device;
}

class Report {
 public:
  explicit Report(const Options& options) : options_(options) {
    if (!options_.json)
      fmt::print("{:<44}{:>10}{:>10}{:>10}{:>10}  {}\n", fmt::format("{} sessions", options.sessions), "p50 us",
                 "p99 us", "p50 cpu", "p99 cpu", "rows of total");
  }
  void latency(std::string_view name, Latencies& times, std::uint64_t rows, std::uint64_t total) {
    const double p50 = percentile(times.wall_us, 50), p99 = percentile(times.wall_us, 99);
    const double cpu50 = percentile(times.cpu_us, 50), cpu99 = percentile(times.cpu_us, 99);
    if (options_.json)
      fmt::print(
          "{{\"bench\":\"index\",\"sessions\":{},\"name\":\"{}\",\"p50_us\":{:.2f},\"p99_us\":{:.2f},\"p50_cpu_us\":{:."
          "2f},"
          "\"p99_cpu_us\":{:.2f},\"total\":{}}}\n",
          options_.sessions, name, p50, p99, cpu50, cpu99, total);
    else
      fmt::print("{:<44}{:>10.1f}{:>10.1f}{:>10.1f}{:>10.1f}  {} of {}\n", name, p50, p99, cpu50, cpu99, rows, total);
  }
  void rate(std::string_view name, std::size_t count, const Seconds& seconds) {
    value(name, static_cast<double>(count) / seconds.wall / 1e6, "million a second");
    value(std::string(name) + ", cpu", static_cast<double>(count) / seconds.cpu / 1e6, "million a second");
  }
  void value(std::string_view name, double value, std::string_view unit) {
    if (options_.json)
      fmt::print("{{\"bench\":\"index\",\"sessions\":{},\"name\":\"{}\",\"value\":{:.3f},\"unit\":\"{}\"}}\n",
                 options_.sessions, name, value, unit);
    else
      fmt::print("{:<44}{:>10.3f}  {}\n", name, value, unit);
  }

 private:
  const Options& options_;
};

class Bench {
 public:
  explicit Bench(const Options& options)
      : options_(options), report_(options), generator_(options.sessions, options.seed), random_(options.seed) {}

  void run() {
    load();
    mark();
    queries();
    if (!options_.only.empty()) return;
    directory();
    devices_and_marks();
    touches();
    queries_after_touches();
    starts_and_ends();
  }

 private:
  std::uint64_t random_no() { return random_() % generator_.size() + 1; }

  void load() {
    const std::uint64_t before = resident_bytes();
    Seconds rows;
    index_.begin_load(generator_.size());
    constexpr std::uint64_t batch = 4096;
    std::vector<session::Session> sessions;
    for (std::uint64_t no = 1; no <= generator_.size();) {
      sessions.clear();
      for (; sessions.size() < batch && no <= generator_.size(); ++no) sessions.push_back(generator_.session(no));
      const Stopwatch watch;
      for (auto& session : sessions) index_.load_row(std::move(session));
      rows.wall += watch.elapsed().wall;
      rows.cpu += watch.elapsed().cpu;
    }
    const Stopwatch watch(CLOCK_PROCESS_CPUTIME_ID);
    index_.end_load();
    const Seconds orders = watch.elapsed();
    report_.value("load: rows", rows.wall, "s");
    report_.value("load: rows, cpu", rows.cpu, "s");
    report_.value("load: orders", orders.wall, "s");
    report_.value("load: orders, cpu of two threads", orders.cpu, "s");
    const std::uint64_t after = resident_bytes();
    const auto n = static_cast<double>(generator_.size());
    report_.value("memory: resident", static_cast<double>(after - before) / n, "bytes a session");
    report_.value("memory: estimate", static_cast<double>(index_.memory_bytes()) / n, "bytes a session");
  }

  // One session in a hundred has a signal, one in a thousand a severe one.
  void mark() {
    std::vector<index::Handle> handles;
    std::vector<std::uint16_t> marks;
    for (std::uint64_t i = 0; i < generator_.size() / 100; ++i) {
      handles.push_back(*index_.find(generator_.key(random_no())));
      const std::uint64_t r = random_();
      const unsigned severity = r % 10 == 0   ? index::kHighSeverity
                                : r % 10 <= 3 ? index::kMediumSeverity
                                              : index::kLowSeverity;
      marks.push_back(static_cast<std::uint16_t>(severity | 1U << (r / 10 % 12)));
    }
    const Stopwatch watch;
    for (std::size_t i = 0; i < handles.size(); ++i) index_.set_marks(handles[i], marks[i]);
    report_.rate("M1 marks set", handles.size(), watch.elapsed());
    report_.value("memory: estimate, with marks",
                  static_cast<double>(index_.memory_bytes()) / static_cast<double>(generator_.size()),
                  "bytes a session");
  }
  void devices_and_marks() {
    constexpr std::size_t count = 10'000;
    std::vector<index::Handle> handles, out;
    for (std::size_t i = 0; i < count; ++i) handles.push_back(*index_.find(generator_.key(random_no())));
    std::uint64_t sum = 0;
    const Stopwatch views;
    for (const auto& handle : handles) sum += index_.view(handle).device_hash;
    report_.rate("V1 views", count, views.elapsed());
    std::vector<std::uint32_t> users;
    for (const auto& handle : handles) users.push_back(index_.view(handle).user);
    const Stopwatch of_users;
    for (std::size_t i = 0; i < count; ++i) {
      out.clear();
      index_.handles_of(handles[i].realm, users[i], 64, out);
      sum += out.size();
    }
    report_.rate("V2 sessions of a user, at most 64", count, of_users.elapsed());
    const Stopwatch at;
    for (const auto& handle : handles) sum += index_.sessions_at(handle.realm, index_.view(handle).ip);
    report_.rate("V3 sessions on an address", count, at.elapsed());
    if (sum == 0) report_.value("nothing found", 0, "");
  }

  Query basic() {
    Query query;
    query.realms = {Generator::kMainRealm};
    return query;
  }
  using Make = std::function<Query()>;
  std::vector<std::pair<std::string, Make>> shapes() {
    const auto user_of_main = [this] {
      std::uint64_t no = random_no();
      while (generator_.key(no).realm != Generator::kMainRealm) no = random_no();
      return generator_.user_id(generator_.owner(no));
    };
    const auto network = [this] { return *Cidr::parse(fmt::format("10.{}.0.0/16", random_() % 40)); };
    return {
        {"Q1 all by last access", [this] { return basic(); }},
        {"Q2 offline and the rarest client",
         [this] {
           Query q = basic();
           q.filter.type = session::SessionType::kOffline;
           q.filter.clients = {Generator::client_id(Generator::kClients - 1)};
           return q;
         }},
        {"Q3 username part oe12",
         [this] {
           Query q = basic();
           q.filter.search = "oe12";
           return q;
         }},
        {"Q4 all at offset N/2",
         [this] {
           Query q = basic();
           q.offset = index_.size(Generator::kMainRealm) / 2 + random_() % 1000;
           return q;
         }},
        {"Q5 one user",
         [this, user_of_main] {
           Query q = basic();
           q.filter.user = user_of_main();
           return q;
         }},
        {"Q6a in a /16",
         [this, network] {
           Query q = basic();
           q.filter.ip = {network()};
           return q;
         }},
        {"Q6b one user, not in a /16",
         [this, user_of_main, network] {
           Query q = basic();
           q.filter.user = user_of_main();
           q.filter.ip_not = {network()};
           return q;
         }},
        {"Q7 regular by username",
         [this] {
           Query q = basic();
           q.filter.type = session::SessionType::kRegular;
           q.order = {SortBy::kUsername, false};
           return q;
         }},
        {"X1 all realms by last access",
         [this] {
           Query q = basic();
           q.realms.push_back(Generator::kSmallRealm);
           return q;
         }},
        {"X2 all realms at offset N/2",
         [this] {
           Query q = basic();
           q.realms.push_back(Generator::kSmallRealm);
           q.offset = index_.size() / 2;
           return q;
         }},
        {"X3 a common client, by started",
         [this] {
           Query q = basic();
           q.filter.clients = {Generator::client_id(3)};
           q.order.by = SortBy::kStarted;
           return q;
         }},
        {"Q8 a kind of device",
         [this] {
           Query q = basic();
           q.filter.device_kinds = {device::Kind::kMobile};
           return q;
         }},
        {"Q9 any signal",
         [this] {
           Query q = basic();
           q.filter.marks = 0x1fff;
           return q;
         }},
        {"Q10 all by severity",
         [this] {
           Query q = basic();
           q.order.by = SortBy::kSeverity;
           return q;
         }},
        {"X5 all by severity at offset N/2",
         [this] {
           Query q = basic();
           q.order.by = SortBy::kSeverity;
           q.offset = index_.size(Generator::kMainRealm) / 2 + random_() % 1000;
           return q;
         }},
        {"X6 bots and tools in a /16",
         [this, network] {
           Query q = basic();
           q.filter.device_kinds = {device::Kind::kBot, device::Kind::kTool};
           q.filter.ip = {network()};
           return q;
         }},
        {"X7 a rare family, by severity, all realms",
         [this] {
           Query q = basic();
           q.realms.push_back(Generator::kSmallRealm);
           q.filter.devices = {"ua:Family 30"};
           q.order.by = SortBy::kSeverity;
           return q;
         }},
        {"X8 one signal, offline",
         [this] {
           Query q = basic();
           q.filter.marks = 1U << 3;
           q.filter.type = session::SessionType::kOffline;
           return q;
         }},
        {"X4 idle for 7 days, regular",
         [this] {
           Query q = basic();
           q.filter.type = session::SessionType::kRegular;
           q.filter.last_access_before = generator_.now() - Duration::days(7);
           return q;
         }},
    };
  }
  // Slow ones, asked fewer times.
  std::vector<std::pair<std::string, Make>> slow_shapes() {
    return {
        {"S1 two wide conditions (remember-me, started)",
         [this] {
           Query q = basic();
           q.filter.remember_me = true;
           q.filter.started_before = generator_.now() - Duration::days(15);
           return q;
         }},
        {"S2 part of an id (8 digits)",
         [this] {
           Query q = basic();
           q.filter.search = generator_.key(random_no()).id.substr(0, 8);
           return q;
         }},
        {"S3 whole id",
         [this] {
           Query q = basic();
           q.filter.search = generator_.key(random_no()).id;
           return q;
         }},
        {"S4 part of an address (10.20.)",
         [this] {
           Query q = basic();
           q.filter.search = "10.20.";
           return q;
         }},
        {"S5 two letters (ja)",
         [this] {
           Query q = basic();
           q.filter.search = "ja";
           return q;
         }},
        {"S6 common client at offset of a quarter",
         [this] {
           Query q = basic();
           q.filter.clients = {Generator::client_id(1)};
           q.offset = index_.size() / 16;
           return q;
         }},
    };
  }

  void measure(std::vector<std::pair<std::string, Make>> all, std::uint64_t rounds) {
    std::erase_if(all, [this](const auto& shape) { return !shape.first.starts_with(options_.only); });
    struct Result {
      Latencies times;
      std::uint64_t rows = 0, total = 0;
    };
    std::vector<Result> results(all.size());
    std::vector<std::size_t> turn(all.size());
    for (std::size_t i = 0; i < turn.size(); ++i) turn[i] = i;
    for (std::uint64_t round = 0; round < rounds; ++round) {
      std::shuffle(turn.begin(), turn.end(), random_);
      for (const std::size_t i : turn) {
        const Query query = all[i].second();
        const Stopwatch watch;
        index::Page page;
        {
          const Index::ReadLock lock(index_);
          page = index_.query(query);
        }
        results[i].times.add(watch.elapsed());
        results[i].rows = page.rows.size();
        results[i].total = page.total;
      }
    }
    for (std::size_t i = 0; i < all.size(); ++i)
      report_.latency(all[i].first, results[i].times, results[i].rows, results[i].total);
  }
  void queries() {
    measure(shapes(), options_.rounds);
    measure(slow_shapes(), std::max<std::uint64_t>(5, options_.rounds / 50));
  }
  void directory() {
    Latencies users, parts;
    std::uint64_t total = 0;
    const std::vector<session::RealmId> realms{Generator::kMainRealm};
    for (std::uint64_t i = 0; i < std::max<std::uint64_t>(5, options_.rounds / 50); ++i) {
      const Index::ReadLock lock(index_);
      const Stopwatch all;
      total = index_.users(realms, "", random_() % 1000, 25).total;
      users.add(all.elapsed());
      const Stopwatch some;
      total = index_.users(realms, "oe12", 0, 25).total;
      parts.add(some.elapsed());
    }
    report_.latency("U1 users", users, 25, index_.users(realms, "", 0, 1).total);
    report_.latency("U2 users, part of name, email or id", parts, 25, total);
  }
  void queries_after_touches() {
    auto all = shapes();
    all.resize(1);
    all[0].first = "Q1 after the touches";
    measure(all, options_.rounds);
  }

  void touches() {
    constexpr std::size_t batch = 1000;
    const std::size_t batches = std::clamp<std::size_t>(generator_.size() / batch, 20, 1000);
    std::vector<std::vector<session::SessionKey>> keys(batches);
    for (auto& b : keys)
      for (std::size_t i = 0; i < batch; ++i) b.push_back(generator_.key(random_no()));
    std::int64_t at = generator_.now().ms;
    std::vector<const session::SessionKey*> wanted(batch);
    std::vector<std::optional<index::Handle>> handles;
    Latencies slices;
    const Stopwatch all;
    for (const auto& b : keys) {
      const Stopwatch slice;
      {
        const Index::WriteLock lock(index_);
        for (std::size_t i = 0; i < batch; ++i) wanted[i] = &b[i];
        index_.find_all(wanted, handles);
        for (const auto& handle : handles) index_.touch(*handle, Time{++at}, std::nullopt);
      }
      slices.add(slice.elapsed());
    }
    report_.rate("W1 touches, batches of 1000", batches * batch, all.elapsed());
    report_.latency("W1 a batch", slices, batch, batch);
    for (auto& key : keys[0]) key = generator_.key(random_no());
    const Stopwatch single;
    for (const auto& key : keys[0]) {
      const Index::WriteLock lock(index_);
      index_.touch(*index_.find(key), Time{++at}, std::nullopt);
    }
    report_.rate("W1 touches, single", batch, single.elapsed());
    std::vector<index::DirtyRow> dirty;
    const Stopwatch taking;
    while (index_.dirty_count() > 0) index_.take_dirty(batch, dirty);
    report_.rate("W1 touched rows taken", dirty.size(), taking.elapsed());
  }

  void starts_and_ends() {
    const std::size_t count = std::min<std::size_t>(10'000, generator_.size() / 10);
    std::vector<session::Session> sessions;
    std::vector<index::Handle> handles;
    std::vector<std::uint64_t> numbers(generator_.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = i + 1;
    for (std::size_t i = 0; i < count; ++i) std::swap(numbers[i], numbers[i + random_() % (numbers.size() - i)]);
    for (std::size_t i = 0; i < count; ++i) {
      handles.push_back(*index_.find(generator_.key(numbers[i])));
      sessions.push_back(index_.get(handles.back()));
    }
    const Stopwatch ends;
    for (const auto& handle : handles) {
      const Index::WriteLock lock(index_);
      index_.erase(handle);
    }
    report_.rate("W3 ends, index part", count, ends.elapsed());
    std::uint64_t no = generator_.size();
    for (auto& session : sessions) session.no = session::SessionNo{++no};
    const Stopwatch starts;
    for (const auto& session : sessions) {
      const Index::WriteLock lock(index_);
      index_.insert(session);
    }
    report_.rate("W2 starts, index part", count, starts.elapsed());
    std::vector<index::ExpiredRow> expired;
    session::Policy policy;
    policy.idle_timeout = Duration::days(20);
    std::uint32_t place = 0;
    const Stopwatch sweep;
    do index_.sweep(Generator::kMainRealm, policy, generator_.now(), place, 100'000, expired);
    while (place != 0);
    report_.value("sweep of the main realm", sweep.elapsed().cpu * 1e3, "ms");
  }

  const Options& options_;
  Report report_;
  Generator generator_;
  std::mt19937_64 random_;
  Index index_{classify};
};

}  // namespace
}  // namespace curfew::bench

int main(int argc, char** argv) {
  curfew::bench::Options options;
  for (int i = 1; i < argc; ++i) {
    const auto number = [&] { return i + 1 < argc ? std::strtoull(argv[++i], nullptr, 10) : 0; };
    if (std::strcmp(argv[i], "--sessions") == 0) {
      options.sessions = number();
    } else if (std::strcmp(argv[i], "--rounds") == 0) {
      options.rounds = number();
    } else if (std::strcmp(argv[i], "--seed") == 0) {
      options.seed = number();
    } else if (std::strcmp(argv[i], "--only") == 0) {
      options.only = i + 1 < argc ? argv[++i] : "";
    } else if (std::strcmp(argv[i], "--json") == 0) {
      options.json = true;
    } else {
      fmt::print(stderr, "usage: curfew_index_bench [--sessions N] [--rounds N] [--seed N] [--only PREFIX] [--json]\n");
      return 2;
    }
  }
  if (options.sessions < 1000 || options.rounds == 0) {
    fmt::print(stderr, "curfew_index_bench: at least 1000 sessions and one round\n");
    return 2;
  }
  curfew::bench::Bench(options).run();
  return 0;
}
