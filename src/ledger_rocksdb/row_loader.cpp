#include "ledger_rocksdb/row_loader.h"

#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/perf_level.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "ledger_rocksdb/activity.h"
#include "ledger_rocksdb/errors.h"
#include "ledger_rocksdb/fresh_ends.h"
#include "session/codec.h"

namespace curfew::ledger_rocksdb {
namespace {

constexpr std::uint64_t kRowsWanted = 4'096;        // in one part
constexpr std::size_t kMostKept = 4 * kRowsWanted;  // rows whose memory is used again
constexpr std::uint64_t kWidest = 1ULL << 40;
constexpr std::size_t kReadAhead = 256 << 10;

std::string_view view(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

struct Part {
  std::vector<session::Session> rows;  // the first `size` count; the rest keep their memory for later parts
  std::size_t size = 0;
  Status status;
  std::unique_ptr<ledger::RowSink::Prepared> prepared;

  std::span<const session::Session> filled() const { return {rows.data(), size}; }
};

// Reads one part after another. Where all are one reader's, each begins where the one before ended, and nothing is read
// ahead twice.
class PartReader {
 public:
  PartReader(const Reading& open, const rocksdb::Snapshot* snapshot, const std::vector<std::uint64_t>& ended,
             bool alone)
      : open_(open), ended_(ended), alone_(alone) {
    options_.snapshot = snapshot;
    options_.fill_cache = false;
    options_.readahead_size = kReadAhead;
  }

  // The rows with begin <= no < end.
  void read(std::uint64_t begin, std::uint64_t end, Part& part) {
    part.size = 0;
    part.status = {};
    if (!alone_ || !rows_) open_cursors(begin, end);
    for (; rows_->Valid() && part.status; rows_->Next()) {
      const auto no = parse_u64(view(rows_->key()));
      if (no && *no >= end) break;
      if (no && std::binary_search(ended_.begin(), ended_.end(), *no)) continue;
      part.status = add(no, view(rows_->value()), part);
    }
    if (part.status && !rows_->status().ok()) part.status = tl::unexpected(to_error(rows_->status(), "loading rows"));
  }

 private:
  // Where others read what lies behind, with a bound, which is fixed when they are made: without one each part whose
  // rows are all gone would be read on through every deletion behind it.
  void open_cursors(std::uint64_t begin, std::uint64_t end) {
    rows_.reset();
    activity_.reset();
    rows_end_ = u64_bytes(end);
    activity_end_ = u64_bytes((end >> kActivityShift) + 1);
    rows_bound_ = rows_end_;
    activity_bound_ = activity_end_;
    options_.iterate_upper_bound = alone_ ? nullptr : &rows_bound_;
    rows_.reset(open_.db().NewIterator(options_, open_.columns().rows));
    rows_->Seek(u64_bytes(begin));
    options_.iterate_upper_bound = alone_ ? nullptr : &activity_bound_;
    activity_.reset(open_.db().NewIterator(options_, open_.columns().activity));
    activity_->Seek(u64_bytes(begin >> kActivityShift));
    chunk_no_ = ~0ULL;
  }

  Status add(std::optional<std::uint64_t> no, std::string_view bytes, Part& part) {
    if (part.size == part.rows.size()) part.rows.emplace_back();
    session::Session& row = part.rows[part.size];
    const Status decoded = session::decode_session_into(bytes, row);
    if (!no || !decoded || row.no.value != *no) {
      return fail(ErrorCode::kDataLoss, "row_broken",
                  fmt::format("The row of session number {} is not what was written{}{}.", no.value_or(0),
                              decoded ? "" : ": ", decoded ? "" : decoded.error().message));
    }
    ++part.size;
    if (chunk_no_ != *no >> kActivityShift) CURFEW_TRY_STATUS(enter_chunk(*no >> kActivityShift));
    const auto low = static_cast<std::uint8_t>(*no & 0xff);
    if (chunk_.has(low)) ledger::apply_activity(row, chunk_.last_access(low), chunk_.ip(low));
    return {};
  }

  Status enter_chunk(std::uint64_t chunk_no) {
    chunk_no_ = chunk_no;
    chunk_.clear();
    const std::string key = u64_bytes(chunk_no);
    while (activity_->Valid() && activity_->key().compare(key) < 0) activity_->Next();
    if (!activity_->status().ok()) return tl::unexpected(to_error(activity_->status(), "loading activity"));
    if (!activity_->Valid() || activity_->key() != rocksdb::Slice(key)) return {};
    if (chunk_.fold(view(activity_->value()))) return {};
    return fail(ErrorCode::kDataLoss, "activity_broken",
                fmt::format("The activity of the sessions from number {} on is not what was written.",
                            chunk_no << kActivityShift));
  }

  const Reading& open_;
  const std::vector<std::uint64_t>& ended_;
  rocksdb::ReadOptions options_;
  const bool alone_;
  std::string rows_end_, activity_end_;
  rocksdb::Slice rows_bound_, activity_bound_;
  std::unique_ptr<rocksdb::Iterator> rows_, activity_;  // they use what stands above
  std::uint64_t chunk_no_ = ~0ULL;
  ActivityChunk chunk_;
};

// Hands out parts in order, takes them back in any order, gives them to the sink in order.
class Loader {
 public:
  Loader(const Reading& open, const rocksdb::Snapshot* snapshot, std::vector<std::uint64_t> ended,
         std::uint64_t last_no, int threads, ledger::RowSink& sink)
      : sink_(sink),
        open_(open),
        snapshot_(snapshot),
        ended_(std::move(ended)),
        last_no_(last_no),
        alone_(threads == 1),
        window_(static_cast<std::uint64_t>(threads) * 2 + 6) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  }

  ~Loader() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  Status take_all() {
    while (std::unique_ptr<Part> part = next()) {
      CURFEW_TRY_STATUS(part->status);
      if (part->size > 0) sink_.take(part->filled(), part->prepared.get());
      if (part->rows.size() > kMostKept) continue;  // of a long gap with a dense stretch behind it
      const std::lock_guard lock(mutex_);
      spare_.push_back(std::move(part));
    }
    return {};
  }

 private:
  std::unique_ptr<Part> next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return done_.contains(visited_) || (begin_ > last_no_ && visited_ == handed_out_); });
    const auto it = done_.find(visited_);
    if (it == done_.end()) return nullptr;
    std::unique_ptr<Part> part = std::move(it->second);
    done_.erase(it);
    ++visited_;
    lock.unlock();
    changed_.notify_all();
    return part;
  }

  void work() {
    rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);  // of this thread: nobody asks what each step cost
    PartReader reader(open_, snapshot_, ended_, alone_);
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return stopped_ || begin_ > last_no_ || handed_out_ < visited_ + window_; });
      if (stopped_ || begin_ > last_no_) return;
      const std::uint64_t index = handed_out_++, begin = begin_;
      const std::uint64_t end = last_no_ - begin < width_ ? last_no_ + 1 : begin + width_;
      begin_ = end;
      std::unique_ptr<Part> part = spare_.empty() ? std::make_unique<Part>() : std::move(spare_.back());
      if (!spare_.empty()) spare_.pop_back();
      lock.unlock();
      reader.read(begin, end, *part);
      sink_.prepare(part->filled(), part->prepared);
      lock.lock();
      // Numbers may be dense or sparse, and change on the way: the width follows.
      if (part->size < kRowsWanted / 2) width_ = std::min(width_ * 2, kWidest);
      if (part->size > kRowsWanted * 2) width_ = std::max<std::uint64_t>(width_ / 2, kRowsWanted);
      done_.emplace(index, std::move(part));
      changed_.notify_all();
    }
  }

  ledger::RowSink& sink_;
  const Reading& open_;
  const rocksdb::Snapshot* snapshot_;
  const std::vector<std::uint64_t> ended_;  // ascending: rows that are still there, and no longer count
  const std::uint64_t last_no_;
  const bool alone_;
  const std::uint64_t window_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, std::unique_ptr<Part>> done_;
  std::vector<std::unique_ptr<Part>> spare_;
  std::uint64_t handed_out_ = 0, visited_ = 0, begin_ = 0, width_ = kRowsWanted;
  bool stopped_ = false;
  std::vector<std::thread> threads_;  // last: they use what stands above
};

}  // namespace

Status load_rows(const Store& store, int threads, ledger::RowSink& sink) {
  CURFEW_TRY(const Reading open, store.reading());
  rocksdb::ManagedSnapshot snapshot(&open.db());
  // Rows that come after the snapshot have higher numbers; asking for them too costs nothing.
  const std::uint64_t last_no = store.last_no();
  CURFEW_TRY(std::vector<std::uint64_t> ended, ended_numbers(open, snapshot.snapshot()));
  if (threads == 0) threads = std::min(static_cast<int>(std::thread::hardware_concurrency()) - 1, 4);
  Loader loader(open, snapshot.snapshot(), std::move(ended), last_no, std::clamp(threads, 1, 16), sink);
  return loader.take_all();
}

}  // namespace curfew::ledger_rocksdb
