#include "index/realm_index.h"

#include <algorithm>
#include <array>
#include <bit>

#include "base/text.h"

namespace curfew::index {
namespace {

constexpr std::size_t kBatch = 64;     // rows whose memory is fetched side by side
constexpr std::size_t kArriving = 16;  // the same, of rows that need more of it

void append_big_endian(std::string& out, std::uint64_t v) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(v >> shift));
}

}  // namespace

std::uint32_t RealmIndex::learn_user(const UserDirectory::Key& key, const session::Session& session, bool bulk) {
  const std::uint32_t user = users_.find(key);
  if (user == kNone) return users_.add(key, session.username, session.email, bulk);
  learn_names(user, session, bulk);
  return user;
}

// What a session does not say leaves what is known.
void RealmIndex::learn_names(std::uint32_t user, const session::Session& session, bool bulk) {
  const auto [old_name, old_email] = users_.names(user);
  const std::string_view name = session.username.empty() ? old_name : std::string_view(session.username);
  const std::string_view email = session.email.empty() ? old_email : std::string_view(session.email);
  if (name == old_name && email == old_email) return;
  if (bulk)
    users_.set_names(user, name, email, true);
  else
    rename_user(user, std::string(name), std::string(email));
}

void RealmIndex::rename_user(std::uint32_t user, std::string_view username, std::string_view email) {
  const bool reorders = users_.rows(user) > 0 && fold_case(username) != users_.folded_name(user);
  if (reorders) settle_arrivals();
  if (reorders) users_.for_each_row(user, [&](std::uint32_t row) { by_name_.erase(name_keys_.probe(row), row); });
  users_.set_names(user, username, email, false);
  if (reorders) users_.for_each_row(user, [&](std::uint32_t row) { by_name_.insert(row); });
}

std::uint32_t RealmIndex::add_row(const session::Session& session, const PreparedRow& prepared, bool bulk) {
  const std::uint32_t user = learn_user(prepared.user, session, bulk);
  const std::uint32_t row = rows_.add(session, prepared.id);
  rows_.facts(row).user = user;
  rows_.rest(row).user_agent = devices_.acquire_agent(session.user_agent, prepared.agent_hash);
  rows_.rest(row).device = devices_.acquire_id(session.device_id);
  rows_.facts(row).set_kind(devices_.kind_of(rows_.rest(row).user_agent));
  rows_.rest(row).clients = clients_.acquire(session.clients, prepared.clients_hash);
  users_.add_row(user, row);
  users_.note_use(user, session.last_access.ms);
  if (bulk) {
    enter_bitmaps_later(row);
  } else {
    changes_->note(row);
    live_.add(row);
    enter_bitmaps(row);
    by_key_.insert(prepared.id.hash(), row, KeyHash{rows_});
    if (session.token_hash) by_token_.insert(RowStore::token_hash(*session.token_hash), row, TokenHashOf{rows_});
  }
  return row;
}

void RealmIndex::enter_bitmaps(std::uint32_t row) {
  const RowFacts& facts = rows_.facts(row);
  const bool offline = facts.has(RowFacts::kOffline);
  const RowRest& rest = rows_.rest(row);
  clients_.enter(row, rest.clients, offline);
  devices_.enter(row, facts.kind(), rest.user_agent, rest.device);
  if (offline) offline_.add(row);
  if (facts.has(RowFacts::kRememberMe)) {
    remembered_.add(row);
    ++remembered_count_;
  }
}

void RealmIndex::enter_bitmaps_later(std::uint32_t row) {
  const RowFacts& facts = rows_.facts(row);
  const bool offline = facts.has(RowFacts::kOffline);
  clients_.enter_later(row, rows_.rest(row).clients, offline);
  devices_.enter_lists(row, rows_.rest(row).device);
  if (offline) loaded_offline_.push_back(row);
  if (facts.has(RowFacts::kRememberMe)) {
    loaded_remembered_.push_back(row);
    ++remembered_count_;
  }
}

void RealmIndex::leave_bitmaps(std::uint32_t row) {
  const RowFacts& facts = rows_.facts(row);
  const bool offline = facts.has(RowFacts::kOffline);
  const RowRest& rest = rows_.rest(row);
  clients_.leave(row, rest.clients, offline);
  devices_.leave(row, facts.kind(), rest.user_agent, rest.device);
  if (offline) offline_.remove(row);
  if (facts.has(RowFacts::kRememberMe)) {
    remembered_.remove(row);
    --remembered_count_;
  }
}

std::uint32_t RealmIndex::insert(const session::Session& session) {
  if (!moving_.empty() || !ending_.empty()) settle();
  const std::uint32_t row = add_row(session, PreparedRow(session), false);
  arriving_.push_back(row);
  client_orders_.enter(row);
  return row;
}

// Step by step in all four orders and of several rows, so that they wait for memory together.
void RealmIndex::settle_arrivals() {
  if (!users_.settled()) users_.settle();
  for (std::span<const std::uint32_t> rest = arriving_; !rest.empty();
       rest = rest.subspan(std::min(kArriving, rest.size()))) {
    const auto rows = rest.first(std::min(kArriving, rest.size()));
    std::array<Ways, kArriving> ways;
    find_ways(rows, ways);
    for (const bool deep : {false, true})
      for (std::size_t i = 0; i < rows.size(); ++i) prefetch_searches(ways[i], deep);
    for (const bool deep : {false, true})
      for (std::size_t i = 0; i < rows.size(); ++i) prefetch_rests(rows[i], ways[i], deep);
    for (std::size_t i = 0; i < rows.size(); ++i) arrive(rows[i], ways[i]);
  }
  if (!arriving_.empty()) arriving_.clear();  // readers come here, too, when nothing waits
}

void RealmIndex::prefetch_searches(const Ways& ways, bool deep) const {
  by_name_.prefetch_search(ways.by_name, deep);
  by_ip_.prefetch_search(ways.by_ip, deep);
  if (deep) return;  // the others' keys are in the rows
  by_last_access_.prefetch_search(ways.by_last_access, false);
  by_started_.prefetch_search(ways.by_started, false);
}

void RealmIndex::prefetch_rests(std::uint32_t row, const Ways& ways, bool deep) const {
  by_name_.prefetch_rest(ways.by_name, name_keys_.probe(row), deep);
  by_ip_.prefetch_rest(ways.by_ip, ip_keys_.probe(row), deep);
  if (deep) return;
  by_last_access_.prefetch_rest(ways.by_last_access, last_access_keys_.probe(row), false);
  by_started_.prefetch_rest(ways.by_started, started_keys_.probe(row), false);
}

void RealmIndex::arrive(std::uint32_t row, Ways& ways) {
  by_last_access_.insert_at(ways.by_last_access, last_access_keys_.probe(row), row);
  by_started_.insert_at(ways.by_started, started_keys_.probe(row), row);
  by_ip_.insert_at(ways.by_ip, ip_keys_.probe(row), row);
  by_name_.insert_at(ways.by_name, name_keys_.probe(row), row);
}

void RealmIndex::find_ways(std::span<const std::uint32_t> rows, std::span<Ways> ways) const {
  const auto find = [&](const auto& order, auto way) {
    order.find_ways(
        rows.size(), [&](std::size_t i) { return order.keys().probe(rows[i]); },
        [&](std::size_t i) -> auto& { return ways[i].*way; });
  };
  find(by_last_access_, &Ways::by_last_access);
  find(by_started_, &Ways::by_started);
  find(by_ip_, &Ways::by_ip);
  find(by_name_, &Ways::by_name);
}

void RealmIndex::load(const session::Session& session, const PreparedRow& prepared) {
  add_row(session, prepared, true);
}

void RealmIndex::erase(std::uint32_t row) {
  rows_.facts(row).set(RowFacts::kEnding, true);
  ending_.push_back(row);
}

void RealmIndex::set_marks(std::uint32_t row, std::uint16_t marks) {
  RowFacts& facts = rows_.facts(row);
  const std::uint16_t before = this->marks(row);
  if (marks == before) return;
  CURFEW_CHECK(std::popcount(static_cast<unsigned>(marks & kSeverities)) <= 1, "a session has one severity");
  marks_.change(row, before, marks);
  facts.set(RowFacts::kMarked, marks != 0);
  facts.set_severity(rank_of(marks));
}

void RealmIndex::settle() {
  settle_arrivals();
  settle_touches();
  settle_ends();
}

void RealmIndex::settle_ends() {
  if (ending_.empty()) return;
  // Four rounds over the batch, each asking for what the next will read.
  for (std::span<const std::uint32_t> rest = ending_; !rest.empty();
       rest = rest.subspan(std::min(kBatch, rest.size()))) {
    const auto rows = rest.first(std::min(kBatch, rest.size()));
    for (const std::uint32_t row : rows) rows_.prefetch(row);
    for (const std::uint32_t row : rows) {
      users_.prefetch(rows_.facts(row).user);
      users_.prefetch_refs(rows_.facts(row).user);
      by_key_.prefetch(rows_.key_hash(row));
      rows_.prefetch_deep(row);
      clients_.prefetch(rows_.rest(row).clients);
      client_orders_.prefetch(row);
    }
    for (const std::uint32_t row : rows) {
      users_.prefetch_rows(rows_.facts(row).user);
      users_.prefetch_name(rows_.facts(row).user);
      clients_.prefetch_members(rows_.rest(row).clients);
    }
    std::array<Ways, kBatch> ways;
    find_ways(rows, ways);
    for (std::size_t i = 0; i < rows.size(); ++i) end_row(rows[i], ways[i]);
  }
  ending_.clear();
}

void RealmIndex::end_row(std::uint32_t row, Ways& ways) {
  by_last_access_.erase_at(ways.by_last_access, last_access_keys_.probe(row), row);
  by_started_.erase_at(ways.by_started, started_keys_.probe(row), row);
  by_ip_.erase_at(ways.by_ip, ip_keys_.probe(row), row);
  by_name_.erase_at(ways.by_name, name_keys_.probe(row), row);
  by_key_.erase(rows_.key_hash(row), row);
  if (const auto token = rows_.token(row)) by_token_.erase(RowStore::token_hash(*token), row);
  client_orders_.leave(row);
  leave_bitmaps(row);
  set_marks(row, 0);
  live_.remove(row);
  users_.remove_row(rows_.facts(row).user, row);
  const RowRest& rest = rows_.rest(row);
  clients_.release(rest.clients);
  devices_.release_agent(rest.user_agent);
  devices_.release_id(rest.device);
  rows_.remove(row);
}

bool RealmIndex::touch(std::uint32_t row, Time at, const std::optional<IpAddress>& ip) {
  RowFacts& facts = rows_.facts(row);
  if (at.ms <= facts.last_access()) return false;
  if (!arriving_.empty()) settle_arrivals();
  if (!facts.has(RowFacts::kMoving)) {
    moving_.push_back({row, facts.last_access()});
    facts.set(RowFacts::kMoving, true);
  }
  facts.set_last_access(at);
  if (ip && *ip != rows_.ip(facts)) {
    by_ip_.erase(ip_keys_.probe(row), row);
    rows_.set_ip(row, *ip);
    changes_->note(row);
    by_ip_.insert(row);
  }
  return true;
}

// Takes every touched row out from where it was, then puts them in at their new places, which lie together at the end.
void RealmIndex::settle_touches() {
  if (moving_.empty()) return;
  std::array<CountedTree<LastAccessKeys>::Path, kBatch> ways;
  for (std::size_t begin = 0; begin < moving_.size(); begin += kBatch) {
    const auto part = std::span(moving_).subspan(begin, std::min(kBatch, moving_.size() - begin));
    const auto old_key = [&](std::size_t i) { return LastAccessKeys::at(part[i].from, rows_.facts(part[i].row).no); };
    for (const TouchedRow& touched : part) {
      users_.prefetch_use(rows_.facts(touched.row).user);
      client_orders_.prefetch(touched.row);
    }
    by_last_access_.find_ways(part.size(), old_key, [&](std::size_t i) -> auto& { return ways[i]; });
    for (std::size_t i = 0; i < part.size(); ++i) {
      by_last_access_.erase_at(ways[i], old_key(i), part[i].row);
      if (client_orders_.may_hold(part[i].row)) moving_in_clients_.push_back(part[i]);
    }
  }
  client_orders_.take_out(moving_in_clients_);
  const auto before = [&](const TouchedRow& a, const TouchedRow& b) {
    const RowFacts &x = rows_.facts(a.row), &y = rows_.facts(b.row);
    return x.last_access() != y.last_access() ? x.last_access() < y.last_access() : x.no < y.no;
  };
  if (!std::is_sorted(moving_.begin(), moving_.end(), before)) std::sort(moving_.begin(), moving_.end(), before);
  for (const TouchedRow& m : moving_) {
    RowFacts& facts = rows_.facts(m.row);
    facts.set(RowFacts::kMoving, false);
    users_.note_use(facts.user, facts.last_access());
    by_last_access_.insert(m.row);
  }
  client_orders_.put_in(moving_in_clients_);
  moving_.clear();
  moving_in_clients_.clear();
}

void RealmIndex::update(std::uint32_t row, const session::Session& session) {
  settle();
  RowFacts& facts = rows_.facts(row);
  RowRest& rest = rows_.rest(row);
  learn_names(facts.user, session, false);

  client_orders_.leave(row);
  leave_bitmaps(row);
  const std::uint32_t old_clients = rest.clients, old_agent = rest.user_agent, old_device = rest.device;
  rest.clients = clients_.acquire(session.clients, ClientDirectory::hash(session.clients));
  rest.user_agent = devices_.acquire_agent(session.user_agent);
  rest.device = devices_.acquire_id(session.device_id);
  clients_.release(old_clients);
  devices_.release_agent(old_agent);
  devices_.release_id(old_device);
  facts.set_kind(devices_.kind_of(rest.user_agent));
  facts.set(RowFacts::kRememberMe, session.remember_me);
  enter_bitmaps(row);

  if (facts.started() != session.started.ms) {
    by_started_.erase(started_keys_.probe(row), row);
    facts.set_started(session.started);
    by_started_.insert(row);
  }
  if (facts.last_access() != session.last_access.ms) {
    by_last_access_.erase(last_access_keys_.probe(row), row);
    facts.set_last_access(session.last_access);
    users_.note_use(facts.user, session.last_access.ms);
    by_last_access_.insert(row);
  }
  if (rows_.ip(facts) != session.ip) {
    by_ip_.erase(ip_keys_.probe(row), row);
    rows_.set_ip(row, session.ip);
    changes_->note(row);
    by_ip_.insert(row);
  }
  rows_.set_since(row, session.clients);
  const auto token = rows_.token(row);
  if (token != session.token_hash) {
    if (token) by_token_.erase(RowStore::token_hash(*token), row);
    rows_.set_token(row, session.token_hash);
    if (session.token_hash) by_token_.insert(RowStore::token_hash(*session.token_hash), row, TokenHashOf{rows_});
  }
  client_orders_.enter(row);
}

bool RealmIndex::forget_user(std::string_view user_id) {
  const std::uint32_t user = users_.find(user_id);
  if (user == kNone) return true;
  if (users_.rows(user) > 0) return false;
  users_.forget(user);
  return true;
}

std::uint32_t RealmIndex::put_user(const UserDirectory::Key& key, std::string_view username, std::string_view email,
                                   bool bulk) {
  const std::uint32_t user = users_.find(key);
  if (user == kNone) return users_.add(key, username, email, bulk);
  const std::string name = username.empty() ? users_.username(user) : std::string(username);
  if (bulk)
    users_.set_names(user, name, email, true);
  else
    rename_user(user, name, email);
  return user;
}

std::uint32_t RealmIndex::find(session::SessionType type, const IdProbe& probe) const {
  return by_key_.find(probe.hash(), [&](std::uint32_t row) {
    rows_.prefetch_facts(row);
    const RowFacts& facts = rows_.facts(row);
    return probe.equals(facts.id_kind(), rows_.id(row), rows_.arena()) && facts.type() == type &&
           !facts.has(RowFacts::kEnding);
  });
}

std::vector<std::uint32_t> RealmIndex::find_folded(std::string_view session_id) const {
  std::vector<std::uint32_t> out;
  const auto look = [&](session::SessionType type, bool uuids) {
    const IdProbe probe(session_id, RowStore::key_seed(type), uuids);
    if (uuids && probe.kind() != IdKind::kUuid) return;
    by_key_.find(probe.hash(), [&](std::uint32_t row) {
      const RowFacts& facts = rows_.facts(row);
      if (facts.type() == type && probe.same_but_for_case(facts.id_kind(), rows_.id(row), rows_.arena()))
        out.push_back(row);
      return false;  // there may be others, which differ in case
    });
  };
  for (const auto type : {session::SessionType::kRegular, session::SessionType::kOffline})
    for (const bool uuids : {true, false}) look(type, uuids);
  return out;
}

std::uint32_t RealmIndex::find_by_token(const session::TokenHash& hash) const {
  return by_token_.find(RowStore::token_hash(hash), [&](std::uint32_t row) {
    return rows_.token(row) == hash && !rows_.facts(row).has(RowFacts::kEnding);
  });
}

Probe RealmIndex::key(SortBy by, std::uint32_t row) const {
  switch (by) {
    case SortBy::kStarted:
      return started_keys_.probe(row);
    case SortBy::kUsername:
      return name_keys_.probe(row);
    case SortBy::kIpAddress:
      return ip_keys_.probe(row);
    case SortBy::kLastAccess:
    case SortBy::kSeverity:
      break;
  }
  return last_access_keys_.probe(row);
}

std::string RealmIndex::key_bytes(SortBy by, std::uint32_t row) const {
  if (by == SortBy::kUsername) return std::string(users_.folded_name(rows_.facts(row).user));
  const Probe probe = key(by, row);
  std::string out;
  if (by == SortBy::kSeverity) out.push_back(static_cast<char>(rows_.facts(row).severity()));
  append_big_endian(out, probe.hi);
  if (by == SortBy::kIpAddress) append_big_endian(out, probe.lo);
  return out;
}

}  // namespace curfew::index
