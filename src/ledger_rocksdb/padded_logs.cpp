#include "ledger_rocksdb/padded_logs.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "ledger_rocksdb/direct_file.h"

namespace curfew::ledger_rocksdb {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

// What is as long as this writes to the disk for longer than the file's length does.
constexpr std::size_t kLong = 64 << 10;
// What is as long as this goes past the page cache.
constexpr std::size_t kDirect = 256 << 10;
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
  PaddedLog(std::unique_ptr<rocksdb::FSWritableFile>&& file, std::string name, PastCache past_cache,
            std::shared_ptr<Lengths> lengths)
      : FSWritableFileOwnerWrapper(std::move(file)),
        name_(std::move(name)),
        lengths_(std::move(lengths)),
        directly_(past_cache == PastCache::kLongCommits) {
    lengths_->set(name_, 0);
  }
  ~PaddedLog() override {
    if (!closed_) PaddedLog::Close({}, nullptr).PermitUncheckedError();
    lengths_->forget(name_);
  }

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, IODebugContext* debug) override {
    const std::lock_guard lock(mutex_);
    if (append_directly(data)) return IOStatus::OK();
    return appended(data, target()->PositionedAppend(data, end_, options, debug));
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo& sum,
                  IODebugContext* debug) override {
    const std::lock_guard lock(mutex_);
    if (append_directly(data)) return IOStatus::OK();
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
      if (size != end_) directly_ = false;  // what lies before it is not known
      end_ = padded_ = synced_ = size;
      lengths_->set(name_, end_);
    }
    return status;
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    closed_ = true;
    // What a direct write that failed has left is cut off, too.
    IOStatus status = padded_ > end_ || direct_ ? Truncate(end_, options, debug) : IOStatus::OK();
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
    going_direct_ = false;
    if (!brief || end_ + kLong <= padded_ || !padding_) return;
    const std::uint64_t to = (end_ + kPadding + kBlock - 1) / kBlock * kBlock;
    for (std::uint64_t at = std::max(padded_, end_); at < to && padding_;) {
      const std::size_t n = kBlock - at % kBlock;  // wherever it ends, it is at a block's end
      padding_ = target()->PositionedAppend({kZeros.data(), n}, at, options, debug).ok();
      at += n;
      if (padding_) padded_ = at;
    }
  }
  // What is long, and what follows it until the next sync. False if it must be written otherwise, over whatever came of
  // this.
  bool append_directly(const rocksdb::Slice& data) {
    if (!directly_ || (data.size() < kDirect && !going_direct_)) return false;
    if (!direct_) direct_ = DirectFile::open(name_);
    const auto padded = direct_ ? direct_->write(end_, tail_, {data.data(), data.size()}, kBlock) : std::nullopt;
    directly_ = going_direct_ = padded.has_value();
    if (!padded) return false;
    padded_ = std::max(padded_, *padded);
    moved_on(data);
    // Nothing, but it tells the target how long the file is: when it is closed, that cuts off what it knows nothing of.
    target()->PositionedAppend({}, end_, {}, nullptr).PermitUncheckedError();
    return true;
  }
  IOStatus appended(const rocksdb::Slice& data, IOStatus status) {
    if (status.ok()) moved_on(data);
    return status;
  }
  void moved_on(const rocksdb::Slice& data) {
    const std::uint64_t block = end_ / DirectFile::kAlign;
    end_ += data.size();
    lengths_->set(name_, end_);
    if (!directly_) return;
    const std::size_t in_block = end_ % DirectFile::kAlign;
    if (end_ / DirectFile::kAlign == block)
      tail_.append(data.data(), data.size());
    else
      tail_.assign(data.data() + data.size() - in_block, in_block);
  }

  const std::string name_;
  const std::shared_ptr<Lengths> lengths_;
  // A log may be synced while it is appended to: zeros must not go over what has just come.
  std::mutex mutex_;
  std::uint64_t end_ = 0;     // of what was appended
  std::uint64_t synced_ = 0;  // where it was at the last sync
  std::uint64_t padded_ = 0;  // zeros reach to here, if that is further
  bool padding_ = true;       // until zeros could not be written
  bool closed_ = false;
  bool directly_;              // what is long: until it could not be
  bool going_direct_ = false;  // something was, since the last sync
  std::string tail_;           // what lies in the last block of a direct file, which is written again; while directly_
  std::unique_ptr<DirectFile> direct_;
};

class PaddedLogs final : public rocksdb::FileSystemWrapper {
 public:
  PaddedLogs(const std::shared_ptr<rocksdb::FileSystem>& target, PastCache past_cache)
      : FileSystemWrapper(target), past_cache_(past_cache) {}
  const char* Name() const override { return "PaddedLogs"; }
  IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) override {
    IOStatus status = FileSystemWrapper::NewWritableFile(name, options, file, debug);
    if (status.ok() && name.ends_with(".log"))
      *file = std::make_unique<PaddedLog>(std::move(*file), name, past_cache_, lengths_);
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
  const PastCache past_cache_;
  const std::shared_ptr<Lengths> lengths_ = std::make_shared<Lengths>();
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> with_padded_logs(const std::shared_ptr<rocksdb::FileSystem>& target,
                                                      PastCache past_cache) {
  return std::make_shared<PaddedLogs>(target, past_cache);
}

}  // namespace curfew::ledger_rocksdb
