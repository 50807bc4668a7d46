// One session, one user, one address or one device, without building texts or pages (index.h).
//
// The writer asks these between its changes. So touches, which none of them reads, are left to wait for the rest of
// their batch; rows that have ended are passed over, and only where they are counted put right first.
#include <algorithm>

#include "index/index_impl.h"

namespace curfew::index {
namespace {

Handle handle_of(const RealmIndex& realm, std::uint32_t row) {
  return {realm.id(), row, session::SessionNo{realm.rows().facts(row).no}};
}

bool ending(const RealmIndex& realm, std::uint32_t row) {
  return realm.rows().facts(row).has(RowFacts::kEnding);
}

// Leaves, behind `from`, the latest `limit` in ascending order.
void keep_latest(std::vector<Handle>& out, std::size_t from, std::size_t limit) {
  const auto begin = out.begin() + static_cast<std::ptrdiff_t>(from);
  const auto later = [](const Handle& a, const Handle& b) { return a.no > b.no; };
  if (out.size() - from > limit) {
    std::nth_element(begin, begin + static_cast<std::ptrdiff_t>(limit), out.end(), later);
    out.resize(from + limit);
  }
  std::sort(out.begin() + static_cast<std::ptrdiff_t>(from), out.end(),
            [](const Handle& a, const Handle& b) { return a.no < b.no; });
}

// The latest sessions of a user stand last among those of the name. False, and nothing found, if others of the same
// name stand between too many of them.
bool latest_by_name(const RealmIndex& realm, std::uint32_t user, std::size_t limit, std::vector<Handle>& out) {
  const auto& order = realm.by_name();
  Probe behind = realm.users().name_probe(user);
  behind.no = ~std::uint64_t{0};
  const std::uint32_t rank = order.rank(behind, true);
  if (rank == 0) return false;
  const std::size_t before = out.size();
  TreePlace place = order.select(rank - 1);
  for (std::size_t steps = 4 * limit; steps > 0 && out.size() - before < limit; --steps) {
    const std::uint32_t row = order.item(place);
    if (realm.rows().facts(row).user == user && !ending(realm, row)) out.push_back(handle_of(realm, row));
    if (!order.previous(place)) break;
  }
  if (out.size() - before < limit) {
    out.resize(before);
    return false;
  }
  std::reverse(out.begin() + static_cast<std::ptrdiff_t>(before), out.end());
  return true;
}

struct Ranks {
  std::uint32_t from, to;
};
Ranks ranks(const RealmIndex& realm, const IpAddress& first, const IpAddress& last) {
  const auto& order = realm.by_ip();
  return {order.rank(IpKeys::at(first, 0), false), order.rank(IpKeys::at(last, ~std::uint64_t{0}), false)};
}

// f(row) for every row of the device that the key names.
template <class F>
void for_each_with(const RealmIndex& realm, std::string_view key, F f) {
  const DeviceDirectory& devices = realm.devices();
  if (key.starts_with(kIdPrefix)) {
    const std::uint32_t id = devices.find_id(key.substr(kIdPrefix.size()));
    if (id != DeviceDirectory::kNone) devices.for_each_with_id(id, f);
  } else if (key.starts_with(kFamilyPrefix)) {
    const std::uint32_t family = devices.find_family(key.substr(kIdPrefix.size()));
    if (family == DeviceDirectory::kNone) return;
    for (const std::uint32_t row : devices.family(family).rows) f(row);
  }
}

}  // namespace

Index::Names Index::names(const Handle& handle) const {
  const RealmIndex& realm = *impl_->find(handle.realm);
  const std::uint32_t user = realm.rows().facts(handle.row).user;
  Names out{realm.users().id(user), realm.users().username(user), {}};
  realm.rows().append_id_text(handle.row, out.session_id);
  return out;
}

session::SessionKey Index::key(const Handle& handle) const {
  const RealmIndex& realm = *impl_->find(handle.realm);
  session::SessionKey out{handle.realm, realm.rows().facts(handle.row).type(), {}};
  realm.rows().append_id_text(handle.row, out.id);
  return out;
}

RowView Index::view(const Handle& handle) const {
  const RealmIndex& realm = *impl_->find(handle.realm);
  const RowFacts& facts = realm.rows().facts(handle.row);
  const RowRest& rest = realm.rows().rest(handle.row);
  return {session::SessionNo{facts.no},
          facts.type(),
          facts.has(RowFacts::kRememberMe),
          Time{facts.started()},
          Time{facts.last_access()},
          realm.rows().ip(facts),
          facts.user,
          facts.kind(),
          realm.devices().key_hash(rest.user_agent, rest.device)};
}

std::string Index::device_key(const Handle& handle) const {
  return impl_->find(handle.realm)->device_key(handle.row);
}

std::uint16_t Index::marks(const Handle& handle) const {
  return impl_->find(handle.realm)->marks(handle.row);
}

std::optional<std::uint32_t> Index::user_number(RealmId id, std::string_view user_id) const {
  const RealmIndex* realm = impl_->find(id);
  const std::uint32_t user = realm == nullptr ? UserDirectory::kNone : realm->users().find(user_id);
  if (user == UserDirectory::kNone) return std::nullopt;
  return user;
}

std::string Index::user_id(RealmId id, std::uint32_t user) const {
  return impl_->find(id)->users().id(user);
}

std::uint32_t Index::user_slots(RealmId id) const {
  const RealmIndex* realm = impl_->find(id);
  return realm == nullptr ? 0 : realm->users().slots();
}

std::uint64_t Index::sessions_of(RealmId id, std::uint32_t user) const {
  const RealmIndex* realm = impl_->without_ended(id);
  return realm == nullptr || !realm->users().known(user) ? 0 : realm->users().rows(user);
}

void Index::handles_of(RealmId id, std::uint32_t user, std::size_t limit, std::vector<Handle>& out) const {
  const RealmIndex* realm = impl_->find(id);
  if (realm == nullptr || !realm->users().known(user) || limit == 0) return;
  if (realm->users().rows(user) > RowLists::kManyRows && latest_by_name(*impl_->with_arrived(id), user, limit, out))
    return;
  const std::size_t before = out.size();
  realm->users().for_each_row(user, [&](std::uint32_t row) {
    if (!ending(*realm, row)) out.push_back(handle_of(*realm, row));
  });
  keep_latest(out, before, limit);
}

std::uint64_t Index::sessions_at(RealmId id, const Cidr& network) const {
  const RealmIndex* realm = impl_->without_ended(id);
  if (realm == nullptr) return 0;
  const Ranks at = ranks(*realm, network.first(), network.last());
  return at.to - at.from;
}

std::uint64_t Index::sessions_at(RealmId id, const IpAddress& ip) const {
  const RealmIndex* realm = impl_->without_ended(id);
  if (realm == nullptr) return 0;
  const Ranks at = ranks(*realm, ip, ip);
  return at.to - at.from;
}

bool Index::as_many_at_address(const Handle& handle, std::uint64_t n) const {
  const RealmIndex& realm = *impl_->with_arrived(handle.realm);
  const RowFacts& own = realm.rows().facts(handle.row);
  constexpr std::uint64_t few = 32;  // neighbours are read one by one: of more of them a count is cheaper
  if (n > few) return sessions_at(handle.realm, realm.rows().ip(own)) >= n;
  std::uint64_t found = 1;
  const auto& order = realm.by_ip();
  const TreePlace place = order.place_of(handle.row);
  const auto count = [&](auto step) {
    for (TreePlace at = place; found < n && step(at);) {
      const std::uint32_t row = order.item(at);
      const RowFacts& facts = realm.rows().facts(row);
      if (facts.has(RowFacts::kV6) != own.has(RowFacts::kV6) || realm.rows().ip(facts) != realm.rows().ip(own)) return;
      if (!ending(realm, row)) ++found;
    }
  };
  count([&](TreePlace& at) { return order.next(at); });
  count([&](TreePlace& at) { return order.previous(at); });
  return found >= n;
}

void Index::handles_at(RealmId id, const Cidr& network, std::size_t limit, std::vector<Handle>& out) const {
  const RealmIndex* realm = impl_->with_arrived(id);
  if (realm == nullptr) return;
  const Ranks at = ranks(*realm, network.first(), network.last());
  if (at.from >= at.to) return;
  const auto& order = realm->by_ip();
  TreePlace place = order.select(at.from);
  for (std::uint32_t left = at.to - at.from; left > 0 && limit > 0; --left) {
    const std::uint32_t row = order.item(place);
    if (!ending(*realm, row)) {
      out.push_back(handle_of(*realm, row));
      --limit;
    }
    if (!order.next(place)) break;
  }
}

std::uint64_t Index::sessions_with(RealmId id, std::string_view key) const {
  const RealmIndex* realm = impl_->without_ended(id);
  if (realm == nullptr) return 0;
  const DeviceDirectory& devices = realm->devices();
  if (key.starts_with(kIdPrefix)) {
    const std::uint32_t ordinal = devices.find_id(key.substr(kIdPrefix.size()));
    return ordinal == DeviceDirectory::kNone ? 0 : devices.rows_with_id(ordinal);
  }
  const std::uint32_t family =
      key.starts_with(kFamilyPrefix) ? devices.find_family(key.substr(kIdPrefix.size())) : DeviceDirectory::kNone;
  return family == DeviceDirectory::kNone ? 0 : devices.family(family).rows.cardinality();
}

void Index::handles_with(RealmId id, std::string_view key, std::size_t limit, std::vector<Handle>& out) const {
  const RealmIndex* realm = impl_->find(id);
  if (realm == nullptr) return;
  const std::size_t before = out.size();
  for_each_with(*realm, key, [&](std::uint32_t row) {
    if (!ending(*realm, row)) out.push_back(handle_of(*realm, row));
  });
  keep_latest(out, before, limit);
}

std::array<std::uint64_t, device::kKinds> Index::kinds(std::span<const RealmId> realms) const {
  std::vector<RealmId> distinct(realms.begin(), realms.end());
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  std::array<std::uint64_t, device::kKinds> out{};
  for (const RealmId id : distinct) {
    const RealmIndex* realm = impl_->without_ended(id);
    if (realm == nullptr) continue;
    const auto counts = realm->devices().counts();
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += counts[i];
  }
  return out;
}

}  // namespace curfew::index
