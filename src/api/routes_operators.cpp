// Operators: the people who sign in to the console.
#include <array>

#include "api/admin_change.h"
#include "api/counted_list.h"
#include "base/limits.h"
#include "base/text.h"

namespace curfew::api {
namespace {

using access::Directory;
using access::Operator;
using access::Permission;
using http::Method;

constexpr std::array<std::string_view, 6> kFields{"username", "displayName", "password",
                                                  "grants",   "ownUser",     "disabled"};
constexpr std::size_t kPassword = access::Directory::kMostPassword;

void append_operator(JsonWriter& json, const Operator& one) {
  json.begin_object().field("id", one.id).field("username", one.username).field("displayName", one.display_name);
  json.key("grants");
  append_grants(json, one.grants);
  json.key("ownUser");
  append_own_user(json, one.own_user);
  json.field("disabled", one.disabled).field("createdAt", one.created).end_object();
}

http::Response operator_response(int status, const Operator& one) {
  std::string body;
  JsonWriter json(body);
  append_operator(json, one);
  return json_response(status, std::move(body));
}

Result<http::Response> list_operators(Services& services, const Call& call) {
  CURFEW_TRY(const auto search, call.params.text("search", limits::kSearch, true));
  const std::string wanted = fold_case(search.value_or(""));
  std::vector<Operator> operators = services.directory.operators();
  std::erase_if(operators, [&](const Operator& one) {
    return fold_case(one.username).find(wanted) == std::string::npos &&
           fold_case(one.display_name).find(wanted) == std::string::npos;
  });
  return counted_list(services, call, operators, append_operator);
}

Result<http::Response> get_operator(Services& services, const Call& call) {
  const auto one = services.directory.find_operator(call.variable("operatorId"));
  if (!one) return fail(ErrorCode::kNotFound, "", "There is no operator with this id.", "operatorId");
  return operator_response(200, *one);
}

Result<access::OperatorInput> read_operator(const Call& call) {
  JsonParser parser;
  CURFEW_TRY(const auto root, parser.parse(call.body));
  CURFEW_TRY(const auto fields, Fields::open(root, kFields));
  access::OperatorInput input;
  CURFEW_TRY(input.username, fields.optional_text("username", limits::kUsername));
  CURFEW_TRY(input.display_name, fields.optional_text("displayName", limits::kDisplayName));
  CURFEW_TRY(const auto password, fields.raw_text("password"));
  if (password && password->size() > kPassword) return fields.wrong("password", "A password has at most 1024 bytes.");
  if (password) input.password = std::string(*password);
  CURFEW_TRY(input.grants, read_grants(fields));
  CURFEW_TRY(input.own_user, read_own_user(fields));
  CURFEW_TRY(input.disabled, fields.optional_boolean("disabled"));
  if (call.route->method == Method::kPost) {
    for (const std::string_view name : {"username", "password", "grants"})
      if (!fields.has(name)) return fields.missing(name);
  } else if (fields.size() == 0) {
    return invalid("", "Give at least one member to change.");
  }
  return input;
}

void change_operator(Services& services, Call call, std::string_view action, int status,
                     std::function<Result<access::Prepared<Operator>>(Directory&)> prepare) {
  change_directory<Operator>(
      services, std::move(call),
      {action, std::move(prepare), [](const Operator& one) { return one.username; },
       [](const Operator& one) { return grants_details(one.id, one.grants); },
       [status](const Call&, const Operator& one) {
         if (status == 204) return no_content();
         http::Response response = operator_response(status, one);
         if (status == 201) response.headers.push_back({"Location", "/api/v1/operators/" + percent_encode(one.id)});
         return response;
       }});
}

void create_operator(Services& services, Call call) {
  auto input = read_operator(call);
  if (!input) return call.refuse(input.error());
  change_operator(services, std::move(call), audit::action::kOperatorCreated, 201,
                  [input = *std::move(input)](Directory& directory) { return directory.prepare_operator(input); });
}

void update_operator(Services& services, Call call) {
  auto input = read_operator(call);
  if (!input) return call.refuse(input.error());
  std::string id(call.variable("operatorId"));
  change_operator(services, std::move(call), audit::action::kOperatorUpdated, 200,
                  [input = *std::move(input), id = std::move(id)](Directory& directory) {
                    return directory.prepare_operator_update(id, input);
                  });
}

void delete_operator(Services& services, Call call) {
  std::string id(call.variable("operatorId"));
  change_operator(services, std::move(call), audit::action::kOperatorDeleted, 204,
                  [id = std::move(id)](Directory& directory) { return directory.prepare_operator_removal(id); });
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

std::vector<Route> operator_routes() {
  constexpr std::string_view kAll = "/api/v1/operators";
  constexpr std::string_view kOne = "/api/v1/operators/{operatorId}";
  return {
      route(Method::kGet, kAll, "listOperators", Body::kNone, at_once<list_operators>,
            {"search", "limit", "cursor", "offset"}),
      route(Method::kPost, kAll, "createOperator", Body::kJson, create_operator),
      route(Method::kGet, kOne, "getOperator", Body::kNone, at_once<get_operator>),
      route(Method::kPatch, kOne, "updateOperator", Body::kJson, update_operator),
      route(Method::kDelete, kOne, "deleteOperator", Body::kNone, delete_operator),
  };
}

}  // namespace curfew::api
