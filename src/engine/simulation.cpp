#include "engine/simulation.h"

#include <algorithm>
#include <utility>

namespace curfew::engine {
namespace {

using session::EndCause;
using session::SessionType;

constexpr std::size_t kRows = 4'096;  // looked at under one lock
constexpr std::size_t kUsers = 256;
constexpr std::size_t kSample = 10;

class Walk {
 public:
  Walk(const index::Index& index, session::RealmId realm, const session::Policy& policy, Time now)
      : index_(index), realm_(realm), policy_(policy), now_(now) {}

  void by_time() {
    std::uint32_t place = 0;
    std::vector<index::ExpiredRow> expired;
    do {
      expired.clear();
      const index::Index::ReadLock lock(index_);
      index_.sweep(realm_, policy_, now_, place, kRows, expired);
      for (const index::ExpiredRow& row : expired) add(row.handle, row.cause);
    } while (place != 0);
  }

  void by_number() {
    if (!policy_.max_sessions_per_user) return;
    const session::RealmId one[] = {realm_};
    for (std::uint64_t offset = 0;;) {
      const index::Index::ReadLock lock(index_);
      const index::UserPage page = index_.users(one, {}, offset, kUsers);
      for (const index::UserRow& user : page.rows)
        if (user.regular > *policy_.max_sessions_per_user) limit(user);
      offset += page.rows.size();
      if (page.rows.empty() || offset >= page.total) return;
    }
  }

  Simulation finish() {
    const session::RealmId one[] = {realm_};
    const index::Index::ReadLock lock(index_, index_.stay(one));
    Roaring live;
    if (index::SessionSet all = index_.match(one, {}); !all.rows().empty())
      live = std::move(all.rows().begin()->second);
    index::SessionSet set;
    Simulation out;
    for (auto& [cause, rows] : by_cause_) {
      rows &= live;
      rows -= set.rows()[realm_];  // a place that was given to another session meanwhile counts once
      if (rows.isEmpty()) continue;
      out.causes[cause] = rows.cardinality();
      set.rows()[realm_] |= rows;
    }
    out.matched = index_.summarize(set);
    sample(set, out.sample);
    return out;
  }

 private:
  void add(const index::Handle& handle, EndCause cause) {
    by_cause_[cause].add(handle.row);
    ending_.add(handle.row);
  }

  // The policy's victims among one user's regular sessions, those apart that its times end anyway.
  void limit(const index::UserRow& user) {
    const bool oldest = policy_.victim == session::ConcurrencyVictim::kOldest;
    std::vector<std::pair<std::pair<Time, session::SessionNo>, index::Handle>> live;
    for (const index::Handle& handle : index_.user_sessions(realm_, user.user_id)) {
      const index::Index::Facts facts = index_.facts(handle);
      if (facts.type != SessionType::kRegular || ending_.contains(handle.row)) continue;
      live.push_back({{oldest ? facts.started : facts.last_access, handle.no}, handle});
    }
    if (live.size() <= *policy_.max_sessions_per_user) return;
    const auto victims = static_cast<std::ptrdiff_t>(live.size() - *policy_.max_sessions_per_user);
    std::partial_sort(live.begin(), live.begin() + victims, live.end(),
                      [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto it = live.begin(); it != live.begin() + victims; ++it) add(it->second, EndCause::kConcurrent);
  }

  void sample(const index::SessionSet& set, std::vector<session::Session>& out) const {
    std::vector<std::pair<Time, index::Handle>> longest;
    const auto less = [](const auto& a, const auto& b) { return a.first < b.first; };
    for (const index::Handle& handle : index_.members(set, {}, 100'000)) {
      longest.push_back({index_.facts(handle).last_access, handle});
      std::push_heap(longest.begin(), longest.end(), less);
      if (longest.size() <= kSample) continue;
      std::pop_heap(longest.begin(), longest.end(), less);
      longest.pop_back();
    }
    std::sort_heap(longest.begin(), longest.end(), less);
    for (const auto& [time, handle] : longest) out.push_back(index_.get(handle));
  }

  const index::Index& index_;
  const session::RealmId realm_;
  const session::Policy policy_;
  const Time now_;
  std::map<EndCause, Roaring> by_cause_;
  Roaring ending_;
};

}  // namespace

Simulation simulate(const index::Index& index, session::RealmId realm, const session::Policy& policy, Time now) {
  Walk walk(index, realm, policy, now);
  walk.by_time();
  walk.by_number();
  return walk.finish();
}

}  // namespace curfew::engine
