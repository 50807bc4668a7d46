#include "access/permission.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "base/text.h"

namespace curfew::access {
namespace {

constexpr std::array<std::string_view, kPermissions> kNames = {"SESSIONS:READ",  "SESSIONS:DELETE", "SESSIONS:WRITE",
                                                               "SESSIONS:CHECK", "USERS:READ",      "AUDIT:READ",
                                                               "POLICIES:WRITE", "ADMIN:*"};
constexpr std::size_t kMostGrants = 1'000;

std::uint32_t bit(Permission permission) {
  return 1U << static_cast<unsigned>(permission);
}

std::uint32_t mask_of(const Grant& grant) {
  std::uint32_t mask = 0;
  for (const Permission permission : grant.permissions) mask |= bit(permission);
  return mask;
}

bool holds(std::uint32_t mask, Permission permission) {
  return (mask & (bit(permission) | bit(Permission::kAdmin))) != 0;
}

}  // namespace

std::string_view to_string(Permission permission) {
  return kNames[static_cast<std::size_t>(permission)];
}

Result<Permission> parse_permission(std::string_view text) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == text) return static_cast<Permission>(i);
  }
  return invalid("permissions", fmt::format("permissions are {}", fmt::join(kNames, ", ")));
}

Status validate_grants(const std::vector<Grant>& grants) {
  if (grants.size() > kMostGrants) {
    return invalid("grants", fmt::format("grants may hold at most {} realms", kMostGrants));
  }
  std::vector<std::string_view> realms;
  realms.reserve(grants.size());
  for (const Grant& grant : grants) {
    CURFEW_TRY_STATUS(check_identifier("grants", grant.realm, limits::kRealmName));
    if (grant.permissions.empty()) {
      return invalid("grants", fmt::format("the grant for {} must hold a permission", grant.realm));
    }
    realms.push_back(grant.realm);
  }
  std::sort(realms.begin(), realms.end());
  const auto twice = std::adjacent_find(realms.begin(), realms.end());
  if (twice != realms.end()) return invalid("grants", fmt::format("grants must not name {} twice", *twice));
  return {};
}

Grants::Grants(std::vector<Grant> grants) {
  std::sort(grants.begin(), grants.end(), [](const Grant& a, const Grant& b) { return a.realm < b.realm; });
  for (Grant& grant : grants) {
    std::sort(grant.permissions.begin(), grant.permissions.end());
    grant.permissions.erase(std::unique(grant.permissions.begin(), grant.permissions.end()), grant.permissions.end());
    if (grant.realm == kAllRealms) everywhere_ |= mask_of(grant);
  }
  grants_ = std::make_shared<const std::vector<Grant>>(std::move(grants));
}

const std::vector<Grant>& Grants::list() const {
  static const std::vector<Grant> kNone;
  return grants_ ? *grants_ : kNone;
}

std::uint32_t Grants::bits(std::string_view realm) const {
  const std::vector<Grant>& grants = list();
  const auto found = std::lower_bound(grants.begin(), grants.end(), realm,
                                      [](const Grant& grant, std::string_view name) { return grant.realm < name; });
  return everywhere_ | (found != grants.end() && found->realm == realm ? mask_of(*found) : 0);
}

bool Grants::allows(Permission permission, std::string_view realm) const {
  return holds(everywhere_, permission) || holds(bits(realm), permission);
}

bool Grants::allows_everywhere(Permission permission) const {
  return holds(everywhere_, permission);
}

bool Grants::allows_somewhere(Permission permission) const {
  return std::any_of(list().begin(), list().end(),
                     [permission](const Grant& grant) { return holds(mask_of(grant), permission); });
}

bool Grants::sees(std::string_view realm) const {
  return bits(realm) != 0;
}

std::vector<Permission> Grants::on(std::string_view realm) const {
  const std::uint32_t mask = bits(realm);
  std::vector<Permission> permissions;
  for (int i = 0; i < kPermissions; ++i) {
    const auto permission = static_cast<Permission>(i);
    if (holds(mask, permission)) permissions.push_back(permission);
  }
  return permissions;
}

}  // namespace curfew::access
