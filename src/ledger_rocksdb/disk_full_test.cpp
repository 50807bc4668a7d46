// A disk that is really full: a small tmpfs, where this user may mount one.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "ledger_rocksdb/test_support.h"

namespace curfew::ledger_rocksdb {
namespace {

namespace fs = std::filesystem;

class DiskFull : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directory(disk_);
    if (::mount("tmpfs", disk_.c_str(), "tmpfs", 0, "size=12m") != 0) {
      GTEST_SKIP() << "a small file system can't be mounted here: " << std::strerror(errno);
    }
    mounted_ = true;
  }
  void TearDown() override {
    ledger_.reset();
    if (mounted_) ::umount(disk_.c_str());
  }

  Options options(std::uint64_t reserve) const {
    Options options = small_options(disk_ + "/data");
    options.write_buffer_bytes = 1 << 20;
    options.reserve_bytes = reserve;
    options.file_system = files_;
    return options;
  }

  // Appends until it is refused; what was acknowledged.
  std::uint64_t fill(std::uint64_t first, std::string& reason) {
    for (std::uint64_t no = first;; no += 50) {
      const auto appended = ledger_->append(ledger::start_commit(no, 50));
      if (appended) continue;
      EXPECT_EQ(appended.error().code, ErrorCode::kUnavailable) << appended.error().message;
      reason = appended.error().reason;
      return no - 1;
    }
  }

  TempDir temp_;
  std::string disk_ = temp_.path("disk");
  bool mounted_ = false;
  std::shared_ptr<FaultyFileSystem> files_ = std::make_shared<FaultyFileSystem>();
  std::unique_ptr<RocksDbLedger> ledger_;
};

TEST_F(DiskFull, AFullDiskRefusesWholeCommitsAndTheLedgerGoesOnWhenThereIsSpace) {
  for (const std::uint64_t reserve : {std::uint64_t{0}, std::uint64_t{3} << 20}) {
    SCOPED_TRACE(fmt::format("reserve {}", reserve));
    std::ofstream(disk_ + "/ballast") << std::string(5 << 20, 'b');
    ledger_ = RocksDbLedger::open(options(reserve)).value();
    std::string reason;
    std::uint64_t kept = fill(1, reason);
    EXPECT_EQ(reason, "disk_full");
    EXPECT_GT(kept, 0U);
    // The store's own threads may have made a little room meanwhile: then one more fits, whole.
    if (ledger_->append(ledger::start_commit(kept + 1, 50))) kept += 50;
    const auto before = ledger::contents_of(*ledger_);
    EXPECT_EQ(before.rows.size(), kept);
    // A process that dies now loses nothing, and finds nothing of what was refused.
    files_->copy_as_of_one_moment(disk_ + "/data", temp_.path("copy"));
    {
      const auto copy = RocksDbLedger::open(small_options(temp_.path("copy"))).value();
      EXPECT_EQ(ledger::contents_of(*copy), before);
    }
    fs::remove_all(temp_.path("copy"));
    fs::remove(disk_ + "/ballast");
    const auto again = ledger_->append(ledger::start_commit(kept + 1, 50));
    ASSERT_TRUE(again.has_value()) << again.error().message;
    EXPECT_EQ(ledger::rows_of(*ledger_).size(), kept + 50);
    ledger_.reset();
    ledger_ = RocksDbLedger::open(options(reserve)).value();
    EXPECT_EQ(ledger::rows_of(*ledger_).size(), kept + 50);
    ledger_.reset();
    fs::remove_all(disk_ + "/data");
  }
}

}  // namespace
}  // namespace curfew::ledger_rocksdb
