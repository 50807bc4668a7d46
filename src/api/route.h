// Routes: one table of every call, what it needs, and who answers it. The tests walk it; openapi.json says the same.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "api/params.h"
#include "api/problem.h"
#include "base/limits.h"
#include "engine/engine.h"
#include "http/message.h"

namespace curfew::api {

struct Services;
struct Call;

// A handler takes the call and answers it, once, now or later.
using Handler = void (*)(Services&, Call);

// Who may call.
enum class Access : std::uint8_t {
  kPublic,         // anybody
  kAuthenticated,  // anybody whom we know; with {realm} in the path, who holds any permission there
  kRealm,          // who holds `permission` in {realm}; for "-", in any realm, and the call is about those realms
  kServer,         // who holds `permission` for all realms
};

enum class Body : std::uint8_t { kNone, kJson, kOptionalJson, kForm, kStream };

struct Route {
  http::Method method;
  std::string_view pattern;    // "/api/v1/realms/{realm}/sessions/{type}/{id}"
  std::string_view operation;  // operationId in openapi.json
  Access access = Access::kPublic;
  std::optional<access::Permission> permission = {};
  bool all_realms = false;  // "-" may stand for {realm}
  Body body = Body::kNone;
  std::size_t max_body = limits::kJsonBody;
  std::vector<std::string_view> parameters = {};  // of the query; all others are refused
  Handler handler = nullptr;                      // null for kStream
};

// Every route, in no particular order. Made once.
const std::vector<Route>& routes();

// Which route a request is for.
struct Match {
  const Route* route = nullptr;        // null: none
  std::vector<std::string> variables;  // decoded, in the order of the pattern's {…}
  std::string allow;                   // when the path is known but the method is not: for the Allow header
};
Match match(http::Method method, std::string_view path);

// One request under way: everything that its handler needs, by value. Move-only.
struct Call {
  http::RequestHead head;
  std::string body;
  http::Responder respond;
  const Route* route = nullptr;
  std::vector<std::string> variables;
  Params params;
  access::Caller caller;  // empty for public routes
  Time now;
  std::shared_ptr<const engine::RealmTable> realms;  // keeps `realm` and `scope` alive
  const engine::Realm* realm = nullptr;              // null for "-", and for routes without {realm}
  std::vector<const engine::Realm*> scope;           // the realms that the call is about

  std::string_view variable(std::string_view name) const;
  std::vector<session::RealmId> scope_ids() const;
  session::Origin origin() const;
  bool owns(std::string_view realm_name, std::string_view user_id) const;

  void answer(http::Response response);
  void answer(Result<http::Response> result);
  void refuse(const Error& error, const ProblemExtras& extras = {});
};

// Adapts a function that answers at once.
template <Result<http::Response> (*F)(Services&, const Call&)>
void at_once(Services& services, Call call) {
  auto result = F(services, call);
  call.answer(std::move(result));
}

// Runs `work` on one of the engine's background threads; answers 503 when too much waits already.
void in_background(Services& services, Call call, void (*work)(Services&, Call));
template <Result<http::Response> (*F)(Services&, const Call&)>
void in_background(Services& services, Call call) {
  in_background(services, std::move(call), &at_once<F>);
}

// The same on the thread for questions that look at very many rows, where the call's realms have many; not any more
// once the server is stopping.
using Question = std::function<Result<http::Response>(Services&, const Call&)>;
void in_questions(Services& services, Call call, Question question);
template <Result<http::Response> (*F)(Services&, const Call&)>
void in_questions(Services& services, Call call) {
  in_questions(services, std::move(call), F);
}

// An answer with a JSON body.
http::Response json_response(int status, std::string body);
http::Response no_content();

// The tables that routes() puts together.
std::vector<Route> sign_in_routes();
std::vector<Route> realm_routes();
std::vector<Route> simulation_routes();
std::vector<Route> detection_routes();
std::vector<Route> signal_routes();
std::vector<Route> related_routes();
std::vector<Route> session_routes();
std::vector<Route> session_write_routes();
std::vector<Route> check_routes();
std::vector<Route> revocation_routes();
std::vector<Route> user_routes();
std::vector<Route> audit_routes();
std::vector<Route> stats_routes();
std::vector<Route> event_routes();
std::vector<Route> key_routes();
std::vector<Route> operator_routes();
std::vector<Route> ops_routes();

}  // namespace curfew::api
