// The order by severity: four classes in the order of last access (planner.h).
#include <algorithm>

#include "index/planner.h"

namespace curfew::index {
namespace {

// Sorting the keys of the skipped rows is cheaper than looking at all others while they are at most so many.
std::uint64_t few(const RealmIndex& realm) {
  return std::max<std::uint64_t>(64, realm.size() / 8);
}

std::uint64_t with_severity(const RealmIndex& realm) {
  std::uint64_t n = 0;
  for (unsigned rank = 1; rank < kRanks; ++rank) n += realm.marks().ranked(rank).cardinality();
  return n;
}

}  // namespace

std::array<RealmQuery, kRanks> RealmQuery::split_by_severity() {
  const std::uint64_t all = total();
  // Where no row has a severity, the first class is the query as it was, with all its ways.
  const bool plain = all == 0 || with_severity(realm_) == 0;
  const auto of = [&](unsigned rank) {
    return plain && rank == 0 ? *this : RealmQuery(realm_, filter_.with_rank(rank), book_);
  };
  std::array<RealmQuery, kRanks> out{of(0), of(1), of(2), of(3)};
  if (plain) {
    for (unsigned rank = 1; rank < kRanks; ++rank) {
      out[rank].total_ = 0;
      out[rank].listed_ = true;
    }
    return out;
  }
  if (listed_) {
    for (const std::uint32_t row : rows_) out[realm_.rows().facts(row).severity()].rows_.push_back(row);
    for (RealmQuery& query : out) {
      query.total_ = query.rows_.size();
      query.listed_ = true;
    }
    return out;
  }
  std::uint64_t others = 0;
  for (unsigned rank = 1; rank < kRanks; ++rank) others += out[rank].total();
  out[0].total_ = all - others;
  return out;
}

bool RealmQuery::skips_few() const {
  return filter_.rank() && *filter_.rank() == 0 && !filter_.with_rank(std::nullopt).beyond_type() &&
         with_severity(realm_) <= few(realm_);
}

const std::vector<RealmQuery::Skipped>& RealmQuery::skipped() const {
  if (skipped_) return *skipped_;
  skipped_.emplace();
  const RowFilter all = filter_.with_rank(std::nullopt);
  for (unsigned rank = 1; rank < kRanks; ++rank) {
    for (const std::uint32_t row : realm_.marks().ranked(rank)) {
      const RowFacts& facts = realm_.rows().facts(row);
      if (all.matches(row)) skipped_->push_back({facts.last_access(), facts.no});
    }
  }
  std::sort(skipped_->begin(), skipped_->end());
  return *skipped_;
}

std::uint64_t RealmQuery::rank(SortBy by, const Probe& probe, bool after_equal) const {
  const std::uint64_t among_all = rank_of_all(by, probe, after_equal);
  if (!filter_.rank()) return among_all;
  const Skipped key{static_cast<std::int64_t>(probe.hi), probe.no};
  const auto& keys = skipped();
  const auto before =
      after_equal ? std::upper_bound(keys.begin(), keys.end(), key) : std::lower_bound(keys.begin(), keys.end(), key);
  return among_all - static_cast<std::uint64_t>(before - keys.begin());
}

std::uint64_t RealmQuery::place_among_all(SortBy by, std::uint64_t rank) const {
  if (!filter_.rank()) return rank;
  // How many skipped rows stand before it: those that have at most `rank` others before them.
  const auto& keys = skipped();
  std::size_t low = 0, high = keys.size();
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    const std::uint64_t place = rank_of_all(by, LastAccessKeys::at(keys[middle].last_access, keys[middle].no), false);
    if (place - middle <= rank)
      low = middle + 1;
    else
      high = middle;
  }
  return rank + low;
}

}  // namespace curfew::index
