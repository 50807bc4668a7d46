// Who am I, and the console's own sign-in.
#include <array>

#include "api/admin_change.h"
#include "api/admission.h"
#include "api/json_out.h"
#include "base/limits.h"
#include "http/cookie.h"

namespace curfew::api {
namespace {

using http::Method;

constexpr std::array<std::string_view, 2> kLoginFields{"username", "password"};
constexpr std::size_t kPassword = access::Directory::kMostPassword;
constexpr std::size_t kMostOwnSessions = 100;

void append_own_sessions(JsonWriter& json, Services& services, const Call& call, const engine::RealmTable& realms) {
  json.key("ownSessions").begin_array();
  if (const auto& own = call.caller.own_user) {
    if (const engine::Realm* realm = realms.find(own->realm)) {
      const index::Index& index = services.engine.index();
      const index::Index::ReadLock lock(index);
      std::size_t shown = 0;
      for (const index::Handle& handle : index.user_sessions(realm->id, own->user_id)) {
        if (++shown > kMostOwnSessions) break;
        const session::Session session = index.get(handle);
        json.begin_object().field("realm", realm->name).field("type", session::to_string(session.key.type));
        json.field("id", session.key.id).end_object();
      }
    }
  }
  json.end_array();
}

http::Response me_response(Services& services, const Call& call) {
  const access::Caller& caller = call.caller;
  const auto realms = services.engine.realms();
  std::string body;
  JsonWriter json(body);
  const bool is_operator = caller.kind == access::Caller::Kind::kOperator;
  json.begin_object().field("kind", is_operator ? std::string_view("operator") : std::string_view("api_key"));
  json.field("id", caller.id).field("name", caller.name).field("administrator", caller.grants.administrator());
  json.key("grants");
  append_grants(json, caller.grants.list());
  json.key("realms").begin_array();
  for (const engine::Realm* realm : realms->all()) {
    if (!caller.grants.sees(realm->name)) continue;
    json.begin_object().field("name", realm->name).field("displayName", realm->display_name);
    json.key("permissions").begin_array();
    for (const access::Permission permission : caller.grants.on(realm->name))
      json.string(access::to_string(permission));
    json.end_array().end_object();
  }
  json.end_array().key("ownUser");
  append_own_user(json, caller.own_user);
  append_own_sessions(json, services, call, *realms);
  if (!caller.csrf_token.empty()) json.field("csrfToken", caller.csrf_token);
  append_time_or_null(json, "signedInAt", caller.signed_in);
  json.end_object();
  return json_response(200, std::move(body));
}

Result<http::Response> get_me(Services& services, const Call& call) {
  return me_response(services, call);
}

std::string cookie_text(const Call& call, std::string token, bool gone) {
  http::SetCookie cookie;
  cookie.name = kCookie;
  cookie.value = std::move(token);
  cookie.secure = call.head.secure;
  if (gone) cookie.max_age_seconds = 0;
  return http::format_set_cookie(cookie).value_or("");
}

struct Credentials {
  std::string username, password;
};

Result<Credentials> read_login(const Call& call) {
  JsonParser parser;
  CURFEW_TRY(const auto root, parser.parse(call.body));
  CURFEW_TRY(const auto fields, Fields::open(root, kLoginFields));
  Credentials given;
  CURFEW_TRY(given.username, fields.text("username", limits::kUsername));
  CURFEW_TRY(const auto password, fields.raw_text("password"));
  if (!password) return fields.missing("password");
  if (password->empty() || password->size() > kPassword)
    return fields.wrong("password", "password has 1 to " + std::to_string(kPassword) + " bytes.");
  given.password = *password;
  return given;
}

// A failed attempt is recorded, except when attempts are being refused: then it was recorded often enough.
void refuse_login(Services& services, Call& call, const std::string& username, const Error& error) {
  ProblemExtras extras;
  if (error.code == ErrorCode::kResourceExhausted) {
    extras.retry_after_s = services.directory.retry_after_s(username, call.head.remote).value_or(1);
  } else if (error.code == ErrorCode::kUnauthenticated) {
    audit::Record record = record_of(call, audit::action::kSignIn);
    record.origin.kind = session::ActorKind::kOperator;
    record.origin.actor_name = username;
    record.outcome = audit::AuditOutcome::kFailed;
    record.code = error.reason_or_code();
    record.target = username;
    services.engine.record(std::move(record));
  }
  call.refuse(error, extras);
}

void sign_in(Services& services, Call call) {
  const auto given = read_login(call);
  if (!given) return call.refuse(given.error());
  auto signed_in = services.directory.sign_in(given->username, given->password, call.head.remote);
  if (!signed_in) return refuse_login(services, call, given->username, signed_in.error());
  call.caller = std::move(signed_in->caller);
  audit::Record record = record_of(call, audit::action::kSignIn);
  record.target = call.caller.name;
  auto held = std::make_shared<Call>(std::move(call));
  services.engine.write_documents(
      engine_documents(signed_in->documents), {std::move(record)}, {},
      [&services, held, token = std::move(signed_in->token)](Result<std::uint64_t> written) {
        if (!written) {
          services.directory.sign_out(token);  // a sign-in that could not be recorded did not happen
          return held->refuse(written.error());
        }
        held->answer(me_response(services, *held).with("Set-Cookie", cookie_text(*held, token, false)));
      });
}

void login(Services& services, Call call) {
  in_background(services, std::move(call), sign_in);
}

void logout(Services& services, Call call) {
  const auto token = http::find_cookie(call.head, kCookie);
  if (!call.caller.signed_in || !token) return call.answer(no_content());
  auto documents = engine_documents(services.directory.sign_out(*token));
  audit::Record record = record_of(call, audit::action::kSignOut);
  record.target = call.caller.name;
  auto held = std::make_shared<Call>(std::move(call));
  services.engine.write_documents(std::move(documents), {std::move(record)}, {}, [held](Result<std::uint64_t> written) {
    if (!written) return held->refuse(written.error());
    held->answer(no_content().with("Set-Cookie", cookie_text(*held, "", true)));
  });
}

}  // namespace

std::vector<Route> sign_in_routes() {
  return {
      {.method = Method::kGet,
       .pattern = "/api/v1/me",
       .operation = "getMe",
       .access = Access::kAuthenticated,
       .handler = at_once<get_me>},
      {.method = Method::kPost,
       .pattern = "/api/v1/login",
       .operation = "login",
       .access = Access::kPublic,
       .body = Body::kJson,
       .max_body = 16 * 1024,
       .handler = login},
      {.method = Method::kPost,
       .pattern = "/api/v1/logout",
       .operation = "logout",
       .access = Access::kAuthenticated,
       .handler = logout},
  };
}

}  // namespace curfew::api
