#include "index/model.h"

#include <algorithm>

#include "base/text.h"

namespace curfew::index {
namespace {

using session::Session;
using session::SessionType;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string big_endian(std::int64_t ms) {
  std::string out;
  for (int shift = 56; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(static_cast<std::uint64_t>(ms) >> shift));
  return out;
}

unsigned rank_of_marks(std::uint16_t marks) {
  return (marks & kHighSeverity) != 0 ? 3 : (marks & kMediumSeverity) != 0 ? 2 : (marks & kLowSeverity) != 0 ? 1 : 0;
}

std::string sort_key(const Session& s, SortBy by, std::uint16_t marks) {
  switch (by) {
    case SortBy::kLastAccess:
      return big_endian(s.last_access.ms);
    case SortBy::kStarted:
      return big_endian(s.started.ms);
    case SortBy::kUsername:
      return fold_case(s.username);
    case SortBy::kIpAddress:
      return std::string(reinterpret_cast<const char*>(s.ip.bytes().data()), 16);
    case SortBy::kSeverity:
      return static_cast<char>(rank_of_marks(marks)) + big_endian(s.last_access.ms);
  }
  return {};
}

using Place = std::pair<std::string, std::uint64_t>;
Place place_of(const Session& s, SortBy by, std::uint16_t marks) {
  return {sort_key(s, by, marks), s.no.value};
}

}  // namespace

const Model::Realm* Model::realm(RealmId id) const {
  const auto it = realms_.find(id);
  return it == realms_.end() ? nullptr : &it->second;
}

void Model::learn_user(Realm& realm, const Session& session) {
  User& user = realm.users[session.user_id];
  if (!session.username.empty()) user.username = session.username;
  if (!session.email.empty()) user.email = session.email;
}

Handle Model::insert(const Session& session) {
  Realm& realm = realms_[session.key.realm];
  learn_user(realm, session);
  std::size_t row = 0;
  while (row < realm.rows.size() && realm.rows[row]) ++row;
  if (row == realm.rows.size()) realm.rows.emplace_back();
  realm.rows[row] = session;
  return Handle{session.key.realm, static_cast<std::uint32_t>(row), session.no};
}

void Model::erase(const Handle& handle) {
  realms_[handle.realm].rows[handle.row].reset();
  dirty_.erase(handle.no.value);
  marks_.erase(handle.no.value);
}

void Model::set_marks(const Handle& handle, std::uint16_t marks) {
  marks_[handle.no.value] = marks;
}

std::uint16_t Model::marks(const Handle& handle) const {
  const auto it = marks_.find(handle.no.value);
  return it == marks_.end() ? std::uint16_t{0} : it->second;
}

RowView Model::view(const Handle& handle) const {
  const Session s = get(handle);
  return {s.no,
          s.key.type,
          s.remember_me,
          s.started,
          s.last_access,
          s.ip,
          0,
          classify_(s.user_agent)->kind,
          device_hash(device_key(handle))};
}

std::string Model::device_key(const Handle& handle) const {
  const Session s = get(handle);
  return device::device_key(s.device_id, *classify_(s.user_agent));
}

bool Model::touch(const Handle& handle, Time at, const std::optional<IpAddress>& ip) {
  Session& session = *realms_[handle.realm].rows[handle.row];
  if (at <= session.last_access) return false;
  session.last_access = at;
  if (ip) session.ip = *ip;
  dirty_[handle.no.value] = handle;
  return true;
}

void Model::update(const Handle& handle, const Session& session) {
  Realm& realm = realms_[handle.realm];
  Session& old = *realm.rows[handle.row];
  Session changed = session;
  changed.no = old.no;
  changed.key = old.key;
  changed.user_id = old.user_id;
  old = changed;
  learn_user(realm, old);
}

void Model::name_client(RealmId id, std::string_view client_id, std::string_view name) {
  auto& names = realms_[id].client_names;
  if (name.empty())
    names.erase(std::string(client_id));
  else
    names[std::string(client_id)] = name;
}

bool Model::forget_user(RealmId id, std::string_view user_id) {
  if (!user_sessions(id, user_id).empty()) return false;
  const auto it = realms_.find(id);
  if (it != realms_.end()) it->second.users.erase(std::string(user_id));
  return true;
}

void Model::put_user(RealmId id, std::string_view user_id, std::string_view username, std::string_view email) {
  User& user = realms_[id].users[std::string(user_id)];
  if (!username.empty()) user.username = username;
  user.email = email;
}

void Model::drop_realm(RealmId id) {
  realms_.erase(id);
  std::erase_if(dirty_, [&](const auto& entry) { return entry.second.realm == id; });
}

void Model::take_dirty(std::size_t limit, std::vector<DirtyRow>& out) {
  while (limit-- > 0 && !dirty_.empty()) {
    const Session session = get(dirty_.begin()->second);
    out.push_back({session.no, session.last_access, session.ip});
    dirty_.erase(dirty_.begin());
  }
}

std::optional<Handle> Model::find(const session::SessionKey& key) const {
  const Realm* r = realm(key.realm);
  if (!r) return std::nullopt;
  for (std::size_t i = 0; i < r->rows.size(); ++i)
    if (r->rows[i] && r->rows[i]->key == key) return Handle{key.realm, static_cast<std::uint32_t>(i), r->rows[i]->no};
  return std::nullopt;
}

std::optional<Handle> Model::find_by_token(RealmId id, const session::TokenHash& hash) const {
  const Realm* r = realm(id);
  if (!r) return std::nullopt;
  for (std::size_t i = 0; i < r->rows.size(); ++i)
    if (r->rows[i] && r->rows[i]->token_hash == hash) return Handle{id, static_cast<std::uint32_t>(i), r->rows[i]->no};
  return std::nullopt;
}

bool Model::alive(const Handle& handle) const {
  const Realm* r = realm(handle.realm);
  return r && handle.row < r->rows.size() && r->rows[handle.row] && r->rows[handle.row]->no == handle.no;
}

Session Model::whole(const Realm& realm, const Session& session) const {
  Session out = session;
  const User& user = realm.users.find(session.user_id)->second;
  out.username = user.username;
  out.email = user.email;
  return out;
}

Session Model::get(const Handle& handle) const {
  const Realm& r = *realm(handle.realm);
  return whole(r, *r.rows[handle.row]);
}

bool Model::matches(const Realm& realm, const Filter& f, const Session& s) const {
  if (const std::string part = fold_case(f.search); !part.empty() && !contains(fold_case(s.username), part) &&
                                                    !contains(s.ip.to_string(), part) &&
                                                    !contains(fold_case(s.key.id), part))
    return false;
  if (f.type && s.key.type != *f.type) return false;
  if (!f.clients.empty() && std::none_of(s.clients.begin(), s.clients.end(), [&](const session::ClientLink& link) {
        return std::find(f.clients.begin(), f.clients.end(), link.client_id) != f.clients.end();
      }))
    return false;
  if (f.user) {
    if (realm.users.contains(*f.user) ? s.user_id != *f.user : fold_case(s.username) != fold_case(*f.user))
      return false;
  }
  const auto within = [&](const Cidr& network) { return network.contains(s.ip); };
  if (!f.ip.empty() && std::none_of(f.ip.begin(), f.ip.end(), within)) return false;
  if (std::any_of(f.ip_not.begin(), f.ip_not.end(), within)) return false;
  if (f.started_after && s.started < *f.started_after) return false;
  if (f.started_before && s.started >= *f.started_before) return false;
  if (f.last_access_after && s.last_access < *f.last_access_after) return false;
  if (f.last_access_before && s.last_access >= *f.last_access_before) return false;
  if (f.remember_me && s.remember_me != *f.remember_me) return false;
  if (f.marks != 0) {
    const auto it = marks_.find(s.no.value);
    if (it == marks_.end() || (it->second & f.marks) == 0) return false;
  }
  if (f.device_kinds.empty() && f.devices.empty()) return true;
  const auto device = classify_(s.user_agent);
  return std::find(f.device_kinds.begin(), f.device_kinds.end(), device->kind) != f.device_kinds.end() ||
         std::find(f.devices.begin(), f.devices.end(), device::device_key(s.device_id, *device)) != f.devices.end();
}

std::vector<Handle> Model::matching(std::span<const RealmId> realms, const Filter& filter) const {
  std::vector<Handle> out;
  for (const RealmId id : std::set<RealmId>(realms.begin(), realms.end())) {
    const Realm* r = realm(id);
    if (!r) continue;
    for (std::size_t i = 0; i < r->rows.size(); ++i)
      if (r->rows[i] && matches(*r, filter, whole(*r, *r->rows[i])))
        out.push_back({id, static_cast<std::uint32_t>(i), r->rows[i]->no});
  }
  return out;
}

Page Model::query(const Query& query) const {
  const Order order = query.cursor ? query.cursor->order : query.order;
  std::vector<std::pair<Place, Session>> all;
  for (const Handle& handle : matching(query.realms, query.filter)) {
    const Session session = get(handle);
    all.emplace_back(place_of(session, order.by, marks(handle)), session);
  }
  const auto before = [&](const Place& a, const Place& b) { return order.descending ? b < a : a < b; };
  std::sort(all.begin(), all.end(), [&](const auto& a, const auto& b) { return before(a.first, b.first); });
  Page page;
  page.total = all.size();
  std::size_t first = std::min<std::size_t>(query.offset, all.size()), last = all.size();
  if (query.cursor) {
    const Place at{query.cursor->key, query.cursor->no.value};
    first = static_cast<std::size_t>(
        std::find_if(all.begin(), all.end(), [&](const auto& e) { return !before(e.first, at); }) - all.begin());
    if (query.cursor->backwards) {
      last = first;
      first = last > query.limit ? last - query.limit : 0;
    } else if (first < all.size() && all[first].first == at) {
      ++first;
    }
  }
  last = std::min(last, first + query.limit);
  for (std::size_t i = first; i < last; ++i) page.rows.push_back(all[i].second);
  if (page.rows.empty()) return page;
  const auto cursor = [&](std::size_t i, bool backwards) {
    return Cursor{order, all[i].first.first, session::SessionNo{all[i].first.second}, backwards};
  };
  if (last < all.size()) page.next = cursor(last - 1, false);
  if (first > 0) page.previous = cursor(first, true);
  return page;
}

Summary Model::summarize(std::span<const RealmId> realms, const Filter& filter) const {
  Summary out;
  std::set<std::pair<RealmId, std::string>> users;
  for (const Handle& handle : matching(realms, filter)) {
    const Session session = get(handle);
    ++out.sessions;
    ++(session.key.type == SessionType::kRegular ? out.regular : out.offline);
    users.emplace(handle.realm, session.user_id);
    ++out.kinds[static_cast<std::size_t>(classify_(session.user_agent)->kind)];
    for (const auto& link : session.clients) ++out.clients[link.client_id];
  }
  out.users = users.size();
  return out;
}

UserRow Model::user_row(RealmId id, const Realm& r, const std::string& user_id, const User& user) const {
  UserRow row{id, user_id, user.username, user.email, 0, 0, std::nullopt};
  for (const auto& session : r.rows) {
    if (!session || session->user_id != user_id) continue;
    ++(session->key.type == SessionType::kRegular ? row.regular : row.offline);
    if (!row.last_access || *row.last_access < session->last_access) row.last_access = session->last_access;
  }
  return row;
}

UserPage Model::users(std::span<const RealmId> realms, std::string_view search, std::uint64_t offset,
                      std::size_t limit) const {
  const std::string part = fold_case(search);
  std::vector<std::tuple<std::string, std::string, RealmId>> all;
  for (const RealmId id : std::set<RealmId>(realms.begin(), realms.end())) {
    const Realm* r = realm(id);
    if (!r) continue;
    for (const auto& [user_id, user] : r->users)
      if (contains(fold_case(user.username), part) || contains(fold_case(user.email), part) ||
          contains(fold_case(user_id), part))
        all.emplace_back(fold_case(user.username), user_id, id);
  }
  std::sort(all.begin(), all.end());
  UserPage page;
  page.total = all.size();
  for (std::size_t i = static_cast<std::size_t>(std::min<std::uint64_t>(offset, all.size()));
       i < all.size() && page.rows.size() < limit; ++i) {
    const auto& [name, user_id, id] = all[i];
    const Realm& r = *realm(id);
    page.rows.push_back(user_row(id, r, user_id, r.users.find(user_id)->second));
  }
  return page;
}

std::optional<UserRow> Model::user(RealmId id, std::string_view user_id) const {
  const Realm* r = realm(id);
  if (!r) return std::nullopt;
  const auto it = r->users.find(user_id);
  if (it == r->users.end()) return std::nullopt;
  return user_row(id, *r, it->first, it->second);
}

std::vector<Handle> Model::user_sessions(RealmId id, std::string_view user_id) const {
  std::vector<Handle> out;
  const Realm* r = realm(id);
  if (!r) return out;
  for (std::size_t i = 0; i < r->rows.size(); ++i)
    if (r->rows[i] && r->rows[i]->user_id == user_id)
      out.push_back({id, static_cast<std::uint32_t>(i), r->rows[i]->no});
  std::sort(out.begin(), out.end(), [](const Handle& a, const Handle& b) { return a.no < b.no; });
  return out;
}

std::vector<ClientRow> Model::clients(std::span<const RealmId> realms, std::string_view search) const {
  const std::string part = fold_case(search);
  std::map<std::string, ClientRow> all;
  for (const RealmId id : std::set<RealmId>(realms.begin(), realms.end())) {
    const Realm* r = realm(id);
    if (!r) continue;
    const auto row = [&](const std::string& client_id) -> ClientRow& {
      ClientRow& out = all[client_id];
      out.client_id = client_id;
      if (out.name.empty())
        if (const auto name = r->client_names.find(client_id); name != r->client_names.end()) out.name = name->second;
      return out;
    };
    for (const auto& [client_id, name] : r->client_names) row(client_id);
    for (const auto& session : r->rows)
      if (session)
        for (const auto& link : session->clients)
          ++(session->key.type == SessionType::kRegular ? row(link.client_id).regular : row(link.client_id).offline);
  }
  std::vector<ClientRow> out;
  for (auto& [client_id, row] : all) {
    if (row.name.empty()) row.name = client_id;
    if (contains(fold_case(client_id), part) || contains(fold_case(row.name), part)) out.push_back(row);
  }
  return out;
}

std::string Model::client_name(RealmId id, std::string_view client_id) const {
  const Realm* r = realm(id);
  if (!r) return std::string(client_id);
  const auto it = r->client_names.find(client_id);
  return it == r->client_names.end() ? std::string(client_id) : it->second;
}

std::uint64_t Model::size(RealmId id) const {
  const Realm* r = realm(id);
  return r ? static_cast<std::uint64_t>(
                 std::count_if(r->rows.begin(), r->rows.end(), [](const auto& s) { return s.has_value(); }))
           : 0;
}

std::uint64_t Model::size() const {
  std::uint64_t n = 0;
  for (const auto& [id, r] : realms_) n += size(id);
  return n;
}

std::vector<ExpiredRow> Model::expired(RealmId id, const session::Policy& policy, Time now) const {
  std::vector<ExpiredRow> out;
  const Realm* r = realm(id);
  if (!r) return out;
  for (std::size_t i = 0; i < r->rows.size(); ++i) {
    if (!r->rows[i]) continue;
    const Session& s = *r->rows[i];
    if (const auto cause = session::expired(policy, s.key.type, s.remember_me, s.started, s.last_access, now))
      out.push_back({Handle{id, static_cast<std::uint32_t>(i), s.no}, *cause});
  }
  return out;
}

}  // namespace curfew::index
