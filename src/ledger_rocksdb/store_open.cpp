// Opening a store: the directory, its format, the database, its state, and the comparison with the marks.
#include <fcntl.h>
#include <fmt/format.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/wal_filter.h>
#include <rocksdb/write_batch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "base/crypto.h"
#include "ledger_rocksdb/errors.h"
#include "ledger_rocksdb/padded_logs.h"
#include "ledger_rocksdb/store.h"
#include "ledger_rocksdb/tuning.h"

namespace curfew::ledger_rocksdb {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFormatLine = "curfew ledger format ";

tl::unexpected<Error> unavailable(const std::string& path, std::string_view what) {
  return fail(ErrorCode::kUnavailable, "ledger_unavailable",
              fmt::format("{} can't be {}: {}.", path, what, std::strerror(errno)));
}

tl::unexpected<Error> broken(std::string_view what) {
  return fail(ErrorCode::kDataLoss, "ledger_corrupt", fmt::format("The ledger's {} is not what was written.", what));
}

// Leaves the one refused commit out of the log, should it stand there whole.
class RefusedCommitFilter final : public rocksdb::WalFilter {
 public:
  explicit RefusedCommitFilter(std::uint64_t nonce) : mark_(u64_bytes(nonce)) {}
  const char* Name() const override { return "curfew.refused_commit"; }
  WalProcessingOption LogRecordFound(unsigned long long, const std::string&, const rocksdb::WriteBatch& batch,
                                     rocksdb::WriteBatch*, bool*) override {
    Finder finder(mark_);
    const rocksdb::Status read = batch.Iterate(&finder);
    return read.ok() && finder.found ? WalProcessingOption::kIgnoreCurrentRecord
                                     : WalProcessingOption::kContinueProcessing;
  }

 private:
  struct Finder final : rocksdb::WriteBatch::Handler {
    explicit Finder(const std::string& m) : mark(m) {}
    rocksdb::Status PutCF(uint32_t, const rocksdb::Slice&, const rocksdb::Slice&) override { return {}; }
    rocksdb::Status DeleteCF(uint32_t, const rocksdb::Slice&) override { return {}; }
    rocksdb::Status DeleteRangeCF(uint32_t, const rocksdb::Slice&, const rocksdb::Slice&) override { return {}; }
    rocksdb::Status MergeCF(uint32_t, const rocksdb::Slice&, const rocksdb::Slice&) override { return {}; }
    void LogData(const rocksdb::Slice& blob) override { found = found || blob == rocksdb::Slice(mark); }
    const std::string& mark;
    bool found = false;
  };
  std::string mark_;
};

// Hard links to the logs as they are before recovery, so that a ledger that is refused can still be examined.
void keep_logs(const fs::path& database, const fs::path& aside) {
  std::error_code ignored;
  fs::remove_all(aside, ignored);
  fs::create_directory(aside, ignored);
  for (const auto& entry : fs::directory_iterator(database, ignored)) {
    if (entry.path().extension() == ".log")
      fs::create_hard_link(entry.path(), aside / entry.path().filename(), ignored);
  }
}

}  // namespace

Result<std::optional<std::uint32_t>> format_of(const std::string& directory) {
  std::ifstream file(directory + "/FORMAT");
  std::string line;
  if (!file || !std::getline(file, line)) {
    std::error_code ignored;
    if (!fs::exists(directory + "/rocksdb/CURRENT", ignored)) return std::nullopt;
    return fail(ErrorCode::kDataLoss, "format_missing",
                fmt::format("{} holds a database but no FORMAT file; restore a backup.", directory));
  }
  std::uint32_t format = 0;
  const bool ours = line.starts_with(kFormatLine);
  const char* end = line.data() + line.size();
  if (ours) {
    const auto [stop, error] = std::from_chars(line.data() + kFormatLine.size(), end, format);
    if (error == std::errc() && stop == end) return format;
  }
  return fail(ErrorCode::kDataLoss, "format_missing", fmt::format("{}/FORMAT does not name a format.", directory));
}

Status write_format(const std::string& directory, std::uint32_t format) {
  const std::string path = directory + "/FORMAT", draft = path + ".new";
  const int file = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return unavailable(draft, "written");
  const std::string line = fmt::format("{}{}\n", kFormatLine, format);
  const bool written =
      ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && ::fsync(file) == 0;
  ::close(file);
  if (!written || ::rename(draft.c_str(), path.c_str()) != 0) return unavailable(path, "written");
  const int folder = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = folder >= 0 && ::fsync(folder) == 0;
  if (folder >= 0) ::close(folder);
  if (!synced) return unavailable(directory, "synced");
  return {};
}

Result<std::unique_ptr<Store>> Store::open(Options options, OpenMode mode, std::span<const Migration> migrations) {
  std::unique_ptr<Store> store(new Store(std::move(options)));
  CURFEW_TRY_STATUS(store->prepare_directory(mode));
  CURFEW_TRY_STATUS(store->open_database(mode));
  CURFEW_TRY(std::optional<std::string> format, store->get(&Columns::meta, meta::kFormatKey));
  if (!format && mode == OpenMode::kReadWrite) {
    CURFEW_TRY_STATUS(store->initialise());
  } else if (!format || format->size() != 4) {
    return fail(ErrorCode::kDataLoss, "ledger_corrupt", "The database does not name its format; restore a backup.");
  } else if (get_u32(format->data()) != kFormat) {
    if (mode == OpenMode::kReadOnly) {
      return fail(ErrorCode::kConflict, "format_too_old",
                  fmt::format("The data directory has format {}; start the server once to upgrade it to {}.",
                              get_u32(format->data()), kFormat));
    }
    CURFEW_TRY_STATUS(write_format(store->options_.directory, kFormat));
    CURFEW_TRY_STATUS(migrate(*store, get_u32(format->data()), migrations));
  }
  CURFEW_TRY_STATUS(store->read_state());
  CURFEW_TRY_STATUS(store->compare_marks());
  store->bounds_->rows = store->columns_.rows;
  if (mode == OpenMode::kReadWrite) store->bounds_->db = store->db_.get();
  return store;
}

Status Store::prepare_directory(OpenMode mode) {
  const std::string& directory = options_.directory;
  CURFEW_TRY(const std::optional<std::uint32_t> format, format_of(directory));
  if (format && *format > kFormat) {
    return fail(
        ErrorCode::kConflict, "format_too_new",
        fmt::format("{} has format {}, and this program knows formats up to {}: it was written by a newer release. "
                    "Use that release, or restore a backup made before the upgrade.",
                    directory, *format, kFormat));
  }
  if (!format) {
    if (mode == OpenMode::kReadOnly) {
      return fail(ErrorCode::kNotFound, "no_ledger", fmt::format("There is no ledger in {}.", directory));
    }
    std::error_code error;
    fs::create_directories(directory, error);
    if (error) {
      errno = error.value();
      return unavailable(directory, "made");
    }
    if (::chmod(directory.c_str(), 0700) != 0) return unavailable(directory, "closed to others");
    CURFEW_TRY_STATUS(write_format(directory, kFormat));
  }
  CURFEW_TRY(marks_, Marks::open(directory + "/MARKS", mode == OpenMode::kReadWrite));
  if (mode == OpenMode::kReadWrite) {
    std::error_code ignored;
    for (const std::string_view file : {kSettlingFile, kSettlingRowsFile})
      fs::remove(directory + std::string(file), ignored);
  }
  return {};
}

Status Store::check_columns(std::vector<std::string>& names) const {
  const std::string path = database_path();
  rocksdb::DBOptions db;
  if (env_) db.env = env_.get();
  std::error_code ignored;
  if (!fs::exists(path + "/CURRENT", ignored)) return {};
  const rocksdb::Status listed = rocksdb::DB::ListColumnFamilies(db, path, &names);
  if (!listed.ok()) return tl::unexpected(to_error(listed, "opening the data directory"));
  return {};
}

Status Store::open_database(OpenMode mode) {
  const std::string path = database_path();
  if (!env_) {
    env_ = rocksdb::NewCompositeEnv(options_.file_system
                                        ? with_padded_logs(options_.file_system, PastCache::kNothing)
                                        : with_padded_logs(rocksdb::FileSystem::Default(), PastCache::kLongCommits));
  }
  rocksdb::DBOptions db = database_options(options_);
  db.env = env_.get();
  std::vector<rocksdb::ColumnFamilyDescriptor> columns = column_families(options_, bounds_);
  // Whoever starts reads all of it, with both hands: what is to be merged waits until something is written.
  merging_ = false;
  for (rocksdb::ColumnFamilyDescriptor& column : columns) column.options.disable_auto_compactions = true;
  std::vector<std::string> names;
  CURFEW_TRY_STATUS(check_columns(names));
  for (const std::string& name : names) {
    const bool known =
        std::any_of(columns.begin(), columns.end(), [&](const auto& column) { return column.name == name; });
    if (!known) {
      return fail(ErrorCode::kConflict, "format_too_new",
                  fmt::format("The database has a part \"{}\" that this program does not know.", name));
    }
  }
  if (marks_.refused_nonce() != 0) {
    log_filter_ = std::make_unique<RefusedCommitFilter>(marks_.refused_nonce());
    db.wal_filter = log_filter_.get();
  }
  rocksdb::DB* opened = nullptr;
  rocksdb::Status status;
  if (mode == OpenMode::kReadOnly) {
    db.create_if_missing = db.create_missing_column_families = false;
    status = db.env->LockFile(path + "/LOCK", &lock_);
    if (status.ok()) status = rocksdb::DB::OpenForReadOnly(db, path, columns, &handles_, &opened);
  } else {
    // The lock is RocksDB's own; it is tried first so that nothing is touched beside a running server.
    status = db.env->CreateDirIfMissing(path);
    if (status.ok()) status = db.env->LockFile(path + "/LOCK", &lock_);
    if (status.ok()) {
      keep_logs(path, options_.directory + "/logs-before-recovery");
      db.env->UnlockFile(lock_);
      lock_ = nullptr;
      status = rocksdb::DB::Open(db, path, columns, &handles_, &opened);
    }
  }
  if (!status.ok()) return tl::unexpected(to_error(status, "opening the data directory"));
  db_.reset(opened);
  columns_ = {handles_[0], handles_[1], handles_[2], handles_[3], handles_[4], handles_[5], handles_[6], handles_[7]};
  return {};
}

Status Store::initialise() {
  SystemRandom random;
  IndexHashKey secret{};
  random.fill(secret);
  std::string format;
  put_u32(format, kFormat);
  rocksdb::WriteBatch batch;
  batch.Put(columns_.meta, rocksdb::Slice(meta::kFormatKey), format);
  batch.Put(columns_.meta, rocksdb::Slice(meta::kStateKey), encode_state(State{}));
  batch.Put(columns_.meta, rocksdb::Slice(meta::kIndexKeyKey),
            rocksdb::Slice(reinterpret_cast<const char*>(secret.data()), secret.size()));
  return write_synced(batch, "making the data directory");
}

Result<State> Store::stored_state() const {
  std::string bytes;
  const rocksdb::Status status =
      db_->Get(rocksdb::ReadOptions(), columns_.meta, rocksdb::Slice(meta::kStateKey), &bytes);
  if (!status.ok() && !status.IsNotFound()) return tl::unexpected(to_error(status, "reading the state"));
  const std::optional<State> state = decode_state(bytes);
  if (!state) return broken("state");
  return *state;
}

Status Store::read_state() {
  CURFEW_TRY(const State state, stored_state());
  position_ = state.position;
  last_no_ = state.last_no;
  last_audit_seq_ = state.last_audit_seq;
  last_audit_time_ = state.last_audit_time;
  CURFEW_TRY(const std::optional<std::string> secret, get(&Columns::meta, meta::kIndexKeyKey));
  if (!secret || secret->size() != index_key_.size()) return broken("index key");
  std::copy(secret->begin(), secret->end(), index_key_.begin());
  const auto read_bound = [&](std::string_view key, std::uint64_t missing) -> Result<std::uint64_t> {
    CURFEW_TRY(const std::optional<std::string> bytes, get(&Columns::meta, key));
    if (!bytes) return missing;
    const std::optional<std::uint64_t> value = parse_u64(*bytes);
    if (!value) return broken(key);
    return *value;
  };
  CURFEW_TRY(bounds_->journal_from, read_bound(meta::kJournalFromKey, 1));
  CURFEW_TRY(bounds_->audit_from, read_bound(meta::kAuditFromKey, 1));
  CURFEW_TRY(const std::uint64_t tombstones_from, read_bound(meta::kTombstonesFromKey, 0));
  bounds_->tombstones_from = static_cast<std::int64_t>(tombstones_from);
  levels_ = levels_in(*db_, columns_.audit_by);
  std::random_device seed;
  next_nonce_ = static_cast<std::uint64_t>(seed()) << 32 | seed() | 1;
  return {};
}

Status Store::compare_marks() {
  const std::string kept = options_.directory + "/logs-before-recovery";
  std::error_code ignored;
  if (marks_.acknowledged() <= position_) {
    fs::remove_all(kept, ignored);
    return {};
  }
  const std::string aside = fmt::format("{}/damaged-logs-at-{}", options_.directory, position_.load());
  if (!fs::exists(aside, ignored)) fs::rename(kept, aside, ignored);
  if (options_.accept_lost_commits) {
    marks_.acknowledge(position_);
    return {};
  }
  return fail(
      ErrorCode::kDataLoss, "commits_lost",
      fmt::format("The write-ahead log is damaged: commits up to {} were acknowledged, and only those up to {} can be "
                  "read. Restore a backup, or accept the loss explicitly. The log as it was found is in {}.",
                  marks_.acknowledged(), position_.load(), aside));
}

}  // namespace curfew::ledger_rocksdb
