#include "index/planner.h"

#include <algorithm>
#include <bit>

#include "index/ring.h"
#include "index/search_scan.h"

namespace curfew::index {
namespace {

// What one row costs, in units of a row of a sequential scan; measured (docs/adr/0003).
constexpr std::uint64_t kRandomRow = 4;
constexpr std::uint64_t kNearRow = 2;  // in the order of rows, with gaps

}  // namespace

std::string_view to_string(Plan plan) {
  constexpr std::array<std::string_view, static_cast<std::size_t>(Plan::kCount)> names{
      "total_all",          "total_rank",        "total_rank_of_type",  "total_bitmaps",
      "total_users",        "driver_users",      "driver_ids",          "driver_started",
      "driver_last_access", "driver_ip",         "driver_bitmaps",      "driver_scan",
      "scan_read_ahead",    "page_ranked",       "page_ranked_of_type", "page_ranked_of_client",
      "page_walk",          "page_walk_gave_up", "page_users",          "page_skip",
      "page_list",          "page_by_severity",  "offset_by_ranks",     "offset_from_end"};
  return names[static_cast<std::size_t>(plan)];
}

RealmQuery::RealmQuery(const RealmIndex& realm, const Filter& filter, PlanBook& book)
    : RealmQuery(realm, RowFilter(realm, filter), book) {}

RealmQuery::RealmQuery(const RealmIndex& realm, RowFilter filter, PlanBook& book)
    : realm_(realm), book_(book), filter_(std::move(filter)) {
  if (filter_.clients().size() == 1) of_client_ = realm.client_orders().of(*filter_.clients().front());
  if (filter_.impossible()) {
    total_ = 0;
    listed_ = true;
  }
}

std::uint64_t RealmQuery::rows_of(const UserSet& users) const {
  std::uint64_t n = 0;
  constexpr std::size_t ahead = 16;
  const auto& list = users.list();
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i + ahead < list.size()) realm_.users().prefetch_refs(list[i + ahead]);
    n += realm_.users().rows(list[i]);
  }
  return n;
}

std::uint64_t RealmQuery::count_ip() const {
  std::uint64_t n = 0;
  for (const IpRange& range : filter_.ip()) {
    n += realm_.by_ip().rank(IpKeys::at(range.last, ~std::uint64_t{0}), false);
    n -= realm_.by_ip().rank(IpKeys::at(range.first, 0), false);
  }
  return n;
}

RealmQuery::Bounds RealmQuery::bounds(SortBy by) const {
  const auto of_time = [](const auto& tree, const TimeRange& range) {
    return Bounds{tree.rank(LastAccessKeys::at(range.from, 0), false),
                  tree.rank(LastAccessKeys::at(range.to, 0), false)};
  };
  if (by == SortBy::kStarted && filter_.started()) return of_time(realm_.by_started(), *filter_.started());
  if (by == SortBy::kLastAccess)
    return filter_.last_access() ? of_time(by_last_access(), *filter_.last_access())
                                 : Bounds{0, by_last_access().size()};
  if (by == SortBy::kIpAddress && filter_.by_ip()) {
    const auto& tree = realm_.by_ip();
    return {tree.rank(IpKeys::at(filter_.ip().front().first, 0), false),
            tree.rank(IpKeys::at(filter_.ip().back().last, ~std::uint64_t{0}), false)};
  }
  return {0, realm_.size()};
}

bool RealmQuery::only_client_and_type() const {
  return of_client_ != nullptr && !filter_.remembered() && !filter_.by_devices() && filter_.marks() == 0 &&
         !filter_.rank();
}

// Nothing but the order's own condition, in one piece, and a type.
bool RealmQuery::ranked(SortBy by) const {
  if (filter_.beyond_type() && !(by == SortBy::kLastAccess && (only_client_and_type() || skips_few()))) return false;
  const bool own = (by == SortBy::kStarted && filter_.started()) ||
                   (by == SortBy::kLastAccess && filter_.last_access()) ||
                   (by == SortBy::kIpAddress && filter_.by_ip() && filter_.ip().size() == 1);
  return filter_.others() == (own ? 1 : 0);
}

const UserSet* RealmQuery::only_users() const {
  if (filter_.others() != 1 || filter_.any_bitmap()) return nullptr;
  return filter_.users() ? filter_.users().get() : filter_.named().get();
}

void RealmQuery::choose_driver() {
  if (driver_) return;
  std::uint64_t best = realm_.size();
  driver_ = Driver::kScan;
  const auto offer = [&](Driver driver, std::uint64_t rows, std::uint64_t cost) {
    if (rows * cost >= best) return;
    best = rows * cost;
    driver_ = driver;
    driver_rows_ = rows;
  };
  if (filter_.users()) offer(Driver::kUsers, rows_of(*filter_.users()), kRandomRow);
  if (filter_.named()) offer(Driver::kNamed, rows_of(*filter_.named()), kRandomRow);
  if (filter_.search_is_listed())
    offer(Driver::kIds, rows_of(filter_.search()->users) + filter_.search()->columns->whole_ids->size(), kRandomRow);
  const auto range = [&](SortBy by) {
    const Bounds b = bounds(by);
    return std::uint64_t{b.to - b.from};
  };
  if (filter_.started()) offer(Driver::kStarted, range(SortBy::kStarted), kRandomRow);
  if (filter_.last_access()) offer(Driver::kLastAccess, range(SortBy::kLastAccess), kRandomRow);
  if (filter_.by_ip()) offer(Driver::kIp, count_ip(), kRandomRow);
  if (filter_.any_bitmap() && best > 0) offer(Driver::kBitmaps, count_bitmaps(), kNearRow);
  if (driver_ == Driver::kScan) driver_rows_ = realm_.size();
}

bool RealmQuery::leads_to_few() {
  if (filter_.impossible()) return true;
  choose_driver();
  return driver_ != Driver::kScan;
}

std::uint64_t RealmQuery::total() {
  if (total_) return *total_;
  const int others = filter_.others();
  if (others == 0) {
    book_.note(filter_.any_bitmap() ? Plan::kTotalBitmaps : Plan::kTotalAll);
    total_ = filter_.any_bitmap() ? count_bitmaps() : realm_.size();
    return *total_;
  }
  if (const UserSet* users = only_users()) {
    book_.note(Plan::kTotalUsers);
    total_ = rows_of(*users);
    return *total_;
  }
  const bool by_key = filter_.started() || filter_.last_access() || filter_.by_ip();
  if (others == 1 && by_key) {
    const SortBy by = filter_.started()       ? SortBy::kStarted
                      : filter_.last_access() ? SortBy::kLastAccess
                                              : SortBy::kIpAddress;
    if (!filter_.any_bitmap()) {
      book_.note(Plan::kTotalRank);
      const Bounds b = bounds(by);
      total_ = by == SortBy::kIpAddress ? count_ip() : std::uint64_t{b.to - b.from};
      return *total_;
    }
    if (!filter_.rank() && ranked(by)) {
      book_.note(Plan::kTotalRankOfType);
      const Bounds b = bounds(by);
      total_ = b.to - b.from;
      if (filter_.offline()) {
        const std::uint32_t marked =
            with_order(by, [&](const auto& tree) { return tree.marked_before(b.to) - tree.marked_before(b.from); });
        total_ = *filter_.offline() ? marked : b.to - b.from - marked;
      }
      return *total_;
    }
  }
  enumerate(book_.keep);
  return *total_;
}

template <class Tree, class F>
void RealmQuery::for_each_ranked(const Tree& tree, Bounds bounds, F f) {
  if (bounds.from >= bounds.to) return;
  TreePlace place = tree.select(bounds.from);
  std::uint32_t left = bounds.to - bounds.from;
  while (left > 0) {
    const auto items = tree.leaf_items(place.leaf);
    for (std::size_t i = place.at; i < items.size() && left > 0; ++i, --left) f(items[i]);
    place = {tree.next_leaf(place.leaf), 0};
  }
}

template <class F>
void RealmQuery::for_each_of_driver(F f) {
  switch (*driver_) {
    case Driver::kUsers:
      return realm_.for_each_row_of(filter_.users()->list(), f);
    case Driver::kNamed:
      return realm_.for_each_row_of(filter_.named()->list(), f);
    case Driver::kIds: {
      const MixedSearch& search = *filter_.search();
      for (const std::uint32_t row : *search.columns->whole_ids)
        if (!search.users.contains(realm_.rows().facts(row).user)) f(row);
      return realm_.for_each_row_of(search.users.list(), f);
    }
    case Driver::kStarted:
      return for_each_ranked(realm_.by_started(), bounds(SortBy::kStarted), f);
    case Driver::kLastAccess:
      return for_each_ranked(by_last_access(), bounds(SortBy::kLastAccess), f);
    case Driver::kIp:
      for (const IpRange& range : filter_.ip()) {
        const auto& tree = realm_.by_ip();
        for_each_ranked(
            tree,
            {tree.rank(IpKeys::at(range.first, 0), false), tree.rank(IpKeys::at(range.last, ~std::uint64_t{0}), false)},
            f);
      }
      return;
    case Driver::kBitmaps:
      joined().iterate(
          [](std::uint32_t row, void* each) {
            (*static_cast<F*>(each))(row);
            return true;
          },
          &f);
      return;
    case Driver::kScan:
      break;
  }
  const RowStore& rows = realm_.rows();
  for (std::uint32_t row = 0; row < rows.rows(); ++row)
    if (rows.facts(row).no != 0) f(row);
}

// Of a search that leads nowhere: all rows that it finds, as long as the other conditions hold.
template <class F>
void RealmQuery::for_each_found(F f) {
  const RowStore& rows = realm_.rows();
  const SearchScan scan(realm_, *filter_.search());
  if (scan.read_ahead()) book_.note(Plan::kScanReadAhead);
  for (std::uint32_t first = 0; first < rows.rows(); first += ColumnScan::kAtOnce) {
    for (std::uint64_t left = scan.found(first); left != 0; left &= left - 1) {
      const std::uint32_t row = first + static_cast<std::uint32_t>(std::countr_zero(left));
      if (rows.facts(row).no != 0 && filter_.matches(row, {.search = true})) f(row);
    }
  }
}

template <class F>
void RealmQuery::for_each_match(F f) {
  if (driver_ == Driver::kScan && filter_.search()) return for_each_found(f);
  if (driver_ == Driver::kScan) {
    for_each_of_driver([&](std::uint32_t row) {
      if (filter_.matches(row)) f(row);
    });
    return;
  }
  const bool bitmaps_done = driver_ == Driver::kBitmaps;
  if (bitmaps_done && filter_.others() == 0) return for_each_of_driver(f);
  if (only_users() != nullptr && driver_ != Driver::kScan) return for_each_of_driver(f);
  Ring ring([&](std::uint32_t row) { realm_.rows().prefetch_facts(row); },
            [&](std::uint32_t row) {
              if (filter_.matches(row, {.bitmaps = bitmaps_done})) f(row);
            });
  for_each_of_driver([&](std::uint32_t row) { ring.push(row); });
  ring.drain();
}

void RealmQuery::enumerate(std::size_t keep) {
  choose_driver();
  constexpr std::array plans{Plan::kDriverUsers,      Plan::kDriverUsers, Plan::kDriverIds,     Plan::kDriverStarted,
                             Plan::kDriverLastAccess, Plan::kDriverIp,    Plan::kDriverBitmaps, Plan::kDriverScan};
  book_.note(plans[static_cast<std::size_t>(*driver_)]);
  if (driver_ == Driver::kScan && filter_.search() && filter_.others() == 1 && !filter_.any_bitmap())
    return count_found();
  std::uint64_t n = 0;
  rows_.clear();
  for_each_match([&](std::uint32_t row) {
    if (n++ < keep) rows_.push_back(row);
  });
  total_ = n;
  listed_ = n <= keep;
  if (!listed_) rows_ = {};
}

// No row needs a look: what is found is counted as bits, and the page is walked to if many are.
void RealmQuery::count_found() {
  const std::uint32_t rows = realm_.rows().rows();
  const SearchScan scan(realm_, *filter_.search());
  if (scan.read_ahead()) book_.note(Plan::kScanReadAhead);
  found_.assign(rows / ColumnScan::kAtOnce + 1, 0);
  for (std::uint32_t first = 0; first < rows; first += ColumnScan::kAtOnce)
    found_[first / ColumnScan::kAtOnce] = scan.found(first);
  Roaring dead = realm_.live();
  dead.flip(0, rows);
  dead.iterate(
      [](std::uint32_t row, void* found) {
        (*static_cast<std::vector<std::uint64_t>*>(found))[row / ColumnScan::kAtOnce] &=
            ~(std::uint64_t{1} << row % ColumnScan::kAtOnce);
        return true;
      },
      &found_);
  std::uint64_t n = 0;
  for (const std::uint64_t word : found_) n += static_cast<std::uint64_t>(std::popcount(word));
  total_ = n;
  if (n <= book_.keep_found) list_found();
}

void RealmQuery::list_found() {
  rows_.clear();
  rows_.reserve(*total_);
  for (std::size_t word = 0; word < found_.size(); ++word)
    for (std::uint64_t left = found_[word]; left != 0; left &= left - 1)
      rows_.push_back(static_cast<std::uint32_t>(word * ColumnScan::kAtOnce) +
                      static_cast<std::uint32_t>(std::countr_zero(left)));
  found_ = {};
  listed_ = true;
}

const std::vector<std::uint32_t>& RealmQuery::list() {
  if (!listed_ && found_.empty()) enumerate(~std::size_t{0});
  if (!listed_) list_found();
  return rows_;
}

Roaring RealmQuery::bitmap() {
  if (filter_.impossible()) return {};
  if (filter_.others() == 0) return filter_.any_bitmap() ? joined() : realm_.live();
  list();
  if (!std::is_sorted(rows_.begin(), rows_.end())) std::sort(rows_.begin(), rows_.end());
  return {rows_.size(), rows_.data()};
}

}  // namespace curfew::index
