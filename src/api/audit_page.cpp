#include "api/audit_page.h"

#include <charconv>

#include "base/crypto.h"

namespace curfew::api {
namespace {

// "n123": after record 123; "p123": before it.
std::string cursor_text(char direction, std::uint64_t seq) {
  return base64url(direction + std::to_string(seq));
}

Status read_cursor(const std::string& text, engine::AuditQuery& query) {
  const auto plain = from_base64url(text);
  const auto bad = [] { return invalid("cursor", "Use a cursor that this list gave."); };
  if (!plain || plain->size() < 2 || (plain->front() != 'n' && plain->front() != 'p')) return bad();
  query.backwards = plain->front() == 'p';
  const char* last = plain->data() + plain->size();
  const auto [end, error] = std::from_chars(plain->data() + 1, last, query.after_seq);
  if (error != std::errc{} || end != last || query.after_seq == 0) return bad();
  return {};
}

}  // namespace

Result<http::Response> audit_page(Services& services, const Call& call, engine::AuditQuery query,
                                  const std::function<void(JsonWriter&, std::string&, const audit::Sealed&)>& append) {
  CURFEW_TRY(const auto page, parse_page(call.params));
  query.limit = page.limit;
  if (page.cursor) {
    CURFEW_TRY_STATUS(read_cursor(*page.cursor, query));
  }
  ListEnd end;
  end.as_of = services.engine.as_of();
  CURFEW_TRY(const auto found, services.engine.audit_log().query(query));
  end.total = found.total;
  if (!found.records.empty()) {
    if (found.more) end.next = cursor_text('n', found.records.back().record.seq);
    if (found.earlier) end.previous = cursor_text('p', found.records.front().record.seq);
  }
  std::string body, scratch;
  JsonWriter json(body);
  json.begin_object().key("items").begin_array();
  for (const audit::Sealed& sealed : found.records) append(json, scratch, sealed);
  return list_response(call, json, body, end);
}

}  // namespace curfew::api
