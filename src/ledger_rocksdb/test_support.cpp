#include "ledger_rocksdb/test_support.h"

#include <stdlib.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace curfew::ledger_rocksdb {
namespace {

namespace fs = std::filesystem;

class FaultyFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultyFile(std::unique_ptr<rocksdb::FSWritableFile>&& file, std::string name, FaultyFileSystem& files)
      : FSWritableFileOwnerWrapper(std::move(file)), name_(std::move(name)), files_(files) {}

  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
    const std::shared_lock moving(files_.still);
    if (files_.broken) return rocksdb::IOStatus::NoSpace("No space left on device");
    size_ += data.size();
    return FSWritableFileOwnerWrapper::Append(data, options, debug);
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo& info, rocksdb::IODebugContext* debug) override {
    const std::shared_lock moving(files_.still);
    if (files_.broken) return rocksdb::IOStatus::NoSpace("No space left on device");
    size_ += data.size();
    return FSWritableFileOwnerWrapper::Append(data, options, info, debug);
  }
  rocksdb::IOStatus PositionedAppend(const rocksdb::Slice& data, std::uint64_t offset,
                                     const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
    const std::shared_lock moving(files_.still);
    if (files_.broken || !reach(data, offset)) return rocksdb::IOStatus::NoSpace("No space left on device");
    return FSWritableFileOwnerWrapper::PositionedAppend(data, offset, options, debug);
  }
  rocksdb::IOStatus PositionedAppend(const rocksdb::Slice& data, std::uint64_t offset,
                                     const rocksdb::IOOptions& options, const rocksdb::DataVerificationInfo& info,
                                     rocksdb::IODebugContext* debug) override {
    const std::shared_lock moving(files_.still);
    if (files_.broken || !reach(data, offset)) return rocksdb::IOStatus::NoSpace("No space left on device");
    return FSWritableFileOwnerWrapper::PositionedAppend(data, offset, options, info, debug);
  }
  rocksdb::IOStatus Truncate(std::uint64_t size, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override {
    const std::shared_lock moving(files_.still);
    if (files_.broken) return rocksdb::IOStatus::NoSpace("No space left on device");
    return FSWritableFileOwnerWrapper::Truncate(size, options, debug);
  }
  rocksdb::IOStatus Close(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
    const std::shared_lock moving(files_.still);
    return FSWritableFileOwnerWrapper::Close(options, debug);
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
    return synced(FSWritableFileOwnerWrapper::Sync(options, debug));
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
    return synced(FSWritableFileOwnerWrapper::Fsync(options, debug));
  }

 private:
  // Takes note of how far the file reaches, but for zeros behind its end: those are padding. False: none is taken.
  bool reach(const rocksdb::Slice& data, std::uint64_t offset) {
    const bool zeros = std::all_of(data.data(), data.data() + data.size(), [](char c) { return c == 0; });
    if (zeros && offset >= size_) return !files_.break_padding;
    if (offset + data.size() > size_) size_ = offset + data.size();
    return true;
  }
  rocksdb::IOStatus synced(rocksdb::IOStatus status) {
    if (files_.broken || files_.break_syncs) return rocksdb::IOStatus::IOError("the sync failed");
    ++files_.syncs;
    if (status.ok()) files_.note_synced(name_, size_);
    return status;
  }

  std::string name_;
  FaultyFileSystem& files_;
  std::atomic<std::uint64_t> size_ = 0;
};

}  // namespace

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TempDir::TempDir() {
  std::string pattern = (fs::temp_directory_path() / "curfew-ledger-XXXXXX").string();
  path_ = ::mkdtemp(pattern.data());
}

TempDir::~TempDir() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

rocksdb::IOStatus FaultyFileSystem::NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                                    rocksdb::IODebugContext* debug) {
  const std::shared_lock moving(still);
  rocksdb::IOStatus status = FileSystemWrapper::NewWritableFile(name, options, file, debug);
  if (!status.ok()) return status;
  note_synced(name, 0);
  *file = std::make_unique<FaultyFile>(std::move(*file), name, *this);
  return status;
}

rocksdb::IOStatus FaultyFileSystem::DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                                               rocksdb::IODebugContext* debug) {
  const std::shared_lock moving(still);
  return FileSystemWrapper::DeleteFile(name, options, debug);
}

rocksdb::IOStatus FaultyFileSystem::RenameFile(const std::string& from, const std::string& to,
                                               const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) {
  const std::shared_lock moving(still);
  const rocksdb::IOStatus status = FileSystemWrapper::RenameFile(from, to, options, debug);
  const std::lock_guard lock(mutex_);
  const auto it = synced_.find(from);
  if (status.ok() && it != synced_.end()) {
    synced_[to] = it->second;
    synced_.erase(it);
  }
  return status;
}

void FaultyFileSystem::note_synced(const std::string& name, std::uint64_t size) {
  const std::lock_guard lock(mutex_);
  synced_[name] = size;
}

void FaultyFileSystem::copy_as_of_one_moment(const std::string& from, const std::string& to) {
  const std::unique_lock nothing_moves(still);
  fs::copy(from, to, fs::copy_options::recursive);
}

void FaultyFileSystem::drop_unsynced() {
  constexpr std::uint64_t page = 4096;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, synced] : synced_) {
    std::error_code gone;
    if (!fs::exists(name, gone) || fs::file_size(name, gone) <= synced) continue;
    if (!name.ends_with(".log")) {
      fs::resize_file(name, synced, gone);
      continue;
    }
    // The length of a padded file was synced with the zeros in it. Of what was written over them since, each page may
    // have reached the disk or not: here every other one has.
    std::fstream file(name, std::ios::in | std::ios::out | std::ios::binary);
    const std::uint64_t size = fs::file_size(name);
    for (std::uint64_t at = synced; at < size; at = (at / page + 2) * page) {
      const std::string zeros(std::min(size, (at / page + 1) * page) - at, '\0');
      file.seekp(static_cast<std::streamoff>(at));
      file.write(zeros.data(), static_cast<std::streamsize>(zeros.size()));
    }
  }
}

Options small_options(const std::string& directory) {
  Options options;
  options.directory = directory;
  options.block_cache_bytes = 4 << 20;
  options.write_buffer_bytes = 4 << 20;
  options.reserve_bytes = 0;
  return options;
}

RocksDbSubject::RocksDbSubject() : directory_(temp_.path("0")), files_(std::make_shared<FaultyFileSystem>()) {
  open();
}

Options RocksDbSubject::options() const {
  Options options = small_options(directory_);
  options.file_system = files_;
  return options;
}

void RocksDbSubject::open() {
  Result<std::unique_ptr<RocksDbLedger>> opened = RocksDbLedger::open(options());
  if (!opened) throw std::runtime_error("the ledger can't be opened: " + opened.error().message);
  ledger_ = *std::move(opened);
}

void RocksDbSubject::reopen() {
  ledger_.reset();
  open();
}

void RocksDbSubject::crash() {
  const std::string left = temp_.path(std::to_string(++generation_));
  files_->copy_as_of_one_moment(directory_, left);
  ledger_.reset();
  fs::remove_all(directory_);
  directory_ = left;
  files_ = std::make_shared<FaultyFileSystem>();
  open();
}

void RocksDbSubject::cut_power() {
  // The process must not sync anything as it goes.
  files_->broken = true;
  ledger_.reset();
  files_->drop_unsynced();
  files_ = std::make_shared<FaultyFileSystem>();
  open();
}

bool RocksDbSubject::break_storage(bool broken) {
  files_->broken = broken;
  return true;
}

}  // namespace curfew::ledger_rocksdb
