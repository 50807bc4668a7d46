// The check of a whole data directory.
#include <fmt/format.h>
#include <rocksdb/db.h>

#include <algorithm>
#include <filesystem>

#include "base/crypto.h"
#include "ledger_rocksdb/errors.h"
#include "ledger_rocksdb/maintenance.h"
#include "ledger_rocksdb/rocksdb_ledger.h"
#include "ledger_rocksdb/store.h"
#include "session/codec.h"

namespace curfew::ledger_rocksdb {
namespace {

std::string_view view(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

std::string name_of(const session::SessionKey& key) {
  return fmt::format("{}/{} of realm {}", session::to_string(key.type), key.id, key.realm.value);
}

// An order-independent sum over (hash, seq) pairs: equal for equal sets, and for others only by a chance of 2^-128.
class PairSum {
 public:
  void add(const IndexHash& hash, std::uint64_t seq) {
    std::uint64_t a = get_u64(reinterpret_cast<const char*>(hash.data()));
    std::uint64_t b = get_u64(reinterpret_cast<const char*>(hash.data()) + 8);
    low_ += mixed(a ^ mixed(seq));
    high_ += mixed(b + mixed(seq ^ 0x9e3779b97f4a7c15ULL));
    ++count_;
  }
  std::uint64_t count() const { return count_; }
  friend bool operator==(const PairSum&, const PairSum&) = default;

 private:
  static std::uint64_t mixed(std::uint64_t x) {
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
    return x ^ x >> 31;
  }
  std::uint64_t low_ = 0, high_ = 0, count_ = 0;
};

// Each step ends with the report's `broken` set at the first thing that is wrong, or an error if the check can't go on.
class Checker {
 public:
  Checker(std::unique_ptr<Store> store, const AuditCheck& audit)
      : store_(store.get()), ledger_(std::move(store)), audit_(audit) {}

  Result<CheckReport> run() {
    report_.position = store_->position();
    report_.first_audit_seq = ledger_.first_audit_seq();
    report_.last_audit_seq = ledger_.last_audit_seq();
    Status (Checker::* const steps[])() = {&Checker::check_tombstones, &Checker::check_rows,  &Checker::check_documents,
                                           &Checker::check_journal,    &Checker::check_audit, &Checker::check_index};
    for (const auto step : steps) {
      Status status = (this->*step)();
      if (!status && status.error().code != ErrorCode::kDataLoss) return tl::unexpected(std::move(status).error());
      if (!status) broken(status.error().message);
      if (report_.broken) break;
    }
    return report_;
  }

 private:
  void broken(std::string what) {
    if (!report_.broken) report_.broken = std::move(what);
  }

  template <class Visit>
  Status walk(rocksdb::ColumnFamilyHandle* column, std::string_view what, const Visit& visit) {
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    options.readahead_size = 2 << 20;
    const std::unique_ptr<rocksdb::Iterator> it(store_->db().NewIterator(options, column));
    for (it->SeekToFirst(); it->Valid() && !report_.broken; it->Next()) visit(view(it->key()), view(it->value()));
    if (!it->status().ok()) return tl::unexpected(to_error(it->status(), fmt::format("reading {}", what)));
    return {};
  }

  Status check_tombstones() {
    CURFEW_TRY_STATUS(ledger_.tombstones({}));  // blocks that can't be read
    report_.tombstones = ledger_.fresh_tombstones();
    return walk(store_->columns().tombstones, "tombstones", [&](std::string_view key, std::string_view value) {
      const std::optional<session::SessionKey> name = parse_tombstone_key(key);
      if (!name) return broken(fmt::format("The tombstone number {} has a broken key.", report_.tombstones + 1));
      const Result<session::Tombstone> tombstone = session::decode_tombstone(value);
      if (!tombstone)
        return broken(
            fmt::format("The tombstone of {} does not decode: {}.", name_of(*name), tombstone.error().message));
      if (tombstone->audit_seq > report_.last_audit_seq) {
        return broken(fmt::format("The tombstone of {} names audit entry {}, and the last one is {}.", name_of(*name),
                                  tombstone->audit_seq, report_.last_audit_seq));
      }
      ++report_.tombstones;
    });
  }

  // Keys are compared by their keyed hash, 8 bytes a row; only those that agree are looked at again.
  Status check_rows() {
    std::vector<std::uint64_t> hashes;
    std::vector<session::SessionKey> batch;
    Status looked_up;
    const auto hash = [&](const session::SessionKey& key) {
      std::string bytes;
      put_tombstone_key(bytes, key);
      const IndexHash full = hash_of(store_->index_key(), {ledger::AuditIndex::kSession, session::RealmId(0), bytes});
      return get_u64(reinterpret_cast<const char*>(full.data()));
    };
    const auto look_up = [&] {
      const auto found = ledger_.tombstones(batch);
      if (!found) {
        looked_up = tl::unexpected(found.error());
      } else {
        const auto it = std::find_if(found->begin(), found->end(), [](const auto& t) { return t.has_value(); });
        if (it != found->end()) {
          broken(fmt::format("The session {} is live and has a tombstone.",
                             name_of(batch[static_cast<std::size_t>(it - found->begin())])));
        }
      }
      batch.clear();
    };
    CURFEW_TRY_STATUS(ledger_.each_row([&](const session::Session& row) {
      if (row.no > ledger_.last_no())
        broken(fmt::format("The session number {} is above the highest, {}.", row.no.value, ledger_.last_no().value));
      hashes.push_back(hash(row.key));
      batch.push_back(row.key);
      if (batch.size() == 1024) look_up();
      ++report_.rows;
    }));
    look_up();
    CURFEW_TRY_STATUS(looked_up);
    std::sort(hashes.begin(), hashes.end());
    const auto twice = std::adjacent_find(hashes.begin(), hashes.end());
    if (twice == hashes.end()) return {};
    std::vector<session::SessionKey> keys;
    CURFEW_TRY_STATUS(ledger_.each_row([&](const session::Session& row) {
      if (hash(row.key) != *twice) return;
      if (std::find(keys.begin(), keys.end(), row.key) != keys.end())
        broken(fmt::format("Two live rows have the key {}.", name_of(row.key)));
      keys.push_back(row.key);
    }));
    return {};
  }

  Status check_documents() {
    return ledger_.load_documents([&](std::string_view, std::string_view, std::string_view) { ++report_.documents; });
  }

  Status check_journal() {
    return ledger_.follow(store_->bounds().journal_from - 1, [&](ledger::Position, std::string_view) {
      ++report_.journal_entries;
      return true;
    });
  }

  Status check_audit() {
    return ledger_.scan_audit(report_.first_audit_seq, report_.last_audit_seq, false,
                              [&](std::uint64_t seq, std::string_view bytes) {
                                const Result<std::vector<ledger::AuditIndexKey>> keys = audit_(seq, bytes);
                                if (!keys) {
                                  broken(fmt::format("The audit entry {}: {}", seq, keys.error().message));
                                  return false;
                                }
                                for (const IndexHash& hash : hashes_of(*keys)) expected_.add(hash, seq);
                                ++report_.audit_entries;
                                return true;
                              });
  }

  std::vector<IndexHash> hashes_of(const std::vector<ledger::AuditIndexKey>& keys) const {
    std::vector<IndexHash> hashes;
    for (const ledger::AuditIndexKey& key : keys) hashes.push_back(hash_of(store_->index_key(), key));
    std::sort(hashes.begin(), hashes.end());
    hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
    return hashes;
  }

  Status check_index() {
    PairSum found;
    CURFEW_TRY_STATUS(
        walk(store_->columns().audit_by, "the audit index", [&](std::string_view key, std::string_view value) {
          const bool whole = visit_index_entry(key, value, [&](const IndexHash& hash, std::uint64_t seq) {
            if (seq >= report_.first_audit_seq) found.add(hash, seq);
          });
          if (!whole)
            broken(fmt::format("An entry of the audit index, \"{}\", does not decode.",
                               to_hex({reinterpret_cast<const std::uint8_t*>(key.data()), key.size()})));
        }));
    report_.index_postings = found.count();
    if (report_.broken || found == expected_) return {};
    return name_missing_posting();
  }

  // The sums differ: each entry is asked for by each of its keys, until one is not found.
  Status name_missing_posting() {
    Status looked_up;
    CURFEW_TRY_STATUS(ledger_.scan_audit(
        report_.first_audit_seq, report_.last_audit_seq, false, [&](std::uint64_t seq, std::string_view bytes) {
          const Result<std::vector<ledger::AuditIndexKey>> keys = audit_(seq, bytes);
          for (const ledger::AuditIndexKey& key : keys ? *keys : std::vector<ledger::AuditIndexKey>()) {
            bool found = false;
            looked_up = ledger_.find_audit(key, seq, seq, false, [&](std::uint64_t) { return found = true, false; });
            if (looked_up && !found) {
              broken(fmt::format("The audit entry {} is not in the index under {} \"{}\".", seq,
                                 static_cast<int>(key.index), key.value));
            }
            if (!looked_up || !found) return false;
          }
          return true;
        }));
    CURFEW_TRY_STATUS(looked_up);
    broken("The audit index holds an entry that no audit record has.");
    return {};
  }

  const Store* store_;
  RocksDbLedger ledger_;
  const AuditCheck& audit_;
  CheckReport report_;
  PairSum expected_;
};

}  // namespace

Result<CheckReport> check_data(const std::string& directory, const AuditCheck& audit) {
  Options options;
  options.directory = directory;
  Result<std::unique_ptr<Store>> store = Store::open(std::move(options), OpenMode::kReadOnly);
  if (!store && store.error().code == ErrorCode::kDataLoss) {
    CheckReport report;
    report.broken = store.error().message;
    return report;
  }
  if (!store) return tl::unexpected(std::move(store).error());
  return Checker(*std::move(store), audit).run();
}

}  // namespace curfew::ledger_rocksdb
