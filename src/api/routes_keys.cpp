// API keys.
#include <array>

#include "api/admin_change.h"
#include "api/counted_list.h"
#include "base/limits.h"
#include "base/text.h"

namespace curfew::api {
namespace {

using access::ApiKey;
using access::Directory;
using access::Permission;
using http::Method;

constexpr std::array<std::string_view, 4> kFields{"name", "grants", "ownUser", "expiresAt"};

// `text` is the key itself, shown once.
void append_key(JsonWriter& json, const ApiKey& key, std::string_view text = {}) {
  json.begin_object().field("id", key.id).field("name", key.name).key("grants");
  append_grants(json, key.grants);
  json.key("ownUser");
  append_own_user(json, key.own_user);
  json.field("createdAt", key.created);
  append_time_or_null(json, "expiresAt", key.expires);
  if (!text.empty()) json.field("key", text);
  json.end_object();
}

http::Response key_response(int status, const ApiKey& key, std::string_view text = {}) {
  std::string body;
  JsonWriter json(body);
  append_key(json, key, text);
  return json_response(status, std::move(body));
}

Result<http::Response> list_keys(Services& services, const Call& call) {
  CURFEW_TRY(const auto search, call.params.text("search", limits::kSearch, true));
  const std::string wanted = fold_case(search.value_or(""));
  std::vector<ApiKey> keys = services.directory.keys();
  std::erase_if(keys, [&](const ApiKey& key) { return fold_case(key.name).find(wanted) == std::string::npos; });
  return counted_list(services, call, keys, [](JsonWriter& json, const ApiKey& key) { append_key(json, key); });
}

Result<http::Response> get_key(Services& services, const Call& call) {
  const auto key = services.directory.find_key(call.variable("keyId"));
  if (!key) return fail(ErrorCode::kNotFound, "", "There is no key with this id.", "keyId");
  return key_response(200, *key);
}

Result<access::KeyInput> read_key(const Call& call) {
  JsonParser parser;
  CURFEW_TRY(const auto root, parser.parse(call.body));
  CURFEW_TRY(const auto fields, Fields::open(root, kFields));
  access::KeyInput input;
  CURFEW_TRY(input.name, fields.optional_text("name", limits::kDisplayName));
  CURFEW_TRY(input.grants, read_grants(fields));
  CURFEW_TRY(input.own_user, read_own_user(fields));
  if (fields.is_null("expiresAt")) {
    input.expires = std::optional<Time>{};
  } else {
    CURFEW_TRY(const auto expires, fields.optional_time("expiresAt"));
    if (expires) input.expires = std::optional<Time>{*expires};
  }
  if (call.route->method == Method::kPost) {
    if (!input.name) return fields.missing("name");
    if (!input.grants) return fields.missing("grants");
  } else if (fields.size() == 0) {
    return invalid("", "Give at least one member to change.");
  }
  return input;
}

DirectoryChange<ApiKey> change_of(std::string_view action,
                                  std::function<Result<access::Prepared<ApiKey>>(Directory&)> prepare, int status) {
  return {
      action, std::move(prepare), [](const ApiKey& key) { return key.name; },
      [](const ApiKey& key) { return grants_details(key.id, key.grants); },
      [status](const Call&, const ApiKey& key) { return status == 204 ? no_content() : key_response(status, key); }};
}

void create_key(Services& services, Call call) {
  auto input = read_key(call);
  if (!input) return call.refuse(input.error());
  using NewKey = Directory::NewKey;
  DirectoryChange<NewKey> change;
  change.action = audit::action::kKeyCreated;
  change.prepare = [input = *std::move(input)](Directory& directory) { return directory.prepare_key(input); };
  change.target = [](const NewKey& made) { return made.key.name; };
  change.details = [](const NewKey& made) { return grants_details(made.key.id, made.key.grants); };
  change.answer = [](const Call&, const NewKey& made) {
    return key_response(201, made.key, made.text).with("Location", "/api/v1/keys/" + percent_encode(made.key.id));
  };
  change_directory(services, std::move(call), std::move(change));
}

void update_key(Services& services, Call call) {
  auto input = read_key(call);
  if (!input) return call.refuse(input.error());
  auto prepare = [input = *std::move(input), id = std::string(call.variable("keyId"))](Directory& directory) {
    return directory.prepare_key_update(id, input);
  };
  change_directory(services, std::move(call), change_of(audit::action::kKeyUpdated, std::move(prepare), 200));
}

void delete_key(Services& services, Call call) {
  auto prepare = [id = std::string(call.variable("keyId"))](Directory& directory) {
    return directory.prepare_key_removal(id);
  };
  change_directory(services, std::move(call), change_of(audit::action::kKeyDeleted, std::move(prepare), 204));
}

Route route(Method method, std::string_view pattern, std::string_view operation, Body body, Handler handler,
            std::vector<std::string_view> parameters = {}) {
  return {.method = method,
          .pattern = pattern,
          .operation = operation,
          .access = Access::kServer,
          .permission = Permission::kAdmin,
          .body = body,
          .parameters = std::move(parameters),
          .handler = handler};
}

}  // namespace

std::vector<Route> key_routes() {
  constexpr std::string_view kAll = "/api/v1/keys";
  constexpr std::string_view kOne = "/api/v1/keys/{keyId}";
  return {
      route(Method::kGet, kAll, "listKeys", Body::kNone, at_once<list_keys>, {"search", "limit", "cursor", "offset"}),
      route(Method::kPost, kAll, "createKey", Body::kJson, create_key),
      route(Method::kGet, kOne, "getKey", Body::kNone, at_once<get_key>),
      route(Method::kPatch, kOne, "updateKey", Body::kJson, update_key),
      route(Method::kDelete, kOne, "deleteKey", Body::kNone, delete_key),
  };
}

}  // namespace curfew::api
