// SearchAhead: what a search finds in the ids and addresses of large realms, read before the question is asked.
//
// What it is: to read the columns of ten million rows takes 20 to 90 ms, and a writer would wait for all of it. So they
// are read in slices, each under a ReadLock of its own, and what rows have come or moved meanwhile is read again when
// the question is asked, under its lock: its answer is exact at that moment, as without this. Whatever does not fit by
// then (a realm that was dropped, too many changes) is not used, and the question reads the columns itself. Threads:
// one at a time. Memory: a bit a row, and up to 256 KiB for the changes.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "index/row_changes.h"
#include "index/search_scan.h"

namespace curfew::index {

// Of one realm.
class RealmAhead {
 public:
  // Under a ReadLock.
  RealmAhead(const RealmIndex& realm, std::shared_ptr<const ColumnSearch> search);
  RealmId realm() const { return realm_; }
  bool is_of(const RealmIndex& realm) const { return changes_ == realm.changes(); }
  // Reads so many rows more; false when all are read. Requires: is_of(realm); a ReadLock.
  bool read_on(const RealmIndex& realm, std::uint32_t rows);
  // A bit for each row that the columns of `scan` find now, sixty-four a word; null: not known. Requires: is_of(the
  // realm of `scan`); the ReadLock of the question.
  const std::vector<std::uint64_t>* found(const ColumnScan& scan);

 private:
  void read(const ColumnScan& scan, std::uint32_t to);

  const RealmId realm_;
  const std::shared_ptr<const RowChanges> changes_;
  const std::shared_ptr<const ColumnSearch> search_;
  const std::shared_ptr<RowChanges::Log> log_;
  std::uint32_t read_ = 0;  // rows before it are
  bool complete_ = false;
  std::vector<std::uint64_t> words_;
};

class SearchAhead {
 public:
  void add(std::shared_ptr<RealmAhead> realm) { realms_.push_back(std::move(realm)); }
  std::shared_ptr<RealmAhead> of(const RealmIndex& realm) const {
    for (const auto& one : realms_)
      if (one->is_of(realm)) return one;
    return nullptr;
  }
  const std::vector<std::shared_ptr<RealmAhead>>& realms() const { return realms_; }

 private:
  std::vector<std::shared_ptr<RealmAhead>> realms_;
};

}  // namespace curfew::index
