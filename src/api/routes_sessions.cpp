// Live sessions: the list, one, its end; and the list of one user.
#include "api/filter_input.h"
#include "api/lookup.h"
#include "api/session_input.h"
#include "api/session_list.h"
#include "base/limits.h"

namespace curfew::api {
namespace {

using access::Permission;
using http::Method;
using Stay = index::Index::Stay;

Result<index::Query> read_query(const Call& call, index::Filter filter) {
  CURFEW_TRY(const auto page, parse_page(call.params));
  index::Query query;
  query.realms = call.scope_ids();
  query.filter = std::move(filter);
  query.limit = page.limit;
  query.offset = page.offset;
  const std::string* sort = call.params.find("sort");
  if (sort != nullptr) {
    CURFEW_TRY(query.order, parse_sort(*sort));
  }
  if (page.cursor) {
    CURFEW_TRY(auto cursor, index::decode_cursor(*page.cursor));
    if (sort != nullptr && (cursor.order.by != query.order.by || cursor.order.descending != query.order.descending))
      return invalid("cursor", "This cursor is of a list in another order; begin again without it.");
    query.order = cursor.order;
    query.cursor = std::move(cursor);
  }
  return query;
}

http::Response page_response(Services& services, const Call& call, const index::Query& query, Stay stay) {
  index::Page rows;
  SessionNotes notes(services.engine, &services.findings);
  ListEnd end;
  const index::Index& index = services.engine.index();
  {
    const index::Index::ReadLock lock(index, stay);
    rows = index.query(query);
    notes.collect(rows.rows);
    end.as_of = services.engine.as_of();
  }
  end.total = rows.total;
  if (rows.next) end.next = index::encode_cursor(*rows.next);
  if (rows.previous) end.previous = index::encode_cursor(*rows.previous);

  std::string body;
  body.reserve(256 + rows.rows.size() * 1'024);  // of a row without signals
  JsonWriter json(body);
  json.begin_object().key("items").begin_array();
  for (const session::Session& row : rows.rows) {
    const engine::Realm* realm = call.realms->find(row.key.realm);
    const bool own = realm != nullptr && call.owns(realm->name, row.user_id);
    append_session(json, row, SessionView{.realm = realm, .notes = &notes, .now = call.now, .own = own});
  }
  return list_response(call, json, body, end);
}

void list_sessions(Services& services, Call call) {
  auto filter = parse_filter(call.params, filter_context(call));
  if (!filter) return call.refuse(filter.error());
  list_matching(services, std::move(call), *std::move(filter));
}

Result<http::Response> get_session(Services& services, const Call& call) {
  CURFEW_TRY(const auto key, path_key(call));
  const auto found = find_live(services, *call.realm, key);
  if (!found) return tl::make_unexpected(not_active(services, key));
  return json_response(200, session_json(call, *call.realm, *found));
}

void revoke_session(Services& services, Call call) {
  auto key = path_key(call);
  auto reason = call.params.text("reason", limits::kReason, true);
  if (!key || !reason) return call.refuse(!key ? key.error() : reason.error());
  engine::Submission submission;
  submission.origin = call.origin();
  submission.commands.push_back(
      session::EndSession{*std::move(key), call.now, session::EndCause::kRevoked, std::move(*reason).value_or("")});
  auto held = std::make_shared<Call>(std::move(call));
  services.engine.submit(std::move(submission), [held](Result<std::vector<engine::CommandResult>> results) {
    if (!results) return held->refuse(results.error());
    const engine::CommandResult& result = results->front();
    if (session::refused(result.outcome)) return held->refuse(outcome_error(result, ErrorCode::kNotFound));
    held->answer(no_content());
  });
}

}  // namespace

void list_matching(Services& services, Call call, index::Filter filter) {
  auto query = read_query(call, std::move(filter));
  if (!query) return call.refuse(query.error());
  const index::Index& index = services.engine.index();
  const bool takes_long = [&] {
    const index::Index::ReadLock lock(index);
    return index.takes_long(*query);
  }();
  if (!takes_long) return call.answer(page_response(services, call, *query, Stay::kBrief));
  in_questions(services, std::move(call), [asked = *std::move(query)](Services& those, const Call& of_call) {
    index::Query ahead = asked;
    those.engine.index().read_ahead(ahead.realms, ahead.filter);
    return page_response(those, of_call, ahead, Stay::kLong);
  });
}

std::vector<Route> session_routes() {
  const std::vector<std::string_view> list{"search",
                                           "type",
                                           "client",
                                           "user",
                                           "ip",
                                           "ipNot",
                                           "idleFor",
                                           "startedAfter",
                                           "startedBefore",
                                           "rememberMe",
                                           "lastAccessAfter",
                                           "lastAccessBefore",
                                           "device",
                                           "signal",
                                           "network",
                                           "networkNot",
                                           "sort",
                                           "limit",
                                           "cursor",
                                           "offset"};
  return {
      {.method = Method::kGet,
       .pattern = "/api/v1/realms/{realm}/sessions",
       .operation = "listSessions",
       .access = Access::kRealm,
       .permission = Permission::kSessionsRead,
       .all_realms = true,
       .parameters = list,
       .handler = list_sessions},
      {.method = Method::kGet,
       .pattern = "/api/v1/realms/{realm}/sessions/{type}/{id}",
       .operation = "getSession",
       .access = Access::kRealm,
       .permission = Permission::kSessionsRead,
       .handler = at_once<get_session>},
      {.method = Method::kDelete,
       .pattern = "/api/v1/realms/{realm}/sessions/{type}/{id}",
       .operation = "revokeSession",
       .access = Access::kRealm,
       .permission = Permission::kSessionsDelete,
       .parameters = {"reason"},
       .handler = revoke_session},
  };
}

}  // namespace curfew::api
