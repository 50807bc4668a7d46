// Pages of one realm or of several merged into one order (index.h).
#include <algorithm>
#include <array>

#include "base/text.h"
#include "index/index_impl.h"
#include "index/search_ahead.h"

namespace curfew::index {
namespace {

std::uint64_t read_big_endian(std::string_view bytes) {
  std::uint64_t v = 0;
  for (const char c : bytes) v = v << 8 | static_cast<std::uint8_t>(c);
  return v;
}

Probe probe_of(const Cursor& cursor) {
  Probe probe;
  if (cursor.order.by == SortBy::kUsername) {
    probe = UserDirectory::name_probe(std::string_view(cursor.key));
  } else {
    probe.hi = read_big_endian(std::string_view(cursor.key).substr(0, 8));
    if (cursor.key.size() > 8) probe.lo = read_big_endian(std::string_view(cursor.key).substr(8, 8));
  }
  probe.no = cursor.no.value;
  return probe;
}

std::uint64_t sum(const std::vector<std::uint64_t>& values) {
  std::uint64_t n = 0;
  for (const std::uint64_t v : values) n += v;
  return n;
}

// For each realm, how many of its rows are among the first `target` of all, ascending. The search halves what is
// undecided by the median, weighted by size, of the realms' middles, so it takes few rounds however many realms there
// are.
std::vector<std::uint64_t> split_by_rank(std::vector<RealmQuery>& queries, SortBy by, std::uint64_t target) {
  std::vector<std::uint64_t> low(queries.size()), high(queries.size()), rank(queries.size());
  for (std::size_t i = 0; i < queries.size(); ++i) high[i] = queries[i].total();
  struct Middle {
    Candidate row;
    std::size_t query;
    std::uint64_t weight;
  };
  std::vector<Middle> middles;
  for (;;) {
    if (sum(low) == target) return low;
    if (sum(high) == target) return high;
    middles.clear();
    std::uint64_t weight = 0;
    for (std::size_t i = 0; i < queries.size(); ++i) {
      if (low[i] == high[i]) continue;
      const std::uint32_t row = queries[i].at_rank(by, (low[i] + high[i]) / 2);
      middles.push_back({candidate(by, queries[i].realm(), row), i, high[i] - low[i]});
      weight += middles.back().weight;
    }
    std::sort(middles.begin(), middles.end(),
              [&](const Middle& a, const Middle& b) { return compare(by, a.row, b.row) < 0; });
    std::size_t chosen = 0;
    for (std::uint64_t passed = middles[0].weight; 2 * passed < weight; passed += middles[++chosen].weight) {
    }
    const Middle& pivot = middles[chosen];
    const Probe probe = pivot.row.realm->key(by, pivot.row.row);
    for (std::size_t i = 0; i < queries.size(); ++i)
      rank[i] = std::clamp(queries[i].rank(by, probe, false), low[i], high[i]);
    if (sum(rank) > target) {
      high = rank;
    } else {
      low = rank;
      if (sum(rank) < target) ++low[pivot.query];
    }
  }
}

std::vector<session::Session> whole_sessions(const std::vector<Candidate>& rows) {
  std::vector<session::Session> out;
  out.reserve(rows.size());  // at once: the runs are short where realms interleave
  std::vector<std::uint32_t> run;
  for (std::size_t i = 0; i < rows.size();) {
    run.clear();
    const RealmIndex* realm = rows[i].realm;
    for (; i < rows.size() && rows[i].realm == realm; ++i) run.push_back(rows[i].row);
    realm->get_all(run, out);
  }
  return out;
}

struct Window {
  std::vector<Candidate> rows;  // in the order asked for
  bool more_before = false, more_after = false;
};

Window window_at_cursor(std::vector<RealmQuery>& queries, const Cursor& cursor, std::size_t limit) {
  const SortBy by = cursor.order.by;
  const Start start{cursor.order.descending == cursor.backwards, probe_of(cursor), false};
  Best best(by, start.ascending, limit + 1);
  bool behind = false;
  for (RealmQuery& query : queries) {
    query.collect(by, start, limit + 1, best);
    behind = behind || query.any_behind(by, start);
  }
  Window window{best.window(0, limit + 1), behind, false};
  window.more_after = window.rows.size() > limit;
  if (window.more_after) window.rows.pop_back();
  if (cursor.backwards) {
    std::reverse(window.rows.begin(), window.rows.end());
    std::swap(window.more_before, window.more_after);
  }
  return window;
}

std::vector<Candidate> rows_by_ranks(std::vector<RealmQuery>& queries, const Order& order, std::uint64_t total,
                                     std::uint64_t offset, std::size_t limit) {
  const bool ascending = !order.descending;
  const std::uint64_t below = ascending ? offset : total - offset;
  std::vector<std::uint64_t> first{below};
  if (queries.size() > 1) first = split_by_rank(queries, order.by, below);
  Best best(order.by, ascending, limit);
  for (std::size_t i = 0; i < queries.size(); ++i)
    queries[i].collect_ranked(order.by, ascending, first[i], limit, best);
  return best.window(0, limit);
}

Window window_at_offset(std::vector<RealmQuery>& queries, const Order& order, std::uint64_t total, std::uint64_t offset,
                        std::size_t limit, PlanBook& book) {
  Window window;
  if (offset >= total) return window;
  const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(limit, total - offset));
  const bool ascending = !order.descending;
  const bool all_ranked = offset > 0 && std::all_of(queries.begin(), queries.end(), [&](RealmQuery& q) {
                            return q.total() == 0 || q.ranked(order.by);
                          });
  const bool from_end = offset > total / 2;
  const std::uint64_t skip = from_end ? total - offset - count : offset;
  Best page(order.by, ascending, count);
  if (all_ranked) {
    book.note(Plan::kOffsetByRanks);
    window.rows = rows_by_ranks(queries, order, total, offset, count);
  } else if (queries.size() == 1 &&
             queries.front().collect_behind(order.by, ascending != from_end, skip, count, page)) {
    window.rows = page.window(0, count);
  } else if (from_end) {
    book.note(Plan::kOffsetFromEnd);
    const auto wanted = static_cast<std::size_t>(total - offset);
    Best best(order.by, !ascending, wanted);
    for (RealmQuery& query : queries) query.collect(order.by, Start{!ascending, std::nullopt, false}, wanted, best);
    window.rows = best.window(wanted - count, count);
    std::reverse(window.rows.begin(), window.rows.end());
  } else {
    const auto wanted = static_cast<std::size_t>(offset) + count;
    Best best(order.by, ascending, wanted);
    for (RealmQuery& query : queries) query.collect(order.by, Start{ascending, std::nullopt, false}, wanted, best);
    window.rows = best.window(static_cast<std::size_t>(offset), count);
  }
  window.more_before = offset > 0;
  window.more_after = offset + window.rows.size() < total;
  return window;
}

// The classes by severity, of all realms; each is in the order of last access.
class Classes {
 public:
  Classes(std::vector<RealmQuery>& queries, bool descending, PlanBook& book)
      : within_{SortBy::kLastAccess, descending}, book_(book) {
    book.note(Plan::kPageBySeverity);
    for (RealmQuery& query : queries) {
      auto split = query.split_by_severity();
      for (unsigned rank = 0; rank < kRanks; ++rank) {
        total_[rank] += split[rank].total();
        of_[rank].push_back(std::move(split[rank]));
      }
    }
  }

  Window at_offset(std::uint64_t total, std::uint64_t offset, std::size_t limit) {
    Window window;
    std::uint64_t skip = offset;
    for (int rank = first(); valid(rank) && window.rows.size() < limit; rank += step()) {
      const std::uint64_t here = total_[static_cast<unsigned>(rank)];
      if (skip < here) append(window, rank, skip, limit - window.rows.size());
      skip -= std::min(skip, here);
    }
    window.more_before = offset > 0;
    window.more_after = offset + window.rows.size() < total;
    return window;
  }

  Window at_cursor(const Cursor& cursor, std::size_t limit) {
    const int at = static_cast<std::uint8_t>(cursor.key[0]);
    Window window = window_at_cursor(of_[static_cast<unsigned>(at)],
                                     {within_, cursor.key.substr(1), cursor.no, cursor.backwards}, limit);
    const int ahead = cursor.backwards ? -step() : step();
    bool &more_ahead = cursor.backwards ? window.more_before : window.more_after,
         &more_behind = cursor.backwards ? window.more_after : window.more_before;
    for (int rank = at - ahead; valid(rank); rank -= ahead)
      more_behind = more_behind || total_[static_cast<unsigned>(rank)] > 0;
    for (int rank = at + ahead; valid(rank); rank += ahead) {
      const std::uint64_t here = total_[static_cast<unsigned>(rank)];
      const std::size_t taken = static_cast<std::size_t>(std::min<std::uint64_t>(limit - window.rows.size(), here));
      more_ahead = more_ahead || taken < here;
      if (taken == 0) continue;
      if (!cursor.backwards) {
        append(window, rank, 0, taken);
        continue;
      }
      Window before;
      append(before, rank, here - taken, taken);
      window.rows.insert(window.rows.begin(), before.rows.begin(), before.rows.end());
    }
    return window;
  }

 private:
  int first() const { return within_.descending ? static_cast<int>(kRanks) - 1 : 0; }
  int step() const { return within_.descending ? -1 : 1; }
  static bool valid(int rank) { return rank >= 0 && rank < static_cast<int>(kRanks); }
  void append(Window& window, int rank, std::uint64_t offset, std::size_t limit) {
    const auto r = static_cast<unsigned>(rank);
    const Window part = window_at_offset(of_[r], within_, total_[r], offset, limit, book_);
    window.rows.insert(window.rows.end(), part.rows.begin(), part.rows.end());
  }

  const Order within_;
  PlanBook& book_;
  std::array<std::vector<RealmQuery>, kRanks> of_;
  std::array<std::uint64_t, kRanks> total_{};
};

Window window_of(std::vector<RealmQuery>& queries, const Query& query, const Order& order, std::uint64_t total,
                 PlanBook& book) {
  if (order.by == SortBy::kSeverity) {
    Classes classes(queries, order.descending, book);
    return query.cursor ? classes.at_cursor(*query.cursor, query.limit)
                        : classes.at_offset(total, query.offset, query.limit);
  }
  return query.cursor ? window_at_cursor(queries, *query.cursor, query.limit)
                      : window_at_offset(queries, order, total, query.offset, query.limit, book);
}

}  // namespace

std::vector<RealmQuery> Index::Impl::queries(std::span<const RealmId> ids, const Filter& filter) {
  settle();
  std::vector<RealmId> distinct(ids.begin(), ids.end());
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  std::vector<RealmQuery> out;
  out.reserve(distinct.size());
  for (const RealmId id : distinct)
    if (const RealmIndex* realm = find(id)) out.emplace_back(*realm, filter, book);
  return out;
}

Page Index::Impl::page(const Query& query) {
  std::vector<RealmQuery> realm_queries = queries(query.realms, query.filter);
  Page page;
  for (RealmQuery& q : realm_queries) page.total += q.total();
  if (query.limit == 0 || page.total == 0) return page;
  const Order order = query.cursor ? query.cursor->order : query.order;
  const Window window = window_of(realm_queries, query, order, page.total, book);
  if (window.rows.empty()) return page;
  page.rows = whole_sessions(window.rows);
  const auto cursor = [&](const Candidate& row, bool backwards) {
    return Cursor{order, row.realm->key_bytes(order.by, row.row), session::SessionNo{row.no}, backwards};
  };
  if (window.more_after) page.next = cursor(window.rows.back(), false);
  if (window.more_before) page.previous = cursor(window.rows.front(), true);
  return page;
}

Page Index::query(const Query& query) const {
  return impl_->page(query);
}

bool Index::Impl::has_many(std::span<const RealmId> ids) const {
  constexpr std::uint64_t many = 200'000;
  std::uint64_t sessions = 0;
  for (const RealmId id : ids)
    if (const RealmIndex* realm = find(id)) sessions += realm->size();
  return sessions > many;
}

Index::Stay Index::stay(std::span<const RealmId> realms) const {
  const ReadLock lock(*this);
  return impl_->has_many(realms) ? Stay::kLong : Stay::kBrief;
}

bool Index::takes_long(const Query& query) const {
  constexpr std::uint64_t far = 10'000, few = 20'000;
  const Filter& f = query.filter;
  const int conditions = f.type.has_value() + !f.clients.empty() + f.user.has_value() +
                         (!f.ip.empty() || !f.ip_not.empty()) + (f.started_after || f.started_before) +
                         (f.last_access_after || f.last_access_before) + f.remember_me.has_value() +
                         (!f.device_kinds.empty() || !f.devices.empty()) + (f.marks != 0);
  const bool ranked = conditions == 0 && query.order.by != SortBy::kSeverity;
  if (f.search.empty() && conditions < 2 && (ranked || query.offset < far)) return false;
  if (!impl_->has_many(query.realms)) return false;
  if (!f.search.empty()) return true;
  // Those of a user and those in networks are counted by themselves at once; of a few, anything may be asked.
  Filter user, networks;
  user.user = f.user;
  networks.ip = f.ip;
  return (user.empty() || count(query.realms, user) > few) && (networks.empty() || count(query.realms, networks) > few);
}

void Index::read_ahead(std::span<const RealmId> realms, Filter& filter) const {
  filter.ahead = nullptr;
  const std::string folded = fold_case(filter.search);
  if (folded.empty()) return;
  auto ahead = std::make_shared<SearchAhead>();
  Filter others = filter;
  others.search.clear();
  {
    const ReadLock lock(*this, stay(realms));
    for (RealmQuery& query : impl_->queries(realms, others)) {
      if (query.realm().rows().rows() < impl_->book.ahead_from || query.leads_to_few()) continue;
      const auto search = column_search(query.realm(), folded);
      if (search && !search->listed()) ahead->add(std::make_shared<RealmAhead>(query.realm(), search));
    }
  }
  for (const auto& part : ahead->realms()) {
    for (bool more = true; more;) {
      const ReadLock lock(*this);
      const RealmIndex* realm = impl_->find(part->realm());
      more = realm != nullptr && part->is_of(*realm) && part->read_on(*realm, impl_->book.ahead_slice);
    }
  }
  if (!ahead->realms().empty()) filter.ahead = std::move(ahead);
}

std::uint64_t Index::count(std::span<const RealmId> realms, const Filter& filter) const {
  std::uint64_t n = 0;
  for (RealmQuery& query : impl_->queries(realms, filter)) n += query.total();
  return n;
}

}  // namespace curfew::index
