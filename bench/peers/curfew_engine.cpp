// Curfew's engine in this process, on its own ledger: everything but HTTP.
#include <array>
#include <ctime>
#include <future>

#include "base/spare_memory.h"
#include "engine/engine.h"
#include "ledger_rocksdb/rocksdb_ledger.h"
#include "peers/peer.h"

namespace curfew::bench {
namespace {

using engine::CommandResult;

index::Query query_of(const Question& q) {
  index::Query query;
  query.realms = {Generator::kMainRealm};
  switch (q.kind) {
    case Kind::kAll:
      break;
    case Kind::kDeepOffset:
      query.offset = q.offset;
      break;
    case Kind::kOfflineClient:
      query.filter.type = session::SessionType::kOffline;
      query.filter.clients = {Generator::client_id(Generator::kClients - 1)};
      break;
    case Kind::kUsernamePart:
      query.filter.search = kUsernamePart;
      break;
    case Kind::kUser:
      query.filter.user = q.user_id;
      break;
    case Kind::kUserNotNetwork:
      query.filter.user = q.user_id;
      query.filter.ip_not = {*Cidr::parse(network_text(q.network))};
      break;
    case Kind::kNetwork:
      query.filter.ip = {*Cidr::parse(network_text(q.network))};
      break;
    case Kind::kByUsername:
      query.filter.type = session::SessionType::kRegular;
      query.order = {index::SortBy::kUsername, false};
      break;
  }
  return query;
}

// A handful of families, so that users have one to a few each.
std::shared_ptr<const device::Device> classify(std::string_view agent) {
  static constexpr std::array<const char*, 6> kFamilies{"Chrome on Windows", "Firefox on Linux", "Safari on macOS",
                                                        "Edge on Windows",   "Safari on iPhone", "Chrome on Android"};
  std::size_t sum = 0;
  for (const char c : agent) sum += static_cast<unsigned char>(c);
  return std::make_shared<const device::Device>(
      device::Device{device::Kind::kDesktop, "", "", kFamilies[sum % kFamilies.size()]});
}

// The population's last moment was now: else all sessions would have been idle for as long as the generator is old.
class PopulationClock final : public Clock {
 public:
  Time now() const override { return Time{population_.ms + (monotonic_ns() - begin_) / 1'000'000}; }
  std::int64_t monotonic_ns() const override { return system_.monotonic_ns(); }

 private:
  SystemClock system_;
  Time population_ = Generator(1, 1).now();
  std::int64_t begin_ = system_.monotonic_ns();
};

engine::Options engine_options(const std::string& directory) {
  engine::Options options;
  options.image.path = directory + ".image";
  options.image.program = CURFEW_VERSION;
  options.classify = classify;
  return options;
}

session::Origin origin() {
  session::Origin origin;
  origin.kind = session::ActorKind::kApiKey;
  origin.actor_id = "benchmark";
  origin.actor_name = "benchmark";
  return origin;
}

std::vector<CommandResult> submit(engine::Engine& engine, std::vector<session::Command> commands) {
  std::promise<Result<std::vector<CommandResult>>> done;
  auto future = done.get_future();
  engine::Submission submission;
  submission.commands = std::move(commands);
  submission.origin = origin();
  engine.submit(std::move(submission),
                [&done](Result<std::vector<CommandResult>> results) { done.set_value(std::move(results)); });
  auto results = future.get();
  if (!results) die("engine: {}", results.error().message);
  return *std::move(results);
}

class EngineWriter final : public Writer {
 public:
  explicit EngineWriter(engine::Engine& engine) : engine_(engine) {}
  void start(const session::Session& session) override {
    session::Session fresh = session;
    fresh.no = {};
    std::vector<session::Command> commands;
    commands.emplace_back(session::StartSession{std::move(fresh)});
    if (session::refused(submit(engine_, std::move(commands)).front().outcome)) die("engine: a start was refused");
  }

 private:
  engine::Engine& engine_;
};

class CurfewEngine final : public Peer {
 public:
  explicit CurfewEngine(const std::string& directory) {
    ledger_rocksdb::Options options;
    options.directory = directory;
    auto ledger = ledger_rocksdb::RocksDbLedger::open(std::move(options));
    if (!ledger) die("engine: {}", ledger.error().message);
    ledger_ = *std::move(ledger);
    engine_ = std::make_unique<engine::Engine>(*ledger_, clock_, random_, engine_options(directory));
    const Stopwatch watch;
    const std::clock_t before = std::clock();
    const auto none = [](std::string_view, std::string_view, std::string_view) { return Status(); };
    if (const Status opened = engine_->open(none); !opened) die("engine: {}", opened.error().message);
    release_spare_memory();
    const engine::ImageReport& image = engine_->image();
    fmt::print(stderr, "  engine: {} sessions read in {:.2f} s, {:.2f} s of processor time{}{}\n",
               engine_->index().size(), watch.seconds(), static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC,
               image.outcome == engine::ImageReport::Outcome::kTaken ? ", from the image" : "",
               image.problem.empty() ? "" : ": " + image.problem);
    engine_->start();
  }
  ~CurfewEngine() override {
    engine_->stop();
    const engine::ImageReport& image = engine_->image();
    if (image.outcome == engine::ImageReport::Outcome::kNone) return;
    fmt::print(stderr, "  engine: image of {} bytes written in {} ms{}\n", image.bytes, image.ms, image.problem);
  }
  std::string_view name() const override { return "Curfew engine"; }

  void load(const Generator& generator) override {
    for (const auto& [name, id] :
         {std::pair{"main", Generator::kMainRealm}, std::pair{"small", Generator::kSmallRealm}}) {
      std::promise<Result<engine::Realm>> done;
      engine_->create_realm(name, name, {}, origin(),
                            [&done](Result<engine::Realm> realm) { done.set_value(std::move(realm)); });
      const auto realm = done.get_future().get();
      if (!realm || realm->id != id) die("engine: no realm {}", name);
    }
    constexpr std::size_t kGroup = 4000;
    std::vector<session::Command> commands;
    for (std::uint64_t no = 1; no <= generator.size(); ++no) {
      session::Session session = generator.session(no);
      session.no = {};
      commands.emplace_back(session::StartSession{std::move(session)});
      if (commands.size() == kGroup || no == generator.size()) submit(*engine_, std::exchange(commands, {}));
    }
  }

  bool holds(std::uint64_t sessions) override {
    const index::Index::ReadLock lock(engine_->index());
    return engine_->index().size() == sessions;
  }

  bool backup(const std::string& directory) override {
    if (const Status made = ledger_->backup_to(directory); !made) die("engine: {}", made.error().message);
    return true;
  }

  void ask(const Question& q) override {
    const index::Query query = query_of(q);
    const index::Index::ReadLock lock(engine_->index());
    page_ = engine_->index().query(query);
  }
  Answer answer() override {
    Answer answer;
    for (const auto& row : page_.rows) answer.ids.push_back(row.key.id);
    answer.total = page_.total;
    return answer;
  }

  void touch(std::span<const Touch> touches) override {
    std::vector<session::Command> commands;
    commands.reserve(touches.size());
    for (const Touch& touch : touches) commands.emplace_back(session::TouchSession{touch.key, touch.at, std::nullopt});
    submit(*engine_, std::move(commands));
  }
  std::unique_ptr<Writer> writer() override { return std::make_unique<EngineWriter>(*engine_); }
  void end(std::span<const session::SessionKey> keys) override {
    engine::Selection selection;
    selection.what = engine::BySessions{{keys.begin(), keys.end()}};
    if (revoke(std::move(selection)) != keys.size()) die("engine: not all of the chosen ones ended");
  }
  std::uint64_t end_realm() override {
    engine::Selection selection;
    selection.what = engine::Everything{};
    return revoke(std::move(selection));
  }
  bool probe() override {
    index::Query query;
    query.realms = {Generator::kSmallRealm};
    const index::Index::ReadLock lock(engine_->index());
    return engine_->index().query(query).total > 0;
  }
  Size size() override {
    const index::Index::ReadLock lock(engine_->index());
    const std::uint64_t of_index = engine_->index().memory_bytes(), of_watch = engine_->watch().memory_bytes();
    fmt::print(stderr, "  engine: {} bytes for the index, {} for profiles; {} resident with the benchmark's own\n",
               of_index, of_watch, resident_bytes());
    return {of_index + of_watch, ledger_->disk_bytes()};
  }

 private:
  std::uint64_t revoke(engine::Selection selection) {
    selection.realms = {Generator::kMainRealm};
    engine::RevocationRequest request;
    request.selection = std::move(selection);
    request.reason = "benchmark";
    request.origin = origin();
    std::promise<Result<engine::Revocation>> done;
    engine_->revoke(std::move(request), Duration::hours(1),
                    [&done](Result<engine::Revocation> revocation) { done.set_value(std::move(revocation)); });
    const auto revocation = done.get_future().get();
    if (!revocation) die("engine: {}", revocation.error().message);
    return revocation->revoked;
  }

  PopulationClock clock_;
  SystemRandom random_;
  std::unique_ptr<ledger_rocksdb::RocksDbLedger> ledger_;
  std::unique_ptr<engine::Engine> engine_;
  index::Page page_;
};

}  // namespace

std::unique_ptr<Peer> make_engine(const std::string& directory) {
  return std::make_unique<CurfewEngine>(directory);
}

}  // namespace curfew::bench
