// Backup and restore: plain copies of a checkpoint's files, each with its SHA-256.
#include <fcntl.h>
#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/utilities/checkpoint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "base/crypto.h"
#include "ledger_rocksdb/errors.h"
#include "ledger_rocksdb/maintenance.h"
#include "ledger_rocksdb/store.h"

namespace curfew::ledger_rocksdb {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSums = "SHA256SUMS";
constexpr std::string_view kCheckpoint = "backup-in-progress";

tl::unexpected<Error> unavailable(const fs::path& path, std::string_view what, int error) {
  const char* reason = error == ENOSPC ? "disk_full" : "ledger_unavailable";
  return fail(ErrorCode::kUnavailable, reason,
              fmt::format("{} can't be {}: {}.", path.string(), what, std::strerror(error)));
}

tl::unexpected<Error> broken_backup(std::string message) {
  return fail(ErrorCode::kDataLoss, "backup_broken", std::move(message));
}

// Removes what it was told, unless it is kept in the end.
class Cleanup {
 public:
  explicit Cleanup(fs::path path) : path_(std::move(path)) {}
  ~Cleanup() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  Cleanup(const Cleanup&) = delete;
  Cleanup& operator=(const Cleanup&) = delete;
  void keep() { path_.clear(); }

 private:
  fs::path path_;
};

class File {
 public:
  File(const fs::path& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

// A whole file, mapped for reading.
class Mapped {
 public:
  static Result<Mapped> open(const fs::path& path) {
    const File file(path, O_RDONLY);
    struct stat info = {};
    if (file.fd() < 0 || ::fstat(file.fd(), &info) != 0) return unavailable(path, "read", errno);
    Mapped mapped;
    mapped.size_ = static_cast<std::size_t>(info.st_size);
    if (mapped.size_ == 0) return mapped;
    mapped.data_ = ::mmap(nullptr, mapped.size_, PROT_READ, MAP_PRIVATE, file.fd(), 0);
    if (mapped.data_ == MAP_FAILED) {
      mapped.data_ = nullptr;
      return unavailable(path, "read", errno);
    }
    return mapped;
  }
  Mapped(Mapped&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Mapped& operator=(Mapped&&) = delete;
  ~Mapped() {
    if (data_ != nullptr) ::munmap(data_, size_);
  }
  std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }

 private:
  Mapped() = default;
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

Status sync_directory(const fs::path& path) {
  const File directory(path, O_RDONLY | O_DIRECTORY);
  if (directory.fd() < 0 || ::fsync(directory.fd()) != 0) return unavailable(path, "synced", errno);
  return {};
}

Status write_file(const fs::path& path, std::string_view bytes) {
  const File file(path, O_WRONLY | O_CREAT | O_EXCL);
  if (file.fd() < 0) return unavailable(path, "written", errno);
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.fd(), bytes.data(), std::min<std::size_t>(bytes.size(), 1 << 20));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return unavailable(path, "written", errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file.fd()) != 0) return unavailable(path, "synced", errno);
  return {};
}

std::string sum_of(std::string_view bytes) {
  return to_hex(sha256(bytes));
}

Status make_empty(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return unavailable(directory, "made", error.value());
  if (fs::directory_iterator(directory, error) != fs::directory_iterator() || error) {
    return fail(ErrorCode::kAlreadyExists, "target_not_empty",
                fmt::format("{} is not an empty directory; name one that does not exist yet.", directory.string()));
  }
  ::chmod(directory.c_str(), 0700);
  return {};
}

// Copies files and writes their sums, last.
class Copier {
 public:
  explicit Copier(fs::path target) : target_(std::move(target)) {}

  Status copy(const fs::path& from, const std::string& name) {
    if (from.extension() == ".log") return copy_log(from, name);
    CURFEW_TRY(const Mapped source, Mapped::open(from));
    return put(name, source.bytes());
  }
  Status put(const std::string& name, std::string_view bytes) {
    CURFEW_TRY_STATUS(write_file(target_ / name, bytes));
    sums_ += fmt::format("{}  {}\n", sum_of(bytes), name);
    ++report_.files;
    report_.bytes += bytes.size();
    return {};
  }
  Status finish() {
    CURFEW_TRY_STATUS(sync_directory(target_ / "rocksdb"));
    CURFEW_TRY_STATUS(write_file(target_ / kSums, sums_));
    return sync_directory(target_);
  }
  BackupReport& report() { return report_; }

 private:
  // A log may be the live one's, under another name, and be cut to its length while it is copied (padded_logs.h): a
  // mapping would end before its end.
  Status copy_log(const fs::path& from, const std::string& name) {
    const File file(from, O_RDONLY);
    std::string bytes;
    constexpr std::size_t piece = std::size_t{1} << 20;
    while (file.fd() >= 0) {
      const std::size_t had = bytes.size();
      bytes.resize(had + piece);
      const ssize_t got = ::read(file.fd(), bytes.data() + had, piece);
      bytes.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
      if (got == 0) return put(name, bytes);
      if (got < 0 && errno != EINTR) break;
    }
    return unavailable(from, "read", errno);
  }

  fs::path target_;
  std::string sums_;
  BackupReport report_;
};

Result<BackupReport> back_up(const Store& store, const fs::path& target, const HoldStill& still) {
  CURFEW_TRY_STATUS(make_empty(target));
  const fs::path checkpoint_path = fs::path(store.options().directory) / kCheckpoint;
  std::error_code error;
  fs::remove_all(checkpoint_path, error);
  rocksdb::Checkpoint* made = nullptr;
  CURFEW_TRY(const Reading open, store.reading());
  rocksdb::Status status = rocksdb::Checkpoint::Create(&open.db(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  const ledger::Position at_least = store.position();
  {
    const std::unique_lock<std::mutex> held = still();
    if (status.ok()) status = checkpoint->CreateCheckpoint(checkpoint_path.string());
  }
  const Cleanup cleanup(checkpoint_path);
  if (!status.ok()) return tl::unexpected(to_error(status, "making a checkpoint"));
  Copier copier(target);
  fs::create_directory(target / "rocksdb", error);
  if (error) return unavailable(target / "rocksdb", "made", error.value());
  CURFEW_TRY_STATUS(copier.put("FORMAT", fmt::format("curfew ledger format {}\n", kFormat)));
  CURFEW_TRY_STATUS(copier.put("BACKUP", fmt::format("curfew backup 1\nposition {}\n", at_least)));
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(checkpoint_path, error)) files.push_back(entry.path());
  if (error) return unavailable(checkpoint_path, "read", error.value());
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) CURFEW_TRY_STATUS(copier.copy(file, "rocksdb/" + file.filename().string()));
  CURFEW_TRY_STATUS(copier.finish());
  copier.report().position = at_least;
  return copier.report();
}

struct Listed {
  std::string sum, name;
};

// The lines of SHA256SUMS. Names are FORMAT, BACKUP, and plain files under rocksdb/: nothing that leads elsewhere.
Result<std::vector<Listed>> listed_files(const fs::path& backup_directory) {
  std::ifstream file(backup_directory / kSums);
  if (!file) {
    return broken_backup(
        fmt::format("{} has no SHA256SUMS: it is not a backup, or it was not finished.", backup_directory.string()));
  }
  std::vector<Listed> listed;
  std::string line;
  while (std::getline(file, line)) {
    Listed entry{line.substr(0, 64), line.size() > 66 ? line.substr(66) : ""};
    const std::string_view plain = std::string_view(entry.name).substr(entry.name.starts_with("rocksdb/") ? 8 : 0);
    if (line.size() < 67 || line.substr(64, 2) != "  " || plain.empty() || plain.find('/') != std::string_view::npos ||
        plain == "." || plain == "..") {
      return broken_backup(fmt::format("A line of SHA256SUMS is not one of ours: \"{}\".", line.substr(0, 200)));
    }
    listed.push_back(std::move(entry));
  }
  const auto has = [&](std::string_view name) {
    return std::any_of(listed.begin(), listed.end(), [&](const Listed& entry) { return entry.name == name; });
  };
  if (!has("FORMAT") || !has("rocksdb/CURRENT")) return broken_backup("SHA256SUMS lists no whole ledger.");
  return listed;
}

Status verify(const fs::path& backup_directory, const std::vector<Listed>& listed) {
  for (const Listed& entry : listed) {
    Result<Mapped> mapped = Mapped::open(backup_directory / entry.name);
    if (!mapped)
      return broken_backup(fmt::format("The backup's file {} is missing: {}", entry.name, mapped.error().message));
    if (sum_of(mapped->bytes()) != entry.sum) {
      return broken_backup(fmt::format("The backup's file {} is not what was written.", entry.name));
    }
  }
  return {};
}

}  // namespace

Status backup_store(const Store& store, const std::string& target, const HoldStill& still) {
  std::error_code ignored;
  const bool was_there = fs::exists(target, ignored);
  Result<BackupReport> report = back_up(store, target, still);
  if (report) return {};
  // What was begun is taken away; a target that was refused is not ours to touch.
  if (report.error().reason != "target_not_empty") {
    if (was_there) {
      for (const auto& entry : fs::directory_iterator(target, ignored)) fs::remove_all(entry.path(), ignored);
    } else {
      fs::remove_all(target, ignored);
    }
  }
  return tl::unexpected(std::move(report).error());
}

Result<BackupReport> backup(const std::string& directory, const std::string& target) {
  Options options;
  options.directory = directory;
  options.reserve_bytes = 0;
  CURFEW_TRY(const std::optional<std::uint32_t> format, format_of(directory));
  if (!format) return fail(ErrorCode::kNotFound, "no_ledger", fmt::format("There is no ledger in {}.", directory));
  CURFEW_TRY(const std::unique_ptr<Store> store, Store::open(std::move(options), OpenMode::kReadWrite));
  CURFEW_TRY_STATUS(backup_store(*store, target, [] { return std::unique_lock<std::mutex>(); }));
  CURFEW_TRY(const std::vector<Listed> listed, listed_files(target));
  BackupReport report{store->position(), 0, 0};
  for (const Listed& entry : listed) {
    std::error_code ignored;
    ++report.files;
    report.bytes += fs::file_size(fs::path(target) / entry.name, ignored);
  }
  return report;
}

Result<BackupReport> restore(const std::string& backup_directory, const std::string& directory) {
  CURFEW_TRY(const std::vector<Listed> listed, listed_files(backup_directory));
  CURFEW_TRY(const std::optional<std::uint32_t> format, format_of(backup_directory));
  if (!format || *format > kFormat) {
    return fail(
        ErrorCode::kConflict, "format_too_new",
        fmt::format("The backup has format {}, and this program knows formats up to {}.", format.value_or(0), kFormat));
  }
  CURFEW_TRY_STATUS(verify(backup_directory, listed));
  fs::path target = fs::absolute(directory).lexically_normal();
  if (!target.has_filename()) target = target.parent_path();  // "data/"
  CURFEW_TRY_STATUS(make_empty(target));
  const fs::path draft = target.parent_path() / (target.filename().string() + ".restoring");
  CURFEW_TRY_STATUS(make_empty(draft));
  Cleanup cleanup(draft);
  std::error_code error;
  fs::create_directory(draft / "rocksdb", error);
  if (error) return unavailable(draft / "rocksdb", "made", error.value());
  BackupReport report;
  for (const Listed& entry : listed) {
    if (entry.name == "BACKUP") continue;
    CURFEW_TRY(const Mapped source, Mapped::open(fs::path(backup_directory) / entry.name));
    if (sum_of(source.bytes()) != entry.sum)
      return broken_backup(fmt::format("The backup's file {} changed while it was read.", entry.name));
    CURFEW_TRY_STATUS(write_file(draft / entry.name, source.bytes()));
    ++report.files;
    report.bytes += source.bytes().size();
  }
  CURFEW_TRY_STATUS(sync_directory(draft / "rocksdb"));
  CURFEW_TRY_STATUS(sync_directory(draft));
  {
    // It must open, and not only be the same bytes.
    Options options;
    options.directory = draft.string();
    const OpenMode mode = *format < kFormat ? OpenMode::kReadWrite : OpenMode::kReadOnly;
    CURFEW_TRY(const std::unique_ptr<Store> store, Store::open(std::move(options), mode));
    report.position = store->position();
  }
  if (::rename(draft.c_str(), target.c_str()) != 0) return unavailable(target, "put in place", errno);
  cleanup.keep();
  CURFEW_TRY_STATUS(sync_directory(target.parent_path()));
  return report;
}

}  // namespace curfew::ledger_rocksdb
