// The audit log: pages, files, and the check of its chain.
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "api/audit_page.h"
#include "api/services.h"
#include "audit/export.h"
#include "base/crypto.h"
#include "base/limits.h"
#include "base/text.h"

namespace curfew::api {
namespace {

using access::Permission;
using http::Method;

constexpr std::size_t kSessionText = limits::kSessionId + 12;
constexpr std::size_t kExportPiece = 64 * 1024;

// Usernames are compared folded; the log's index knows users by id alone, so a name is turned into the id that it
// belongs to.
std::string user_id_of(Services& services, const Call& call, const std::string& text) {
  const index::Index& index = services.engine.index();
  const std::string folded = fold_case(text);
  const index::Index::ReadLock lock(index);
  for (const engine::Realm* realm : call.scope)
    if (index.user(realm->id, text)) return text;
  const index::UserPage named = index.users(call.scope_ids(), text, 0, limits::kPageSize);
  for (const index::UserRow& user : named.rows)
    if (fold_case(user.username) == folded) return user.user_id;
  return text;
}

Result<engine::AuditQuery> read_query(Services& services, const Call& call) {
  engine::AuditQuery query;
  query.realms = call.scope_ids();
  query.all_realms = call.realm == nullptr && call.caller.grants.allows_everywhere(Permission::kAuditRead);
  const auto text = [&](std::string_view name, std::size_t most, std::string& out) -> Status {
    CURFEW_TRY(auto value, call.params.text(name, most));
    out = std::move(value).value_or("");
    return {};
  };
  CURFEW_TRY_STATUS(text("actor", 255, query.actor));
  CURFEW_TRY_STATUS(text("action", 64, query.action));
  CURFEW_TRY_STATUS(text("user", limits::kUserId, query.user));
  CURFEW_TRY_STATUS(text("session", kSessionText, query.session));
  CURFEW_TRY_STATUS(text("revocation", 64, query.revocation));
  CURFEW_TRY(query.from, call.params.time("from"));
  CURFEW_TRY(query.to, call.params.time("to"));
  if (const std::string* outcome = call.params.find("outcome")) {
    auto parsed = audit::parse_audit_outcome(*outcome);
    if (!parsed) return invalid("outcome", "outcome is success, partial, failed or denied.");
    query.outcome = *parsed;
  }
  if (!query.user.empty() && !query.all_realms) query.user = user_id_of(services, call, query.user);
  return query;
}

Result<http::Response> list_audit(Services& services, const Call& call) {
  CURFEW_TRY(auto query, read_query(services, call));
  return audit_page(services, call, std::move(query),
                    [](JsonWriter& json, std::string& scratch, const audit::Sealed& sealed) {
                      scratch.clear();
                      audit::append_json(scratch, sealed.record, sealed.hash);
                      json.raw(scratch);
                    });
}

// --- Export
// ---------------------------------------------------------------------------------------------------------------------

// An export under way. One reader at a time; the mutex is for what it hands over.
struct Export {
  Services& services;
  engine::AuditQuery query;  // the reader's
  audit::ExportFormat format;

  std::mutex mutex;
  std::string piece;  // read, not handed on yet
  bool reading = false, ended = false, failed = false;
  std::function<void()> wake;

  // Reads the next piece. An error leaves what was read before it.
  Status read(std::string& out) {
    bool full = false;
    CURFEW_TRY_STATUS(services.engine.audit_log().visit(query, [&](const audit::Sealed& sealed) {
      if (format == audit::ExportFormat::kCsv) {
        audit::append_csv(out, sealed.record, sealed.hash);
      } else {
        audit::append_json(out, sealed.record, sealed.hash);
        out += '\n';
      }
      query.after_seq = sealed.record.seq;
      full = out.size() >= kExportPiece;
      return !full;
    }));
    ended = !full;
    return {};
  }
};

void read_on(const std::shared_ptr<Export>& state) {
  std::string piece;
  const Status status = state->read(piece);
  std::function<void()> wake;
  {
    const std::lock_guard lock(state->mutex);
    state->piece = std::move(piece);
    state->failed = !status;
    state->reading = false;
    wake = std::exchange(state->wake, nullptr);
  }
  if (wake) wake();
}

// Reads the log in pieces on background threads; the connection's thread only hands them on.
class ExportSource final : public http::BodySource {
 public:
  explicit ExportSource(std::shared_ptr<Export> state) : state_(std::move(state)) {}

  Pull pull(std::string& out, std::function<void()> wake) override {
    {
      const std::lock_guard lock(state_->mutex);
      if (!state_->piece.empty()) {
        out += std::exchange(state_->piece, {});
        return Pull::kMore;
      }
      if (state_->failed) return Pull::kAbort;
      if (!state_->reading && state_->ended) return Pull::kEnd;
      state_->wake = std::move(wake);
      if (std::exchange(state_->reading, true)) return Pull::kLater;
    }
    if (!state_->services.engine.in_background([state = state_] { read_on(state); })) try_again();
    return Pull::kLater;
  }

 private:
  // Too much waits in the background now: asks the transport to come back at the next heartbeat.
  void try_again() {
    const std::lock_guard lock(state_->mutex);
    state_->reading = false;
    retry_ = state_->services.heartbeat.listen([state = state_] {
      std::function<void()> now;
      {
        const std::lock_guard inner(state->mutex);
        if (!state->reading) now = std::exchange(state->wake, nullptr);
      }
      if (now) now();
    });
  }

  std::shared_ptr<Export> state_;
  Heartbeat::Ticket retry_;
};

// The first piece is read before the answer begins, so that an error then is still an error's answer.
Result<http::Response> export_audit(Services& services, const Call& call) {
  const std::string* wanted = call.params.find("format");
  CURFEW_TRY(const auto format, audit::parse_export_format(wanted != nullptr ? std::string_view(*wanted) : "jsonl"));
  CURFEW_TRY(auto query, read_query(services, call));
  query.ascending = true;
  const std::shared_ptr<Export> state(new Export{services, std::move(query), format, {}, {}, false, false, false, {}});
  const bool csv = format == audit::ExportFormat::kCsv;
  if (csv) audit::append_csv_header(state->piece);
  CURFEW_TRY_STATUS(state->read(state->piece));
  http::Response response;
  response.headers.push_back({"Content-Type", csv ? "text/csv; charset=utf-8" : "application/x-ndjson"});
  const std::string name = call.realm != nullptr ? call.realm->name : "all";
  response.headers.push_back(
      {"Content-Disposition", "attachment; filename=\"audit-" + name + (csv ? ".csv\"" : ".jsonl\"")});
  response.stream = std::make_unique<ExportSource>(state);
  return response;
}

// --- Verification
// -----------------------------------------------------------------------------------------------------------------

Result<http::Response> verify_audit(Services& services, const Call& call) {
  (void)call;
  if (services.verifying.exchange(true))
    return fail(ErrorCode::kResourceExhausted, "already_verifying",
                "The log is being checked already; ask again when that is done.");
  const auto found = services.engine.audit_log().verify();
  services.verifying = false;
  if (!found) return tl::make_unexpected(found.error());
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("ok", found->whole).field("checked", found->checked);
  json.field("first", found->first_seq).field("last", found->last_seq).field("hash", to_hex(found->head));
  json.key("brokenAt");
  if (found->broken_seq)
    json.number(*found->broken_seq);
  else
    json.null();
  append_text_or_null(json, "detail", found->detail);
  json.end_object();
  return json_response(200, std::move(body));
}

Route route(Method method, std::string_view pattern, std::string_view operation, Handler handler,
            std::vector<std::string_view> parameters) {
  return {.method = method,
          .pattern = pattern,
          .operation = operation,
          .access = Access::kRealm,
          .permission = Permission::kAuditRead,
          .all_realms = true,
          .parameters = std::move(parameters),
          .handler = handler};
}

}  // namespace

std::vector<Route> audit_routes() {
  const std::vector<std::string_view> filters{"actor",      "action", "user", "session",
                                              "revocation", "from",   "to",   "outcome"};
  std::vector<std::string_view> paged = filters, exported = filters;
  paged.insert(paged.end(), {"limit", "cursor"});
  exported.emplace_back("format");
  return {
      route(Method::kGet, "/api/v1/realms/{realm}/audit", "listAudit", in_background<list_audit>, paged),
      route(Method::kGet, "/api/v1/realms/{realm}/audit/export", "exportAudit", in_background<export_audit>, exported),
      route(Method::kPost, "/api/v1/realms/{realm}/audit/verify", "verifyAudit", in_background<verify_audit>, {}),
  };
}

}  // namespace curfew::api
