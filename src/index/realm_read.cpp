// Whole sessions out of a realm's columns (realm_index.h).
#include "index/realm_index.h"

namespace curfew::index {

void RealmIndex::fill(std::uint32_t row, session::Session& out) const {
  const RowFacts& facts = rows_.facts(row);
  const RowRest& rest = rows_.rest(row);
  out.no = session::SessionNo{facts.no};
  out.key.realm = id_;
  out.key.type = facts.type();
  out.key.id.clear();
  rows_.append_id_text(row, out.key.id);
  out.user_id.clear();
  users_.append_id(facts.user, out.user_id);
  out.username = users_.username_view(facts.user);
  out.email = users_.email_view(facts.user);
  out.ip = rows_.ip(facts);
  out.user_agent = devices_.agent(rest.user_agent);
  out.device_id = devices_.id(rest.device);
  out.started = Time{facts.started()};
  out.last_access = Time{facts.last_access()};
  out.remember_me = facts.has(RowFacts::kRememberMe);
  const auto clients = clients_.members(rest.clients);
  out.clients.resize(clients.size());
  for (std::size_t i = 0; i < clients.size(); ++i) out.clients[i].client_id = clients_.client(clients[i]).id;
  rows_.read_since(row, out.clients);
  out.token_hash = rows_.token(row);
}

session::Session RealmIndex::get(std::uint32_t row) const {
  session::Session out;
  rows_.prefetch(row);
  fill(row, out);
  return out;
}

// A row's parts lie in a dozen places, each likely not in any cache. Each round asks for what the round before has
// brought.
void RealmIndex::prefetch(std::span<const std::uint32_t> rows) const {
  for (const std::uint32_t row : rows) rows_.prefetch(row);
  for (const std::uint32_t row : rows) {
    users_.prefetch(rows_.facts(row).user);
    users_.prefetch_refs(rows_.facts(row).user);
    rows_.prefetch_deep(row);
    const RowRest& rest = rows_.rest(row);
    clients_.prefetch(rest.clients);
    devices_.prefetch(rest.user_agent, rest.device);
  }
  for (const std::uint32_t row : rows) {
    users_.prefetch_text(rows_.facts(row).user);
    const RowRest& rest = rows_.rest(row);
    clients_.prefetch_members(rest.clients);
    devices_.prefetch_text(rest.user_agent, rest.device);
  }
}

void RealmIndex::get_all(std::span<const std::uint32_t> rows, std::vector<session::Session>& out) const {
  prefetch(rows);
  out.reserve(out.size() + rows.size());
  for (const std::uint32_t row : rows) fill(row, out.emplace_back());
}

}  // namespace curfew::index
