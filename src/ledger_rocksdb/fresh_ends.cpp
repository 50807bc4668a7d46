#include "ledger_rocksdb/fresh_ends.h"

#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/sst_file_writer.h>

#include <algorithm>
#include <functional>
#include <queue>
#include <system_error>
#include <utility>

#include "ledger_rocksdb/errors.h"
#include "ledger_rocksdb/store.h"
#include "session/codec.h"

namespace curfew::ledger_rocksdb {
namespace {

constexpr std::size_t kFilterBits = 10;  // of a block for each key
constexpr std::chrono::seconds kAfterFailure{10};

std::string_view view(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

// A Bloom filter in which a key has its bits in one word: one look, 3 % wrong.
class KeyFilter {
 public:
  void size_for(std::size_t keys) { words_.assign(keys * kFilterBits / 64 + 1, 0); }
  void add(std::size_t hash) { words_[word(hash)] |= bits(hash); }
  bool may_have(std::size_t hash) const { return (words_[word(hash)] & bits(hash)) == bits(hash); }

 private:
  std::size_t word(std::size_t hash) const {
    return static_cast<std::size_t>((static_cast<unsigned __int128>(hash) * words_.size()) >> 64);
  }
  static std::uint64_t bits(std::size_t hash) {
    return 1ULL << (hash & 63) | 1ULL << (hash >> 6 & 63) | 1ULL << (hash >> 12 & 63) | 1ULL << (hash >> 18 & 63);
  }
  std::vector<std::uint64_t> words_;
};

}  // namespace

void put_in_block(std::string& block, std::string_view key, std::string_view tombstone) {
  session::put_bytes(block, key);
  session::put_bytes(block, tombstone);
}

class FreshEnds::Block {
 public:
  Block(ledger::Position position, std::string bytes) : position_(position), bytes_(std::move(bytes)) {
    session::ByteReader reader(bytes_);
    while (reader.ok() && !reader.at_end()) {
      at_.push_back(static_cast<std::uint32_t>(bytes_.size() - reader.remaining()));
      reader.bytes();
      reader.bytes();
    }
    readable_ = reader.ok();
    filter_.size_for(at_.size());
    for (std::size_t i = 0; readable_ && i < size(); ++i) filter_.add(hash(entry(i).first));
  }

  // Whether the bytes are those of a block; nothing else may be asked of one that is not.
  bool whole() const {
    for (std::size_t i = 0; readable_ && i < size(); ++i) {
      const auto [key, tombstone] = entry(i);
      if (!parse_tombstone_key(key) || !session::decode_tombstone(tombstone)) return false;
      if (i > 0 && entry(i - 1).first >= key) return false;
    }
    return readable_;
  }
  static std::size_t hash(std::string_view key) { return std::hash<std::string_view>()(key); }
  ledger::Position position() const { return position_; }
  std::size_t size() const { return at_.size(); }
  std::pair<std::string_view, std::string_view> entry(std::size_t i) const {
    session::ByteReader reader(std::string_view(bytes_).substr(at_[i]));
    const std::string_view key = reader.bytes();
    return {key, reader.bytes()};
  }
  std::optional<std::string> find(std::string_view key, std::size_t hash_of_key) const {
    if (!filter_.may_have(hash_of_key)) return std::nullopt;
    const auto it =
        std::lower_bound(at_.begin(), at_.end(), key, [&](const std::uint32_t& at, std::string_view wanted) {
          return entry(static_cast<std::size_t>(&at - at_.data())).first < wanted;
        });
    if (it == at_.end()) return std::nullopt;
    const auto [found, tombstone] = entry(static_cast<std::size_t>(it - at_.begin()));
    if (found != key) return std::nullopt;
    return std::string(tombstone);
  }

 private:
  ledger::Position position_ = 0;
  std::string bytes_;
  std::vector<std::uint32_t> at_;  // where the entries begin
  bool readable_ = false;
  KeyFilter filter_;
};

FreshEnds::~FreshEnds() {
  {
    const std::lock_guard lock(wake_mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Status FreshEnds::load() {
  CURFEW_TRY(const Reading open, store_.reading());
  const std::unique_ptr<rocksdb::Iterator> it(open.db().NewIterator(rocksdb::ReadOptions(), open.columns().meta));
  for (it->Seek(rocksdb::Slice(meta::kBlockPrefix)); it->Valid(); it->Next()) {
    const std::string_view key = view(it->key());
    if (!key.starts_with(meta::kBlockPrefix)) break;
    const auto position = parse_u64(key.substr(meta::kBlockPrefix.size()));
    auto block = std::make_shared<const Block>(position.value_or(0), it->value().ToString());
    if (!position || !block->whole())
      return fail(
          ErrorCode::kDataLoss, "ledger_corrupt",
          fmt::format("The tombstones of commit {} are not what was written; restore a backup.", position.value_or(0)));
    size_ += block->size();
    blocks_.push_back(std::move(block));
  }
  if (!it->status().ok()) return tl::unexpected(to_error(it->status(), "loading tombstones"));
  return {};
}

void FreshEnds::add(ledger::Position position, std::string bytes) {
  auto block = std::make_shared<const Block>(position, std::move(bytes));
  const std::lock_guard lock(mutex_);
  size_ += block->size();
  blocks_.push_back(std::move(block));
}

std::vector<ledger::Position> FreshEnds::settled() const {
  const std::shared_lock lock(mutex_);
  return settled_;
}

void FreshEnds::deleted(std::size_t count) {
  if (count == 0) return;
  const std::lock_guard lock(mutex_);
  settled_.erase(settled_.begin(), settled_.begin() + static_cast<std::ptrdiff_t>(count));
}

std::size_t FreshEnds::size() const {
  const std::shared_lock lock(mutex_);
  return size_;
}

std::optional<std::string> FreshEnds::find(std::string_view key) const {
  const std::shared_lock lock(mutex_);
  if (blocks_.empty()) return std::nullopt;
  const std::size_t hash = Block::hash(key);
  // The latest first: a key that ended twice, because a trim had passed its first end, has two.
  for (auto block = blocks_.rbegin(); block != blocks_.rend(); ++block)
    if (auto found = (*block)->find(key, hash)) return found;
  return std::nullopt;
}

void FreshEnds::settle_if_due(bool over) {
  const std::size_t fresh = size();
  if (fresh == 0 || (!over && fresh < kSettleFrom)) return;
  if (!thread_.joinable()) {
    try {
      thread_ = std::thread([this] { run(); });
    } catch (const std::system_error&) {
      return;  // later, or never: what is here stays in its blocks
    }
  }
  {
    const std::lock_guard lock(wake_mutex_);
    due_ = std::chrono::steady_clock::now() >= not_before_;
  }
  wake_.notify_all();
}

void FreshEnds::run() {
  std::unique_lock lock(wake_mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || due_; });
    if (stopping_) return;
    due_ = false;
    lock.unlock();
    const bool settled = settle().has_value();
    lock.lock();
    if (!settled) not_before_ = std::chrono::steady_clock::now() + kAfterFailure;
  }
}

Status FreshEnds::settle() {
  const std::lock_guard alone(settling_);
  Blocks blocks;
  {
    const std::shared_lock lock(mutex_);
    blocks = blocks_;
  }
  if (blocks.empty()) return {};
  CURFEW_TRY_STATUS(take_in(blocks));
  const std::lock_guard lock(mutex_);
  for (const auto& block : blocks) {
    settled_.push_back(block->position());
    size_ -= block->size();
  }
  blocks_.erase(blocks_.begin(), blocks_.begin() + static_cast<std::ptrdiff_t>(blocks.size()));
  return {};
}

// Merges the blocks into a file, and gives it to the column family. It may wait for a flush there.
Status FreshEnds::take_in(const Blocks& blocks) const {
  CURFEW_TRY(const Reading open, store_.reading());
  rocksdb::ColumnFamilyHandle* column = open.columns().tombstones;
  const Time from{store_.bounds().tombstones_from};
  const std::string path = store_.options().directory + std::string(kSettlingFile);
  rocksdb::Env* env = open.db().GetEnv();
  const auto failed = [&](const rocksdb::Status& status) -> Status {
    (void)env->DeleteFile(path);
    return tl::unexpected(to_error(status, "settling tombstones"));
  };
  rocksdb::SstFileWriter file(rocksdb::EnvOptions(), open.db().GetOptions(column), column);
  rocksdb::Status status = file.Open(path);
  if (!status.ok()) return failed(status);

  struct Head {
    std::string_view key, tombstone;
    std::size_t block, at;
  };
  // Ascending; of one key the latest block first.
  const auto later = [](const Head& a, const Head& b) { return a.key != b.key ? a.key > b.key : a.block < b.block; };
  std::priority_queue<Head, std::vector<Head>, decltype(later)> heads(later);
  const auto push = [&](std::size_t block, std::size_t at) {
    if (at == blocks[block]->size()) return;
    const auto [key, tombstone] = blocks[block]->entry(at);
    heads.push({key, tombstone, block, at});
  };
  for (std::size_t i = 0; i < blocks.size(); ++i) push(i, 0);
  std::uint64_t written = 0;
  std::string_view before;  // no key is empty
  while (!heads.empty()) {
    const Head head = heads.top();
    heads.pop();
    push(head.block, head.at + 1);
    if (head.key == std::exchange(before, head.key)) continue;
    // What a trim has passed would cover a later end of the same key.
    const auto tombstone = session::decode_tombstone(head.tombstone);
    if (!tombstone || tombstone->ended < from) continue;
    status = file.Put(rocksdb::Slice(head.key.data(), head.key.size()),
                      rocksdb::Slice(head.tombstone.data(), head.tombstone.size()));
    if (!status.ok()) return failed(status);
    ++written;
  }
  if (written > 0) {
    status = file.Finish();
    if (status.ok()) status = open.db().IngestExternalFile(column, {path}, rocksdb::IngestExternalFileOptions());
    if (!status.ok()) return failed(status);
  }
  (void)env->DeleteFile(path);
  return {};
}

}  // namespace curfew::ledger_rocksdb
