// Curfew beside what people would use instead: the same sessions, questions and writes, in turns, in one run.
//
// The servers are started by bench/run.py. First all are loaded (--loaded: they are already; --backup: the engine's
// data is then copied for a server to start on), and their answers compared; a difference ends the program. Then the
// questions are timed, in rounds in which every system has a turn with every question, in a random order; then the
// writes.
// Results: one JSON object a line on standard output; progress on standard error.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <ctime>
#include <random>
#include <set>
#include <thread>

#include "latencies.h"
#include "peers/peer.h"
#include "peers_options.h"
#include "quiet.h"

namespace curfew::bench {
namespace {

constexpr double kLongestQuiet = 30;         // seconds
constexpr std::uint64_t kLarge = 5'000'000;  // sessions from which a question may take a system many seconds

class Driver {
 public:
  explicit Driver(const Options& options)
      : options_(options), generator_(options.sessions, options.seed), random_(options.seed + 17) {
    if (!options.engine.empty()) peers_.push_back(make_engine(options.engine));
    if (!options.curfew.empty()) peers_.push_back(make_http(options.curfew, options.api_key, options.curfew_pid));
    if (!options.postgres.empty()) peers_.push_back(make_postgres(options.postgres));
    if (!options.sqlite.empty()) peers_.push_back(make_sqlite(options.sqlite));
    if (!options.redis.empty()) peers_.push_back(make_redis(options.redis));
  }

  void run() {
    for (const auto& peer : peers_) {
      if (options_.loaded) break;
      if (peer->holds(generator_.size())) continue;
      const Stopwatch watch;
      peer->load(generator_);
      value("load", *peer, watch.seconds(), "s");
      progress("{}: loaded in {:.1f} s", peer->name(), watch.seconds());
    }
    for (const auto& peer : peers_)
      if (!options_.backup.empty() && peer->backup(options_.backup)) progress("{}: copied", peer->name());
    if (options_.load_only) return;
    if (!options_.only.empty()) {
      if (options_.only == "W1") touches();
      if (options_.only == "W2") durable_starts();
      if (options_.only == "W3") chosen_ends();
      if (options_.only == "W4") realm_end();
      return;
    }
    sizes();
    compare("after loading", options_.sessions < kLarge ? 20 : 5);
    questions();
    if (!options_.writes) return;
    touches();
    compare("after the touches", 5);
    again_after_touches();
    chosen_ends();
    compare("after the ends", 5);
    durable_starts();
    realm_end();
  }

 private:
  template <class... Args>
  void progress(fmt::format_string<Args...> format, Args&&... args) {
    fmt::print(stderr, "  {}\n", fmt::format(format, std::forward<Args>(args)...));
  }
  void value(std::string_view what, const Peer& peer, double number, std::string_view unit) {
    fmt::print(R"({{"sessions":{},"system":"{}","measure":"{}","value":{:.4f},"unit":"{}"}})"
               "\n",
               options_.sessions, peer.name(), what, number, unit);
    std::fflush(stdout);
  }
  void latency(std::string_view what, const Peer& peer, Latencies& times) {
    if (times.us.empty()) return;
    fmt::print(R"({{"sessions":{},"system":"{}","measure":"{}","p50_us":{:.2f},"p99_us":{:.2f},"n":{}}})"
               "\n",
               options_.sessions, peer.name(), what, times.at(0.5), times.at(0.99), times.us.size());
    std::fflush(stdout);
  }

  std::uint64_t random_no() { return random_() % generator_.size() + 1; }
  std::uint64_t random_main_no() {
    for (;;)
      if (const std::uint64_t no = random_no(); generator_.key(no).realm == Generator::kMainRealm) return no;
  }
  Question question(Kind kind) {
    Question q;
    q.kind = kind;
    q.user = generator_.owner(random_main_no());
    q.user_id = generator_.user_id(q.user);
    q.network = static_cast<std::uint32_t>(random_() % kNetworks16);
    q.offset = generator_.size() * 45 / 100 + random_() % (generator_.size() / 100 + 1);
    return q;
  }

  void sizes() {
    for (const auto& peer : peers_) {
      const Peer::Size size = peer->size();
      const auto each = [&](std::uint64_t bytes) {
        return static_cast<double>(bytes) / static_cast<double>(generator_.size());
      };
      if (size.memory != 0) value("memory", *peer, each(size.memory), "bytes a session");
      if (size.disk != 0) value("disk", *peer, each(size.disk), "bytes a session");
    }
  }

  void compare(std::string_view when, int times) {
    if (peers_.size() < 2) return;
    std::uint64_t compared = 0, rows = 0;
    for (const Kind kind : kKinds) {
      for (int i = 0; i < times; ++i) {
        const Question q = question(kind);
        std::optional<Answer> first;
        for (const auto& peer : peers_) {
          peer->ask(q);
          Answer answer = peer->answer();
          rows += answer.ids.size();
          if (first && *first != answer)
            die("{} differ in {} {}: {} has {} of {}, {} has {} of {} (user {}, network {}, offset {})",
                peers_[0]->name(), name_of(kind), when, peers_[0]->name(), first->ids.size(), first->total,
                peer->name(), answer.ids.size(), answer.total, q.user_id, q.network, q.offset);
          if (!first) first = std::move(answer);
          ++compared;
        }
      }
    }
    progress("{}: {} answers with {} rows are equal", when, compared, rows);
    if (!peers_.empty())
      value(fmt::format("answers compared {}", when), *peers_.front(), static_cast<double>(compared), "answers");
  }

  // How long a turn is, and how many of a kind are asked in it, each of another user, network or place; but two unless
  // one takes very long.
  static constexpr double kTurn = 0.05, kVeryLong = 0.2;  // seconds
  static constexpr std::size_t kAskings = 16;

  // What the others left in the processor's caches is theirs: of a turn with several askings the first is kept apart.
  static void take_turn(Peer& peer, std::span<const Question> questions, Latencies& times, Latencies& firsts) {
    const Stopwatch turn;
    std::vector<double> taken;
    for (const Question& q : questions) {
      const Stopwatch watch;
      peer.ask(q);
      taken.push_back(watch.seconds());
      if (turn.seconds() > (taken.size() < 2 ? kVeryLong : kTurn)) break;
    }
    firsts.add(taken.front());
    if (taken.size() > 1) taken.erase(taken.begin());
    for (const double seconds : taken) times.add(seconds);
  }

  // Every system has a turn with every question once a round, in a random order, until the rounds or the seconds are
  // over.
  void measure(std::span<const Kind> kinds, std::string_view suffix, double seconds, bool pings) {
    std::vector<std::vector<Latencies>> times(peers_.size(), std::vector<Latencies>(kinds.size())), firsts = times;
    std::vector<Latencies> ping_times(peers_.size());
    std::vector<std::size_t> turn(peers_.size() * kinds.size());
    for (std::size_t i = 0; i < turn.size(); ++i) turn[i] = i;
    const Stopwatch all;
    const std::uint64_t warm_up = 3;
    for (std::uint64_t round = 0; round < options_.rounds + warm_up && (round < 10 || all.seconds() < seconds);
         ++round) {
      std::vector<std::vector<Question>> asked(kinds.size());
      for (std::size_t kind = 0; kind < kinds.size(); ++kind)
        for (std::size_t n = 0; n < kAskings; ++n) asked[kind].push_back(question(kinds[kind]));
      std::shuffle(turn.begin(), turn.end(), random_);
      for (const std::size_t i : turn) {
        const std::size_t peer = i % peers_.size(), kind = i / peers_.size();
        Latencies unused;
        take_turn(*peers_[peer], asked[kind], round < warm_up ? unused : times[peer][kind],
                  round < warm_up ? unused : firsts[peer][kind]);
      }
      for (std::size_t peer = 0; pings && peer < peers_.size(); ++peer) {
        const Stopwatch watch;
        if (peers_[peer]->ping()) ping_times[peer].add(watch.seconds());
      }
    }
    for (std::size_t peer = 0; peer < peers_.size(); ++peer) {
      for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
        const std::string name = std::string(name_of(kinds[kind])) + std::string(suffix);
        latency(name, *peers_[peer], times[peer][kind]);
        latency(name + ", first of a turn", *peers_[peer], firsts[peer][kind]);
      }
      latency("ping", *peers_[peer], ping_times[peer]);
    }
  }
  void questions() {
    ::sync();
    wait_until_quiet(kLongestQuiet);  // what loading has left to do is over
    measure(kKinds, "", options_.seconds, true);
    if (!options_.engine.empty()) cold_questions(*peers_.front());
    progress("questions timed");
  }
  // As the first of a turn, which there are too few of for a worst of a hundred: before each asking 64 MiB of other
  // memory are written, which is more than most caches hold.
  void cold_questions(Peer& engine) {
    constexpr std::size_t kRounds = 300, kLine = 64;
    std::vector<char> others(std::size_t{64} << 20);
    std::vector<Kind> kinds(std::begin(kKinds), std::end(kKinds));
    std::vector<Latencies> times(kinds.size());
    const Stopwatch all;
    for (std::size_t round = 0; round < kRounds && all.seconds() < options_.seconds; ++round) {
      std::shuffle(kinds.begin(), kinds.end(), random_);
      for (const Kind kind : kinds) {
        const Question q = question(kind);
        for (std::size_t at = 0; at < others.size(); at += kLine) static_cast<volatile char&>(others[at]) = 1;
        const Stopwatch watch;
        engine.ask(q);
        times[static_cast<std::size_t>(std::find(std::begin(kKinds), std::end(kKinds), kind) - std::begin(kKinds))].add(
            watch.seconds());
      }
    }
    for (std::size_t kind = 0; kind < times.size(); ++kind)
      latency(std::string(name_of(kKinds[kind])) + ", cold", engine, times[kind]);
  }
  void again_after_touches() {
    const Kind kinds[] = {Kind::kAll};
    measure(kinds, " after the touches", options_.seconds / 10, false);
  }

  // Of distinct sessions: what an update does with two for one row is not the question.
  std::vector<Touch> make_touches(std::size_t count) {
    std::vector<Touch> touches;
    std::set<std::uint64_t> numbers;
    while (numbers.size() < count)
      if (const std::uint64_t no = random_no(); numbers.insert(no).second)
        touches.push_back({generator_.key(no), Time{generator_.now().ms + ++touched_}});
    return touches;
  }
  // All are given the same ones, in turns of several batches, or of several single ones; the first of a turn is apart,
  // as with questions.
  void touches() {
    constexpr std::size_t kOfTurn = 8, kSingleTurns = 12;
    const std::size_t turns = std::clamp<std::size_t>(generator_.size() / (kOfTurn * 10'000), 3, 13);
    std::vector<Latencies> batch(peers_.size()), single(peers_.size()), first(peers_.size()),
        first_single(peers_.size());
    for (std::size_t turn = 0; turn < turns + kSingleTurns; ++turn) {
      std::vector<std::vector<Touch>> given;
      for (std::size_t i = 0; i < kOfTurn; ++i) given.push_back(make_touches(turn < turns ? 1000 : 1));
      for (std::size_t peer = 0; peer < peers_.size(); ++peer) {
        wait_until_quiet(kLongestQuiet / 10);
        for (std::size_t i = 0; i < kOfTurn; ++i) {
          const Stopwatch watch;
          peers_[peer]->touch(given[i]);
          const double seconds = watch.seconds();
          auto& of_kind = turn < turns ? (i > 0 ? batch : first) : (i > 0 ? single : first_single);
          of_kind[peer].add(seconds);
        }
      }
    }
    for (std::size_t peer = 0; peer < peers_.size(); ++peer) {
      value("W1 touches in batches of 1000", *peers_[peer], 1e9 / batch[peer].at(0.5), "a second");
      latency("W1 a batch of 1000", *peers_[peer], batch[peer]);
      latency("W1 a batch of 1000, first of a turn", *peers_[peer], first[peer]);
      latency("W1 a single touch", *peers_[peer], single[peer]);
      latency("W1 a single touch, first of a turn", *peers_[peer], first_single[peer]);
    }
    progress("touches timed");
  }

  // Work on one thread, probes of the small realm on another; their latencies.
  template <class Work>
  Latencies probed(Peer& peer, Work work) {
    Latencies probes;
    if (!peer.probe()) {
      work();
      return probes;
    }
    std::atomic<bool> over{false};
    std::thread prober([&] {
      while (!over) {
        const Stopwatch watch;
        peer.probe();
        probes.add(watch.seconds());
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    });
    work();
    over = true;
    prober.join();
    return probes;
  }
  void chosen_ends() {
    constexpr std::size_t kRounds = 3;
    const std::size_t count = std::min<std::size_t>(10'000, generator_.size() / 10);
    std::vector<std::uint64_t> numbers;
    for (std::uint64_t no = 1; no <= generator_.size(); ++no)
      if (generator_.key(no).realm == Generator::kMainRealm) numbers.push_back(no);
    std::shuffle(numbers.begin(), numbers.end(), random_);
    for (const auto& peer : peers_) peer->begin_durable_writes();
    std::vector<Latencies> times(peers_.size()), probes(peers_.size());
    for (std::size_t round = 0; round < kRounds; ++round) {
      std::vector<session::SessionKey> keys;
      for (std::size_t i = 0; i < count; ++i) keys.push_back(generator_.key(numbers.at(round * count + i)));
      for (std::size_t peer = 0; peer < peers_.size(); ++peer) {
        wait_until_quiet(round == 0 ? kLongestQuiet : kLongestQuiet / 3);
        const Latencies these = probed(*peers_[peer], [&] {
          const Stopwatch watch;
          peers_[peer]->end(keys);
          times[peer].add(watch.seconds());
        });
        probes[peer].add(these);
      }
    }
    for (std::size_t peer = 0; peer < peers_.size(); ++peer) {
      value(fmt::format("W3 end {} chosen", count), *peers_[peer], times[peer].at(0.5) / 1e6, "s");
      latency("W3 reads meanwhile", *peers_[peer], probes[peer]);
    }
    progress("chosen ones ended");
  }

  void durable_starts() {
    constexpr std::size_t kWriters = 16, kRounds = 3;
    const double seconds = std::min(2.0, options_.seconds / 20);
    const Generator fresh(2'000'000, options_.seed + 1);
    std::uint64_t next = 0;
    std::vector<std::vector<std::unique_ptr<Writer>>> writers(peers_.size());
    for (std::size_t peer = 0; peer < peers_.size(); ++peer)
      for (std::size_t i = 0; i < kWriters; ++i) writers[peer].push_back(peers_[peer]->writer());
    std::vector<Latencies> rates(peers_.size()), times(peers_.size());
    double cpu = 0, started = 0;  // of this process: with the engine's those of its callers
    for (std::size_t round = 0; round < kRounds; ++round) {
      for (std::size_t peer = 0; peer < peers_.size(); ++peer) {
        wait_until_quiet(kLongestQuiet / 3);
        std::atomic<std::uint64_t> taken{next}, done{0};
        std::vector<Latencies> each(kWriters);
        const Stopwatch watch;
        const std::clock_t before = std::clock();
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < kWriters; ++i)
          threads.emplace_back([&, i] {
            while (watch.seconds() < seconds) {
              const std::uint64_t no = ++taken;
              session::Session session = fresh.session(no);
              session.no = session::SessionNo{generator_.size() + no};
              const Stopwatch one;
              writers[peer][i]->start(session);
              each[i].add(one.seconds());
              ++done;
            }
          });
        for (std::thread& thread : threads) thread.join();
        if (peer == 0) {
          cpu += static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
          started += static_cast<double>(done);
        }
        rates[peer].us.push_back(static_cast<double>(done) / watch.seconds());
        next = taken;
        for (const Latencies& one : each) times[peer].add(one);
      }
    }
    for (std::size_t peer = 0; peer < peers_.size(); ++peer) {
      value("W2 durable starts, 16 writers", *peers_[peer], rates[peer].at(0.5), "a second");
      latency("W2 a durable start", *peers_[peer], times[peer]);
    }
    if (!options_.engine.empty() && started > 0) value("W2 CPU", *peers_.front(), cpu * 1e6 / started, "us a start");
    progress("durable starts timed");
  }

  void realm_end() {
    for (const auto& peer : peers_) {
      wait_until_quiet(kLongestQuiet);
      double seconds = 0, cpu = 0;
      std::uint64_t ended = 0;
      Latencies probes = probed(*peer, [&] {
        const Stopwatch watch;
        const std::clock_t before = std::clock();
        ended = peer->end_realm();
        seconds = watch.seconds();
        cpu = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
      });
      value("W4 end a realm", *peer, seconds, "s");
      value("W4 ended", *peer, static_cast<double>(ended), "sessions");
      // What does not hang on how busy the machine is; of this process, so it means something for the engine alone.
      if (peer.get() == peers_.front().get() && !options_.engine.empty() && ended > 0)
        value("W4 CPU", *peer, cpu * 1e6 / static_cast<double>(ended), "us a session");
      latency("W4 reads meanwhile", *peer, probes);
      Question q;
      peer->ask(q);
      if (const Answer left = peer->answer(); left.total != 0)
        die("{}: {} sessions are left", peer->name(), left.total);
    }
    progress("the main realm ended");
  }

  const Options& options_;
  Generator generator_;
  std::mt19937_64 random_;
  std::vector<std::unique_ptr<Peer>> peers_;
  std::int64_t touched_ = 0;
};

}  // namespace
}  // namespace curfew::bench

int main(int count, char** values) {
  const curfew::bench::Options options = curfew::bench::parse(count, values);
  curfew::bench::Driver(options).run();
}
