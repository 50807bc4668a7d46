#include "api/problem.h"

#include "base/json_writer.h"

namespace curfew::api {
namespace {

std::string_view title_of(int status) {
  switch (status) {
    case 400:
      return "Bad request";
    case 401:
      return "Unauthenticated";
    case 403:
      return "Forbidden";
    case 404:
      return "Not found";
    case 405:
      return "Method not allowed";
    case 409:
      return "Conflict";
    case 413:
      return "Too large";
    case 415:
      return "Unsupported media type";
    case 429:
      return "Too many requests";
    case 503:
      return "Unavailable";
    case 504:
      return "Deadline exceeded";
    default:
      return "Internal error";
  }
}

}  // namespace

int http_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return 400;
    case ErrorCode::kUnauthenticated:
      return 401;
    case ErrorCode::kPermissionDenied:
      return 403;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kAlreadyExists:
    case ErrorCode::kConflict:
      return 409;
    case ErrorCode::kTooLarge:
      return 413;
    case ErrorCode::kResourceExhausted:
      return 429;
    case ErrorCode::kCancelled:
    case ErrorCode::kUnavailable:
      return 503;
    case ErrorCode::kDeadlineExceeded:
      return 504;
    case ErrorCode::kDataLoss:
    case ErrorCode::kInternal:
      return 500;
  }
  return 500;
}

http::Response problem(const Error& error, std::string_view request_id, const ProblemExtras& extras) {
  const int status = extras.status != 0 ? extras.status : http_status(error.code);
  std::string body;
  JsonWriter json(body);
  json.begin_object();
  json.field("type", std::string_view("about:blank"));
  json.field("title", title_of(status));
  json.field("status", status);
  if (!error.message.empty()) json.field("detail", error.message);
  json.field("code", error.reason_or_code());
  if (!error.field.empty()) json.field("field", error.field);
  if (!extras.permission.empty()) json.field("permission", extras.permission);
  if (extras.accepted) json.field("accepted", *extras.accepted);
  if (extras.refused) json.field("refused", *extras.refused);
  json.field("requestId", request_id);
  json.end_object();

  http::Response response(status, "application/problem+json", std::move(body));
  if (status == 401) response.headers.push_back({"WWW-Authenticate", "Bearer realm=\"curfew\""});
  if (extras.retry_after_s || status == 503)
    response.headers.push_back({"Retry-After", std::to_string(extras.retry_after_s.value_or(1))});
  return response;
}

}  // namespace curfew::api
