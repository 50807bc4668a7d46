// Realms: the tenants. A RealmTable is an unchanging snapshot that readers share; the sequencer replaces it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "session/policy.h"
#include "session/session.h"
#include "signal/settings.h"

namespace curfew::engine {

using session::RealmId;

struct Realm {
  RealmId id;
  std::string name;  // [A-Za-z0-9][A-Za-z0-9._-]*, at most limits::kRealmName; distinct; never "-"
  std::string display_name;
  Time created;
  session::Policy policy;
  bool removing = false;  // being emptied; unknown to readers
  // Its networks, rules and suppressions; never null. Replaced, never changed.
  std::shared_ptr<const signal::Settings> detection = default_detection();

  friend bool operator==(const Realm& a, const Realm& b);
  static std::shared_ptr<const signal::Settings> default_detection();  // one for all
};

Status validate_realm_name(std::string_view name);

class RealmTable {
 public:
  RealmTable() = default;
  explicit RealmTable(std::vector<Realm> realms);

  const Realm* find(std::string_view name) const;  // null for unknown and for those being removed
  const Realm* find(RealmId id) const;             // also those being removed
  std::vector<const Realm*> all() const;           // by name, without those being removed
  const std::vector<Realm>& list() const { return realms_; }

 private:
  std::vector<Realm> realms_;  // by id
  std::map<std::string, std::size_t, std::less<>> by_name_;
};

void encode_realm(std::string& out, const Realm& realm);
Result<Realm> decode_realm(std::string_view bytes);

}  // namespace curfew::engine
