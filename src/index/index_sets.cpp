// Sets of sessions: what matches, how it is spread, and its digest (index.h).
#include <algorithm>

#include "index/index_impl.h"

namespace curfew::index {
namespace {

constexpr std::uint64_t kFew =
    100'000;  // rows up to which each row is asked for its clients instead of each client for its rows

void add_clients(const RealmIndex& realm, const Roaring& rows, std::uint64_t count, Summary& out) {
  const ClientDirectory& clients = realm.clients();
  if (count == realm.size()) {
    for (const auto& [id, ordinal] : clients.by_id())
      if (const auto n = clients.client(ordinal).sessions; n > 0) out.clients[id] += n;
    return;
  }
  if (count > kFew) {
    for (const auto& [id, ordinal] : clients.by_id())
      if (const auto n = clients.client(ordinal).regular_rows.and_cardinality(rows) +
                         clients.client(ordinal).offline_rows.and_cardinality(rows);
          n > 0)
        out.clients[id] += n;
    return;
  }
  std::unordered_map<std::uint32_t, std::uint64_t> by_client;
  for (const std::uint32_t row : rows)
    for (const std::uint32_t client : clients.members(realm.rows().rest(row).clients)) ++by_client[client];
  for (const auto& [client, n] : by_client) out.clients[clients.client(client).id] += n;
}

std::uint64_t count_users(const RealmIndex& realm, const Roaring& rows, std::uint64_t count) {
  if (count == realm.size()) return realm.users().with_rows();
  std::uint64_t n = 0;
  if (count <= kFew) {
    std::vector<std::uint32_t> users;
    users.reserve(count);
    for (const std::uint32_t row : rows) users.push_back(realm.rows().facts(row).user);
    std::sort(users.begin(), users.end());
    return static_cast<std::uint64_t>(std::unique(users.begin(), users.end()) - users.begin());
  }
  std::vector<bool> seen(realm.users().slots());
  for (const std::uint32_t row : rows) {
    const std::uint32_t user = realm.rows().facts(row).user;
    if (seen[user]) continue;
    seen[user] = true;
    ++n;
  }
  return n;
}

// Two independent hashes of a session's number; their sums over a set do not depend on the order.
void add_to_digest(std::array<std::uint64_t, 2>& digest, std::uint64_t no) {
  digest[0] += mix(no, 0x2545f4914f6cdd1dULL);
  digest[1] += mix(no, 0xd1342543de82ef95ULL);
}

}  // namespace

Summary Index::Impl::summary(const std::vector<std::pair<const RealmIndex*, Roaring>>& sets) const {
  Summary out;
  for (const auto& [realm, rows] : sets) {
    const std::uint64_t count = rows.cardinality();
    if (count == 0) continue;
    const std::uint64_t offline =
        count == realm->size() ? realm->offline_count() : rows.and_cardinality(realm->offline());
    out.sessions += count;
    out.offline += offline;
    out.regular += count - offline;
    out.users += count_users(*realm, rows, count);
    const auto all = realm->devices().counts();
    for (std::size_t kind = 0; kind < all.size(); ++kind)
      out.kinds[kind] += count == realm->size() || all[kind] == 0
                             ? all[kind]
                             : rows.and_cardinality(realm->devices().rows_of(static_cast<device::Kind>(kind)));
    add_clients(*realm, rows, count, out);
  }
  return out;
}

Summary Index::summarize(std::span<const RealmId> realms, const Filter& filter) const {
  std::vector<std::pair<const RealmIndex*, Roaring>> sets;
  for (RealmQuery& query : impl_->queries(realms, filter)) sets.emplace_back(&query.realm(), query.bitmap());
  return impl_->summary(sets);
}

Summary Index::summarize(const SessionSet& set) const {
  impl_->settle();
  std::vector<std::pair<const RealmIndex*, Roaring>> sets;
  for (const auto& [id, rows] : set.rows())
    if (const RealmIndex* realm = impl_->find(id)) sets.emplace_back(realm, rows & realm->live());
  return impl_->summary(sets);
}

SessionSet Index::match(std::span<const RealmId> realms, const Filter& filter) const {
  SessionSet set;
  for (RealmQuery& query : impl_->queries(realms, filter)) {
    Roaring rows = query.bitmap();
    if (!rows.isEmpty()) set.rows()[query.realm().id()] = std::move(rows);
  }
  return set;
}

std::vector<Handle> Index::members(const SessionSet& set, const SessionSet::Place& from, std::size_t limit) const {
  impl_->settle();
  std::vector<Handle> out;
  for (auto it = set.rows().lower_bound(from.realm); it != set.rows().end() && out.size() < limit; ++it) {
    const RealmIndex* realm = impl_->find(it->first);
    if (realm == nullptr) continue;
    auto row = it->second.begin();
    if (it->first == from.realm && from.row > 0) row.equalorlarger(from.row);
    for (; row != it->second.end() && out.size() < limit; ++row) {
      if (*row >= realm->rows().rows()) break;
      const std::uint64_t no = realm->rows().facts(*row).no;
      if (no != 0) out.push_back({it->first, *row, session::SessionNo{no}});
    }
  }
  return out;
}

std::array<std::uint64_t, 2> Index::digest(const SessionSet& set) const {
  impl_->settle();
  std::array<std::uint64_t, 2> out{};
  for (const auto& [id, rows] : set.rows()) {
    const RealmIndex* realm = impl_->find(id);
    if (realm == nullptr) continue;
    for (const std::uint32_t row : rows) {
      if (row >= realm->rows().rows()) break;
      const std::uint64_t no = realm->rows().facts(row).no;
      if (no != 0) add_to_digest(out, no);
    }
  }
  return out;
}

}  // namespace curfew::index
