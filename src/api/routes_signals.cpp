// What needs attention, and the devices of a user.
#include <algorithm>
#include <map>
#include <tuple>

#include "api/counted_list.h"
#include "api/json_out.h"
#include "api/services.h"
#include "api/session_out.h"
#include "base/limits.h"
#include "base/text.h"

namespace curfew::api {
namespace {

using access::Permission;
using http::Method;

// --- Needs attention
// ---------------------------------------------------------------------------------------------------------------------

struct AttentionRow {
  index::UserRow user;
  signal::Severity severity;
  Time since;
  std::vector<NamedFinding> findings;
};

Result<signal::AttentionQuery> read_query(const Call& call, const PageParams& page, std::uint64_t offset) {
  signal::AttentionQuery query;
  query.realms = call.scope_ids();
  query.offset = offset;
  query.limit = page.limit;
  if (const std::string* severity = call.params.find("severity")) {
    CURFEW_TRY(query.least, signal::parse_severity(*severity));
  }
  if (const std::string* rule = call.params.find("rule")) {
    CURFEW_TRY(query.rule, signal::parse_rule(*rule));
  }
  return query;
}

void append_row(JsonWriter& json, const engine::RealmTable& realms, const AttentionRow& row) {
  const engine::Realm* realm = realms.find(row.user.realm);
  json.begin_object().field("realm", realm != nullptr ? std::string_view(realm->name) : std::string_view());
  json.field("userId", row.user.user_id).field("username", row.user.username);
  json.field("severity", signal::to_string(row.severity)).field("since", row.since);
  append_time_or_null(json, "lastAccess", row.user.last_access);
  json.key("sessions");
  append_counts(json, row.user.regular, row.user.offline);
  json.key("signals").begin_array();
  for (const NamedFinding& named : row.findings) append_finding(json, named, true);
  json.end_array().end_object();
}

Result<http::Response> list_signals(Services& services, const Call& call) {
  CURFEW_TRY(const auto page, parse_page(call.params));
  CURFEW_TRY(const std::uint64_t offset, page_offset(page));
  CURFEW_TRY(const auto query, read_query(call, page, offset));
  std::vector<AttentionRow> rows;
  signal::SeverityCounts counts;
  ListEnd end;
  {
    const index::Index& index = services.engine.index();
    const index::Index::ReadLock lock(index);
    const signal::AttentionPage found = services.engine.watch().attention(query);
    counts = services.engine.watch().counts(query.realms);
    end.total = found.total;
    for (const signal::AttentionPage::Row& row : found.rows) {
      const std::string user_id = index.user_id(row.realm, row.user);
      const auto user = index.user(row.realm, user_id);
      if (!user) continue;
      rows.push_back({*user, row.findings.severity, row.findings.since,
                      name_sessions(index, row.realm, row.user, row.findings.findings, true)});
    }
    end.as_of = services.engine.as_of();
  }
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("counts").begin_object();
  json.field("low", counts.low).field("medium", counts.medium).field("high", counts.high).end_object();
  json.key("items").begin_array();
  for (const AttentionRow& row : rows) append_row(json, *call.realms, row);
  set_offset_cursors(end, page, offset, rows.size());
  return list_response(call, json, body, end);
}

// --- Devices
// ---------------------------------------------------------------------------------------------------------------------

struct DeviceRow {
  std::string key, device_id, user_agent;  // the agent of its latest session; empty where none is live
  Time first_seen, last_seen;
  bool fresh = false;
  std::uint64_t regular = 0, offline = 0;
  std::map<IpAddress, Time> addresses;  // when each was used last
};

constexpr std::size_t kAddresses = 10;
constexpr std::size_t kMostSessions = 10'000;  // of one user that are looked at

// Live sessions by device, beside what the profile remembers of those that are gone.
std::map<std::string, DeviceRow> devices_of(Services& services, const Call& call, std::uint32_t user) {
  const index::Index& index = services.engine.index();
  std::map<std::string, DeviceRow> out;
  for (const signal::SeenDevice& seen : services.engine.watch().devices(call.realm->id, user, call.now)) {
    DeviceRow& row = out[seen.key];
    row.first_seen = seen.first;
    row.last_seen = seen.last;
    row.fresh = seen.fresh;
  }
  std::vector<index::Handle> handles;
  index.handles_of(call.realm->id, user, kMostSessions, handles);
  for (const index::Handle& handle : handles) {
    const session::Session session = index.get(handle);
    if (session.user_agent.empty() && session.device_id.empty()) continue;
    const std::string key = index.device_key(handle);
    const auto [it, only_live] = out.try_emplace(key);
    DeviceRow& row = it->second;
    if (only_live || session.started < row.first_seen) row.first_seen = session.started;
    row.last_seen = std::max(row.last_seen, session.last_access);
    row.device_id = session.device_id;
    row.user_agent = session.user_agent;
    (session.key.type == session::SessionType::kOffline ? row.offline : row.regular)++;
    Time& used = row.addresses.try_emplace(session.ip, session.last_access).first->second;
    used = std::max(used, session.last_access);
  }
  for (auto& [key, row] : out) row.key = key;
  return out;
}

std::vector<IpAddress> latest_addresses(const DeviceRow& row) {
  std::vector<std::pair<Time, IpAddress>> all;
  for (const auto& [address, used] : row.addresses) all.emplace_back(used, address);
  const std::size_t most = std::min(all.size(), kAddresses);
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(most), all.end(), std::greater<>());
  std::vector<IpAddress> out;
  for (std::size_t i = 0; i < most; ++i) out.push_back(all[i].second);
  return out;
}

void append_device_row(JsonWriter& json, const engine::Engine& engine, const DeviceRow& row) {
  device::Device device;
  if (!row.user_agent.empty())
    device = *engine.classify(row.user_agent);
  else if (row.key.starts_with("ua:"))
    device.family = row.key.substr(3);  // of what is gone, no more is remembered
  json.begin_object().field("key", row.key).field("kind", device::to_string(device.kind));
  json.field("os", device.os).field("browser", device.browser).field("family", device.family);
  append_text_or_null(json, "deviceId",
                      row.key.starts_with("id:") ? std::string_view(row.key).substr(3) : std::string_view());
  json.field("firstSeen", row.first_seen).field("lastSeen", row.last_seen).field("new", row.fresh);
  json.key("sessions");
  append_counts(json, row.regular, row.offline);
  json.key("addresses").begin_array();
  for (const IpAddress& address : latest_addresses(row)) json.string(address.to_string());
  json.end_array().end_object();
}

Result<http::Response> list_devices(Services& services, const Call& call) {
  const std::string_view id = call.variable("userId");
  CURFEW_TRY_STATUS(check_text("userId", id, limits::kUserId));
  std::vector<DeviceRow> rows;
  {
    const index::Index& index = services.engine.index();
    const index::Index::ReadLock lock(index);
    const auto user = index.user_number(call.realm->id, id);
    if (!user) return fail(ErrorCode::kNotFound, "", "There is no user with this id here.", "userId");
    for (auto& [key, row] : devices_of(services, call, *user)) rows.push_back(std::move(row));
  }
  std::sort(rows.begin(), rows.end(), [](const DeviceRow& a, const DeviceRow& b) {
    return std::tie(b.last_seen, a.key) < std::tie(a.last_seen, b.key);
  });
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("items").begin_array();
  for (const DeviceRow& row : rows) append_device_row(json, services.engine, row);
  json.end_array().field("total", std::uint64_t{rows.size()}).end_object();
  return json_response(200, std::move(body));
}

}  // namespace

std::vector<Route> signal_routes() {
  return {
      {.method = Method::kGet,
       .pattern = "/api/v1/realms/{realm}/signals",
       .operation = "listSignals",
       .access = Access::kRealm,
       .permission = Permission::kSessionsRead,
       .all_realms = true,
       .parameters = {"severity", "rule", "limit", "cursor", "offset"},
       .handler = at_once<list_signals>},
      {.method = Method::kGet,
       .pattern = "/api/v1/realms/{realm}/users/{userId}/devices",
       .operation = "listUserDevices",
       .access = Access::kRealm,
       .permission = Permission::kSessionsRead,
       .handler = in_background<list_devices>},
  };
}

}  // namespace curfew::api
