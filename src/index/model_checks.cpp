// What a history asks of the index and of the model (model_history.h).
#include <algorithm>
#include <utility>

#include "index/model_history.h"
#include "index/model_text.h"

namespace curfew::index {

namespace {

using session::Session;

std::vector<std::uint64_t> numbers(const std::vector<Handle>& handles) {
  std::vector<std::uint64_t> out;
  for (const Handle& handle : handles) out.push_back(handle.no.value);
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::uint64_t> in_order(const std::vector<Handle>& handles) {
  std::vector<std::uint64_t> out;
  for (const Handle& handle : handles) out.push_back(handle.no.value);
  return out;
}

}  // namespace

void History::check(int queries) {
  stretch_.reset();
  if (draw_.below(3) == 0) through_an_image();
  expect(index_->size() == model_.size(), "size");
  expect(index_->dirty_count() == model_.dirty_count(), "dirty_count");
  index_->verify();
  check_rows();
  for (int i = 0; i < queries; ++i) check_query();
  check_read_ahead();
  for (int i = 0; i < queries / 4; ++i) check_sets();
  for (int i = 0; i < queries / 4; ++i) check_directory();
  check_sweep();
}

void History::same_page(const Query& query, const Page& got, const Page& want) {
  const std::string where = "query " + describe(query);
  expect(got.total == want.total,
         where + ": total " + std::to_string(got.total) + " for " + std::to_string(want.total));
  for (std::size_t i = 0; i < std::min(got.rows.size(), want.rows.size()); ++i)
    same(got.rows[i], want.rows[i], where + " row " + std::to_string(i));
  expect(got.rows.size() == want.rows.size(),
         where + ": " + std::to_string(got.rows.size()) + " rows for " + std::to_string(want.rows.size()));
  expect(got.next.has_value() == want.next.has_value() && got.previous.has_value() == want.previous.has_value(),
         where + ": which neighbours there are");
  for (const auto& [a, b] : {std::pair{got.next, want.next}, std::pair{got.previous, want.previous}}) {
    if (!a) continue;
    expect(a->key == b->key && a->no == b->no && a->backwards == b->backwards, where + ": cursor");
    const auto decoded = decode_cursor(encode_cursor(*a));
    expect(decoded && decoded->key == a->key && decoded->no == a->no && decoded->backwards == a->backwards &&
               decoded->order.by == a->order.by && decoded->order.descending == a->order.descending,
           where + ": the cursor's text gives the cursor back");
  }
}

void History::check_query() {
  Query query;
  query.realms = draw_.realms();
  query.filter = draw_.filter(live_);
  query.order = {static_cast<SortBy>(draw_.below(5)), draw_.below(2) == 0};
  if (draw_.below(4) == 0) query.order.by = SortBy::kSeverity;
  query.limit = draw_.below(10) == 0 ? 0 : draw_.below(12) + 1;
  const auto count = model_.matching(query.realms, query.filter).size();
  if (draw_.below(2) == 0) query.offset = draw_.below(count + 3);
  // Some pages forwards and backwards from there, each asked of both.
  for (int page = 0; page < 6; ++page) {
    const Page got = index_->query(query), want = model_.query(query);
    same_page(query, got, want);
    const auto& cursor = draw_.below(4) == 0 ? got.previous : got.next;
    if (!cursor) break;
    query.cursor = cursor;
  }
  // And from a place whose row may be long gone.
  if (query.cursor && old_cursors_.size() < 50) old_cursors_.push_back(*query.cursor);
  if (old_cursors_.empty() || query.limit == 0) return;
  query.cursor = draw_.one_of(old_cursors_);
  same_page(query, index_->query(query), model_.query(query));
}

// What was read ahead stays good for questions long after: what has changed since is read again.
void History::check_read_ahead() {
  for (const auto& [realms, filter] : read_ahead_) {
    Query query;
    query.realms = realms;
    query.filter = filter;
    query.order = {static_cast<SortBy>(draw_.below(5)), draw_.below(2) == 0};
    same_page(query, index_->query(query), model_.query(query));
    expect(index_->count(realms, filter) == model_.matching(realms, filter).size(), "count" + describe(filter));
  }
  if (stretch_) return;  // it takes locks of its own
  if (read_ahead_.size() > 8) read_ahead_.erase(read_ahead_.begin());
  const std::vector<RealmId> realms = draw_.realms();
  Filter filter = draw_.filter(live_);
  index_->read_ahead(realms, filter);
  if (filter.ahead) read_ahead_.emplace_back(realms, filter);
}

void History::check_rows() {
  for (const auto& key : live_) {
    const Session want = model_.get(*model_.find(key));
    const Handle handle = in_index(key);
    same(index_->get(handle), want, "get");
    const auto facts = index_->facts(handle);
    expect(facts.type == want.key.type && facts.remember_me == want.remember_me && facts.started == want.started &&
               facts.last_access == want.last_access,
           "facts");
    const RowView view = index_->view(handle), model = model_.view(*model_.find(key));
    expect(view.no == model.no && view.type == model.type && view.remember_me == model.remember_me &&
               view.started == model.started && view.last_access == model.last_access && view.ip == model.ip &&
               view.kind == model.kind && view.device_hash == model.device_hash,
           "view");
    expect(view.user == index_->user_number(key.realm, want.user_id) &&
               index_->user_id(key.realm, view.user) == want.user_id,
           "user number");
    expect(index_->device_key(handle) == model_.device_key(*model_.find(key)), "device_key");
    expect(index_->marks(handle) == model_.marks(*model_.find(key)), "marks");
    if (want.token_hash) expect(index_->find_by_token(key.realm, *want.token_hash) == handle, "find_by_token");
  }
}

void History::check_sets() {
  const auto realms = draw_.realms();
  const Filter filter = draw_.filter(live_);
  const std::string where = "filter" + describe(filter);
  const auto want = numbers(model_.matching(realms, filter));
  SessionSet set = index_->match(realms, filter);
  expect(numbers(index_->members(set, {}, 100'000)) == want && set.size() == want.size(), where + ": match");
  expect(index_->count(realms, filter) == want.size(), where + ": count");
  const Summary by_filter = index_->summarize(realms, filter), by_set = index_->summarize(set);
  const Summary model = model_.summarize(realms, filter);
  for (const Summary& s : {by_filter, by_set})
    expect(s.sessions == model.sessions && s.regular == model.regular && s.offline == model.offline &&
               s.users == model.users && s.clients == model.clients && s.kinds == model.kinds,
           where + ": summary");
  // In slices, and with a digest that changes with its members.
  std::vector<Handle> sliced;
  SessionSet::Place place;
  while (true) {
    const auto part = index_->members(set, place, 3);
    if (part.empty()) break;
    sliced.insert(sliced.end(), part.begin(), part.end());
    place = {part.back().realm, part.back().row + 1};
  }
  expect(numbers(sliced) == want, where + ": members in slices");
  const auto digest = index_->digest(set);
  expect(index_->digest(index_->match(realms, filter)) == digest, where + ": digest");
  if (!sliced.empty()) {
    set.remove(sliced[0].realm, sliced[0].row);
    expect(index_->digest(set) != digest, where + ": a smaller set has another digest");
  }
}

void History::check_directory() {
  const auto realms = draw_.realms();
  const std::string search = draw_.below(3) == 0 ? "" : draw_.search(live_);
  const std::uint64_t offset = draw_.below(6);
  const std::size_t limit = draw_.below(8);
  const UserPage got = index_->users(realms, search, offset, limit), want = model_.users(realms, search, offset, limit);
  expect(got.total == want.total && got.rows.size() == want.rows.size(), "users '" + search + "': total and size");
  const auto same_user = [&](const UserRow& a, const UserRow& b) {
    expect(a.realm == b.realm && a.user_id == b.user_id && a.username == b.username && a.email == b.email &&
               a.regular == b.regular && a.offline == b.offline && a.last_access == b.last_access,
           "user " + a.user_id + " for " + b.user_id + " in search '" + search + "'");
  };
  for (std::size_t i = 0; i < got.rows.size(); ++i) same_user(got.rows[i], want.rows[i]);
  const RealmId id = draw_.realm();
  const std::string user = draw_.user_id();
  const auto a = index_->user(id, user), b = model_.user(id, user);
  expect(a.has_value() == b.has_value(), "user");
  if (a) same_user(*a, *b);
  const auto mine = index_->user_sessions(id, user), theirs = model_.user_sessions(id, user);
  expect(mine.size() == theirs.size(), "user_sessions");
  for (std::size_t i = 0; i < mine.size(); ++i)
    expect(mine[i].no == theirs[i].no, "user_sessions are in the order of no");
  check_neighbours(id, user);
  const auto clients = index_->clients(realms, search), wanted = model_.clients(realms, search);
  expect(clients.size() == wanted.size(), "clients '" + search + "'");
  for (std::size_t i = 0; i < clients.size(); ++i)
    expect(clients[i].client_id == wanted[i].client_id && clients[i].name == wanted[i].name &&
               clients[i].regular == wanted[i].regular && clients[i].offline == wanted[i].offline,
           "client " + clients[i].client_id);
  const std::string client = draw_.client_id();
  expect(index_->client_name(id, client) == model_.client_name(id, client), "client_name");
}

// What the model says of a filter, newest last, cut to the latest `limit`.
std::vector<std::uint64_t> History::latest(RealmId id, const Filter& filter, std::size_t limit) {
  auto all = numbers(model_.matching({&id, 1}, filter));
  if (all.size() > limit) all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(limit));
  return all;
}

void History::check_neighbours(RealmId id, const std::string& user) {
  const std::size_t limit = draw_.below(5) == 0 ? 1000 : draw_.below(6);
  std::vector<Handle> got;
  if (const auto number = index_->user_number(id, user)) {
    expect(index_->user_id(id, *number) == user, "a user's number gives the id back");
    Filter of_user;
    of_user.user = user;
    index_->handles_of(id, *number, limit, got);
    expect(in_order(got) == latest(id, of_user, limit), "handles_of");
    expect(index_->sessions_of(id, *number) == model_.matching({&id, 1}, of_user).size(), "sessions_of");
  } else {
    expect(!model_.user(id, user).has_value(), "a known user has a number");
  }
  Filter with;
  with.devices = {draw_.device_key()};
  got.clear();
  index_->handles_with(id, with.devices[0], limit, got);
  expect(in_order(got) == latest(id, with, limit), "handles_with " + with.devices[0]);
  expect(index_->sessions_with(id, with.devices[0]) == model_.matching({&id, 1}, with).size(), "sessions_with");
  check_network(id, limit);
  const auto realms = draw_.realms();
  expect(index_->kinds(realms) == model_.summarize(realms, {}).kinds, "kinds");
}

void History::check_network(RealmId id, std::size_t limit) {
  Filter in;
  in.ip = {draw_.network()};
  Query query;
  query.realms = {id};
  query.filter = in;
  query.order = {SortBy::kIpAddress, false};
  query.limit = limit;
  std::vector<Handle> got;
  index_->handles_at(id, in.ip[0], limit, got);
  std::vector<std::uint64_t> want;
  for (const Session& session : model_.query(query).rows) want.push_back(session.no.value);
  expect(in_order(got) == want, "handles_at " + in.ip[0].to_string());
  expect(index_->sessions_at(id, in.ip[0]) == model_.matching({&id, 1}, in).size(), "sessions_at a network");
  for (const auto& handle : got) {
    const std::uint64_t n = 1 + draw_.below(40), there = index_->sessions_at(id, index_->view(handle).ip);
    expect(index_->as_many_at_address(handle, n) == (there >= n), "as_many_at_address");
  }
  const IpAddress ip = draw_.ip();
  in.ip = {*Cidr::parse(ip.to_string())};
  expect(index_->sessions_at(id, ip) == model_.matching({&id, 1}, in).size(), "sessions_at an address");
}

void History::check_address() {
  const auto& key = draw_.one_of(live_);
  Filter there;
  there.ip = {*Cidr::parse(model_.get(*model_.find(key)).ip.to_string())};
  const std::uint64_t n = 1 + draw_.below(40);
  expect(index_->as_many_at_address(in_index(key), n) == (model_.matching({&key.realm, 1}, there).size() >= n),
         "as_many_at_address " + there.ip[0].to_string());
}

void History::check_sweep() {
  session::Policy policy;
  if (draw_.below(2) == 0) policy.idle_timeout = Duration{static_cast<std::int64_t>(draw_.below(3000))};
  if (draw_.below(2) == 0) policy.max_lifetime = Duration{static_cast<std::int64_t>(draw_.below(4000))};
  if (draw_.below(2) == 0) policy.remember_me_idle_timeout = Duration{static_cast<std::int64_t>(draw_.below(5000))};
  if (draw_.below(2) == 0) policy.offline_idle_timeout = Duration{static_cast<std::int64_t>(draw_.below(5000))};
  const RealmId id = draw_.realm();
  const Time now{draw_.time().ms + 2000};
  std::vector<ExpiredRow> got;
  std::uint32_t place = 0;
  do index_->sweep(id, policy, now, place, 7, got);
  while (place != 0);
  const auto want = model_.expired(id, policy, now);
  const auto key = [](const ExpiredRow& row) { return std::pair{row.handle.no.value, static_cast<int>(row.cause)}; };
  std::vector<std::pair<std::uint64_t, int>> a, b;
  for (const auto& row : got) a.push_back(key(row));
  for (const auto& row : want) b.push_back(key(row));
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  expect(a == b, "sweep finds what the policy ends");
}

}  // namespace curfew::index
