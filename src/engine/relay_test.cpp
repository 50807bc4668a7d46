// Callers by turns, with the engine's own threads: one group is decided while the other is written.
#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <random>
#include <thread>

#include "engine/test_world.h"

namespace curfew::engine {
namespace {

using session::Outcome;
using session::StartSession;
using Answer = std::future<Result<std::vector<CommandResult>>>;

// Holds each commit until it is let go, and notes what it started.
class Gate : public ledger::MemoryLedger {
 public:
  Result<ledger::Position> append(const ledger::Commit& commit) override {
    std::unique_lock lock(mutex_);
    sizes_.push_back(commit.puts.size());
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_ || let_go_ > 0; });
    if (!open_) --let_go_;
    if (fail_next_ && !commit.puts.empty()) {
      fail_next_ = false;
      return fail(ErrorCode::kUnavailable, "ledger_unavailable", "for a test");
    }
    lock.unlock();
    return MemoryLedger::append(commit);
  }
  void close() {
    const std::lock_guard lock(mutex_);
    open_ = false;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void let_go() {
    const std::lock_guard lock(mutex_);
    ++let_go_;
    changed_.notify_all();
  }
  void fail_next() {
    const std::lock_guard lock(mutex_);
    fail_next_ = true;
  }
  // The sizes of the first `count` commits since the gate was made, once so many have come.
  std::vector<std::size_t> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return sizes_.size() >= count; });
    return sizes_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true, fail_next_ = false;
  int let_go_ = 0;
  std::vector<std::size_t> sizes_;
};

struct RelayTest : testing::Test {
  void SetUp() override {
    engine = std::make_unique<Engine>(ledger, clock, random, options);
    ASSERT_TRUE(engine->open([](std::string_view, std::string_view, std::string_view) { return Status{}; }));
    engine->start();
  }
  void TearDown() override {
    ledger.open();
    engine->stop();
  }
  void make_realm(session::Policy policy = {}) {
    std::promise<Result<Realm>> made;
    engine->create_realm("production", "production", policy, World::by("setup"),
                         [&](Result<Realm> r) { made.set_value(std::move(r)); });
    realm = made.get_future().get().value().id;
    before = ledger.wait_for(1).size();
  }
  session::Session session(int n, int user) {
    session::Session s;
    s.key = {realm, session::SessionType::kRegular, "s" + std::to_string(n)};
    s.user_id = s.username = "user" + std::to_string(user);
    s.ip = IpAddress::v4(0xcb007107);
    s.started = s.last_access = clock.now();
    return s;
  }
  Answer submit(session::Command command) {
    auto done = std::make_shared<std::promise<Result<std::vector<CommandResult>>>>();
    auto future = done->get_future();
    engine->submit({{std::move(command)}, World::by("ingest"), {}},
                   [done](Result<std::vector<CommandResult>> r) { done->set_value(std::move(r)); });
    return future;
  }
  // Commits that began since the realm was made, once there are `count`.
  std::vector<std::size_t> commits(std::size_t count) {
    std::vector<std::size_t> sizes = ledger.wait_for(before + count);
    sizes.erase(sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(before));
    return sizes;
  }
  // One caller's commit stands at the gate, and those of `users` wait behind it.
  std::vector<Answer> queue_behind_one(const std::vector<int>& users) {
    ledger.close();
    std::vector<Answer> answers;
    answers.push_back(submit(StartSession{session(0, 1'000)}));
    commits(1);
    for (std::size_t i = 0; i < users.size(); ++i)
      answers.push_back(submit(StartSession{session(static_cast<int>(i) + 1, users[i])}));
    return answers;
  }
  std::uint64_t live() {
    const index::Index::ReadLock lock(engine->index());
    return engine->index().size(realm);
  }

  Gate ledger;
  SystemClock clock;
  SeededRandom random{1};
  Options options;
  std::unique_ptr<Engine> engine;
  RealmId realm;
  std::size_t before = 0;
};

TEST_F(RelayTest, OneHalfIsDecidedWhileTheOtherIsWritten) {
  make_realm();
  auto answers = queue_behind_one({1, 2, 3, 4, 5, 6, 7, 8});
  ledger.let_go();
  EXPECT_EQ(commits(2), (std::vector<std::size_t>{1, 4}));
  ledger.let_go();
  // The second half's write begins before the first half is answered by anything else than its own.
  EXPECT_EQ(commits(3), (std::vector<std::size_t>{1, 4, 4}));
  for (int i = 0; i <= 4; ++i)
    EXPECT_EQ(answers[static_cast<std::size_t>(i)].get().value().front().outcome, Outcome::kStarted);
  EXPECT_EQ(live(), 5U);  // what is being written is not there yet
  EXPECT_NE(answers[5].wait_for(std::chrono::seconds(0)), std::future_status::ready);
  ledger.let_go();
  for (std::size_t i = 5; i <= 8; ++i) EXPECT_EQ(answers[i].get().value().front().outcome, Outcome::kStarted);
  EXPECT_EQ(live(), 9U);
}

// A user's second session is not decided before the first is there: the limit counts both.
TEST_F(RelayTest, WhoConcernsWhatIsWrittenWaitsForIt) {
  session::Policy policy;
  policy.max_sessions_per_user = 1;
  make_realm(policy);
  auto answers = queue_behind_one({1, 2, 3, 4, 4, 5, 6, 7});
  ledger.let_go();
  EXPECT_EQ(commits(2), (std::vector<std::size_t>{1, 4}));
  ledger.open();
  for (auto& answer : answers) EXPECT_EQ(answer.get().value().front().outcome, Outcome::kStarted);
  EXPECT_EQ(live(), 8U);  // of user 4 only one
  const index::Index::ReadLock lock(engine->index());
  EXPECT_EQ(engine->index().user_sessions(realm, "user4").size(), 1U);
}

TEST_F(RelayTest, TheSameSessionTwiceIsStartedOnce) {
  make_realm();
  ledger.close();
  std::vector<Answer> answers;
  answers.push_back(submit(StartSession{session(0, 1'000)}));
  commits(1);
  for (int i = 0; i < 8; ++i) answers.push_back(submit(StartSession{session(1 + i % 4, i % 4)}));
  ledger.open();
  int started = 0;
  for (auto& answer : answers) started += answer.get().value().front().outcome == Outcome::kStarted ? 1 : 0;
  EXPECT_EQ(started, 5);
  EXPECT_EQ(live(), 5U);
}

TEST_F(RelayTest, WhatFollowsAFailedWriteFailsWithIt) {
  make_realm();
  auto answers = queue_behind_one({1, 2, 3, 4, 5, 6, 7, 8});
  ledger.let_go();
  commits(2);
  ledger.fail_next();
  ledger.open();
  EXPECT_TRUE(answers[0].get());
  for (std::size_t i = 1; i < answers.size(); ++i) {
    const auto answer = answers[i].get();
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().reason, "ledger_unavailable");
  }
  EXPECT_EQ(live(), 1U);
  for (int i = 1; i <= 8; ++i)
    EXPECT_EQ(submit(StartSession{session(i, i)}).get().value().front().outcome, Outcome::kStarted);
  EXPECT_EQ(live(), 9U);
}

// Answered one after the other, while the rest of the group is still taken in: what a caller was told is so by then.
TEST_F(RelayTest, WhoIsAnsweredFindsWhatTheyDid) {
  make_realm();
  constexpr int kCallers = 12, kEach = 300;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&, caller] {
      const auto there = [&](const session::SessionKey& key) {
        const index::Index::ReadLock lock(engine->index());
        return engine->index().find(key).has_value();
      };
      for (int i = 0; i < kEach; ++i) {
        const session::Session s = session(caller * kEach + i, caller * kEach + i);
        ASSERT_EQ(submit(StartSession{s}).get().value().front().outcome, Outcome::kStarted);
        ASSERT_TRUE(there(s.key));
        if (i % 3 != 0) continue;
        const session::EndSession end{s.key, clock.now(), session::EndCause::kRevoked, "test"};
        ASSERT_EQ(submit(end).get().value().front().outcome, Outcome::kEnded);
        ASSERT_FALSE(there(s.key));
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(live(), kCallers * kEach * 2 / 3);
}

// Many callers, few users and sessions, and a limit: at the end the ledger and the index say the same, no user has more
// than the limit, nothing that ended is back, and the audit chain is whole.
TEST_F(RelayTest, ManyCallersOverTheSameUsersAgreeWithTheLedger) {
  session::Policy policy;
  policy.max_sessions_per_user = 2;
  make_realm(policy);
  constexpr int kCallers = 12, kEach = 250, kUsers = 9, kSessions = 400;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&, caller] {
      std::mt19937 dice(static_cast<unsigned>(caller));
      for (int i = 0; i < kEach; ++i) {
        const int n = static_cast<int>(dice() % kSessions);
        const session::Session s = session(n, n % kUsers);
        switch (dice() % 4) {
          case 0:
            ASSERT_TRUE(submit(session::EndSession{s.key, clock.now(), session::EndCause::kRevoked, "test"}).get());
            break;
          case 1:
            ASSERT_TRUE(submit(session::TouchSession{s.key, clock.now(), std::nullopt}).get());
            break;
          default:
            ASSERT_TRUE(submit(StartSession{s}).get());
        }
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  std::vector<session::SessionKey> keys;
  for (int n = 0; n < kSessions; ++n) keys.push_back(session(n, 0).key);
  const auto tombstones = ledger.tombstones(keys).value();
  std::map<std::string, int> of_user;
  std::uint64_t rows = 0;
  ASSERT_TRUE(ledger.each_row([&](const session::Session& row) {
    ++rows;
    ++of_user[row.user_id];
    const index::Index::ReadLock lock(engine->index());
    EXPECT_TRUE(engine->index().find(row.key));
  }));
  EXPECT_EQ(rows, live());
  for (const auto& [user, sessions] : of_user) EXPECT_LE(sessions, 2) << user;
  for (std::size_t n = 0; n < keys.size(); ++n) {
    if (!tombstones[n]) continue;
    const index::Index::ReadLock lock(engine->index());
    EXPECT_FALSE(engine->index().find(keys[n]));
  }
  const auto verified = engine->audit_log().verify();
  ASSERT_TRUE(verified);
  EXPECT_TRUE(verified->whole) << verified->detail;
}

}  // namespace
}  // namespace curfew::engine
