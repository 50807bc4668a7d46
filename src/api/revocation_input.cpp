#include "api/revocation_input.h"

#include <algorithm>
#include <array>
#include <set>

#include "api/filter_input.h"
#include "base/limits.h"
#include "base/text.h"

namespace curfew::api {
namespace {

constexpr std::array<std::string_view, 8> kFields{"sessions", "filter",  "user",   "all",
                                                  "types",    "keepOwn", "reason", "plan"};
constexpr std::array<std::string_view, 3> kRefFields{"realm", "type", "id"};
constexpr std::size_t kPlanText = 256;

// The realm of one named session: the path's, or the one that it names itself under "-".
Result<session::RealmId> realm_of(const Call& call, const Fields& ref) {
  CURFEW_TRY(const auto name, ref.raw_text("realm"));
  if (!name) {
    if (call.realm != nullptr) return call.realm->id;
    return ref.missing("realm");
  }
  for (const engine::Realm* realm : call.scope)
    if (realm->name == *name) return realm->id;
  return ref.wrong("realm", call.realm != nullptr ? ref.path("realm") + " is another realm than the path's."
                                                  : "There is no such realm, or you may not end sessions in it.");
}

Result<engine::BySessions> read_sessions(const Call& call, const simdjson::dom::array& items) {
  engine::BySessions chosen;
  std::set<session::SessionKey> seen;
  std::size_t i = 0;
  for (const JsonValue item : items) {
    CURFEW_TRY(const auto ref, Fields::open(item, kRefFields, "sessions[" + std::to_string(i++) + "]."));
    session::SessionKey key;
    CURFEW_TRY(key.realm, realm_of(call, ref));
    CURFEW_TRY(const auto type, ref.raw_text("type"));
    if (!type) return ref.missing("type");
    const auto parsed = session::parse_session_type(*type);
    if (!parsed) return ref.wrong("type", ref.path("type") + " is regular or offline.");
    key.type = *parsed;
    CURFEW_TRY(key.id, ref.identifier("id", limits::kSessionId));
    if (!seen.insert(key).second)
      return ref.wrong("id", ref.path("id") + " names a session that the list holds already.");
    chosen.keys.push_back(std::move(key));
  }
  if (chosen.keys.empty()) return invalid("sessions", "sessions holds at least one item.");
  return chosen;
}

// Exactly one of sessions, filter, user and all.
Status read_what(const Call& call, const Fields& fields, engine::Selection& selection) {
  const int given = fields.has("sessions") + fields.has("filter") + fields.has("user") + fields.has("all");
  if (given != 1) return invalid("", "Say which sessions by exactly one of sessions, filter, user and all.");
  if (fields.has("sessions")) {
    CURFEW_TRY(const auto items, fields.optional_array("sessions", limits::kSessionsPerRevocation));
    CURFEW_TRY(selection.what, read_sessions(call, *items));
  } else if (fields.has("filter")) {
    CURFEW_TRY(auto filter, parse_filter(*fields.find("filter"), filter_context(call), "filter."));
    if (filter.empty()) return invalid("filter", "An empty filter would match everything: say \"all\": true for that.");
    selection.what = engine::ByFilter{std::move(filter)};
  } else if (fields.has("user")) {
    if (call.realm == nullptr) return invalid("user", "A user belongs to a realm: name it in the path.");
    CURFEW_TRY(auto user, fields.text("user", limits::kUserId));
    selection.what = engine::ByUser{std::move(user)};
  } else {
    CURFEW_TRY(const auto all, fields.optional_boolean("all"));
    if (!*all) return invalid("all", "all is true, or left out.");
    selection.what = engine::Everything{};
  }
  return {};
}

Status read_types(const Fields& fields, engine::Selection& selection) {
  CURFEW_TRY(const auto types, fields.optional_array("types", 2));
  if (!types) return {};
  if (fields.has("sessions")) return invalid("types", "Each of sessions has its own type: leave types out.");
  std::set<session::SessionType> chosen;
  for (const JsonValue item : *types) {
    std::string_view text;
    if (item.get(text) != simdjson::SUCCESS) return invalid("types", "types holds regular, offline or both.");
    const auto type = session::parse_session_type(text);
    if (!type || !chosen.insert(*type).second)
      return invalid("types", "types holds regular, offline or both, each once.");
  }
  if (chosen.empty()) return invalid("types", "types holds at least one type, or is left out.");
  if (chosen.size() == 1) selection.type = *chosen.begin();
  return {};
}

}  // namespace

Result<RevocationBody> read_revocation(const Call& call) {
  JsonParser parser;
  CURFEW_TRY(const auto root, parser.parse(call.body));
  CURFEW_TRY(const auto fields, Fields::open(root, kFields));
  RevocationBody body;
  engine::Selection& selection = body.selection;
  selection.realms = call.scope_ids();
  CURFEW_TRY_STATUS(read_what(call, fields, selection));
  CURFEW_TRY_STATUS(read_types(fields, selection));
  CURFEW_TRY(const auto keep_own, fields.optional_boolean("keepOwn"));
  selection.keep_own = keep_own.value_or(true);
  CURFEW_TRY(const auto reason, fields.optional_text("reason", limits::kReason, true));
  body.reason = reason.value_or("");
  CURFEW_TRY(const auto plan, fields.optional_text("plan", kPlanText));
  body.plan = plan.value_or("");
  if (call.caller.own_user) {
    if (const engine::Realm* realm = call.realms->find(call.caller.own_user->realm))
      selection.own = engine::OwnUser{realm->id, call.caller.own_user->user_id};
  }
  return body;
}

}  // namespace curfew::api
