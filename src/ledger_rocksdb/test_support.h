// What the tests of this adapter share: directories that go away, a file system that fails and forgets, subjects for
// the suite.
#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>

#include "ledger/conformance.h"
#include "ledger_rocksdb/rocksdb_ledger.h"

namespace curfew::ledger_rocksdb {

class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  std::string path(std::string_view name = "") const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

// The content of a file; nothing if there is none.
std::string bytes_of(const std::string& path);

// The real file system, with faults:
//   broken        every write and sync fails with "no space left";
//   break_syncs   writes succeed and syncs fail: the bytes are in the file all the same;
//   break_padding zeros ahead of what is written find no space, all else does;
//   drop_unsynced leaves of every file what was synced, and of logs some pages more, as a power cut may. Only after the
//   database has let go of them.
// And it can be copied while the database is at work, whose own threads write, rename and delete files whenever they
// like: everything that changes a file waits while a copy is made, so the copy is of one moment.
class FaultyFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  FaultyFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "FaultyFileSystem"; }
  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

  std::atomic<bool> broken{false};
  std::atomic<bool> break_syncs{false};
  std::atomic<bool> break_padding{false};
  std::atomic<int> syncs{0};
  void drop_unsynced();
  void copy_as_of_one_moment(const std::string& from, const std::string& to);

  std::shared_mutex still;  // held alone for a copy, shared by everything that changes a file
  void note_synced(const std::string& name, std::uint64_t size);

 private:
  std::mutex mutex_;
  std::map<std::string, std::uint64_t> synced_;
};

// A ledger in a directory of its own, with small buffers so that flushes and compactions take part.
class RocksDbSubject final : public ledger::Subject {
 public:
  RocksDbSubject();
  ledger::Ledger& ledger() override { return *ledger_; }
  void reopen() override;
  // Continues on a copy of the files as they stand: what a killed process leaves.
  void crash() override;
  bool break_storage(bool broken) override;

  // As crash(), but of the files only what was synced.
  void cut_power();
  RocksDbLedger& rocksdb() { return *ledger_; }
  FaultyFileSystem& files() { return *files_; }
  Options options() const;
  const std::string& directory() const { return directory_; }
  void close() { ledger_.reset(); }
  void open();

 private:
  TempDir temp_;
  int generation_ = 0;
  std::string directory_;
  std::shared_ptr<FaultyFileSystem> files_;
  std::unique_ptr<RocksDbLedger> ledger_;
};

Options small_options(const std::string& directory);

}  // namespace curfew::ledger_rocksdb
