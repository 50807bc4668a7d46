#include "api/application.h"

#include <utility>

#include "api/admission.h"
#include "api/event_stream.h"
#include "api/gzip_join.h"
#include "api/ingest.h"
#include "api/json_out.h"
#include "base/check.h"

namespace curfew::api {
namespace {

// What an unknown caller may make us buffer.
constexpr std::size_t kStrangersBody = 16 * 1024;

}  // namespace

Api::Api(engine::Engine& engine, access::Directory& directory, const Clock& clock, Options options)
    : services_{.engine = engine,
                .directory = directory,
                .clock = clock,
                .options = options,
                .heartbeat = Heartbeat(options.threads),
                .lane = {},
                .denials = {},
                .findings = FindingCache()} {
  engine.events().set_renderer(
      [&engine](std::string& out, const engine::Event& event, std::string_view id) {
        append_event(out, id, engine::to_string(event.kind), event_json(engine, event));
      },
      pack_part);
}

Api::~Api() {
  stop();
}

void Api::beat() {
  services_.heartbeat.beat();
}
void Api::stop() {
  services_.heartbeat.stop();
}

http::BodyPlan Api::plan(const http::RequestHead& head) {
  const Match found = match(head.method, head.path);
  if (found.route == nullptr || found.route->body == Body::kNone) return {kStrangersBody, false};
  if (found.route->body == Body::kStream) return {0, true};
  if (found.route->access != Access::kPublic && !authenticate(services_, head)) return {kStrangersBody, false};
  return {found.route->max_body, false};
}

void Api::handle(http::RequestHead head, std::string body, http::Responder respond) {
  ++services_.requests;
  Match found = match(head.method, head.path);
  if (found.route != nullptr) {
    CURFEW_CHECK(found.route->handler != nullptr, "streamed routes come through open()");
    auto call = admit(services_, *found.route, std::move(found.variables), std::move(head), std::move(body),
                      std::move(respond));
    if (call) found.route->handler(services_, *std::move(call));
    return;
  }
  if (!found.allow.empty()) {
    const Error error{ErrorCode::kInvalidArgument, "method_not_allowed", "This path takes " + found.allow + ".", ""};
    ProblemExtras extras;
    extras.status = 405;
    http::Response response = problem(error, head.request_id, extras);
    response.headers.push_back({"Allow", found.allow});
    respond(std::move(response));
    return;
  }
  const bool reads = head.method == http::Method::kGet || head.method == http::Method::kHead;
  if (reads && services_.options.files && !head.path.starts_with("/api/")) {
    if (auto file = services_.options.files(head)) {
      respond(*std::move(file));
      return;
    }
  }
  respond(problem(Error{ErrorCode::kNotFound, "", "There is nothing at this path; /docs lists every call.", ""},
                  head.request_id));
}

std::unique_ptr<http::BodySink> Api::open(http::RequestHead head, http::Responder respond) {
  ++services_.requests;
  Match found = match(head.method, head.path);
  CURFEW_CHECK(found.route != nullptr && found.route->body == Body::kStream,
               "the plan said that this body is streamed");
  auto call = admit(services_, *found.route, std::move(found.variables), std::move(head), {}, std::move(respond));
  if (!call) return nullptr;
  return open_ingest(services_, *std::move(call));
}

}  // namespace curfew::api
