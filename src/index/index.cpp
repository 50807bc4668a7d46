#include "index/index.h"

#include <algorithm>

#include "index/index_impl.h"

namespace curfew::index {

Index::Index(device::Classify classify) : Index(std::move(classify), SeldomClients{}) {}
Index::Index(device::Classify classify, const SeldomClients& seldom)
    : impl_(std::make_unique<Impl>(std::move(classify), seldom)) {}
Index::~Index() = default;

Index::ReadLock::ReadLock(const Index& index, Stay stay) : index_(index), stay_(stay) {
  if (stay_ == Stay::kLong)
    index_.impl_->lock.lock_long();
  else
    index_.impl_->lock.lock_shared();
}
Index::ReadLock::~ReadLock() {
  if (stay_ == Stay::kLong)
    index_.impl_->lock.unlock_long();
  else
    index_.impl_->lock.unlock_shared();
}
Index::WriteLock::WriteLock(Index& index) : index_(index) {
  index_.impl_->lock.lock();
}
Index::WriteLock::~WriteLock() {
  Impl& impl = *index_.impl_;
  impl.settle();
  std::vector<std::unique_ptr<RealmIndex>> grave = std::move(impl.grave);
  impl.grave.clear();
  impl.lock.unlock();
}

Handle Index::insert(const session::Session& session) {
  RealmIndex& realm = impl_->at(session.key.realm);
  const std::uint32_t row = realm.insert(session);
  impl_->settle_later(realm);
  return {session.key.realm, row, session.no};
}

void Index::begin_load() {
  impl_->settle();
  impl_->bulk.emplace(ChunksAhead::kMost, ChunksAhead::kMost / 2);
}

void Index::end_load() {
  impl_->settle();
  for (auto& [id, realm] : impl_->realms) realm->build();
  impl_->bulk.reset();
}

namespace {

constexpr std::size_t kLine = 64;  // bytes

void prefetch_lines(const void* from, std::size_t bytes) {
  for (std::size_t at = 0; at < bytes; at += kLine) prefetch(static_cast<const char*>(from) + at);
}

// Another thread has just written them.
void prefetch_texts(const session::Session& session) {
  prefetch_lines(session.clients.data(), session.clients.size() * sizeof(session::ClientLink));
  prefetch(session.email.data());
  prefetch_lines(session.user_agent.data(), session.user_agent.size());
}

}  // namespace

void Index::load_rows(std::span<const session::Session> rows) {
  const std::vector<PreparedRow> prepared(rows.begin(), rows.end());
  load_rows(rows, prepared);
}

// Rows that wait for each other's memory would wait one by one; a batch asks for all of it first. It is as long as what
// it asks for stays near: the pages of 256 rows are more than the processor remembers the places of.
void Index::load_rows(std::span<const session::Session> rows, std::span<const PreparedRow> prepared) {
  constexpr std::size_t batch = 64;
  std::vector<RealmIndex*> realms;
  for (; !rows.empty(); rows = rows.subspan(realms.size()), prepared = prepared.subspan(realms.size())) {
    const std::size_t n = std::min(rows.size(), batch);
    realms.clear();
    for (std::size_t i = 0; i < n; ++i) {
      prefetch_texts(rows[i]);
      realms.push_back(&impl_->at(rows[i].key.realm));
      realms.back()->users().prefetch_find(prepared[i].user);
      realms.back()->clients().prefetch_acquire(prepared[i].clients_hash);
    }
    for (std::size_t i = 0; i < n; ++i) {
      realms[i]->users().prefetch_guess(prepared[i].user);
      realms[i]->clients().prefetch_guess(prepared[i].clients_hash);
    }
    for (std::size_t i = 0; i < n; ++i) {
      realms[i]->users().prefetch_guess_deep(prepared[i].user);
      realms[i]->clients().prefetch_guess_deep(prepared[i].clients_hash);
    }
    for (std::size_t i = 0; i < n; ++i) realms[i]->load(rows[i], prepared[i]);
  }
}

void Index::erase(const Handle& handle) {
  RealmIndex& realm = *impl_->find(handle.realm);
  if (realm.rows().facts(handle.row).has(RowFacts::kDirty)) --impl_->dirty_count;
  realm.erase(handle.row);
  impl_->settle_later(realm);
}

bool Index::touch(const Handle& handle, Time at, const std::optional<IpAddress>& ip) {
  RealmIndex& realm = *impl_->find(handle.realm);
  const bool settled = realm.settled();
  if (!realm.touch(handle.row, at, ip)) return false;
  if (settled) impl_->settle_later(realm);  // of many touches, most find the realm unsettled
  if (!realm.rows().facts(handle.row).has(RowFacts::kDirty)) {
    realm.set_dirty(handle.row, true);
    impl_->dirty_fresh.push_back({handle.no.value, handle.realm, handle.row});
    ++impl_->dirty_count;
  }
  return true;
}

void Index::update(const Handle& handle, const session::Session& session) {
  impl_->find(handle.realm)->update(handle.row, session);
}

void Index::set_marks(const Handle& handle, std::uint16_t marks) {
  impl_->find(handle.realm)->set_marks(handle.row, marks);
}

void Index::name_client(RealmId realm, std::string_view client_id, std::string_view name) {
  impl_->at(realm).name_client(client_id, name);
}

bool Index::forget_user(RealmId realm, std::string_view user_id) {
  impl_->settle();
  RealmIndex* found = impl_->find(realm);
  return found == nullptr || found->forget_user(user_id);
}

void Index::put_users(std::span<const UserTexts> users, std::vector<std::uint32_t>& numbers) {
  std::vector<UserDirectory::Key> keys;
  keys.reserve(users.size());
  for (const UserTexts& user : users) impl_->at(user.realm).users().prefetch_find(keys.emplace_back(user.id));
  numbers.clear();
  for (std::size_t i = 0; i < users.size(); ++i) {
    RealmIndex& of = impl_->at(users[i].realm);
    numbers.push_back(of.put_user(keys[i], users[i].username, users[i].email, impl_->bulk.has_value()));
    impl_->settle_later(of);
  }
}

void Index::drop_realm(RealmId id) {
  impl_->settle();
  const auto it = impl_->realms.find(id);
  if (it == impl_->realms.end()) return;
  const auto of_realm = [&](const Impl::Dirty& dirty) {
    if (dirty.realm != id) return false;
    const RealmIndex& realm = *it->second;
    if (realm.rows().alive(dirty.row, dirty.no) && realm.rows().facts(dirty.row).has(RowFacts::kDirty))
      --impl_->dirty_count;
    return true;
  };
  std::erase_if(impl_->dirty_backlog, of_realm);
  std::erase_if(impl_->dirty_fresh, of_realm);
  impl_->grave.push_back(std::move(it->second));
  impl_->realms.erase(it);
}

void Index::take_dirty(std::size_t limit, std::vector<DirtyRow>& out) {
  Impl& impl = *impl_;
  const auto descending = [](const Impl::Dirty& a, const Impl::Dirty& b) { return a.no > b.no; };
  const std::size_t before = out.size();
  bool mixed = false;  // of two runs
  while (out.size() - before < limit && impl.dirty_count > 0) {
    if (impl.dirty_backlog.empty()) {
      impl.dirty_backlog.swap(impl.dirty_fresh);
      std::sort(impl.dirty_backlog.begin(), impl.dirty_backlog.end(), descending);
      mixed = out.size() > before;
    }
    const Impl::Dirty dirty = impl.dirty_backlog.back();
    impl.dirty_backlog.pop_back();
    RealmIndex* realm = impl.find(dirty.realm);
    if (realm == nullptr || !realm->rows().alive(dirty.row, dirty.no)) continue;
    const RowFacts& facts = realm->rows().facts(dirty.row);
    if (!facts.has(RowFacts::kDirty)) continue;
    out.push_back({session::SessionNo{dirty.no}, Time{facts.last_access()}, realm->rows().ip(facts)});
    realm->set_dirty(dirty.row, false);
    --impl.dirty_count;
  }
  if (mixed)
    std::sort(out.begin() + static_cast<std::ptrdiff_t>(before), out.end(),
              [](const DirtyRow& a, const DirtyRow& b) { return a.no < b.no; });
}

std::size_t Index::dirty_count() const {
  return impl_->dirty_count;
}

std::optional<Handle> Index::find(const session::SessionKey& key) const {
  const RealmIndex* realm = impl_->find(key.realm);
  if (realm == nullptr) return std::nullopt;
  const std::uint32_t row = realm->find(key.type, key.id);
  if (row == RealmIndex::kNone) return std::nullopt;
  return Handle{key.realm, row, session::SessionNo{realm->rows().facts(row).no}};
}

void Index::find_all(std::span<const session::SessionKey* const> keys, std::vector<std::optional<Handle>>& out) const {
  out.clear();
  out.reserve(keys.size());
  // Few enough at a time that what is fetched is still near when it is used.
  constexpr std::size_t batch = 64;
  std::array<std::pair<const RealmIndex*, IdProbe>, batch> probes;
  for (; !keys.empty(); keys = keys.subspan(std::min(batch, keys.size()))) {
    const auto part = keys.first(std::min(batch, keys.size()));
    for (std::size_t i = 0; i < part.size(); ++i) {
      probes[i] = {impl_->find(part[i]->realm), RealmIndex::key_probe(part[i]->type, part[i]->id)};
      if (probes[i].first != nullptr) probes[i].first->prefetch_find(probes[i].second);
    }
    for (std::size_t i = 0; i < part.size(); ++i)
      if (probes[i].first != nullptr) probes[i].first->prefetch_found(probes[i].second);
    for (std::size_t i = 0; i < part.size(); ++i) {
      const auto& [realm, probe] = probes[i];
      const std::uint32_t row = realm == nullptr ? RealmIndex::kNone : realm->find(part[i]->type, probe);
      if (row == RealmIndex::kNone)
        out.emplace_back();
      else
        out.emplace_back(Handle{part[i]->realm, row, session::SessionNo{realm->rows().facts(row).no}});
    }
  }
}

std::optional<Handle> Index::find_by_token(RealmId id, const session::TokenHash& hash) const {
  const RealmIndex* realm = impl_->find(id);
  if (realm == nullptr) return std::nullopt;
  const std::uint32_t row = realm->find_by_token(hash);
  if (row == RealmIndex::kNone) return std::nullopt;
  return Handle{id, row, session::SessionNo{realm->rows().facts(row).no}};
}

bool Index::alive(const Handle& handle) const {
  const RealmIndex* realm = impl_->find(handle.realm);
  return realm != nullptr && realm->rows().alive(handle.row, handle.no.value);
}

session::Session Index::get(const Handle& handle) const {
  return impl_->find(handle.realm)->get(handle.row);
}

void Index::get(const Handle& handle, session::Session& out) const {
  impl_->find(handle.realm)->fill(handle.row, out);
}

void Index::prefetch(std::span<const Handle> handles) const {
  std::vector<std::uint32_t> rows;
  for (auto it = handles.begin(); it != handles.end();) {
    const RealmId realm = it->realm;
    rows.clear();
    for (; it != handles.end() && it->realm == realm; ++it) rows.push_back(it->row);
    impl_->find(realm)->prefetch(rows);
  }
}

Index::Facts Index::facts(const Handle& handle) const {
  const RowFacts& facts = impl_->find(handle.realm)->rows().facts(handle.row);
  return {facts.type(), facts.has(RowFacts::kRememberMe), Time{facts.started()}, Time{facts.last_access()}, facts.user};
}

bool Index::is_at(const Handle& handle, const IpAddress& ip) const {
  const RowStore& rows = impl_->find(handle.realm)->rows();
  return rows.ip(rows.facts(handle.row)) == ip;
}

std::uint64_t Index::size(RealmId id) const {
  impl_->settle();
  const RealmIndex* realm = impl_->find(id);
  return realm == nullptr ? 0 : realm->size();
}

std::uint64_t Index::size() const {
  impl_->settle();
  std::uint64_t n = 0;
  for (const auto& [id, realm] : impl_->realms) n += realm->size();
  return n;
}

std::uint64_t Index::memory_bytes() const {
  std::uint64_t bytes = (impl_->dirty_backlog.capacity() + impl_->dirty_fresh.capacity()) * sizeof(Impl::Dirty);
  for (const auto& [id, realm] : impl_->realms) bytes += realm->memory_bytes();
  return bytes;
}

std::vector<std::pair<std::string_view, std::uint64_t>> Index::plans() const {
  std::vector<std::pair<std::string_view, std::uint64_t>> out;
  for (std::size_t i = 0; i < impl_->book.taken.size(); ++i)
    out.emplace_back(to_string(static_cast<Plan>(i)), impl_->book.taken[i].load(std::memory_order_relaxed));
  return out;
}

void Index::set_read_ahead(std::uint32_t from, std::uint32_t slice) {
  impl_->book.ahead_from = from;
  impl_->book.ahead_slice = slice;
}

void Index::keep_rows_of_counts(std::size_t rows) {
  impl_->book.keep = impl_->book.keep_found = rows;
}

void Index::verify() const {
  impl_->settle();
  for (const auto& [id, realm] : impl_->realms) realm->verify();
}

void Index::sweep(RealmId id, const session::Policy& policy, Time now, std::uint32_t& place, std::size_t count,
                  std::vector<ExpiredRow>& out) const {
  impl_->settle();
  const RealmIndex* realm = impl_->find(id);
  if (realm == nullptr) {
    place = 0;
    return;
  }
  // Most rows are told from the two deadlines of their class; the policy itself is asked about the others.
  std::array<std::int64_t, 4> idle{}, lifetime{};
  constexpr std::int64_t never = INT64_MAX;
  for (std::size_t c = 0; c < 4; ++c) {
    const auto type = (c & 1) != 0 ? session::SessionType::kOffline : session::SessionType::kRegular;
    const session::Limits limits = session::limits_for(policy, type, (c & 2) != 0);
    idle[c] = limits.idle ? now.ms - limits.idle->ms : -never;
    lifetime[c] = limits.lifetime ? now.ms - limits.lifetime->ms : -never;
  }
  const RowStore& rows = realm->rows();
  const std::size_t end = std::min<std::size_t>(rows.rows(), std::size_t{place} + count);
  for (; place < end; ++place) {
    const RowFacts& facts = rows.facts(place);
    const std::size_t c = (facts.has(RowFacts::kOffline) ? 1U : 0U) | (facts.has(RowFacts::kRememberMe) ? 2U : 0U);
    if (facts.no == 0 || (facts.last_access() > idle[c] && facts.started() > lifetime[c])) continue;
    const auto cause =
        session::expired(policy, facts.type(), (c & 2) != 0, Time{facts.started()}, Time{facts.last_access()}, now);
    if (cause) out.push_back({Handle{id, place, session::SessionNo{facts.no}}, *cause});
  }
  if (place >= rows.rows()) place = 0;
}

}  // namespace curfew::index
