#include "ledger_rocksdb/padded_logs.h"

#include <algorithm>
#include <array>
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

class PaddedLog final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  explicit PaddedLog(std::unique_ptr<rocksdb::FSWritableFile>&& file) : FSWritableFileOwnerWrapper(std::move(file)) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, IODebugContext* debug) override {
    pad(data.size(), options, debug);
    return appended(data, target()->PositionedAppend(data, end_, options, debug));
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo& sum,
                  IODebugContext* debug) override {
    pad(data.size(), options, debug);
    return appended(data, target()->PositionedAppend(data, end_, options, sum, debug));
  }
  IOStatus Truncate(std::uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    IOStatus status = target()->Truncate(size, options, debug);
    if (status.ok()) end_ = padded_ = size;
    return status;
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    IOStatus status = padded_ > end_ ? Truncate(end_, options, debug) : IOStatus::OK();
    IOStatus closed = target()->Close(options, debug);
    return status.ok() ? closed : status;
  }
  std::uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return end_; }

 private:
  void pad(std::size_t coming, const IOOptions& options, IODebugContext* debug) {
    if (end_ + coming <= padded_ || coming >= kLong || !padding_) return;
    const std::uint64_t to = (end_ + coming + kPadding + kBlock - 1) / kBlock * kBlock;
    for (std::uint64_t at = std::max(padded_, end_); at < to && padding_;) {
      const std::size_t n = std::min<std::uint64_t>(kZeros.size(), to - at);
      padding_ = target()->PositionedAppend({kZeros.data(), n}, at, options, debug).ok();
      at += n;
      if (padding_) padded_ = at;
    }
  }
  IOStatus appended(const rocksdb::Slice& data, IOStatus status) {
    if (status.ok()) end_ += data.size();
    return status;
  }

  std::uint64_t end_ = 0;     // of what was appended
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
    if (status.ok() && name.ends_with(".log")) *file = std::make_unique<PaddedLog>(std::move(*file));
    return status;
  }
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> with_padded_logs(const std::shared_ptr<rocksdb::FileSystem>& target) {
  return std::make_shared<PaddedLogs>(target);
}

}  // namespace curfew::ledger_rocksdb
