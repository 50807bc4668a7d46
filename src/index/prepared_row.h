// PreparedRow: what a session is looked up and entered by, worked out of its texts.
//
// What it is: the hashes and packed ids that RealmIndex needs of a session that it takes in. Index::load_rows is given
// them by whoever has just read the texts, on threads of its own. Invariants: refers to the session's texts, which stay
// as they are for as long as it is used. Threads: a value.
#pragma once

#include <cstdint>

#include "index/client_directory.h"
#include "index/row_store.h"
#include "index/user_directory.h"
#include "session/session.h"

namespace curfew::index {

struct PreparedRow {
  explicit PreparedRow(const session::Session& session)
      : user(session.user_id),
        id(session.key.id, RowStore::key_seed(session.key.type)),
        agent_hash(hash_bytes(session.user_agent)),
        clients_hash(ClientDirectory::hash(session.clients)) {}

  UserDirectory::Key user;
  IdProbe id;
  std::uint64_t agent_hash, clients_hash;
};

}  // namespace curfew::index
