// Logs that are filled with zeros ahead: what is in the file while it is written, when it is closed, when the disk has
// no room for zeros; and that a ledger comes back from them.
#include "ledger_rocksdb/padded_logs.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <random>
#include <thread>

#include "ledger_rocksdb/direct_file.h"
#include "ledger_rocksdb/maintenance.h"
#include "ledger_rocksdb/test_support.h"

namespace curfew::ledger_rocksdb {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kBlock = 32 << 10;

class PaddedLogsTest : public testing::Test {
 protected:
  std::unique_ptr<rocksdb::FSWritableFile> create(const std::string& name) {
    std::unique_ptr<rocksdb::FSWritableFile> file;
    EXPECT_TRUE(files_->NewWritableFile(temp_.path(name), {}, &file, nullptr).ok());
    return file;
  }
  void append(rocksdb::FSWritableFile& file, const std::string& data) {
    ASSERT_TRUE(file.Append(data, {}, nullptr).ok());
    ASSERT_TRUE(file.Sync({}, nullptr).ok());
    written_ += data;
  }
  std::uint64_t length_of(const std::string& name) {
    std::uint64_t length = 0;
    EXPECT_TRUE(files_->GetFileSize(temp_.path(name), {}, &length, nullptr).ok());
    return length;
  }
  // What was written, and behind it zeros to the end of a block.
  void expect_padded(const std::string& name) {
    const std::string bytes = bytes_of(temp_.path(name));
    ASSERT_GT(bytes.size(), written_.size());
    EXPECT_EQ(bytes.size() % kBlock, 0U);
    EXPECT_LE(bytes.size(), written_.size() + kPadding + kBlock);
    EXPECT_TRUE(bytes.starts_with(written_));
    EXPECT_EQ(bytes.find_first_not_of('\0', written_.size()), std::string::npos);
  }

  TempDir temp_;
  std::shared_ptr<FaultyFileSystem> faults_ = std::make_shared<FaultyFileSystem>();
  std::shared_ptr<rocksdb::FileSystem> files_ = with_padded_logs(faults_, PastCache::kNothing);
  std::string written_;
};

TEST_F(PaddedLogsTest, ALogIsLongerThanWhatIsInItUntilItIsClosed) {
  const auto file = create("000001.log");
  for (int i = 0; i < 400; ++i) {
    append(*file, std::string(static_cast<std::size_t>(i) * 37 % 9'000 + 1, static_cast<char>('a' + i % 26)));
    if (i % 57 == 0) expect_padded("000001.log");
  }
  ASSERT_GT(written_.size(), kPadding);  // it was filled more than once
  expect_padded("000001.log");
  EXPECT_EQ(file->GetFileSize({}, nullptr), written_.size());
  EXPECT_EQ(length_of("000001.log"), written_.size());
  ASSERT_TRUE(file->Close({}, nullptr).ok());
  EXPECT_EQ(bytes_of(temp_.path("000001.log")), written_);
  EXPECT_EQ(length_of("000001.log"), written_.size());
}

TEST_F(PaddedLogsTest, WhatIsLongIsNotWrittenTwice) {
  const auto file = create("000001.log");
  append(*file, std::string(3 * kPadding, 'x'));
  EXPECT_EQ(bytes_of(temp_.path("000001.log")), written_);
  append(*file, "short");
  expect_padded("000001.log");
  append(*file, std::string(2 * kPadding, 'y'));  // over the zeros, and beyond them
  EXPECT_EQ(bytes_of(temp_.path("000001.log")), written_);
}

TEST_F(PaddedLogsTest, WhatNobodySyncsIsNotWrittenTwice) {
  const auto file = create("000001.log");
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(file->Append(std::string(1'000, 'x'), {}, nullptr).ok());
    written_ += std::string(1'000, 'x');
  }
  EXPECT_EQ(bytes_of(temp_.path("000001.log")), written_);
}

TEST_F(PaddedLogsTest, ZerosDoNotGoOverWhatIsAppendedDuringASync) {
  const auto file = create("000001.log");
  std::atomic<bool> over{false};
  std::thread syncing([&] {
    while (!over) EXPECT_TRUE(file->Sync({}, nullptr).ok());
  });
  for (int i = 0; i < 40'000; ++i) {
    const std::string data(static_cast<std::size_t>(i) % 200 + 1, static_cast<char>('a' + i % 26));
    EXPECT_TRUE(file->Append(data, {}, nullptr).ok());
    written_ += data;
  }
  over = true;
  syncing.join();
  EXPECT_TRUE(bytes_of(temp_.path("000001.log")).starts_with(written_));
}

TEST_F(PaddedLogsTest, OtherFilesAreLeftAlone) {
  const auto file = create("000001.sst");
  append(*file, "short");
  EXPECT_EQ(bytes_of(temp_.path("000001.sst")), written_);
}

TEST_F(PaddedLogsTest, WithoutRoomForZerosALogGrowsAsItIsWritten) {
  faults_->break_padding = true;
  const auto file = create("000001.log");
  append(*file, "one");
  faults_->break_padding = false;  // not tried again
  append(*file, "two");
  EXPECT_EQ(bytes_of(temp_.path("000001.log")), "onetwo");
  ASSERT_TRUE(file->Close({}, nullptr).ok());
  EXPECT_EQ(bytes_of(temp_.path("000001.log")), "onetwo");
}

TEST_F(PaddedLogsTest, AFailedWriteIsTheTargetsError) {
  const auto file = create("000001.log");
  append(*file, "one");
  faults_->broken = true;
  EXPECT_TRUE(file->Append("two", {}, nullptr).IsNoSpace());
  EXPECT_EQ(file->GetFileSize({}, nullptr), 3U);
  faults_->broken = false;
  append(*file, "2");
  expect_padded("000001.log");
}

// Long and short, synced and not, in any order: what a reader finds is what was appended, and behind it zeros to a
// block's end, or nothing. At the end the file is cut to it, though the target, which gave it room ahead, was told
// little of it.
TEST(DirectLogsTest, HoldWhatWasAppendedHoweverLong) {
  const TempDir temp;
  const auto files = with_padded_logs(rocksdb::FileSystem::Default(), PastCache::kLongCommits);
  std::mt19937 dice(7);
  std::uint32_t letters = 0;
  for (int log = 0; log < 4; ++log) {
    const std::string name = temp.path(std::to_string(log) + ".log");
    std::unique_ptr<rocksdb::FSWritableFile> file;
    ASSERT_TRUE(files->NewWritableFile(name, {}, &file, nullptr).ok());
    file->SetPreallocationBlockSize(4 << 20);
    std::string written;
    for (int i = 0; i < 30; ++i) {
      const std::size_t longest = dice() % 3 > 0 ? 5'000 : 1'500'000;
      std::string data(dice() % longest + 1, '\0');
      for (char& byte : data)
        byte = static_cast<char>('a' + ((letters = letters * 1'664'525 + 1'013'904'223) >> 24) % 26);
      if (dice() % 2 == 0)  // to just before a block's end
        data.resize((written.size() + data.size() + 4'096) / 4'096 * 4'096 - dice() % 9 - written.size(), 'z');
      file->PrepareWrite(written.size(), data.size(), {}, nullptr);
      ASSERT_TRUE(file->Append(data, {}, nullptr).ok());
      written += data;
      if (dice() % 2 == 0) ASSERT_TRUE(file->Sync({}, nullptr).ok());
      const std::string bytes = bytes_of(name);
      ASSERT_TRUE(bytes.starts_with(written)) << log << ", " << i;
      EXPECT_EQ(bytes.find_first_not_of('\0', written.size()), std::string::npos);
      EXPECT_TRUE(bytes.size() == written.size() || bytes.size() % kBlock == 0) << log << ", " << i;
    }
    if (log % 2 == 0) ASSERT_TRUE(file->Close({}, nullptr).ok());
    file.reset();
    EXPECT_EQ(bytes_of(name), written);
  }
}

// Of `length` bytes from `from` on, how many pages the page cache holds.
std::size_t cached_pages(const std::string& path, std::size_t from, std::size_t length) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const std::size_t end = from + length, begin = from / 4'096 * 4'096;
  void* bytes = ::mmap(nullptr, end, PROT_READ, MAP_SHARED, file, 0);
  ::close(file);
  if (bytes == MAP_FAILED) return length;
  std::vector<unsigned char> pages((end - begin + 4'095) / 4'096);
  EXPECT_EQ(::mincore(static_cast<char*>(bytes) + begin, end - begin, pages.data()), 0);
  ::munmap(bytes, end);
  return static_cast<std::size_t>(std::count_if(pages.begin(), pages.end(), [](auto page) { return page & 1; }));
}

TEST(DirectLogsTest, WhatIsLongIsNotInThePageCache) {
  const TempDir temp;
  const std::string name = temp.path("1.log"), long_one(1 << 20, 'x');
  const auto files = with_padded_logs(rocksdb::FileSystem::Default(), PastCache::kLongCommits);
  std::unique_ptr<rocksdb::FSWritableFile> file;
  ASSERT_TRUE(files->NewWritableFile(name, {}, &file, nullptr).ok());
  if (!DirectFile::open(name)) GTEST_SKIP() << "The file system of the temporary directory has no direct writes.";
  std::size_t at = 0;
  for (const std::string& before : {"", "a short one", "another"}) {
    ASSERT_TRUE(file->Append(before, {}, nullptr).ok());
    ASSERT_TRUE(file->Append(std::string(at % 5'000, 'y'), {}, nullptr).ok());
    at += before.size() + at % 5'000;
    ASSERT_TRUE(file->Append(long_one, {}, nullptr).ok());
    EXPECT_LE(cached_pages(name, at, long_one.size()), 2U) << at;
    EXPECT_EQ(bytes_of(name).substr(at, long_one.size()), long_one);
    at += long_one.size();
    ASSERT_TRUE(file->Sync({}, nullptr).ok());
  }
}

// A limit that a direct write meets half-way, and the one of the target, which is tried then, too.
TEST(DirectLogsTest, WhatCouldNotBeWrittenIsWrittenOver) {
  const TempDir temp;
  const std::string name = temp.path("1.log");
  const auto files = with_padded_logs(rocksdb::FileSystem::Default(), PastCache::kLongCommits);
  std::unique_ptr<rocksdb::FSWritableFile> file;
  ASSERT_TRUE(files->NewWritableFile(name, {}, &file, nullptr).ok());
  const std::string first(1'500'000, 'x'), lost(3'000'000, 'y'), last(700'000, 'z');
  ASSERT_TRUE(file->Append(first, {}, nullptr).ok());
  struct rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const struct rlimit low = {3'000'000, before.rlim_max};
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &low), 0);
  const bool failed = !file->Append(lost, {}, nullptr).ok();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, handler);
  EXPECT_TRUE(failed);
  EXPECT_EQ(file->GetFileSize({}, nullptr), first.size());
  ASSERT_TRUE(file->Append(last, {}, nullptr).ok());
  ASSERT_TRUE(file->Sync({}, nullptr).ok());
  EXPECT_TRUE(bytes_of(name).starts_with(first + last));
  ASSERT_TRUE(file->Close({}, nullptr).ok());
  EXPECT_EQ(bytes_of(name), first + last);
}

// The target, which cuts off what it knows nothing of.
TEST(DirectLogsTest, AreNotCutWhereTheyCanNotBeShortened) {
  const TempDir temp;
  class NotShortened final : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    using FSWritableFileOwnerWrapper::FSWritableFileOwnerWrapper;
    rocksdb::IOStatus Truncate(std::uint64_t, const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
      return rocksdb::IOStatus::NoSpace("for a test");
    }
  };
  class Files final : public rocksdb::FileSystemWrapper {
   public:
    Files() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
    const char* Name() const override { return "Files"; }
    rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file,
                                      rocksdb::IODebugContext* debug) override {
      rocksdb::IOStatus status = FileSystemWrapper::NewWritableFile(name, options, file, debug);
      if (status.ok()) *file = std::make_unique<NotShortened>(std::move(*file));
      return status;
    }
  };
  const auto files = with_padded_logs(std::make_shared<Files>(), PastCache::kLongCommits);
  std::unique_ptr<rocksdb::FSWritableFile> file;
  ASSERT_TRUE(files->NewWritableFile(temp.path("1.log"), {}, &file, nullptr).ok());
  file->SetPreallocationBlockSize(4 << 20);
  file->PrepareWrite(0, 100, {}, nullptr);
  const std::string data(1 << 20, 'x');
  ASSERT_TRUE(file->Append(data, {}, nullptr).ok());
  ASSERT_TRUE(file->Sync({}, nullptr).ok());
  EXPECT_FALSE(file->Close({}, nullptr).ok());
  EXPECT_TRUE(bytes_of(temp.path("1.log")).starts_with(data));
}

// As a process leaves them that is killed between two commits.
TEST(DirectLogsTest, ALedgerComesBackFromThem) {
  const TempDir temp;
  Options options = small_options(temp.path("0"));
  options.write_buffer_bytes = 64 << 20;  // all of it stays in the log
  std::uint64_t next = 1;
  for (int round = 0; round < 3; ++round) {
    const auto ledger = RocksDbLedger::open(options).value();
    for (const std::uint64_t size : {1U, 4'000U, 1U, 1U, 7'000U, 4'000U, 2U}) {
      ASSERT_TRUE(ledger->append(ledger::start_commit(next, size)).has_value());
      next += size;
    }
    std::uint64_t longest = 0;
    for (const auto& entry : fs::directory_iterator(options.directory + "/rocksdb"))
      if (entry.path().extension() == ".log") longest = std::max<std::uint64_t>(longest, fs::file_size(entry));
    EXPECT_GT(longest, 2U << 20);
    const std::string left = temp.path(std::to_string(round + 1));
    fs::copy(options.directory, left, fs::copy_options::recursive);
    options.directory = left;
  }
  const auto ledger = RocksDbLedger::open(options).value();
  std::uint64_t rows = 0;
  ASSERT_TRUE(ledger->each_row([&](const session::Session& row) { EXPECT_EQ(row.no.value, ++rows); }));
  EXPECT_EQ(rows, next - 1);
  EXPECT_EQ(ledger->position(), 21U);
}

// The logs that a killed or unpowered process leaves end in zeros, and everything acknowledged is in them.
TEST(PaddedLedgerTest, ComesBackFromLogsThatEndInZeros) {
  for (const bool power : {false, true}) {
    RocksDbSubject subject;
    std::uint64_t next = 1;
    for (int round = 0; round < 3; ++round) {
      for (int i = 0; i < 50; ++i, ++next) {
        ledger::Commit commit;
        commit.puts = {ledger::sample_session(next)};
        ASSERT_TRUE(subject.ledger().append(commit).has_value());
      }
      bool zeros = false;
      for (const auto& entry : fs::directory_iterator(subject.directory() + "/rocksdb"))
        zeros = zeros || (entry.path().extension() == ".log" && fs::file_size(entry) > kPadding &&
                          bytes_of(entry.path().string()).ends_with(std::string(kPadding / 2, '\0')));
      EXPECT_TRUE(zeros);
      // Not synced: any page of it may be there or not.
      std::vector<ledger::Activity> activity;
      for (std::uint64_t no = 1; no < next; ++no)
        activity.push_back({session::SessionNo(no), ledger::sample_time(9'000'000), IpAddress::v4(1)});
      for (int i = 0; i < 100; ++i) ASSERT_TRUE(subject.ledger().record_activity(activity));
      power ? subject.cut_power() : subject.crash();
      std::uint64_t rows = 0;
      ASSERT_TRUE(subject.ledger().each_row([&](const session::Session& row) { EXPECT_EQ(row.no.value, ++rows); }));
      EXPECT_EQ(rows, next - 1);
      EXPECT_EQ(subject.ledger().position(), next - 1);
    }
  }
}

// Zeros in a backup's log could be holes: the live log is written on while it is copied.
TEST(PaddedLedgerTest, ABackupHoldsOfTheLiveLogWhatWasWritten) {
  const TempDir temp;
  Options options = small_options(temp.path("data"));
  options.write_buffer_bytes = 64 << 20;  // all of it stays in the log
  const auto ledger = RocksDbLedger::open(options).value();
  for (std::uint64_t no = 1; no <= 300; ++no) {
    ledger::Commit commit;
    commit.puts = {ledger::sample_session(no)};
    ASSERT_TRUE(ledger->append(commit).has_value());
  }
  ASSERT_TRUE(ledger->backup_to(temp.path("backup")).has_value());
  for (const auto& entry : fs::directory_iterator(temp.path("backup/rocksdb")))
    if (entry.path().extension() == ".log")
      EXPECT_FALSE(bytes_of(entry.path().string()).ends_with(std::string(64, '\0')));
  const auto report = restore(temp.path("backup"), temp.path("restored"));
  ASSERT_TRUE(report.has_value()) << report.error().message;
  EXPECT_EQ(report->position, 300U);
}

TEST(PaddedLedgerTest, WorksWhereZerosFindNoRoom) {
  RocksDbSubject subject;
  subject.files().break_padding = true;
  ledger::Commit commit;
  commit.puts = {ledger::sample_session(1)};
  subject.reopen();  // a log of its own
  ASSERT_TRUE(subject.ledger().append(commit).has_value());
  subject.crash();
  EXPECT_EQ(subject.ledger().position(), 1U);
}

}  // namespace
}  // namespace curfew::ledger_rocksdb
