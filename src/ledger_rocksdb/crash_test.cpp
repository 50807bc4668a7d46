// A process that is killed at any moment: what it acknowledged is there, what it did not is there whole or not at all.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "ledger_rocksdb/crash_history.h"
#include "ledger_rocksdb/test_support.h"

namespace curfew::ledger_rocksdb {
namespace {

// crash_child, with a pipe to its stdin and one from its stdout.
class Child {
 public:
  Child(const char* mode, const std::string& directory) {
    int in[2], out[2];
    EXPECT_EQ(::pipe2(in, O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(out, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    std::string program = CURFEW_CRASH_CHILD, mode_text = mode, directory_text = directory;
    char* arguments[] = {program.data(), mode_text.data(), directory_text.data(), nullptr};
    EXPECT_EQ(::posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]);
    ::close(out[1]);
    to_ = in[1];
    from_ = out[0];
  }
  ~Child() {
    close_input();
    ::close(from_);
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      wait();
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // The next position that it told; false when it has ended.
  bool next(std::uint64_t& position) const {
    std::uint64_t told = 0;
    if (::read(from_, &told, sizeof(told)) != sizeof(told)) return false;
    position = told;
    return true;
  }
  void kill() const { ::kill(pid_, SIGKILL); }
  void close_input() {
    if (to_ >= 0) ::close(to_);
    to_ = -1;
  }
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }

 private:
  pid_t pid_ = -1;
  int to_ = -1, from_ = -1;
};

void check_ledger(const RocksDbLedger& ledger, std::uint64_t acknowledged) {
  const std::uint64_t position = ledger.position();
  ASSERT_GE(position, acknowledged);
  ASSERT_LE(position, acknowledged + 1);  // at most the one that was under way
  if (position == 0) return;
  EXPECT_EQ(ledger.document("progress", "n").value(), std::to_string(position));
  EXPECT_EQ(ledger.last_no().value, History::first(position + 1) - 1);
  EXPECT_EQ(ledger.last_audit_seq(), History::first_seq(position + 1) - 1);
  std::uint64_t live = 0;
  for (std::uint64_t n = 1; n <= position; ++n) live += History::size(n) - (n < position ? History::ended(n + 1) : 0);
  const std::vector<session::Session> rows = ledger::rows_of(ledger);
  EXPECT_EQ(rows.size(), live);
  for (const session::Session& row : rows) EXPECT_EQ(row.key, ledger::sample_key(row.no.value));
  std::vector<session::SessionKey> keys;
  const std::uint64_t first = History::first(position);
  for (std::uint64_t no = first; no < first + History::size(position); ++no) keys.push_back(ledger::sample_key(no));
  const auto tombstones = ledger.tombstones(keys).value();
  for (const auto& tombstone : tombstones) EXPECT_FALSE(tombstone.has_value());
  // The first and the last that each commit ended.
  keys.clear();
  for (std::uint64_t n = 2; n <= position; ++n) {
    if (History::ended(n) == 0) continue;
    keys.push_back(ledger::sample_key(History::first(n - 1)));
    keys.push_back(ledger::sample_key(History::first(n - 1) + History::ended(n) - 1));
  }
  const auto ended = ledger.tombstones(keys).value();
  for (const auto& tombstone : ended) EXPECT_TRUE(tombstone.has_value());
  EXPECT_EQ(ledger::scanned(ledger, 1, ~0ULL, false).size(), ledger.last_audit_seq());
  EXPECT_EQ(ledger::found_by(ledger, {ledger::AuditIndex::kActor, session::RealmId(0), "admin"}, 1, ~0ULL, true).size(),
            ledger.last_audit_seq());
  std::string last_journal;
  EXPECT_TRUE(ledger.follow(position - 1, [&](ledger::Position, std::string_view bytes) {
    last_journal = bytes;
    return true;
  }));
  EXPECT_EQ(last_journal, fmt::format("commit {}", position));
}

TEST(Crash, AKilledProcessLosesNothingThatItAcknowledged) {
  const TempDir temp;
  std::mt19937_64 random(20'260'301);
  std::uint64_t position = 0;
  for (int round = 0; round < 15; ++round) {
    SCOPED_TRACE(fmt::format("round {}", round));
    std::uint64_t told = position;
    {
      Child child("append", temp.path("data"));
      // Killed after some acknowledgements, and some moments more: anywhere in a commit, a flush, a compaction.
      const std::uint64_t wanted = position + random() % 100;
      while (told < wanted && child.next(told)) {
      }
      ::usleep(static_cast<useconds_t>(random() % 4'000));
      child.kill();
      const int status = child.wait();
      ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "the child left by itself: " << status;
      while (child.next(told)) {
      }
    }
    auto ledger = RocksDbLedger::open(small_options(temp.path("data")));
    ASSERT_TRUE(ledger.has_value()) << ledger.error().message;
    check_ledger(**ledger, told);
    if (testing::Test::HasFailure()) return;
    position = (*ledger)->position();
  }
  EXPECT_GT(position, 100U);
}

TEST(Crash, ASecondProcessOnTheDirectoryIsRefused) {
  const TempDir temp;
  Child child("hold", temp.path("data"));
  std::uint64_t position = 1;
  ASSERT_TRUE(child.next(position));
  const auto second = RocksDbLedger::open(small_options(temp.path("data")));
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().reason, "data_dir_in_use");
  child.close_input();
  EXPECT_EQ(child.wait(), 0);
  EXPECT_TRUE(RocksDbLedger::open(small_options(temp.path("data"))).has_value());
}

}  // namespace
}  // namespace curfew::ledger_rocksdb
