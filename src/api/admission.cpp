#include "api/admission.h"

#include <algorithm>

#include "api/services.h"
#include "base/crypto.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "http/cookie.h"

namespace curfew::api {
namespace {

constexpr std::size_t kMostCallers = 10'000;
constexpr std::string_view kBearer = "bearer ";

bool starts_with_folded(std::string_view text, std::string_view lower) {
  return text.size() >= lower.size() && std::equal(lower.begin(), lower.end(), text.begin(), [](char a, char b) {
           return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b);
         });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

Error unknown_realm(std::string_view name) {
  std::string shown = is_valid_utf8(name) ? std::string(name.substr(0, limits::kRealmName)) : std::string();
  return Error{ErrorCode::kNotFound, "", "There is no realm \"" + shown + "\", or you hold no permission in it.",
               "realm"};
}

bool writes(http::Method method) {
  return method != http::Method::kGet && method != http::Method::kHead;
}

// Resolves {realm} and the permission. False: answered.
bool authorise(Services& services, Call& call) {
  const Route& route = *call.route;
  const access::Grants& grants = call.caller.grants;
  if (route.access == Access::kPublic) return true;
  if (route.access == Access::kServer && !grants.allows_everywhere(*route.permission)) {
    deny(services, call, *route.permission, access::kAllRealms);
    return false;
  }
  call.realms = services.engine.realms();
  const std::string_view name = call.variable("realm");
  if (name.empty()) return true;
  if (name == access::kAllRealms) {
    if (!route.all_realms) {
      call.refuse(Error{ErrorCode::kNotFound, "", "Name one realm here: \"-\" stands for all only in lists.", "realm"});
      return false;
    }
    if (!grants.allows_somewhere(*route.permission)) {
      deny(services, call, *route.permission, name);
      return false;
    }
    for (const engine::Realm* realm : call.realms->all())
      if (grants.allows(*route.permission, realm->name)) call.scope.push_back(realm);
    return true;
  }
  call.realm = call.realms->find(name);
  if (call.realm == nullptr || !grants.sees(name)) {
    call.refuse(unknown_realm(name));
    return false;
  }
  if (route.permission && !grants.allows(*route.permission, name)) {
    deny(services, call, *route.permission, name);
    return false;
  }
  call.scope.push_back(call.realm);
  return true;
}

Status check_body(const Call& call) {
  const Route& route = *call.route;
  if (route.body == Body::kNone) {
    if (!call.body.empty()) return fail(ErrorCode::kInvalidArgument, "unexpected_body", "This call takes no body.");
    return {};
  }
  if (call.body.empty() && route.body == Body::kOptionalJson) return {};
  std::string_view type = call.head.header("Content-Type");
  type = trimmed(type.substr(0, type.find(';')));
  const std::string_view wanted = route.body == Body::kForm     ? "application/x-www-form-urlencoded"
                                  : route.body == Body::kStream ? "application/x-ndjson"
                                                                : "application/json";
  if (type.size() == wanted.size() && starts_with_folded(type, wanted)) return {};
  return fail(ErrorCode::kInvalidArgument, "unsupported_media_type", "Send the body as " + std::string(wanted) + ".",
              "Content-Type");
}

}  // namespace

Result<access::Caller> authenticate(Services& services, const http::RequestHead& head) {
  if (const std::string_view key = head.header("X-Api-Key"); !key.empty())
    return services.directory.authenticate_key(trimmed(key));
  if (const std::string_view value = head.header("Authorization"); !value.empty()) {
    if (!starts_with_folded(value, kBearer))
      return fail(ErrorCode::kUnauthenticated, "", "Send an API key as Authorization: Bearer.");
    return services.directory.authenticate_key(trimmed(value.substr(kBearer.size())));
  }
  if (const auto token = http::find_cookie(head, kCookie); token && !token->empty())
    return services.directory.authenticate_cookie(*token);
  return fail(ErrorCode::kUnauthenticated, "", "Sign in, or send an API key as Authorization: Bearer.");
}

std::optional<Call> admit(Services& services, const Route& route, std::vector<std::string> variables,
                          http::RequestHead head, std::string body, http::Responder respond) {
  std::optional<Call> admitted(std::in_place, std::move(head), std::move(body), std::move(respond), &route,
                               std::move(variables), Params(), access::Caller(), services.clock.now());
  Call& call = *admitted;
  if (route.access != Access::kPublic) {
    auto caller = authenticate(services, call.head);
    if (!caller) {
      call.refuse(caller.error());
      return std::nullopt;
    }
    call.caller = *std::move(caller);
    if (call.caller.signed_in && writes(call.head.method) &&
        (call.caller.csrf_token.empty() ||
         !constant_time_equal(call.head.header("X-CSRF-Token"), call.caller.csrf_token))) {
      call.refuse(Error{ErrorCode::kPermissionDenied, "csrf", "Send the csrfToken of /api/v1/me as X-CSRF-Token.",
                        "X-CSRF-Token"});
      return std::nullopt;
    }
  }
  if (!authorise(services, call)) return std::nullopt;
  auto params = Params::parse(call.head.query, route.parameters);
  if (!params) {
    call.refuse(params.error());
    return std::nullopt;
  }
  call.params = *std::move(params);
  if (const auto status = check_body(call); !status) {
    ProblemExtras extras;
    if (status.error().reason == "unsupported_media_type") extras.status = 415;
    call.refuse(status.error(), extras);
    return std::nullopt;
  }
  return admitted;
}

void deny(Services& services, Call& call, access::Permission permission, std::string_view realm) {
  const std::string_view name = access::to_string(permission);
  const std::string where = realm == access::kAllRealms ? "for all realms" : "in realm " + std::string(realm);
  Error error{ErrorCode::kPermissionDenied, "forbidden", "This needs " + std::string(name) + " " + where + ".", ""};
  ProblemExtras extras;
  extras.permission = name;
  if (!services.denials.admit(call.caller.id, call.now)) {
    call.refuse(error, extras);
    return;
  }
  audit::Record record = record_of(call, audit::action::kDenied);
  record.outcome = audit::AuditOutcome::kDenied;
  record.code = name;
  record.target = call.route->operation;
  if (call.realm != nullptr) {
    record.realm = call.realm->id;
    record.realm_name = call.realm->name;
  }
  JsonWriter json(record.details);
  json.begin_object().field("method", http::to_string(call.head.method));
  std::string path = call.head.path.substr(0, 512);
  for (char& c : path)
    if (c < 0x21 || c > 0x7e) c = '?';
  json.field("path", path).end_object();
  // Answered when it is recorded, so that whoever was told no finds it in the log; a log that can't be written does not
  // turn the no into anything else.
  const auto waiting = std::make_shared<Call>(std::move(call));
  services.engine.record(std::move(record), [waiting, error = std::move(error), extras](const Result<std::uint64_t>&) {
    waiting->refuse(error, extras);
  });
}

bool DenialLog::admit(const std::string& caller_id, Time now) {
  ++total_;
  const std::lock_guard lock(mutex_);
  if (windows_.size() >= kMostCallers && !windows_.contains(caller_id)) windows_.clear();
  Window& window = windows_[caller_id];
  if (window.count == 0 || now - window.began >= Duration::minutes(1) || now < window.began) window = {now, 0};
  return ++window.count <= kDenialsPerMinute;
}

audit::Record record_of(const Call& call, std::string_view action) {
  audit::Record record;
  record.time = call.now;
  record.action = action;
  record.origin = call.origin();
  return record;
}

}  // namespace curfew::api
