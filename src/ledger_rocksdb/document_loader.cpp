#include "ledger_rocksdb/document_loader.h"

#include <rocksdb/db.h>

#include <algorithm>
#include <system_error>
#include <thread>

#include "base/handover.h"
#include "ledger_rocksdb/errors.h"

namespace curfew::ledger_rocksdb {
namespace {

constexpr std::size_t kDocumentBytes = std::size_t{1} << 20;  // in one block

std::string_view view(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

// The first name behind all that begin so; tables hold no byte that is the highest.
std::string past(std::string prefix) {
  while (static_cast<unsigned char>(prefix.back()) == 0xff) prefix.pop_back();
  ++prefix.back();
  return prefix;
}

// Documents side by side: names and values in one text.
struct Block {
  struct Document {
    std::size_t table, key, value;  // sizes
  };
  std::vector<Document> documents;
  std::string bytes;
  Status status;

  void add(std::string_view name, std::size_t zero, std::string_view value) {
    documents.push_back({zero, name.size() - zero - 1, value.size()});
    bytes.append(name).append(value);
  }
  void clear() {
    documents.clear();
    bytes.clear();
  }
};

class Reader {
 public:
  Reader(const Reading& open, std::span<const ledger::DocumentRange> without) : open_(open) {
    for (const ledger::DocumentRange& range : without) prefixes_.push_back(document_key(range.table, range.prefix));
    std::sort(prefixes_.begin(), prefixes_.end());
    thread_ = std::thread([this] { run(); });
  }
  ~Reader() {
    blocks_.close();
    thread_.join();
  }

  Status visit_all(const ledger::Ledger::DocumentVisitor& visit) {
    Block block;
    while (blocks_.take(block)) {
      const std::string_view bytes = block.bytes;
      std::size_t at = 0;
      for (const Block::Document& document : block.documents) {
        const std::size_t key = at + document.table + 1, value = key + document.key;
        visit(bytes.substr(at, document.table), bytes.substr(key, document.key), bytes.substr(value, document.value));
        at = value + document.value;
      }
      CURFEW_TRY_STATUS(block.status);
    }
    return {};
  }

 private:
  void run() {
    rocksdb::ReadOptions once;
    once.fill_cache = false;
    once.readahead_size = 512 << 10;
    const std::unique_ptr<rocksdb::Iterator> it(open_.db().NewIterator(once, open_.columns().documents));
    it->SeekToFirst();
    next_ = prefixes_.begin();
    Block block;
    for (bool more = true; more;) {
      block.clear();
      more = fill(*it, block);
      more = blocks_.put(block) && more;
    }
    blocks_.close();
  }

  // False: this was the last.
  bool fill(rocksdb::Iterator& it, Block& block) {
    while (it.Valid() && block.bytes.size() < kDocumentBytes) {
      const std::string_view name = view(it.key());
      // Ranges that lie before this name, or end there, are done with.
      while (next_ != prefixes_.end() && *next_ < name && !name.starts_with(*next_)) ++next_;
      if (next_ != prefixes_.end() && name.starts_with(*next_)) {
        it.Seek(past(*next_));
        continue;
      }
      const std::size_t zero = name.find('\0');
      if (zero == std::string_view::npos) {
        block.status = fail(ErrorCode::kDataLoss, "document_broken", "A document's name is not what was written.");
        return false;
      }
      block.add(name, zero, view(it.value()));
      it.Next();
    }
    if (it.Valid()) return true;
    if (!it.status().ok()) block.status = tl::unexpected(to_error(it.status(), "loading documents"));
    return false;
  }

  const Reading& open_;
  std::vector<std::string> prefixes_;
  std::vector<std::string>::const_iterator next_;
  Handover<Block> blocks_;
  std::thread thread_;  // last: it uses what stands above
};

}  // namespace

Status load_documents(const Store& store, const ledger::Ledger::DocumentVisitor& visit,
                      std::span<const ledger::DocumentRange> without) {
  CURFEW_TRY(const Reading open, store.reading());
  try {
    return Reader(open, without).visit_all(visit);
  } catch (const std::system_error& error) {
    return fail(ErrorCode::kUnavailable, "ledger_unavailable",
                std::string("No thread could be had to read the documents: ") + error.what());
  }
}

}  // namespace curfew::ledger_rocksdb
