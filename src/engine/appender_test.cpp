#include "engine/appender.h"

#include <gtest/gtest.h>

#include <future>
#include <vector>

#include "ledger/memory_ledger.h"

namespace curfew::engine {
namespace {

// Stands before each write until it is let go, and fails those that it is told to.
class Gate final : public ledger::MemoryLedger {
 public:
  Result<ledger::Position> append(const ledger::Commit& commit) override {
    std::unique_lock lock(mutex_);
    ++tried_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return let_go_ > 0; });
    --let_go_;
    if (std::exchange(fail_, false)) return fail(ErrorCode::kUnavailable, "ledger_unavailable", "Out of order.");
    return MemoryLedger::append(commit);
  }
  void let_go(int writes, bool first_fails = false) {
    const std::lock_guard lock(mutex_);
    let_go_ += writes;
    fail_ = first_fails;
    changed_.notify_all();
  }
  void wait_for(int tried) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return tried_ >= tried; });
  }
  int tried() {
    const std::lock_guard lock(mutex_);
    return tried_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int let_go_ = 0, tried_ = 0;
  bool fail_ = false;
};

struct AppenderTest : testing::Test {
  Gate ledger;
  Appender appender{ledger};
  ledger::Commit commits[3];
  std::vector<int> written;

  void SetUp() override {
    for (ledger::Commit& commit : commits) commit.journal = "something";
  }
  void begin(int n) {
    appender.begin([this, n]() -> const auto& { return commits[n]; }, [this, n] { written.push_back(n); });
  }
};

TEST_F(AppenderTest, WritesTheNextWithoutAWord) {
  begin(0);
  begin(1);
  ledger.let_go(1);
  ledger.wait_for(2);  // nobody has waited for the first
  EXPECT_EQ(appender.wait().value(), 1U);
  ledger.let_go(1);
  EXPECT_EQ(appender.wait().value(), 2U);
  EXPECT_EQ(written, (std::vector<int>{0, 1}));
}

TEST_F(AppenderTest, WritesNothingBehindWhatFailed) {
  begin(0);
  ledger.wait_for(1);
  begin(1);
  ledger.let_go(1, true);
  EXPECT_EQ(appender.wait().error().reason, "ledger_unavailable");
  EXPECT_EQ(appender.wait().error().reason, "ledger_unavailable");
  EXPECT_EQ(ledger.tried(), 1);
  EXPECT_EQ(written, (std::vector<int>{0, 1}));
  ledger.let_go(1);
  begin(2);
  EXPECT_EQ(appender.wait().value(), 1U);
}

TEST_F(AppenderTest, WritesNothingThatIsBegunBeforeAFailureIsKnown) {
  std::promise<void> failed;
  ledger.let_go(1, true);
  appender.begin([this]() -> const auto& { return commits[0]; }, [&] { failed.set_value(); });
  failed.get_future().wait();
  begin(1);
  EXPECT_FALSE(appender.wait());
  EXPECT_FALSE(appender.wait());
  EXPECT_EQ(ledger.tried(), 1);
}

}  // namespace
}  // namespace curfew::engine
