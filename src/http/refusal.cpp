#include "http/refusal.h"

#include "base/json_writer.h"
#include "http/response_head.h"

namespace curfew::http {

Response to_response(const Refusal& refusal) {
  std::string body;
  JsonWriter json(body);
  json.begin_object();
  json.field("type", std::string_view("about:blank"));
  json.field("title", reason_phrase(refusal.status));
  json.field("status", refusal.status);
  json.field("code", refusal.code);
  json.field("detail", refusal.detail);
  json.end_object();
  return Response(refusal.status, "application/problem+json", std::move(body));
}

}  // namespace curfew::http
