#include "ledger_rocksdb/padded_logs.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace curfew::ledger_rocksdb {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

// What is as long as this writes to the disk for longer than the file's length does.
constexpr std::size_t kLong = 64 << 10;
// Of RocksDB's logs. A file must not end within a record's head, even one of zeros: that would be a torn one.
constexpr std::uint64_t kBlock = 32 << 10;

constexpr std::array<char, kBlock> kZeros{};

// How long the logs that are being written are, without their padding.
class Lengths {
 public:
  void set(const std::string& name, std::uint64_t length) {
    const std::lock_guard lock(mutex_);
    lengths_[name] = length;
  }
  void forget(const std::string& name) {
    const std::lock_guard lock(mutex_);
    lengths_.erase(name);
  }
  std::optional<std::uint64_t> find(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto it = lengths_.find(name);
    return it == lengths_.end() ? std::nullopt : std::optional(it->second);
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t> lengths_;
};

class PaddedLog final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  PaddedLog(std::unique_ptr<rocksdb::FSWritableFile>&& file, std::string name, std::shared_ptr<Lengths> lengths)
      : FSWritableFileOwnerWrapper(std::move(file)), name_(std::move(name)), lengths_(std::move(lengths)) {
    lengths_->set(name_, 0);
  }
  ~PaddedLog() override { lengths_->forget(name_); }

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, IODebugContext* debug) override {
    const std::lock_guard lock(mutex_);
    return appended(data, target()->PositionedAppend(data, end_, options, debug));
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo& sum,
                  IODebugContext* debug) override {
    const std::lock_guard lock(mutex_);
    return appended(data, target()->PositionedAppend(data, end_, options, sum, debug));
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    pad(options, debug);
    return target()->Sync(options, debug);
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    pad(options, debug);
    return target()->Fsync(options, debug);
  }
  IOStatus Truncate(std::uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    const std::lock_guard lock(mutex_);
    IOStatus status = target()->Truncate(size, options, debug);
    if (status.ok()) {
      end_ = padded_ = synced_ = size;
      lengths_->set(name_, end_);
    }
    return status;
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    IOStatus status = padded_ > end_ ? Truncate(end_, options, debug) : IOStatus::OK();
    IOStatus closed = target()->Close(options, debug);
    return status.ok() ? closed : status;
  }
  std::uint64_t GetFileSize(const IOOptions&, IODebugContext*) override {
    const std::lock_guard lock(mutex_);
    return end_;
  }

 private:
  // For what comes after a short commit, so that its sync finds the length as it is. What nobody syncs needs no zeros.
  void pad(const IOOptions& options, IODebugContext* debug) {
    const std::lock_guard lock(mutex_);
    const bool brief = end_ - synced_ < kLong;
    synced_ = end_;
    if (!brief || end_ + kLong <= padded_ || !padding_) return;
    const std::uint64_t to = (end_ + kPadding + kBlock - 1) / kBlock * kBlock;
    for (std::uint64_t at = std::max(padded_, end_); at < to && padding_;) {
      const std::size_t n = kBlock - at % kBlock;  // wherever it ends, it is at a block's end
      padding_ = target()->PositionedAppend({kZeros.data(), n}, at, options, debug).ok();
      at += n;
      if (padding_) padded_ = at;
    }
  }
  IOStatus appended(const rocksdb::Slice& data, IOStatus status) {
    if (status.ok()) {
      end_ += data.size();
      lengths_->set(name_, end_);
    }
    return status;
  }

  const std::string name_;
  const std::shared_ptr<Lengths> lengths_;
  // A log may be synced while it is appended to: zeros must not go over what has just come.
  std::mutex mutex_;
  std::uint64_t end_ = 0;     // of what was appended
  std::uint64_t synced_ = 0;  // where it was at the last sync
  std::uint64_t padded_ = 0;  // zeros reach to here, if that is further
  bool padding_ = true;       // until zeros could not be written
};

class PaddedLogs final : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;
  const char* Name() const override { return "PaddedLogs"; }
  IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) override {
    IOStatus status = FileSystemWrapper::NewWritableFile(name, options, file, debug);
    if (status.ok() && name.ends_with(".log")) *file = std::make_unique<PaddedLog>(std::move(*file), name, lengths_);
    return status;
  }
  // A checkpoint copies as much of the live log: zeros that are written over meanwhile would be holes in the copy.
  IOStatus GetFileSize(const std::string& name, const IOOptions& options, std::uint64_t* size,
                       IODebugContext* debug) override {
    IOStatus status = FileSystemWrapper::GetFileSize(name, options, size, debug);
    if (const auto written = lengths_->find(name); status.ok() && written) *size = *written;
    return status;
  }

 private:
  const std::shared_ptr<Lengths> lengths_ = std::make_shared<Lengths>();
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> with_padded_logs(const std::shared_ptr<rocksdb::FileSystem>& target) {
  return std::make_shared<PaddedLogs>(target);
}

}  // namespace curfew::ledger_rocksdb
