#include "audit/export.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_writer.h"

namespace curfew::audit {
namespace {

void text_or_null(JsonWriter& json, std::string_view name, std::string_view text) {
  json.key(name);
  if (text.empty()) {
    json.null();
  } else {
    json.string(text);
  }
}

void ip_or_null(JsonWriter& json, std::string_view name, const std::optional<IpAddress>& ip) {
  json.key(name);
  if (ip) {
    json.string(ip->to_string());
  } else {
    json.null();
  }
}

void time_or_null(JsonWriter& json, std::string_view name, const std::optional<Time>& time) {
  json.key(name);
  if (time) {
    json.time(*time);
  } else {
    json.null();
  }
}

void write_clients(JsonWriter& json, std::string_view clients) {
  json.key("clients").begin_array();
  while (!clients.empty()) {
    const std::size_t end = clients.find('\n');
    json.string(clients.substr(0, end));
    clients.remove_prefix(end == std::string_view::npos ? clients.size() : end + 1);
  }
  json.end_array();
}

void write_session(JsonWriter& json, const Record& record) {
  json.key("session");
  if (!record.session_type) {
    json.null();
    return;
  }
  json.begin_object();
  json.field("type", session::to_string(*record.session_type));
  json.field("id", record.session_id);
  ip_or_null(json, "ipAddress", record.session_ip);
  time_or_null(json, "started", record.session_started);
  time_or_null(json, "lastAccess", record.session_last_access);
  text_or_null(json, "userAgent", record.user_agent);
  write_clients(json, record.clients);
  json.end_object();
}

void write_user(JsonWriter& json, const Record& record) {
  json.key("user");
  if (record.user_id.empty() && record.username.empty()) {
    json.null();
    return;
  }
  json.begin_object().field("id", record.user_id).field("username", record.username).end_object();
}

// A row of CSV (RFC 4180).
class CsvRow {
 public:
  explicit CsvRow(std::string& out) : out_(out) {}

  void cell(std::string_view text) {
    if (!first_) out_.push_back(',');
    first_ = false;
    const bool formula = !text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos;
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
      if (formula) out_.push_back('\'');
      out_.append(text);
      return;
    }
    out_.push_back('"');
    if (formula) out_.push_back('\'');
    for (const char c : text) {
      if (c == '"') out_.push_back('"');
      out_.push_back(c);
    }
    out_.push_back('"');
  }
  void cell(const std::string& text) { cell(std::string_view(text)); }
  void cell(const char* text) { cell(std::string_view(text)); }
  void cell(const std::optional<IpAddress>& ip) { cell(ip ? ip->to_string() : std::string()); }
  void cell(const std::optional<Time>& time) { cell(time ? format_time(*time) : std::string()); }
  void end() { out_.append("\r\n"); }

 private:
  std::string& out_;
  bool first_ = true;
};

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

constexpr std::string_view kColumns[] = {
    "seq",       "time",     "action",    "outcome",        "actorKind",         "actorId",
    "actorName", "actorIp",  "requestId", "realm",          "sessionType",       "sessionId",
    "userId",    "username", "sessionIp", "sessionStarted", "sessionLastAccess", "userAgent",
    "clients",   "reason",   "code",      "target",         "details",           "revocation",
    "hash"};

}  // namespace

Result<ExportFormat> parse_export_format(std::string_view text) {
  if (text == "jsonl") return ExportFormat::kJsonLines;
  if (text == "csv") return ExportFormat::kCsv;
  return invalid("format", "format must be jsonl or csv");
}

void append_json(std::string& out, const Record& record, const Digest& hash) {
  JsonWriter json(out);
  json.begin_object();
  json.field("seq", record.seq);
  json.field("time", record.time);
  json.field("action", record.action);
  json.field("outcome", to_string(record.outcome));
  json.key("actor").begin_object();
  json.field("kind", session::to_string(record.origin.kind));
  json.field("id", record.origin.actor_id);
  json.field("name", record.origin.actor_name);
  json.end_object();
  ip_or_null(json, "actorIp", record.origin.ip);
  text_or_null(json, "requestId", record.origin.request_id);
  text_or_null(json, "realm", record.realm_name);
  write_session(json, record);
  write_user(json, record);
  text_or_null(json, "reason", record.reason);
  text_or_null(json, "code", record.code);
  text_or_null(json, "target", record.target);
  json.key("details");
  if (record.details.empty()) {
    json.null();
  } else {
    json.raw(record.details);
  }
  text_or_null(json, "revocation", record.revocation);
  json.field("hash", to_hex(hash));
  json.end_object();
}

void append_csv_header(std::string& out) {
  CsvRow row(out);
  for (const std::string_view column : kColumns) row.cell(column);
  row.end();
}

void append_csv(std::string& out, const Record& record, const Digest& hash) {
  CsvRow row(out);
  row.cell(fmt::format_int(record.seq).c_str());
  row.cell(format_time(record.time));
  row.cell(record.action);
  row.cell(to_string(record.outcome));
  row.cell(session::to_string(record.origin.kind));
  row.cell(record.origin.actor_id);
  row.cell(record.origin.actor_name);
  row.cell(record.origin.ip);
  row.cell(record.origin.request_id);
  row.cell(record.realm_name);
  row.cell(record.session_type ? session::to_string(*record.session_type) : std::string_view());
  row.cell(record.session_id);
  row.cell(record.user_id);
  row.cell(record.username);
  row.cell(record.session_ip);
  row.cell(record.session_started);
  row.cell(record.session_last_access);
  row.cell(record.user_agent);
  row.cell(one_line(record.clients));
  row.cell(record.reason);
  row.cell(record.code);
  row.cell(record.target);
  row.cell(record.details);
  row.cell(record.revocation);
  row.cell(to_hex(hash));
  row.end();
}

}  // namespace curfew::audit
