// What applications and identity providers say of single sessions: started, used, joined by a client, signed out.
#include <array>

#include "api/lookup.h"
#include "api/session_input.h"
#include "base/limits.h"
#include "base/text.h"

namespace curfew::api {
namespace {

using access::Permission;
using http::Method;

constexpr std::array<std::string_view, 11> kStartFields{"type",      "userId",    "username",  "email",
                                                        "ipAddress", "userAgent", "deviceId",  "rememberMe",
                                                        "clients",   "started",   "lastAccess"};
constexpr std::array<std::string_view, 10> kPutFields{"userId",   "username",   "email",   "ipAddress", "userAgent",
                                                      "deviceId", "rememberMe", "clients", "started",   "lastAccess"};
constexpr std::array<std::string_view, 2> kTouchFields{"at", "ipAddress"};
constexpr std::array<std::string_view, 2> kJoinFields{"name", "at"};
constexpr std::array<std::string_view, 1> kEndFields{"at"};

std::string location_of(std::string_view realm, const session::SessionKey& key) {
  return "/api/v1/realms/" + percent_encode(realm) + "/sessions/" + std::string(session::to_string(key.type)) + "/" +
         percent_encode(key.id);
}

// The realm's limit on sessions of one user can choose the one that came: it says itself that it is older than the
// others.
Error ended_as_it_began(const session::Tombstone& tombstone) {
  return {ErrorCode::kConflict, "already_ended",
          "The realm's policy ended this session as it began, cause " +
              std::string(session::to_string(tombstone.cause)) +
              ": its user has as many newer sessions as the policy allows.",
          ""};
}

// Submits a start and answers 201 for a new session, 200 for a known one.
void submit_start(Services& services, Call call, session::Session session, ClientNameList names, std::string token) {
  engine::Submission submission;
  submission.origin = call.origin();
  submission.client_names = std::move(names);
  submission.commands.push_back(session::StartSession{session});
  auto held = std::make_shared<Call>(std::move(call));
  services.engine.submit(
      std::move(submission), [&services, held, session = std::move(session),
                              token = std::move(token)](Result<std::vector<engine::CommandResult>> results) {
        if (!results) return held->refuse(results.error());
        const engine::CommandResult& result = results->front();
        if (session::refused(result.outcome)) return held->refuse(outcome_error(result, ErrorCode::kConflict));
        if (result.tombstone) return held->refuse(ended_as_it_began(*result.tombstone));
        Found found{session, SessionNotes(services.engine, &services.findings)};
        {
          // As it is now; as it was sent, if it has ended since.
          const index::Index& index = services.engine.index();
          const index::Index::ReadLock lock(index);
          if (const auto handle = index.find(session.key)) found.session = index.get(*handle);
          found.notes.collect(found.session);
        }
        const bool fresh = result.outcome == session::Outcome::kStarted;
        http::Response response = json_response(fresh ? 201 : 200, session_json(*held, *held->realm, found, token));
        if (fresh) response.headers.push_back({"Location", location_of(held->realm->name, session.key)});
        held->answer(std::move(response));
      });
}

void start_session(Services& services, Call call) {
  JsonParser parser;
  ClientNameList names;
  const auto session = [&]() -> Result<session::Session> {
    CURFEW_TRY(const auto body, parser.parse(call.body));
    CURFEW_TRY(const auto fields, Fields::open(body, kStartFields));
    CURFEW_TRY(const auto type, fields.raw_text("type"));
    if (!type) return fields.missing("type");
    const auto parsed = session::parse_session_type(*type);
    if (!parsed) return fields.wrong("type", "type is regular or offline.");
    return read_session(fields, {call.realm->id, *parsed, services.engine.make_session_id()}, call.now, names);
  }();
  if (!session) return call.refuse(session.error());
  const std::string token = services.engine.make_token();
  session::Session started = *session;
  started.token_hash = session::hash_token(token);
  submit_start(services, std::move(call), std::move(started), std::move(names), token);
}

void put_session(Services& services, Call call) {
  JsonParser parser;
  ClientNameList names;
  auto session = [&]() -> Result<session::Session> {
    CURFEW_TRY(auto key, path_key(call));
    CURFEW_TRY(const auto body, parser.parse(call.body));
    CURFEW_TRY(const auto fields, Fields::open(body, kPutFields));
    return read_session(fields, std::move(key), call.now, names);
  }();
  if (!session) return call.refuse(session.error());
  submit_start(services, std::move(call), *std::move(session), std::move(names), {});
}

// Reads a command from the path and the body, which may be empty, and answers 204 once it is done.
template <class Read>
void submit_change(Services& services, Call call, std::span<const std::string_view> allowed, Read read) {
  JsonParser parser;
  engine::Submission submission;
  submission.origin = call.origin();
  const auto command = [&]() -> Result<session::Command> {
    CURFEW_TRY(auto key, path_key(call));
    CURFEW_TRY(const auto body, parser.parse(call.body.empty() ? std::string_view("{}") : std::string_view(call.body)));
    CURFEW_TRY(const auto fields, Fields::open(body, allowed));
    return read(call, fields, std::move(key), submission.client_names);
  }();
  if (!command) return call.refuse(command.error());
  submission.commands.push_back(*command);
  auto held = std::make_shared<Call>(std::move(call));
  services.engine.submit(std::move(submission), [held](Result<std::vector<engine::CommandResult>> results) {
    if (!results) return held->refuse(results.error());
    const engine::CommandResult& result = results->front();
    if (session::refused(result.outcome)) return held->refuse(outcome_error(result, ErrorCode::kNotFound));
    held->answer(no_content());
  });
}

void touch_session(Services& services, Call call) {
  submit_change(
      services, std::move(call), kTouchFields,
      [](const Call& c, const Fields& fields, session::SessionKey key, ClientNameList&) -> Result<session::Command> {
        CURFEW_TRY(const Time at, read_at(fields, "at", c.now));
        CURFEW_TRY(const auto ip, read_ip(fields));
        return session::TouchSession{std::move(key), at, ip};
      });
}

void join_client(Services& services, Call call) {
  submit_change(services, std::move(call), kJoinFields,
                [](const Call& c, const Fields& fields, session::SessionKey key,
                   ClientNameList& names) -> Result<session::Command> {
                  const std::string client(c.variable("clientId"));
                  CURFEW_TRY_STATUS(check_identifier("clientId", client, limits::kClientId));
                  CURFEW_TRY(const Time at, read_at(fields, "at", c.now));
                  CURFEW_TRY(const auto name, fields.optional_text("name", limits::kDisplayName));
                  if (name) names.push_back({key.realm, client, *name});
                  return session::JoinClient{std::move(key), client, at};
                });
}

void end_session(Services& services, Call call) {
  submit_change(
      services, std::move(call), kEndFields,
      [](const Call& c, const Fields& fields, session::SessionKey key, ClientNameList&) -> Result<session::Command> {
        CURFEW_TRY(const Time at, read_at(fields, "at", c.now));
        return session::EndSession{std::move(key), at, session::EndCause::kSignedOut, {}};
      });
}

Route write_route(Method method, std::string_view pattern, std::string_view operation, Body body, Handler handler) {
  Route route;
  route.method = method;
  route.pattern = pattern;
  route.operation = operation;
  route.access = Access::kRealm;
  route.permission = Permission::kSessionsWrite;
  route.body = body;
  route.handler = handler;
  return route;
}

}  // namespace

std::vector<Route> session_write_routes() {
  return {
      write_route(Method::kPost, "/api/v1/realms/{realm}/sessions", "startSession", Body::kJson, start_session),
      write_route(Method::kPut, "/api/v1/realms/{realm}/sessions/{type}/{id}", "putSession", Body::kJson, put_session),
      write_route(Method::kPost, "/api/v1/realms/{realm}/sessions/{type}/{id}/touch", "touchSession",
                  Body::kOptionalJson, touch_session),
      write_route(Method::kPost, "/api/v1/realms/{realm}/sessions/{type}/{id}/clients/{clientId}", "joinClient",
                  Body::kOptionalJson, join_client),
      write_route(Method::kPost, "/api/v1/realms/{realm}/sessions/{type}/{id}/end", "endSession", Body::kOptionalJson,
                  end_session),
      write_route(Method::kPost, "/api/v1/realms/{realm}/ingest", "ingest", Body::kStream, nullptr),
  };
}

}  // namespace curfew::api
