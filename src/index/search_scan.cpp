#include "index/search_scan.h"

#include <algorithm>
#include <bit>

namespace curfew::index {

SearchScan::SearchScan(const RealmIndex& realm, const MixedSearch& search)
    : rows_(realm.rows()),
      search_(search),
      texts_(!search.whole_ids && rows_.long_ids() > 0),
      uuids_(!search.whole_ids && search.uuid.possible()),
      facts_(texts_ || search.v4.possible() || (search.v6.possible() && rows_.v6_slots() > 0)) {
  known_.resize(rows_.rows() / kAtOnce + 1);
  const auto know = [&](std::uint32_t row) { known_[row / kAtOnce] |= std::uint64_t{1} << row % kAtOnce; };
  realm.for_each_row_of(search.users.list(), know);
  if (search.whole_ids) std::for_each(search.whole_ids->begin(), search.whole_ids->end(), know);
}

// Without branches for each row: which rows are of which kind can't be guessed. Few are left for what takes longer.
std::uint64_t SearchScan::found_in_facts(std::uint32_t first, std::uint32_t n) const {
  std::uint64_t v4 = 0, six = 0, texts = 0;
  for (std::uint32_t i = 0; i < n; ++i) {
    const RowFacts& facts = rows_.facts(first + i);
    v4 |= std::uint64_t{search_.v4.in(facts.ip)} << i;
    six |= std::uint64_t{facts.has(RowFacts::kV6)} << i;
    texts |= std::uint64_t{facts.id_kind() != IdKind::kUuid} << i;
  }
  std::uint64_t found = v4 & ~six;
  const auto look = [&](std::uint64_t rows, auto holds) {
    for (; rows != 0; rows &= rows - 1) {
      const auto i = static_cast<std::uint32_t>(std::countr_zero(rows));
      found |= std::uint64_t{holds(first + i)} << i;
    }
  };
  if (search_.v6.possible()) look(six, [&](std::uint32_t row) { return search_.v6.in(rows_.ip(rows_.facts(row))); });
  if (texts_) look(texts & ~found, [&](std::uint32_t row) { return search_.in_text_id(rows_, row); });
  return found;
}

std::uint64_t SearchScan::found(std::uint32_t first) const {
  const std::uint32_t n = std::min(kAtOnce, rows_.rows() - first);
  std::uint64_t found = known_[first / kAtOnce];
  if (facts_) found |= found_in_facts(first, n);
  if (uuids_) {
    // Bytes of other ids may look like a UUID's.
    std::uint64_t ids = search_.uuid.among(rows_.id(first).bytes.data(), n) & ~found;
    for (std::uint64_t left = texts_ ? ids : 0; left != 0; left &= left - 1) {
      const auto i = static_cast<std::uint32_t>(std::countr_zero(left));
      if (rows_.facts(first + i).id_kind() != IdKind::kUuid) ids &= ~(std::uint64_t{1} << i);
    }
    found |= ids;
  }
  return found;
}

}  // namespace curfew::index
