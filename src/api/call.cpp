#include <utility>

#include "api/route.h"
#include "api/services.h"

namespace curfew::api {

std::string_view Call::variable(std::string_view name) const {
  std::string_view pattern = route->pattern;
  for (const std::string& value : variables) {
    const std::size_t open = pattern.find('{');
    const std::size_t close = pattern.find('}');
    if (pattern.substr(open + 1, close - open - 1) == name) return value;
    pattern.remove_prefix(close + 1);
  }
  return {};
}

std::vector<session::RealmId> Call::scope_ids() const {
  std::vector<session::RealmId> ids;
  ids.reserve(scope.size());
  for (const engine::Realm* one : scope) ids.push_back(one->id);
  return ids;
}

session::Origin Call::origin() const {
  session::Origin origin;
  origin.kind =
      caller.kind == access::Caller::Kind::kOperator ? session::ActorKind::kOperator : session::ActorKind::kApiKey;
  origin.actor_id = caller.id;
  origin.actor_name = caller.name;
  origin.ip = head.remote;
  origin.request_id = head.request_id;
  return origin;
}

bool Call::owns(std::string_view realm_name, std::string_view user_id) const {
  return caller.own_user && caller.own_user->realm == realm_name && caller.own_user->user_id == user_id;
}

void Call::answer(http::Response response) {
  bool cached = false;
  for (const http::Header& header : response.headers) cached = cached || header.name == "Cache-Control";
  if (!cached) response.headers.push_back({"Cache-Control", "no-store"});
  respond(std::move(response));
}

void Call::answer(Result<http::Response> result) {
  if (result)
    answer(*std::move(result));
  else
    refuse(result.error());
}

void Call::refuse(const Error& error, const ProblemExtras& extras) {
  answer(problem(error, head.request_id, extras));
}

namespace {

void refuse_overloaded(Call& call) {
  call.refuse(Error{ErrorCode::kUnavailable, "overloaded", "Too much waits already; try again in a moment.", ""});
}

// Whoever asked is told of an internal error then: the call goes unanswered.
template <class Work>
void guarded(Work work) {
  try {
    work();
  } catch (const std::exception&) {  // no memory, above all: the others go on
  }
}

}  // namespace

void in_background(Services& services, Call call, void (*work)(Services&, Call)) {
  auto held = std::make_shared<Call>(std::move(call));
  const auto guarded_work = [&services, held, work] { guarded([&] { work(services, std::move(*held)); }); };
  if (!services.engine.in_background(guarded_work)) refuse_overloaded(*held);
}

void in_questions(Services& services, Call call, Question question) {
  const bool many = services.engine.index().stay(call.scope_ids()) == index::Index::Stay::kLong;
  auto held = std::make_shared<Call>(std::move(call));
  const auto work = [&services, held, question = std::move(question)] {
    // A stop waits for those that are asked already, and they may be many.
    if (services.options.draining && services.options.draining())
      return held->refuse(Error{ErrorCode::kUnavailable, "overloaded", "The server is stopping; ask again soon.", ""});
    guarded([&] { held->answer(question(services, *held)); });
  };
  if (!(many ? services.engine.in_questions(work) : services.engine.in_background(work))) refuse_overloaded(*held);
}

http::Response json_response(int status, std::string body) {
  return http::Response(status, "application/json", std::move(body));
}

http::Response no_content() {
  http::Response response;
  response.status = 204;
  return response;
}

}  // namespace curfew::api
