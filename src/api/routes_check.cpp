// Is this session live? For reverse proxies (check) and for resource servers (introspect, RFC 7662).
#include <algorithm>
#include <array>

#include "api/lookup.h"
#include "base/limits.h"
#include "base/text.h"

namespace curfew::api {
namespace {

using access::Permission;
using http::Method;

constexpr std::size_t kTokenText = 512;
constexpr std::array<std::string_view, 4> kIntrospectFields{"token", "token_type_hint", "sid", "type"};

bool goes_as_it_is(char c) {
  return c > 0x20 && c < 0x7f && c != '%';
}

// A header's value: visible ASCII as it is, all else and '%' percent-encoded.
std::string header_text(std::string text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  if (std::ranges::all_of(text, goes_as_it_is)) return text;
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (goes_as_it_is(c)) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

Error no_session() {
  return {ErrorCode::kUnauthenticated, "not_active", "This session is not active.", ""};
}

Result<http::Response> check(Services& services, const Call& call) {
  const std::string_view token = call.head.header("X-Session-Token");
  const std::string* id = call.params.find("id");
  const std::string* type = call.params.find("type");
  std::optional<index::Index::Names> session;
  if (id != nullptr) {
    const auto parsed =
        session::parse_session_type(type != nullptr ? std::string_view(*type) : std::string_view("regular"));
    if (!parsed) return invalid("type", "type is regular or offline.");
    CURFEW_TRY_STATUS(check_identifier("id", *id, limits::kSessionId));
    session = services.engine.check(*call.realm, {call.realm->id, *parsed, *id}, std::nullopt);
  } else if (type != nullptr) {
    return invalid("id", "Give id with type.");
  } else if (!token.empty() && token.size() <= kTokenText) {
    session = services.engine.check_token(*call.realm, token, std::nullopt);
  }
  if (!session) return tl::make_unexpected(no_session());
  http::Response response = no_content();
  response.headers.reserve(4);
  response.headers.push_back({"X-Curfew-User-Id", header_text(std::move(session->user_id))});
  response.headers.push_back({"X-Curfew-Username", header_text(std::move(session->username))});
  response.headers.push_back({"X-Curfew-Session-Id", std::move(session->session_id)});
  return response;
}

std::string introspection_json(const engine::Realm& realm, const std::optional<session::Session>& found) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("active", found.has_value());
  if (found) {
    const session::Session& s = *found;
    json.field("sub", s.user_id).field("username", s.username).field("sid", s.key.id);
    json.field("session_type", session::to_string(s.key.type)).field("realm", realm.name);
    json.field("iat", s.started.ms / 1000);
    if (const auto expiry = session::expiry_of(realm.policy, s.key.type, s.remember_me, s.started, s.last_access))
      json.field("exp", expiry->at.ms / 1000);
    json.field("last_access", s.last_access.ms / 1000);
    json.key("client_ids").begin_array();
    for (const session::ClientLink& client : s.clients) json.string(client.client_id);
    json.end_array();
  }
  json.end_object();
  return body;
}

Result<http::Response> introspect(Services& services, const Call& call) {
  CURFEW_TRY(const auto form, Params::parse(call.body, kIntrospectFields));
  CURFEW_TRY(const auto token, form.text("token", kTokenText));
  CURFEW_TRY(const auto sid, form.text("sid", limits::kSessionId));
  CURFEW_TRY_STATUS(form.text("token_type_hint", 64, true));
  if (token.has_value() == sid.has_value()) return invalid("token", "Give either token or sid.");
  std::optional<session::Session> found;
  if (token) {
    // The check is what counts as activity, and what knows whether a policy has ended it; the rest is for the answer.
    if (services.engine.check_token(*call.realm, *token, std::nullopt))
      found = find_live_alone(services, *call.realm, std::string_view(*token));
  } else {
    const std::string* type = form.find("type");
    const auto parsed =
        session::parse_session_type(type != nullptr ? std::string_view(*type) : std::string_view("regular"));
    if (!parsed) return invalid("type", "type is regular or offline.");
    const session::SessionKey key{call.realm->id, *parsed, *sid};
    if (services.engine.check(*call.realm, key, std::nullopt)) found = find_live_alone(services, *call.realm, key);
  }
  return json_response(200, introspection_json(*call.realm, found));
}

}  // namespace

std::vector<Route> check_routes() {
  return {
      {.method = Method::kGet,
       .pattern = "/api/v1/realms/{realm}/check",
       .operation = "checkSession",
       .access = Access::kRealm,
       .permission = Permission::kSessionsCheck,
       .parameters = {"type", "id"},
       .handler = at_once<check>},
      {.method = Method::kPost,
       .pattern = "/api/v1/realms/{realm}/introspect",
       .operation = "introspect",
       .access = Access::kRealm,
       .permission = Permission::kSessionsCheck,
       .body = Body::kForm,
       .max_body = 16 * 1024,
       .handler = at_once<introspect>},
  };
}

}  // namespace curfew::api
