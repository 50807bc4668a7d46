#include "index/search_scan.h"

#include <algorithm>
#include <bit>

#include "index/search_ahead.h"

namespace curfew::index {
namespace {

constexpr std::size_t kFewOf = 4;  // one user in so many

}  // namespace

ColumnScan::ColumnScan(const RowStore& rows, const ColumnSearch& search)
    : rows_(rows),
      search_(search),
      texts_(!search.whole_ids && rows_.long_ids() > 0),
      uuids_(!search.whole_ids && search.uuid.possible()),
      facts_(texts_ || search.v4.possible() || (search.v6.possible() && rows_.v6_slots() > 0)) {}

// Without branches for each row: which rows are of which kind can't be guessed. Few are left for what takes longer.
std::uint64_t ColumnScan::found_in_facts(std::uint32_t first, std::uint32_t n) const {
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

std::uint64_t ColumnScan::found(std::uint32_t first) const {
  const std::uint32_t n = std::min(kAtOnce, rows_.rows() - first);
  std::uint64_t found = facts_ ? found_in_facts(first, n) : 0;
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

// Of many users: to ask each row for its user, one after the other, is quicker than to ask them for their rows.
void SearchScan::know_by_rows(const UserSet& users) {
  const RowStore& rows = columns_.rows();
  for (std::uint32_t first = 0; first < rows.rows(); first += ColumnScan::kAtOnce) {
    const std::uint32_t n = std::min(ColumnScan::kAtOnce, rows.rows() - first);
    std::uint64_t word = 0;
    for (std::uint32_t i = 0; i < n; ++i) {
      const RowFacts& facts = rows.facts(first + i);
      word |= std::uint64_t{facts.no != 0 && users.contains(facts.user)} << i;
    }
    known_[first / ColumnScan::kAtOnce] = word;
  }
}

SearchScan::SearchScan(const RealmIndex& realm, const MixedSearch& search)
    : columns_(realm.rows(), *search.columns), ahead_(search.ahead ? search.ahead->found(columns_) : nullptr) {
  known_.resize(realm.rows().rows() / ColumnScan::kAtOnce + 1);
  const auto know = [&](std::uint32_t row) {
    known_[row / ColumnScan::kAtOnce] |= std::uint64_t{1} << row % ColumnScan::kAtOnce;
  };
  const auto& users = search.users.list();
  if (users.size() < realm.users().size() / kFewOf)
    realm.for_each_row_of(users, know);
  else
    know_by_rows(search.users);
  const auto& whole_ids = search.columns->whole_ids;
  if (whole_ids) std::for_each(whole_ids->begin(), whole_ids->end(), know);
}

}  // namespace curfew::index
