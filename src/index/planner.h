// RealmQuery: one filter in one realm: how many rows match, and which come first in an order.
//
// The ways to a total, the first that fits:
//   no condition: the realm's size · one range of a key, with or without a type: two ranks in that key's tree · type,
//   remember-me, clients, devices, marks: cardinalities of bitmaps · users: their counts of rows · else the smallest
//   condition's rows are enumerated and the others tested on each (the driver), or all rows are scanned where that is
//   cheaper.
// The ways to a page:
//   ranked: the order's tree gives any rank directly, if nothing but a range of its own key and a type restricts it ·
//   walk: along the order, testing rows; for filters that many rows pass. It gives up when it has cost twice what the
//   list would · skip, behind an offset in one realm: the same from the order's nearer end, where what comes before the
//   page is counted and not kept; and where bitmaps alone decide and it is far, without looking at the rows · users:
//   where nothing but users is asked for, the last used come first, and the page is short beside the total: users by
//   when they can have been used last, until nobody who is left can come among the best · list: all matching rows, of
//   which the best are selected; for filters that few rows pass.
// Where one client is asked for that has an order by last access of its own (client_orders.h), that stands for the
// realm's, in totals, too; ranked then means that nothing else restricts it.
// The order by severity is that of last access in four classes one after the other, each a query of its own
// (split_by_severity): few rows have a severity, and their bitmaps name them; the others are all but those.
// Threads: as Index's readers; one thread a query. The realm must not change meanwhile.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "index/marks.h"
#include "index/row_filter.h"

namespace curfew::index {

// What the planner chose, counted, so that tests see that each way is taken, and metrics which ones are.
enum class Plan : std::uint8_t {
  kTotalAll,
  kTotalRank,
  kTotalRankOfType,
  kTotalBitmaps,
  kTotalUsers,
  kDriverUsers,
  kDriverIds,
  kDriverStarted,
  kDriverLastAccess,
  kDriverIp,
  kDriverBitmaps,
  kDriverScan,
  kScanReadAhead,
  kPageRanked,
  kPageRankedOfType,
  kPageRankedOfClient,
  kPageWalk,
  kPageWalkGaveUp,
  kPageUsers,
  kPageSkip,
  kPageList,
  kPageBySeverity,
  kOffsetByRanks,
  kOffsetFromEnd,
  kCount
};

std::string_view to_string(Plan plan);  // "total_all", …

struct PlanBook {
  std::array<std::atomic<std::uint64_t>, static_cast<std::size_t>(Plan::kCount)> taken{};
  // Rows kept from a count, to select the page from; more are only counted. Of a search alone fewer are: it keeps bits.
  std::size_t keep = std::size_t{1} << 20, keep_found = std::size_t{1} << 16;
  // Of realms with so many rows, a search's columns are read ahead, so many rows at a time.
  std::uint32_t ahead_from = 1U << 18, ahead_slice = 1U << 15;

  void note(Plan plan) { taken[static_cast<std::size_t>(plan)].fetch_add(1, std::memory_order_relaxed); }
};

// A row in the running for a page.
struct Candidate {
  std::uint64_t hi = 0, lo = 0, no = 0;
  std::uint32_t row = 0;
  const RealmIndex* realm = nullptr;
};

// The total order over candidates of several realms.
int compare(SortBy by, const Candidate& a, const Candidate& b);
Candidate candidate(SortBy by, const RealmIndex& realm, std::uint32_t row);

// Keeps the best so many of what it is offered, in one direction.
class Best {
 public:
  Best(SortBy by, bool ascending, std::size_t wanted) : by_(by), ascending_(ascending), wanted_(wanted) {}
  bool before(const Candidate& a, const Candidate& b) const {
    const int order = compare(by_, a, b);
    return ascending_ ? order < 0 : order > 0;
  }
  // False if it is behind everything kept, and enough are kept: then so is whatever comes later in the order.
  bool offer(const Candidate& candidate) {
    if (full_ && !before(candidate, worst_)) return false;
    kept_.push_back(candidate);
    if (kept_.size() >= 2 * wanted_ + 16) cut();
    return true;
  }
  // The same from the key's beginning alone, where that decides.
  bool is_behind(std::uint64_t hi) const { return full_ && (ascending_ ? hi > worst_.hi : hi < worst_.hi); }
  // The kept ones from place `from` on, at most `count`, sorted. Spoils the rest.
  std::vector<Candidate> window(std::size_t from, std::size_t count);
  std::size_t size() const { return kept_.size() < wanted_ ? kept_.size() : wanted_; }

 private:
  void cut();
  SortBy by_;
  bool ascending_, full_ = false;
  std::size_t wanted_;
  Candidate worst_;
  std::vector<Candidate> kept_;
};

// Where a page starts: just after this key in the direction of the walk (at it, if inclusive); without a key, at the
// beginning.
struct Start {
  bool ascending = true;
  std::optional<Probe> after;
  bool inclusive = false;
};

class RealmQuery {
 public:
  RealmQuery(const RealmIndex& realm, const Filter& filter, PlanBook& book);

  // Some condition leads to its rows, without a look at all of them.
  bool leads_to_few();
  // This query in four, by severity from none to high. Their order is that of last access.
  std::array<RealmQuery, kRanks> split_by_severity();

  const RealmIndex& realm() const { return realm_; }
  std::uint64_t total();
  // Offers the first `wanted` matching rows from the start on, or all that can still be among the best.
  void collect(SortBy by, const Start& start, std::size_t wanted, Best& best);
  // Offers the `count` rows that come after the first `skip` from that end, where it is quicker to pass over those than
  // to keep them. False if it is not.
  bool collect_behind(SortBy by, bool ascending, std::uint64_t skip, std::size_t count, Best& best);
  // Is there a matching row on the other side of the start: at its key or before?
  bool any_behind(SortBy by, const Start& start);

  // Where the tree answers by itself.
  bool ranked(SortBy by) const;
  // Requires: ranked(by). Matching rows with a key below the probe's (or at it), and the matching row at a rank
  // (ascending).
  std::uint64_t rank(SortBy by, const Probe& probe, bool after_equal) const;
  std::uint32_t at_rank(SortBy by, std::uint64_t rank) const;
  // Offers `count` matching rows by rank: from `first` upwards, or from first - 1 downwards.
  void collect_ranked(SortBy by, bool ascending, std::uint64_t first, std::size_t count, Best& best);

  Roaring bitmap();                          // every matching row
  const std::vector<std::uint32_t>& list();  // the same, in no order

 private:
  RealmQuery(const RealmIndex& realm, RowFilter filter, PlanBook& book);

  enum class Driver : std::uint8_t { kUsers, kNamed, kIds, kStarted, kLastAccess, kIp, kBitmaps, kScan };
  struct Bounds {  // ranks in an order's tree, ascending
    std::uint32_t from = 0, to = 0;
  };

  void choose_driver();
  std::uint64_t count_bitmaps();
  std::uint64_t count_plain() const;  // of type, remember-me and clients, unless there are several clients
  std::optional<std::uint64_t> count_by_counters() const;
  const Roaring& joined();
  const Roaring* only_bitmap() const;
  Roaring join_bitmaps() const;
  Roaring rows_of_clients(const Roaring* within) const;
  Roaring rows_of_devices() const;
  // The class without a severity is the whole order but for a few rows: then ranks are those of the whole, less the
  // skipped rows before.
  bool skips_few() const;
  struct Skipped {
    std::int64_t last_access;
    std::uint64_t no;
    friend auto operator<=>(const Skipped&, const Skipped&) = default;
  };
  const std::vector<Skipped>& skipped() const;
  std::uint64_t rank_of_all(SortBy by, const Probe& probe, bool after_equal) const;
  std::uint64_t place_among_all(SortBy by, std::uint64_t rank) const;  // of the row with this rank
  std::uint64_t rows_of(const UserSet& users) const;
  std::uint64_t count_ip() const;
  const ClientOrders::Order& by_last_access() const {
    return of_client_ != nullptr ? *of_client_ : realm_.by_last_access();
  }
  template <class F>
  decltype(auto) with_order(SortBy by, F f) const {
    return by == SortBy::kLastAccess ? f(by_last_access()) : realm_.with_order(by, f);
  }
  bool only_client_and_type() const;
  const UserSet* only_users() const;  // null, if anything else restricts
  Bounds bounds(SortBy by) const;     // of the order's own condition
  void enumerate(std::size_t keep);   // counts by the driver; keeps the rows if there are no more than `keep`
  void count_found();                 // the same where a search alone is asked for
  void list_found();
  template <class F>
  void for_each_match(F f);
  template <class F>
  void for_each_found(F f);
  template <class Tree, class F>
  static void for_each_ranked(const Tree& tree, Bounds bounds, F f);
  template <class F>
  void for_each_of_driver(F f);
  // Walks the order from the start, calling f(row) for matches until it says false. False if it gave up.
  template <class F>
  bool walk(SortBy by, const Start& start, std::uint64_t most_tests, F f) const;
  void collect_of_users(const UserSet& users, const Start& start, Best& best) const;
  bool worth_walking(SortBy by, std::size_t wanted);
  bool worth_users(std::size_t wanted);
  double tests_along(SortBy by, std::uint64_t wanted);
  bool beyond(SortBy by, const Start& start, std::uint32_t row) const;
  std::uint64_t list_cost() const;

  const RealmIndex& realm_;
  PlanBook& book_;
  RowFilter filter_;
  const ClientOrders::Order* of_client_ = nullptr;
  std::optional<Driver> driver_;
  std::uint64_t driver_rows_ = 0;
  std::optional<std::uint64_t> total_;
  bool listed_ = false;
  bool gave_up_ = false;  // collect_behind()'s walk; another would, too
  std::vector<std::uint32_t> rows_;
  std::vector<std::uint64_t> found_;  // by count_found(): a bit for each row, sixty-four a word
  std::optional<Roaring> joined_;
  mutable std::optional<std::vector<Skipped>> skipped_;
};

}  // namespace curfew::index
