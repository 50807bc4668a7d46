// SessionSet: which rows of which realms, compressed. What a revocation works through.
//
// It names rows, not sessions: a row may be given to a new session once its own has ended. Whoever keeps a set beside a
// changing index removes each row from it when the row's session ends (the engine does, and so learns what slipped away
// meanwhile). Threads: none of its own.
#pragma once

#include <cstdint>
#include <map>

#include <roaring/roaring.hh>

#include "session/session.h"

namespace curfew::index {

class SessionSet {
 public:
  struct Place {
    session::RealmId realm;
    std::uint32_t row = 0;
  };

  void add(session::RealmId realm, std::uint32_t row) { rows_[realm].add(row); }
  // True if it was a member.
  bool remove(session::RealmId realm, std::uint32_t row) {
    const auto it = rows_.find(realm);
    return it != rows_.end() && it->second.removeChecked(row);
  }
  bool contains(session::RealmId realm, std::uint32_t row) const {
    const auto it = rows_.find(realm);
    return it != rows_.end() && it->second.contains(row);
  }
  std::uint64_t size() const {
    std::uint64_t n = 0;
    for (const auto& [realm, rows] : rows_) n += rows.cardinality();
    return n;
  }
  bool empty() const {
    for (const auto& [realm, rows] : rows_)
      if (!rows.isEmpty()) return false;
    return true;
  }
  std::map<session::RealmId, Roaring>& rows() { return rows_; }
  const std::map<session::RealmId, Roaring>& rows() const { return rows_; }

 private:
  std::map<session::RealmId, Roaring> rows_;
};

}  // namespace curfew::index
