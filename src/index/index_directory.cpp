// Users and clients of one realm or of several (index.h).
#include <algorithm>

#include "base/text.h"
#include "index/index_impl.h"

namespace curfew::index {
namespace {

struct UserCandidate {
  std::uint64_t hi, lo;
  std::uint32_t user;
  const RealmIndex* realm;
};

bool before(const UserCandidate& a, const UserCandidate& b) {
  if (a.hi != b.hi) return a.hi < b.hi;
  if (a.lo != b.lo) return a.lo < b.lo;
  const UserDirectory &x = a.realm->users(), &y = b.realm->users();
  if (const int order = x.folded_name(a.user).compare(y.folded_name(b.user)); order != 0) return order < 0;
  if (const int order = x.id(a.user).compare(y.id(b.user)); order != 0) return order < 0;
  return a.realm->id() < b.realm->id();
}

UserCandidate candidate(const RealmIndex& realm, std::uint32_t user) {
  const Probe probe = realm.users().name_probe(user);
  return {probe.hi, probe.lo, user, &realm};
}

UserRow row_of(const RealmIndex& realm, std::uint32_t user) {
  const UserDirectory& users = realm.users();
  UserRow row{realm.id(), users.id(user), users.username(user), std::string(users.email_view(user)), 0,
              0,          std::nullopt};
  users.for_each_row(user, [&](std::uint32_t r) {
    const RowFacts& facts = realm.rows().facts(r);
    ++(facts.has(RowFacts::kOffline) ? row.offline : row.regular);
    if (!row.last_access || row.last_access->ms < facts.last_access()) row.last_access = Time{facts.last_access()};
  });
  return row;
}

// The users of one realm from place `from` of their order on.
void take_in_order(const RealmIndex& realm, std::uint64_t from, std::size_t count, std::vector<UserCandidate>& out) {
  const auto& order = realm.users().order();
  if (from >= order.size()) return;
  TreePlace place = order.select(static_cast<std::uint32_t>(from));
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back(candidate(realm, order.item(place)));
    if (!order.next(place)) break;
  }
}

// Of these users of one realm those that can be among the first `most` of all: along the order if they are many, where
// each name is read for its place.
void take_found(const RealmIndex& realm, std::vector<std::uint32_t> users, std::uint64_t most,
                std::vector<UserCandidate>& out) {
  const auto& order = realm.users().order();
  const std::uint64_t found = users.size();
  if (found == 0) return;
  if (most > found || most * order.size() / found >= found) {
    for (const std::uint32_t user : users) out.push_back(candidate(realm, user));
    return;
  }
  const std::size_t before = out.size();
  const UserSet wanted(std::move(users), realm.users().slots());
  TreePlace place = order.select(0);
  for (std::uint64_t steps = 0; steps < found; ++steps) {
    if (const std::uint32_t user = order.item(place); wanted.contains(user)) {
      out.push_back(candidate(realm, user));
      if (out.size() - before == most) return;
    }
    if (!order.next(place)) return;
  }
  out.resize(before);  // they lie together, far behind
  for (const std::uint32_t user : wanted.list()) out.push_back(candidate(realm, user));
}

std::vector<const RealmIndex*> realms_of(const std::unordered_map<RealmId, std::unique_ptr<RealmIndex>>& all,
                                         std::span<const RealmId> ids) {
  std::vector<RealmId> distinct(ids.begin(), ids.end());
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  std::vector<const RealmIndex*> out;
  for (const RealmId id : distinct)
    if (const auto it = all.find(id); it != all.end()) out.push_back(it->second.get());
  return out;
}

}  // namespace

UserPage Index::users(std::span<const RealmId> ids, std::string_view search, std::uint64_t offset,
                      std::size_t limit) const {
  impl_->settle();
  const auto realms = realms_of(impl_->realms, ids);
  const std::string folded = fold_case(search);
  UserPage page;
  std::vector<UserCandidate> found;
  std::uint64_t skip = offset;
  if (folded.empty()) {
    for (const RealmIndex* realm : realms) page.total += realm->users().size();
    if (offset >= page.total) return page;
  }
  for (const RealmIndex* realm : realms) {
    if (!folded.empty()) {
      std::vector<std::uint32_t> users = realm->users().matching(TextPart(folded), true);
      page.total += users.size();
      take_found(*realm, std::move(users), offset + limit, found);
      continue;
    }
    if (realms.size() == 1) {
      take_in_order(*realm, offset, limit, found);
      skip = 0;
    } else {
      const std::uint64_t most = std::min<std::uint64_t>(realm->users().size(), offset + limit);
      take_in_order(*realm, 0, static_cast<std::size_t>(most), found);
    }
  }
  if (skip >= found.size()) return page;
  const auto begin = found.begin() + static_cast<std::ptrdiff_t>(skip);
  const auto end = begin + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(limit, found.size() - skip));
  if (skip > 0) std::nth_element(found.begin(), begin, found.end(), before);
  std::partial_sort(begin, end, found.end(), before);
  for (auto it = begin; it != end; ++it) page.rows.push_back(row_of(*it->realm, it->user));
  return page;
}

std::optional<UserRow> Index::user(RealmId id, std::string_view user_id) const {
  impl_->settle();
  const RealmIndex* realm = impl_->find(id);
  if (realm == nullptr) return std::nullopt;
  const std::uint32_t user = realm->users().find(user_id);
  if (user == UserDirectory::kNone) return std::nullopt;
  return row_of(*realm, user);
}

std::vector<Handle> Index::user_sessions(RealmId id, std::string_view user_id) const {
  impl_->settle();
  std::vector<Handle> out;
  const RealmIndex* realm = impl_->find(id);
  if (realm == nullptr) return out;
  const std::uint32_t user = realm->users().find(user_id);
  if (user == UserDirectory::kNone) return out;
  realm->users().for_each_row(
      user, [&](std::uint32_t row) { out.push_back({id, row, session::SessionNo{realm->rows().facts(row).no}}); });
  std::sort(out.begin(), out.end(), [](const Handle& a, const Handle& b) { return a.no < b.no; });
  return out;
}

std::vector<ClientRow> Index::clients(std::span<const RealmId> ids, std::string_view search) const {
  impl_->settle();
  const TextPart part(fold_case(search));
  std::map<std::string_view, ClientRow> all;
  for (const RealmIndex* realm : realms_of(impl_->realms, ids)) {
    for (const auto& [id, ordinal] : realm->clients().by_id()) {
      const auto& client = realm->clients().client(ordinal);
      ClientRow& row = all[id];
      row.client_id = id;
      if (row.name.empty()) row.name = client.name;
      row.regular += client.sessions - client.offline;
      row.offline += client.offline;
    }
  }
  std::vector<ClientRow> out;
  for (auto& [id, row] : all) {
    if (row.name.empty()) row.name = row.client_id;
    if (part.in(fold_case(row.client_id)) || part.in(fold_case(row.name))) out.push_back(std::move(row));
  }
  return out;
}

std::string Index::client_name(RealmId id, std::string_view client_id) const {
  impl_->settle();
  const RealmIndex* realm = impl_->find(id);
  const ClientDirectory::Client* client = realm == nullptr ? nullptr : realm->clients().find(client_id);
  return client == nullptr || client->name.empty() ? std::string(client_id) : client->name;
}

}  // namespace curfew::index
