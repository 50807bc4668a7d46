// What stands behind Index: the realms, the lock, the rows touched since they were last taken, the rows being loaded.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "index/index.h"
#include "index/planner.h"
#include "index/realm_index.h"
#include "index/slice_lock.h"

namespace curfew::index {

struct Index::Impl {
  Impl(device::Classify given, const SeldomClients& few) : classify(std::move(given)), seldom(few) {}

  // A touched row's entry. Stale if the row is gone; the row's own flag says whether it still waits.
  struct Dirty {
    std::uint64_t no;
    RealmId realm;
    std::uint32_t row;
  };

  const device::Classify classify;
  const SeldomClients seldom;
  mutable SliceLock lock;
  mutable PlanBook book;
  std::unordered_map<RealmId, std::unique_ptr<RealmIndex>> realms;
  std::vector<RealmIndex*> unsettled;              // that may hold what settle() has not put in order
  std::vector<std::unique_ptr<RealmIndex>> grave;  // dropped realms, freed when no lock is held
  std::vector<Dirty> dirty_backlog;                // by descending no; taken from the back
  std::vector<Dirty> dirty_fresh;
  std::size_t dirty_count = 0;
  ChunksAhead ahead{1, 1};
  std::optional<ChunksAhead> bulk;  // between begin_load and end_load

  RealmIndex* find(RealmId id) const {
    const auto it = realms.find(id);
    return it == realms.end() ? nullptr : it->second.get();
  }
  RealmIndex& at(RealmId id) {
    auto& realm = realms[id];
    if (!realm) realm = std::make_unique<RealmIndex>(id, classify, seldom);
    return *realm;
  }
  // The writer's own reads see its changes; for readers there is never anything to settle.
  void settle() {
    if (unsettled.empty()) return;
    for (RealmIndex* realm : unsettled) realm->settle();
    unsettled.clear();
  }
  // The realm, if it is there, with all its rows in the orders; touches and ended rows may wait.
  const RealmIndex* with_arrived(RealmId id) {
    RealmIndex* realm = find(id);
    if (realm != nullptr) realm->settle_arrivals();
    return realm;
  }
  // The same, and with no ended rows in its structures.
  const RealmIndex* without_ended(RealmId id) {
    const RealmIndex* realm = with_arrived(id);
    if (realm != nullptr && realm->has_ended()) settle();
    return realm;
  }
  // After a change that may have left something to settle.
  void settle_later(RealmIndex& realm) {
    if (unsettled.empty() || unsettled.back() != &realm) unsettled.push_back(&realm);
  }
  // A query of each realm asked that exists, each once.
  std::vector<RealmQuery> queries(std::span<const RealmId> ids, const Filter& filter);
  bool has_many(std::span<const RealmId> ids) const;  // so many sessions that a look at all takes milliseconds
  Page page(const Query& query);
  Summary summary(const std::vector<std::pair<const RealmIndex*, Roaring>>& sets) const;
};

}  // namespace curfew::index
