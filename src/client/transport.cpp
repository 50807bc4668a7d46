#include "client/transport.h"

#include <boost/json/parse.hpp>

#include "base/text.h"

namespace curfew::client {

namespace {

ErrorCode code_of_status(int status) {
  switch (status) {
    case 401:
      return ErrorCode::kUnauthenticated;
    case 403:
      return ErrorCode::kPermissionDenied;
    case 404:
    case 410:
      return ErrorCode::kNotFound;
    case 408:
    case 504:
      return ErrorCode::kDeadlineExceeded;
    case 409:
    case 412:
      return ErrorCode::kConflict;
    case 413:
      return ErrorCode::kTooLarge;
    case 429:
      return ErrorCode::kResourceExhausted;
    case 502:
    case 503:
      return ErrorCode::kUnavailable;
    default:
      return status >= 400 && status < 500 ? ErrorCode::kInvalidArgument : ErrorCode::kInternal;
  }
}

std::string text_member(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(std::string_view(value->get_string()));
}

}  // namespace

std::string_view to_string(Method method) {
  switch (method) {
    case Method::kGet:
      return "GET";
    case Method::kPost:
      return "POST";
    case Method::kPut:
      return "PUT";
    case Method::kPatch:
      return "PATCH";
    case Method::kDelete:
      return "DELETE";
  }
  return "GET";
}

std::string_view Answer::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return {};
}

Result<Answer> Transport::request(Method method, std::string path, Fields query,
                                  std::optional<boost::json::value> body) {
  Request request;
  request.method = method;
  request.path = std::move(path);
  request.query = std::move(query);
  request.body = std::move(body);
  return send(request);
}

std::string path_of(std::string_view prefix, std::initializer_list<std::string_view> segments) {
  std::string path(prefix);
  for (const auto segment : segments) {
    path += '/';
    path += percent_encode(segment);
  }
  return path;
}

std::string query_text(const Fields& query) {
  std::string text;
  for (const auto& [name, value] : query) {
    text += text.empty() ? '?' : '&';
    text += percent_encode(name);
    text += '=';
    text += percent_encode(value);
  }
  return text;
}

Error error_of(int status, std::string_view body, std::string_view retry_after) {
  Error error;
  error.code = code_of_status(status);
  boost::system::error_code broken;
  const auto value = boost::json::parse(boost::json::string_view(body.data(), body.size()), broken);
  if (!broken && value.is_object()) {
    const auto& problem = value.get_object();
    error.reason = text_member(problem, "code");
    error.field = text_member(problem, "field");
    error.message = text_member(problem, "detail");
    if (error.message.empty()) error.message = text_member(problem, "title");
    const auto* accepted = problem.if_contains("accepted");
    const auto* refused = problem.if_contains("refused");
    if (accepted != nullptr && accepted->is_int64() && refused != nullptr && refused->is_int64())
      error.message += " Before that " + std::to_string(accepted->get_int64()) + " were accepted and " +
                       std::to_string(refused->get_int64()) + " refused.";
  }
  if (error.message.empty())
    error.message =
        "the server answered with status " + std::to_string(status) + " and no explanation; is it a Curfew server?";
  if (!retry_after.empty() && (status == 429 || status == 503))
    error.message += " Try again in " + std::string(retry_after) + " s.";
  return error;
}

}  // namespace curfew::client
