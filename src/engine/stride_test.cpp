// Bulk revocations with the engine's own threads: one chunk is written while the next is decided.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <set>

#include "engine/appender.h"
#include "engine/job.h"
#include "engine/test_world.h"

namespace curfew::engine {
namespace {

using session::EndCause;
using session::StartSession;

// Tells how often it was asked what time it is: once for each chunk that is decided in a stride.
class CountingClock final : public Clock {
 public:
  Time now() const override {
    {
      const std::lock_guard lock(mutex_);
      ++asked_;
    }
    changed_.notify_all();
    return clock_.now();
  }
  std::int64_t monotonic_ns() const override { return clock_.monotonic_ns(); }
  int asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  // False: it was not asked so often in ten seconds.
  bool wait_for(int asked) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return asked_ >= asked; });
  }

 private:
  SystemClock clock_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  mutable int asked_ = 0;
};

// The writes of some chunks fail. Each chunk tells how many have been ended with it.
class Failing : public ledger::MemoryLedger {
 public:
  std::set<int> fail_at;                 // of the appends that end sessions
  std::function<void()> at_revocation;   // of the append that only accepts it
  std::function<void()> at_first_chunk;  // before it is written, or fails
  Result<ledger::Position> append(const ledger::Commit& commit) override {
    thread_local const int first_here = ++writers;
    (void)first_here;
    const auto progress = std::find_if(commit.documents.begin(), commit.documents.end(),
                                       [](const auto& document) { return document.table == kRevocationTable; });
    if (commit.ends.empty()) {
      if (progress != commit.documents.end() && chunks_ == 0 && at_revocation) at_revocation();
      return MemoryLedger::append(commit);
    }
    if (++chunks_ == 1 && at_first_chunk) at_first_chunk();
    if (fail_at.contains(chunks_)) {
      ++failed;
      return fail(ErrorCode::kUnavailable, "ledger_unavailable", "for a test");
    }
    ended_ += commit.ends.size();
    Job told;
    EXPECT_NE(progress, commit.documents.end());
    EXPECT_TRUE(decode_progress(*progress->bytes, told));
    EXPECT_EQ(told.told.revoked, ended_);
    return MemoryLedger::append(commit);
  }
  int failed = 0;
  std::atomic<int> writers{0};  // threads that ever wrote
  int chunks() const { return chunks_; }

 private:
  int chunks_ = 0;
  std::size_t ended_ = 0;
};

struct StrideTest : testing::Test {
  void SetUp() override {
    options.revocation_chunk = 50;
    engine = std::make_unique<Engine>(ledger, clock, random, options);
    ASSERT_TRUE(engine->open([](std::string_view, std::string_view, std::string_view) { return Status{}; }));
    engine->start();
    std::promise<Result<Realm>> made;
    engine->create_realm("production", "production", {}, World::by("setup"),
                         [&](Result<Realm> r) { made.set_value(std::move(r)); });
    realm = made.get_future().get().value().id;
  }
  void TearDown() override { engine->stop(); }

  session::Session session(int n) {
    session::Session s;
    s.key = {realm, session::SessionType::kRegular, "s" + std::to_string(n)};
    s.user_id = s.username = "user" + std::to_string(n % 97);
    s.ip = IpAddress::v4(0xcb007107);
    s.started = s.last_access = clock.now();
    return s;
  }
  std::future<Result<std::vector<CommandResult>>> start(int from, int to) {
    auto done = std::make_shared<std::promise<Result<std::vector<CommandResult>>>>();
    std::vector<session::Command> commands;
    for (int n = from; n < to; ++n) commands.emplace_back(StartSession{session(n)});
    auto future = done->get_future();
    engine->submit({std::move(commands), World::by("ingest"), {}},
                   [done](Result<std::vector<CommandResult>> r) { done->set_value(std::move(r)); });
    return future;
  }
  std::future<Result<Revocation>> revoke_all() {
    auto done = std::make_shared<std::promise<Result<Revocation>>>();
    auto future = done->get_future();
    RevocationRequest request;
    request.selection = {{realm}, Everything{}, std::nullopt, true, std::nullopt};
    request.reason = "INC-4711";
    request.origin = World::by("operator");
    engine->revoke(std::move(request), Duration::seconds(60),
                   [done](Result<Revocation> r) { done->set_value(std::move(r)); });
    return future;
  }
  std::uint64_t live() {
    const index::Index::ReadLock lock(engine->index());
    return engine->index().size(realm);
  }
  // Each end once, and a chain without a gap.
  void expect_ends(std::size_t wanted) {
    AuditQuery query;
    query.all_realms = true;
    query.action = audit::action::kSessionEnded;
    std::set<std::string> ids;
    std::size_t records = 0;
    ASSERT_TRUE(engine->audit_log().visit(query, [&](const audit::Sealed& sealed) {
      ids.insert(sealed.record.session_id);
      ++records;
      return true;
    }));
    EXPECT_EQ(records, wanted);
    EXPECT_EQ(ids.size(), wanted);
    const auto verified = engine->audit_log().verify();
    ASSERT_TRUE(verified);
    EXPECT_TRUE(verified->whole) << verified->detail;
  }

  Failing ledger;
  CountingClock clock;
  SeededRandom random{1};
  Options options;
  std::unique_ptr<Engine> engine;
  RealmId realm;
};

TEST_F(StrideTest, EndsEverySessionOnceAndAccountsForIt) {
  ASSERT_TRUE(start(0, 3'000).get());
  const auto done = revoke_all().get();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->state, RevocationState::kDone);
  EXPECT_EQ(done->requested, 3'000U);
  EXPECT_EQ(done->revoked, 3'000U);
  EXPECT_EQ(done->failed, 0U);
  EXPECT_EQ(live(), 0U);
  expect_ends(3'000);
}

// A store may keep something for each thread that writes; every chunk from a new one would begin it anew.
TEST_F(StrideTest, WritesFromTheSequencerAndOneThreadBeside) {
  ASSERT_TRUE(start(0, 3'000).get());
  ASSERT_TRUE(revoke_all().get());
  EXPECT_EQ(ledger.writers, 2);
}

// Callers come all the time: starts of new sessions, and of ones that are being ended, which must not bring them back.
TEST_F(StrideTest, GoesOnAmongOthers) {
  ASSERT_TRUE(start(0, 3'000).get());
  auto done = revoke_all();
  std::size_t begun = 0;
  for (int round = 0; done.wait_for(std::chrono::seconds(0)) != std::future_status::ready; ++round) {
    const int fresh = 10'000 + round * 10;
    const auto started = start(fresh, fresh + 10).get();
    ASSERT_TRUE(started);
    begun += started->size();
    ASSERT_TRUE(start(round % 3'000, round % 3'000 + 1).get());
  }
  const auto revocation = done.get();
  ASSERT_TRUE(revocation);
  EXPECT_EQ(revocation->revoked, 3'000U);
  EXPECT_EQ(live(), begun);
  expect_ends(3'000);
  const auto again = start(0, 3'000).get();
  ASSERT_TRUE(again);
  for (const CommandResult& result : *again) ASSERT_EQ(result.outcome, session::Outcome::kAlreadyEnded);
  EXPECT_EQ(live(), begun);
}

// What was decided after a chunk that could not be written goes with it, and both are done again.
TEST_F(StrideTest, GivesUpWhatFollowsAFailedWrite) {
  ledger.fail_at = {3, 4, 17};
  ASSERT_TRUE(start(0, 2'000).get());
  const auto revocation = revoke_all().get();
  ASSERT_TRUE(revocation);
  EXPECT_EQ(revocation->state, RevocationState::kDone);
  EXPECT_EQ(revocation->revoked, 2'000U);
  EXPECT_EQ(ledger.failed, 3);
  EXPECT_EQ(live(), 0U);
  expect_ends(2'000);
}

// Three are under way by the time the first fails: none of the other two is written, and all are done again.
TEST_F(StrideTest, DecidesTwoBesideTheOneThatIsWritten) {
  static_assert(Appender::kAhead == 3);
  int before = 0;
  bool decided = false;
  ledger.at_revocation = [&] { before = clock.asked(); };
  ledger.at_first_chunk = [&] { decided = clock.wait_for(before + 3); };
  ledger.fail_at = {1};
  ASSERT_TRUE(start(0, 500).get());
  const auto revocation = revoke_all().get();
  ASSERT_TRUE(revocation);
  EXPECT_EQ(revocation->revoked, 500U);
  EXPECT_TRUE(decided);
  EXPECT_EQ(ledger.chunks(), 11);
  EXPECT_EQ(live(), 0U);
  expect_ends(500);
}

}  // namespace
}  // namespace curfew::engine
