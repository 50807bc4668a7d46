#include "index/search_ahead.h"

#include <algorithm>

namespace curfew::index {

RealmAhead::RealmAhead(const RealmIndex& realm, std::shared_ptr<const ColumnSearch> search)
    : realm_(realm.id()), changes_(realm.changes()), search_(std::move(search)), log_(realm.changes()->listen()) {
  words_.reserve(realm.rows().rows() / ColumnScan::kAtOnce + 2);
}

void RealmAhead::read(const ColumnScan& scan, std::uint32_t to) {
  words_.resize(to / ColumnScan::kAtOnce + 1);
  for (std::uint32_t first = read_ / ColumnScan::kAtOnce * ColumnScan::kAtOnce; first < to;
       first += ColumnScan::kAtOnce)
    words_[first / ColumnScan::kAtOnce] = scan.found(first);
  read_ = to;
}

bool RealmAhead::read_on(const RealmIndex& realm, std::uint32_t rows) {
  const std::uint32_t all = realm.rows().rows();
  read(ColumnScan(realm.rows(), *search_), read_ + std::min(rows, all - read_));
  complete_ = read_ == all;
  return !complete_;
}

const std::vector<std::uint64_t>* RealmAhead::found(const ColumnScan& scan) {
  // Where the part can be an id only by being a whole one, other columns are read.
  if (!complete_ || log_->lost || scan.search().whole_ids.has_value() != search_->whole_ids.has_value()) return nullptr;
  for (const std::uint32_t row : log_->rows) {
    const std::uint32_t word = row / ColumnScan::kAtOnce;
    if (row < read_) words_[word] = scan.found(word * ColumnScan::kAtOnce);
  }
  log_->rows.clear();
  read(scan, scan.rows().rows());
  return &words_;
}

}  // namespace curfew::index
