// The index by itself, without disk or network: Q1 to Q7, W1, starts and ends, start-up and memory at N sessions.
//
//   curfew_index_bench [--sessions N] [--rounds N] [--seed N] [--only PREFIX] [--json]
//
// Queries of all kinds alternate, so that none finds the caches as it left them. Prints one line a measure: median and
// 99th percentile in microseconds, or a rate; with --json, one JSON object a line.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <thread>

#include "base/spare_memory.h"
#include "generator.h"
#include "index/index.h"
#include "index_report.h"
#include "index_shapes.h"

namespace curfew::bench {
namespace {

using index::Index;
using index::Query;

struct Options {
  std::uint64_t sessions = 1'000'000, rounds = 1000, seed = 1;
  bool json = false;
  std::string only;  // measures whose names begin so
};

std::uint64_t resident_bytes() {
  release_spare_memory();
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

class Bench {
 public:
  explicit Bench(const Options& options)
      : options_(options),
        report_(options.sessions, options.json),
        generator_(options.sessions, options.seed),
        random_(options.seed) {}

  void run() {
    load();
    mark();
    queries();
    if (!options_.only.empty()) return;
    directory();
    devices_and_marks();
    touches();
    queries_after_touches();
    queries_during_touches();
    starts_and_ends();
  }

 private:
  std::uint64_t random_no() { return random_() % generator_.size() + 1; }

  void load() {
    const std::uint64_t before = resident_bytes();
    Seconds rows;
    index_.begin_load();
    constexpr std::uint64_t batch = 4096;
    std::vector<session::Session> sessions;
    for (std::uint64_t no = 1; no <= generator_.size();) {
      sessions.clear();
      for (; sessions.size() < batch && no <= generator_.size(); ++no) sessions.push_back(generator_.session(no));
      const Stopwatch watch;
      index_.load_rows(sessions);
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

  void measure(std::vector<Shape> all, std::uint64_t rounds) {
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
        const Query query = [&] {
          const Index::ReadLock lock(index_);  // some ask the index how many there are
          return all[i].second();
        }();
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
    measure(shapes_.usual(), options_.rounds);
    measure(shapes_.slow(), std::max<std::uint64_t>(5, options_.rounds / 50));
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
    auto all = shapes_.usual();
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

  // Questions while another thread touches as fast as it can, in slices as the server does.
  void queries_during_touches() {
    constexpr std::size_t slice = 128, known = 200'000;
    std::vector<index::Handle> handles;
    for (std::size_t i = 0; i < std::min<std::size_t>(known, generator_.size()); ++i)
      handles.push_back(*index_.find(generator_.key(random_no())));
    std::atomic<bool> over{false};
    std::size_t touched = 0;
    const Stopwatch all;
    std::thread touching([&] {
      for (std::int64_t at = generator_.now().ms + 10'000'000; !over; touched += slice) {
        const Index::WriteLock lock(index_);
        for (std::size_t i = 0; i < slice; ++i)
          index_.touch(handles[(touched + i) % handles.size()], Time{++at}, std::nullopt);
      }
    });
    auto shapes = shapes_.usual();
    std::erase_if(shapes, [](const Shape& shape) { return !shape.first.starts_with("Q"); });
    for (Shape& shape : shapes) shape.first = "while touched: " + shape.first;
    measure(shapes, options_.rounds);
    over = true;
    touching.join();
    report_.rate("W1 touches meanwhile", touched, all.elapsed());
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
  Shapes shapes_{generator_, index_, random_};
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
