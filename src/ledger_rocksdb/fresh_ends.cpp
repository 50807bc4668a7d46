#include "ledger_rocksdb/fresh_ends.h"

#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/sst_file_writer.h>

#include <algorithm>
#include <functional>
#include <span>
#include <system_error>
#include <tuple>
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

// Ascending numbers as the gaps between them.
bool read_numbers(std::string_view bytes, std::vector<std::uint64_t>& out) {
  session::ByteReader reader(bytes);
  std::uint64_t no = 0;
  while (reader.ok() && !reader.at_end()) {
    const std::uint64_t gap = reader.varint();
    if (gap > ~std::uint64_t{0} - no) return false;
    out.push_back(no += gap);
  }
  return reader.ok();
}

tl::unexpected<Error> not_what_was_written(ledger::Position position) {
  return fail(ErrorCode::kDataLoss, "ledger_corrupt",
              fmt::format("The ends of commit {} are not what was written; restore a backup.", position));
}

// f(position, value) for every key that begins so, until it fails.
template <class F>
Status visit_values(const Reading& open, const rocksdb::Snapshot* snapshot, std::string_view prefix, const F& f) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  const std::unique_ptr<rocksdb::Iterator> it(open.db().NewIterator(options, open.columns().meta));
  for (it->Seek(rocksdb::Slice(prefix)); it->Valid() && view(it->key()).starts_with(prefix); it->Next()) {
    const auto position = parse_u64(view(it->key()).substr(prefix.size()));
    if (!position) return not_what_was_written(0);
    CURFEW_TRY_STATUS(f(*position, view(it->value())));
  }
  if (!it->status().ok()) return tl::unexpected(to_error(it->status(), "loading ends"));
  return {};
}

// A sorted file that is being made beside the database, and goes unless it has been taken in.
class SortedFile {
 public:
  SortedFile(const Reading& open, rocksdb::ColumnFamilyHandle* column, std::string path, bool merge_soon)
      : env_(*open.db().GetEnv()), path_(std::move(path)) {
    rocksdb::Options options = open.db().GetOptions(column);
    if (!merge_soon) options.table_properties_collector_factories.clear();
    writer_ = std::make_unique<rocksdb::SstFileWriter>(rocksdb::EnvOptions(), options, column);
    argument_.column_family = column;
    argument_.external_files = {path_};
    argument_.options.move_files = true;
    status_ = writer_->Open(path_);
  }
  ~SortedFile() {
    writer_.reset();
    (void)env_.DeleteFile(path_);
  }
  SortedFile(const SortedFile&) = delete;
  SortedFile& operator=(const SortedFile&) = delete;

  void put(std::string_view key, std::string_view value) {
    ++size_;
    if (status_.ok()) status_ = writer_->Put({key.data(), key.size()}, {value.data(), value.size()});
  }
  void erase(std::string_view key) {
    ++size_;
    if (status_.ok()) status_ = writer_->Delete({key.data(), key.size()});
  }
  // Whether there is anything to take in. An empty file can't be.
  bool finish(rocksdb::Status& status) {
    if (status_.ok() && size_ > 0) status_ = writer_->Finish();
    if (status.ok()) status = status_;
    return status.ok() && size_ > 0;
  }
  const rocksdb::Status& status() const { return status_; }
  const rocksdb::IngestExternalFileArg& argument() const { return argument_; }

 private:
  rocksdb::Env& env_;
  std::string path_;
  std::unique_ptr<rocksdb::SstFileWriter> writer_;
  rocksdb::IngestExternalFileArg argument_;
  rocksdb::Status status_;
  std::uint64_t size_ = 0;
};

}  // namespace

void put_in_block(EndsBlock& block, std::string_view key, std::string_view tombstone) {
  session::put_bytes(block.tombstones, key);
  session::put_bytes(block.tombstones, tombstone);
}

void put_number_in_block(EndsBlock& block, std::uint64_t no, std::uint64_t before) {
  session::put_varint(block.numbers, no - before);
}

Result<std::vector<std::uint64_t>> ended_numbers(const Reading& open, const rocksdb::Snapshot* snapshot) {
  std::vector<std::uint64_t> numbers;
  CURFEW_TRY_STATUS(
      visit_values(open, snapshot, meta::kNumbersPrefix, [&](ledger::Position position, std::string_view bytes) {
        return read_numbers(bytes, numbers) ? Status{} : not_what_was_written(position);
      }));
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

class FreshEnds::Block {
 public:
  Block(ledger::Position position, std::string bytes, std::string_view numbers)
      : position_(position), bytes_(std::move(bytes)) {
    session::ByteReader reader(bytes_);
    while (reader.ok() && !reader.at_end()) {
      at_.push_back(static_cast<std::uint32_t>(bytes_.size() - reader.remaining()));
      reader.bytes();
      reader.bytes();
    }
    readable_ = reader.ok() && read_numbers(numbers, numbers_);
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
  std::span<const std::uint64_t> numbers() const { return numbers_; }  // ascending; none in a block of format 2
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
  std::vector<std::uint64_t> numbers_;
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
  return visit_values(open, nullptr, meta::kBlockPrefix,
                      [&](ledger::Position position, std::string_view bytes) -> Status {
                        std::string numbers;
                        const rocksdb::Status got =
                            open.db().Get(rocksdb::ReadOptions(), open.columns().meta, numbers_key(position), &numbers);
                        if (!got.ok() && !got.IsNotFound()) return tl::unexpected(to_error(got, "loading ends"));
                        auto block = std::make_shared<const Block>(position, std::string(bytes), numbers);
                        if (!block->whole()) return not_what_was_written(position);
                        size_ += block->size();
                        blocks_.push_back(std::move(block));
                        return {};
                      });
}

void FreshEnds::add(ledger::Position position, EndsBlock added) {
  auto block = std::make_shared<const Block>(position, std::move(added.tombstones), added.numbers);
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

bool FreshEnds::worth_a_file(bool over) const {
  const std::size_t fresh = size();
  return over ? fresh > 0 : fresh >= kSettleFrom;
}

void FreshEnds::settle_if_due(bool over) {
  if (!worth_a_file(over)) return;
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
    over_ = over;
  }
  wake_.notify_all();
}

void FreshEnds::run() {
  std::unique_lock lock(wake_mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || due_; });
    if (stopping_) return;
    due_ = false;
    const bool over = over_;
    lock.unlock();
    // While files are made it is asked for again, of ends that are in them.
    const bool settled = !worth_a_file(over) || settle(over).has_value();
    lock.lock();
    if (!settled) not_before_ = std::chrono::steady_clock::now() + kAfterFailure;
  }
}

Status FreshEnds::settle(bool over) {
  const std::lock_guard still(still_);
  const std::lock_guard alone(settling_);
  Blocks blocks;
  {
    const std::shared_lock lock(mutex_);
    blocks = blocks_;
  }
  if (blocks.empty()) return {};
  CURFEW_TRY_STATUS(take_in(blocks, over));
  const std::lock_guard lock(mutex_);
  for (const auto& block : blocks) {
    settled_.push_back(block->position());
    size_ -= block->size();
  }
  blocks_.erase(blocks_.begin(), blocks_.begin() + static_cast<std::ptrdiff_t>(blocks.size()));
  return {};
}

// Merges the blocks into files, and gives them to the column families. It may wait for a flush there.
Status FreshEnds::take_in(const Blocks& blocks, bool over) const {
  CURFEW_TRY(const Reading open, store_.reading());
  const Time from{store_.bounds().tombstones_from};
  SortedFile tombstones(open, open.columns().tombstones, store_.options().directory + std::string(kSettlingFile), over);
  SortedFile rows(open, open.columns().rows, store_.options().directory + std::string(kSettlingRowsFile), over);

  struct Head {
    std::uint64_t realm_and_type, id_begin;  // decide nearly always
    std::string_view key, tombstone;
    std::size_t block;
  };
  std::vector<Head> heads;
  std::size_t size = 0;
  for (const auto& block : blocks) size += block->size();
  heads.reserve(size);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    for (std::size_t at = 0; at < blocks[i]->size(); ++at) {
      const auto [key, tombstone] = blocks[i]->entry(at);
      heads.push_back({first_eight(key.substr(0, kIdAt)), first_eight(key.substr(kIdAt)), key, tombstone, i});
    }
  }
  // Ascending; of one key the latest block first.
  std::sort(heads.begin(), heads.end(), [](const Head& a, const Head& b) {
    const auto begin = std::tie(a.realm_and_type, a.id_begin), other = std::tie(b.realm_and_type, b.id_begin);
    if (begin != other) return begin < other;
    const int by_key = a.key.compare(b.key);
    return by_key != 0 ? by_key < 0 : a.block > b.block;
  });
  std::string_view before;  // no key is empty
  for (const Head& head : heads) {
    if (head.key == std::exchange(before, head.key)) continue;
    // What a trim has passed would cover a later end of the same key.
    const auto tombstone = session::decode_tombstone(head.tombstone);
    if (tombstone && tombstone->ended >= from) tombstones.put(head.key, head.tombstone);
  }

  std::vector<std::uint64_t> numbers;
  for (const auto& block : blocks) numbers.insert(numbers.end(), block->numbers().begin(), block->numbers().end());
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  std::string key;
  for (const std::uint64_t no : numbers) {
    key.clear();
    put_u64(key, no);
    rows.erase(key);
  }

  rocksdb::Status status;
  std::vector<rocksdb::IngestExternalFileArg> files;
  for (SortedFile* file : {&tombstones, &rows})
    if (file->finish(status)) files.push_back(file->argument());
  if (status.ok() && !files.empty()) status = open.db().IngestExternalFiles(files);
  if (!status.ok()) return tl::unexpected(to_error(status, "settling ends"));
  return {};
}

}  // namespace curfew::ledger_rocksdb
