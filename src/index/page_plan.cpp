// Which rows of a realm come first in an order (planner.h).
#include <algorithm>

#include "index/planner.h"
#include "index/ring.h"

namespace curfew::index {
namespace {

constexpr std::uint64_t kWalkedRow = 5;  // tested along an order, in units of a scanned row
constexpr std::uint64_t kListedRow = 5;  // enumerated, tested, its key read and compared
constexpr std::uint64_t kScannedRow = 1;
constexpr std::uint64_t kPassedRow = 1;  // along an order, a bit looked at; and as much to set the bit

// The rows of a bitmap as one bit each: a compressed one takes ten times as long to be asked for a row.
class RowBits {
 public:
  RowBits(const Roaring& rows, std::uint32_t slots) : bits_(slots / 64 + 1) {
    rows.iterate(
        [](std::uint32_t row, void* bits) {
          (*static_cast<std::vector<std::uint64_t>*>(bits))[row / 64] |= std::uint64_t{1} << row % 64;
          return true;
        },
        &bits_);
  }
  bool has(std::uint32_t row) const { return (bits_[row / 64] >> row % 64 & 1) != 0; }

 private:
  std::vector<std::uint64_t> bits_;
};

}  // namespace

int compare(SortBy by, const Candidate& a, const Candidate& b) {
  if (a.hi != b.hi) return a.hi < b.hi ? -1 : 1;
  if (a.lo != b.lo) return a.lo < b.lo ? -1 : 1;
  // A last byte of 0 means that both names end within the 16 bytes compared.
  if (by == SortBy::kUsername && (a.lo & 255) != 0) {
    const auto name = [](const Candidate& c) {
      return c.realm->users().folded_name(c.realm->rows().facts(c.row).user);
    };
    if (const int order = name(a).compare(name(b)); order != 0) return order < 0 ? -1 : 1;
  }
  return a.no < b.no ? -1 : a.no > b.no ? 1 : 0;
}

Candidate candidate(SortBy by, const RealmIndex& realm, std::uint32_t row) {
  const Probe key = realm.key(by, row);
  return {key.hi, key.lo, key.no, row, &realm};
}

void Best::cut() {
  if (kept_.size() <= wanted_) return;
  const auto less = [&](const Candidate& a, const Candidate& b) { return before(a, b); };
  if (wanted_ > 0) {
    std::nth_element(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(wanted_) - 1, kept_.end(), less);
    worst_ = kept_[wanted_ - 1];
  }
  kept_.resize(wanted_);
  full_ = true;
}

std::vector<Candidate> Best::window(std::size_t from, std::size_t count) {
  cut();
  if (from >= kept_.size()) return {};
  const auto less = [&](const Candidate& a, const Candidate& b) { return before(a, b); };
  const auto begin = kept_.begin() + static_cast<std::ptrdiff_t>(from);
  const auto end = begin + static_cast<std::ptrdiff_t>(std::min(count, kept_.size() - from));
  if (from > 0) std::nth_element(kept_.begin(), begin, kept_.end(), less);
  std::partial_sort(begin, end, kept_.end(), less);
  return {begin, end};
}

std::uint64_t RealmQuery::rank_of_all(SortBy by, const Probe& probe, bool after_equal) const {
  const Bounds b = bounds(by);
  return with_order(by, [&](const auto& tree) -> std::uint64_t {
    const std::uint32_t items = std::clamp(tree.rank(probe, after_equal), b.from, b.to);
    if (!filter_.offline()) return items - b.from;
    const std::uint32_t marked = tree.marked_before(items) - tree.marked_before(b.from);
    return *filter_.offline() ? marked : items - b.from - marked;
  });
}

std::uint32_t RealmQuery::at_rank(SortBy by, std::uint64_t rank) const {
  const Bounds b = bounds(by);
  const auto wanted = static_cast<std::uint32_t>(place_among_all(by, rank));
  return with_order(by, [&](const auto& tree) {
    if (!filter_.offline()) return tree.item(tree.select(b.from + wanted));
    const std::uint32_t marked = tree.marked_before(b.from);
    const std::uint32_t skipped = *filter_.offline() ? marked : b.from - marked;
    return tree.item(tree.select_like(skipped + wanted, *filter_.offline()));
  });
}

void RealmQuery::collect_ranked(SortBy by, bool ascending, std::uint64_t first, std::size_t count, Best& best) {
  book_.note(of_client_ != nullptr && by == SortBy::kLastAccess ? Plan::kPageRankedOfClient
             : filter_.offline()                                ? Plan::kPageRankedOfType
                                                                : Plan::kPageRanked);
  const std::uint64_t all = total();
  const std::uint64_t room = ascending ? all - std::min(first, all) : std::min(first, all);
  count = static_cast<std::size_t>(std::min<std::uint64_t>(count, room));
  if (count == 0) return;
  const RowStore& rows = realm_.rows();
  bool wanted = true;
  Ring ring([&](std::uint32_t row) { rows.prefetch(row); },
            [&](std::uint32_t row) { wanted = wanted && best.offer(candidate(by, realm_, row)); });
  if (filter_.offline()) {
    // Rows of one type may lie far apart: each is asked for by its rank.
    for (std::size_t i = 0; i < count && wanted; ++i) ring.push(at_rank(by, ascending ? first + i : first - 1 - i));
  } else {
    const Bounds b = bounds(by);
    with_order(by, [&](const auto& tree) {
      const std::uint64_t begin = place_among_all(by, ascending ? first : first - 1);
      TreePlace place = tree.select(b.from + static_cast<std::uint32_t>(begin));
      for (std::size_t i = 0; i < count && wanted;) {
        const std::uint32_t row = tree.item(place);
        if (!filter_.rank() || rows.facts(row).severity() == *filter_.rank()) {
          ring.push(row);
          ++i;
        }
        if (!(ascending ? tree.next(place) : tree.previous(place))) break;
      }
    });
  }
  ring.drain();
}

template <class F>
bool RealmQuery::walk(SortBy by, const Start& start, std::uint64_t most_tests, F f) const {
  return with_order(by, [&](const auto& tree) {
    Bounds b = bounds(by);
    if (start.after) {
      const std::uint32_t at = std::clamp(tree.rank(*start.after, start.ascending != start.inclusive), b.from, b.to);
      (start.ascending ? b.from : b.to) = at;
    }
    if (b.from >= b.to) return true;
    TreePlace ahead = tree.select(start.ascending ? b.from : b.to - 1);
    std::uint64_t left = b.to - b.from;
    bool more = true;
    const bool all = left <= most_tests;
    left = std::min(left, most_tests);
    Ring ring([&](std::uint32_t row) { realm_.rows().prefetch_facts(row); },
              [&](std::uint32_t row) {
                if (more && filter_.matches(row)) more = f(row);
              });
    while (left > 0 && more) {
      ring.push(tree.item(ahead));
      --left;
      if (left > 0 && !(start.ascending ? tree.next(ahead) : tree.previous(ahead))) break;
    }
    ring.drain();
    return all || !more;
  });
}

std::uint64_t RealmQuery::list_cost() const {
  if (!found_.empty()) return *total_ * kListedRow;
  return driver_ == Driver::kScan ? std::uint64_t{realm_.size()} * kScannedRow : driver_rows_ * kListedRow;
}

// Would it take fewer steps to find `wanted` rows along the order than to list all?
bool RealmQuery::worth_walking(SortBy by, std::size_t wanted) {
  const std::uint64_t matching = total();
  if (matching == 0 || listed_ || gave_up_) return false;
  choose_driver();
  return tests_along(by, wanted) * static_cast<double>(kWalkedRow) < static_cast<double>(list_cost());
}

// How many rows are passed along the order until so many match, if those are spread evenly.
double RealmQuery::tests_along(SortBy by, std::uint64_t wanted) {
  const Bounds b = bounds(by);
  return static_cast<double>(wanted) * static_cast<double>(b.to - b.from) / static_cast<double>(total());
}

void RealmQuery::collect(SortBy by, const Start& start, std::size_t wanted, Best& best) {
  if (total() == 0 || wanted == 0) return;
  // Where rows are to be skipped, a walk over them is cheaper than their ranks, unless it is a long one.
  if (ranked(by) && (!filter_.rank() || !worth_walking(by, wanted))) {
    std::uint64_t first = start.ascending ? 0 : total();
    if (start.after) first = rank(by, *start.after, start.ascending);
    return collect_ranked(by, start.ascending, first, wanted, best);
  }
  if (worth_walking(by, wanted)) {
    std::size_t found = 0;
    const std::uint64_t most = 2 * list_cost() / kWalkedRow + wanted;
    std::vector<std::uint32_t> rows;
    if (walk(by, start, most, [&](std::uint32_t row) {
          rows.push_back(row);
          return ++found < wanted;
        })) {
      book_.note(Plan::kPageWalk);
      for (const std::uint32_t row : rows)
        if (!best.offer(candidate(by, realm_, row))) break;
      return;
    }
    book_.note(Plan::kPageWalkGaveUp);
  }
  if (by == SortBy::kLastAccess && !start.ascending && worth_users(wanted)) {
    book_.note(Plan::kPageUsers);
    return collect_of_users(*only_users(), start, best);
  }
  book_.note(Plan::kPageList);
  with_order(by, [&](const auto& tree) {
    Ring ring([&](std::uint32_t row) { realm_.rows().prefetch_facts(row); },
              [&](std::uint32_t row) {
                const Probe key = tree.keys().probe(row);
                if (!best.is_behind(key.hi) && beyond(by, start, row))
                  best.offer({key.hi, key.lo, key.no, row, &realm_});
              });
    for (const std::uint32_t row : list()) ring.push(row);
    ring.drain();
  });
}

// Would it end long before the last of the users? Deep down nearly everybody has been here since.
bool RealmQuery::worth_users(std::size_t wanted) {
  constexpr std::uint64_t share = 16;
  return only_users() != nullptr && share * wanted < total();
}

bool RealmQuery::collect_behind(SortBy by, bool ascending, std::uint64_t skip, std::size_t count, Best& best) {
  const std::uint64_t matching = total(), wanted = skip + count;
  if (skip == 0 || matching == 0 || listed_) return false;
  choose_driver();
  std::uint64_t passed = 0;
  std::vector<std::uint32_t> page;
  const auto take = [&](std::uint32_t row) {
    if (passed++ >= skip) page.push_back(row);
    return page.size() < count;
  };
  const double tests = tests_along(by, wanted);
  const double passing = (tests + static_cast<double>(matching)) * static_cast<double>(kPassedRow);
  const double walking = tests * static_cast<double>(kWalkedRow);
  const bool bits_alone = filter_.others() == 0 && filter_.any_bitmap();
  if (bits_alone && passing < walking && passing < static_cast<double>(list_cost())) {
    const RowBits bits(joined(), realm_.rows().rows());
    with_order(by, [&](const auto& tree) {
      TreePlace place = tree.select(ascending ? 0 : tree.size() - 1);
      do {
        const std::uint32_t row = tree.item(place);
        if (bits.has(row) && !take(row)) return;
      } while (ascending ? tree.next(place) : tree.previous(place));
    });
  } else if (!worth_walking(by, static_cast<std::size_t>(wanted))) {
    return false;
  } else if (!walk(by, {ascending, std::nullopt, false}, 2 * list_cost() / kWalkedRow + wanted, take)) {
    book_.note(Plan::kPageWalkGaveUp);
    gave_up_ = true;
    return false;
  }
  book_.note(Plan::kPageSkip);
  for (const std::uint32_t row : page) best.offer(candidate(by, realm_, row));
  return true;
}

void RealmQuery::collect_of_users(const UserSet& users, const Start& start, Best& best) const {
  const UserDirectory& directory = realm_.users();
  std::vector<std::uint64_t> latest;  // a heap: when each can have been used last, before its number
  latest.reserve(users.list().size());
  Ring uses([&](std::uint32_t user) { directory.prefetch_use(user); },
            [&](std::uint32_t user) { latest.push_back(std::uint64_t{directory.used_by(user)} << 32 | user); });
  for (const std::uint32_t user : users.list()) uses.push(user);
  uses.drain();
  std::make_heap(latest.begin(), latest.end());
  const LastAccessKeys& keys = realm_.by_last_access().keys();
  Ring rows([&](std::uint32_t row) { realm_.rows().prefetch_facts(row); },
            [&](std::uint32_t row) {
              const Probe key = keys.probe(row);
              if (!best.is_behind(key.hi) && beyond(SortBy::kLastAccess, start, row))
                best.offer({key.hi, key.lo, key.no, row, &realm_});
            });
  const auto none_before = [&](std::uint64_t entry) {
    return best.is_behind(static_cast<std::uint64_t>(UserDirectory::ms_of(static_cast<std::uint32_t>(entry >> 32))));
  };
  constexpr std::ptrdiff_t together = 16;  // users whose memory is fetched side by side
  for (auto end = latest.end(); end != latest.begin();) {
    auto first = end;
    while (first != latest.begin() && end - first < together && !none_before(latest.front())) {
      directory.prefetch_rows(static_cast<std::uint32_t>(latest.front()));
      std::pop_heap(latest.begin(), first--);
    }
    if (first == end) return;
    for (auto entry = first; entry != end; ++entry)
      directory.for_each_row(static_cast<std::uint32_t>(*entry), [&](std::uint32_t row) { rows.push(row); });
    rows.drain();
    end = first;
  }
}

bool RealmQuery::any_behind(SortBy by, const Start& start) {
  if (!start.after || total() == 0) return false;
  if (ranked(by) && (!filter_.rank() || !worth_walking(by, 1))) {
    const std::uint64_t at = rank(by, *start.after, start.ascending);
    return start.ascending ? at > 0 : at < total();
  }
  // The other way from the same key; the row at the key itself is on that side.
  const Start back{!start.ascending, start.after, true};
  if (worth_walking(by, 1)) {
    bool found = false;
    const auto stop = [&](std::uint32_t) {
      found = true;
      return false;
    };
    if (walk(by, back, 2 * list_cost() / kWalkedRow + 1, stop)) return found;
    book_.note(Plan::kPageWalkGaveUp);
  }
  if (by == SortBy::kLastAccess && back.ascending && !listed_ && worth_users(1)) {
    Best first(by, false, 1);  // if any is, the first of all is
    collect_of_users(*only_users(), {false, std::nullopt, false}, first);
    const std::vector<Candidate> row = first.window(0, 1);
    return !row.empty() && beyond(by, back, row.front().row);
  }
  const auto& rows = list();
  return std::any_of(rows.begin(), rows.end(), [&](std::uint32_t row) { return beyond(by, back, row); });
}

bool RealmQuery::beyond(SortBy by, const Start& start, std::uint32_t row) const {
  if (!start.after) return true;
  const int order = with_order(by, [&](const auto& tree) { return tree.keys().compare(*start.after, row); });
  return (start.ascending ? order < 0 : order > 0) || (start.inclusive && order == 0);
}

}  // namespace curfew::index
