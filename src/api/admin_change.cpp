#include "api/admin_change.h"

#include <array>

#include "api/json_out.h"
#include "base/limits.h"

namespace curfew::api {
namespace {

constexpr std::array<std::string_view, 2> kGrantFields{"realm", "permissions"};
constexpr std::array<std::string_view, 2> kOwnFields{"realm", "userId"};
constexpr std::size_t kMostGrants = 1'000;

}  // namespace

std::vector<engine::DocumentChange> engine_documents(const std::vector<access::DocumentChange>& changes) {
  std::vector<engine::DocumentChange> out;
  out.reserve(changes.size());
  for (const access::DocumentChange& change : changes) out.push_back({change.table, change.key, change.bytes});
  return out;
}

void take_turn(Services& services, std::shared_ptr<Call> call, std::function<void(AdminLane::Turn)> work) {
  const auto refuse = [](Call& refused) {
    refused.refuse(
        Error{ErrorCode::kUnavailable, "overloaded", "Too many changes wait already; try again in a moment.", ""});
  };
  const bool entered = services.lane.enter([&services, call, refuse, work = std::move(work)](AdminLane::Turn turn) {
    if (!services.engine.in_background([work, turn] { work(turn); })) refuse(*call);
  });
  if (!entered) refuse(*call);
}

Result<std::optional<std::vector<access::Grant>>> read_grants(const Fields& fields) {
  CURFEW_TRY(const auto items, fields.optional_array("grants", kMostGrants));
  if (!items) return std::nullopt;
  std::vector<access::Grant> grants;
  std::size_t i = 0;
  for (const JsonValue item : *items) {
    CURFEW_TRY(const auto members, Fields::open(item, kGrantFields, "grants[" + std::to_string(i++) + "]."));
    access::Grant grant;
    CURFEW_TRY(grant.realm, members.text("realm", limits::kRealmName));
    CURFEW_TRY(const auto permissions, members.optional_array("permissions", access::kPermissions));
    if (!permissions) return members.missing("permissions");
    for (const JsonValue permission : *permissions) {
      std::string_view text;
      if (permission.get(text) != simdjson::SUCCESS) return members.wrong("permissions", "permissions holds strings.");
      auto parsed = access::parse_permission(text);
      if (!parsed) return members.wrong("permissions", std::move(parsed).error().message);
      grant.permissions.push_back(*parsed);
    }
    grants.push_back(std::move(grant));
  }
  return grants;
}

Result<std::optional<std::optional<access::UserRef>>> read_own_user(const Fields& fields) {
  using Change = std::optional<std::optional<access::UserRef>>;
  const JsonValue* value = fields.find("ownUser");
  if (value == nullptr) return Change{};
  if (value->is_null()) return Change{std::optional<access::UserRef>{}};
  CURFEW_TRY(const auto members, Fields::open(*value, kOwnFields, "ownUser."));
  access::UserRef own;
  CURFEW_TRY(own.realm, members.text("realm", limits::kRealmName));
  CURFEW_TRY_STATUS(engine::validate_realm_name(own.realm));
  CURFEW_TRY(own.user_id, members.text("userId", limits::kUserId));
  return Change{std::optional<access::UserRef>{std::move(own)}};
}

std::string grants_details(std::string_view id, const std::vector<access::Grant>& grants) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("id", id).key("grants");
  append_grants(json, grants);
  json.end_object();
  return out;
}

}  // namespace curfew::api
