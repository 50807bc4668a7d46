// Permissions: (resource, scope) pairs, held for one realm or for all.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace curfew::access {

enum class Permission : std::uint8_t {
  kSessionsRead = 0,
  kSessionsDelete,
  kSessionsWrite,
  kSessionsCheck,
  kUsersRead,
  kAuditRead,
  kPoliciesWrite,
  kAdmin,
};
inline constexpr int kPermissions = 8;
std::string_view to_string(Permission permission);  // "SESSIONS:READ", …, "ADMIN:*"
Result<Permission> parse_permission(std::string_view text);

// The name that stands for every realm, in grants as in paths.
inline constexpr std::string_view kAllRealms = "-";

struct Grant {
  std::string realm;  // a realm's name, or kAllRealms; need not exist (yet)
  std::vector<Permission> permissions;
  friend bool operator==(const Grant&, const Grant&) = default;
};

// At most 1,000 grants a caller, each with at least one permission, no realm twice.
Status validate_grants(const std::vector<Grant>& grants);

// A caller's grants, ready to be asked. Immutable; copies share what they hold.
class Grants {
 public:
  Grants() = default;
  explicit Grants(std::vector<Grant> grants);

  // Held for that realm, or for all; ADMIN:* (on the realm or on all) implies every other permission there.
  bool allows(Permission permission, std::string_view realm) const;
  // Held for all realms: what server-wide calls need.
  bool allows_everywhere(Permission permission) const;
  // Held for at least one realm, or for all.
  bool allows_somewhere(Permission permission) const;
  bool administrator() const { return allows_everywhere(Permission::kAdmin); }
  // Any permission there at all: whether the realm exists for this caller.
  bool sees(std::string_view realm) const;
  std::vector<Permission> on(std::string_view realm) const;  // what allows() says yes to
  const std::vector<Grant>& list() const;                    // by realm

 private:
  std::uint32_t bits(std::string_view realm) const;
  std::shared_ptr<const std::vector<Grant>> grants_;  // sorted by realm, none twice; null: none
  std::uint32_t everywhere_ = 0;
};

}  // namespace curfew::access
