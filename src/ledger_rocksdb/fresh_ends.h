// FreshEnds: what bulk commits end, until files of the column families say so.
//
// Among hundreds of thousands of random keys a memtable takes microseconds for one more; a sorted file takes a tenth.
// So a commit that ends many sessions keeps their tombstones, and the numbers of their rows, in two values of `meta`, a
// block (docs/formats/ledger.md), and here. When they are many, or the bulk is over, a thread of this class merges the
// blocks into two sorted files, tombstones and deletions of rows, which the column families take in as they are, both
// or neither; the next commit deletes the blocks.
//
// Invariants: what stands here stands in a durable block. A tombstone leaves only after the column family has it, so
// whoever looks here first and there next misses none. Rows are read through a snapshot, and the numbers that don't
// count through the same. A block that is read again after a crash, although its files were taken in, says the same
// once more: no row is given a number again.
// Threads: add(), settled(), deleted() and settle_if_due() from the writer's thread; find(), size() and settle() from
// any.
// Limits: at most kMostFresh ends, some 45 MB; beyond them accepts() says no, and ends go the usual way.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "ledger/ledger.h"

namespace rocksdb {
class Snapshot;
}  // namespace rocksdb

namespace curfew::ledger_rocksdb {

class Reading;
class Store;

inline constexpr std::size_t kBlockFrom = 1'024;        // ends of one commit, from which on they are a block
inline constexpr std::size_t kSettleFrom = 256 * 1024;  // tombstones that are worth a file while the bulk goes on
inline constexpr std::size_t kMostFresh = 512 * 1024;

struct EndsBlock {
  std::string tombstones, numbers;
};
// Appends one tombstone. Keys come ascending, each once.
void put_in_block(EndsBlock& block, std::string_view key, std::string_view tombstone);
// Appends the number of a row, which is not below the one before it (0 for the first).
void put_number_in_block(EndsBlock& block, std::uint64_t no, std::uint64_t before);
// The rows that a snapshot holds although a block ends them. Ascending. kDataLoss "ledger_corrupt".
Result<std::vector<std::uint64_t>> ended_numbers(const Reading& open, const rocksdb::Snapshot* snapshot);

class FreshEnds {
 public:
  explicit FreshEnds(const Store& store) : store_(store) {}
  ~FreshEnds();
  FreshEnds(const FreshEnds&) = delete;
  FreshEnds& operator=(const FreshEnds&) = delete;

  // The blocks that the store holds; once, before anything else. kDataLoss "ledger_corrupt" for one that can't be read.
  Status load();

  bool accepts(std::size_t ends) const { return ends >= kBlockFrom && size() + ends <= kMostFresh; }
  // A block that has become durable, of the commit at this position.
  void add(ledger::Position position, EndsBlock block);
  // The blocks that the store needs no more; deleted() says that the first `count` of them have gone.
  std::vector<ledger::Position> settled() const;
  void deleted(std::size_t count);
  // Begins to settle on a thread of its own: from kSettleFrom on, or whatever there is if the bulk is over. Not within
  // ten seconds of an attempt that failed.
  void settle_if_due(bool over);

  // The tombstone's bytes under a key of tombstones, if it is fresh.
  std::optional<std::string> find(std::string_view key) const;
  std::size_t size() const;
  // While one of these is held nothing settles. A trim must not pass what is on its way, lest it cover a later end of
  // the same key. A checkpoint takes the files first and the log later: were files taken in between, it would have
  // neither them nor their blocks, which the log deletes. It may last, and no trim waits for it.
  std::unique_lock<std::mutex> pause() { return std::unique_lock(settling_); }
  std::unique_lock<std::mutex> hold_still() { return std::unique_lock(still_); }
  // Puts all that is here now into the column families. An error leaves everything as it was: the next one tries again.
  // `over`: nothing more is to be expected, and the deletions may meet their rows soon.
  Status settle(bool over);

 private:
  class Block;
  using Blocks = std::vector<std::shared_ptr<const Block>>;
  void run();
  bool worth_a_file(bool over) const;
  Status take_in(const Blocks& blocks, bool over) const;

  const Store& store_;
  std::mutex still_, settling_;  // held by settle(), in this order; by hold_still() and by pause()
  mutable std::shared_mutex mutex_;
  Blocks blocks_;
  std::vector<ledger::Position> settled_;
  std::size_t size_ = 0;

  std::mutex wake_mutex_;
  std::condition_variable wake_;
  bool due_ = false, over_ = false, stopping_ = false;
  std::chrono::steady_clock::time_point not_before_;  // guarded by wake_mutex_
  std::thread thread_;                                // from the first time that something is due
};

}  // namespace curfew::ledger_rocksdb
