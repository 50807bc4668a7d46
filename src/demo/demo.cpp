#include "demo/demo.h"

#include <algorithm>

#include <boost/json.hpp>

#include "base/json_writer.h"

namespace curfew::demo {
namespace {

namespace json = boost::json;

constexpr std::string_view kAdminUser = "0a4d5c1e-77b0-4c1b-9d0e-5b7a7f0c0001";
constexpr std::size_t kLinesPerRequest = 1'000;

std::string_view text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

void append_touch(std::string& out, bool offline, std::string_view id, Time at) {
  JsonWriter(out)
      .begin_object()
      .field("op", std::string_view("touch"))
      .field("type", std::string_view(offline ? "offline" : "regular"))
      .field("id", id)
      .field("at", at)
      .end_object();
  out += '\n';
}

void append_end(std::string& out, bool offline, std::string_view id) {
  JsonWriter(out)
      .begin_object()
      .field("op", std::string_view("end"))
      .field("type", std::string_view(offline ? "offline" : "regular"))
      .field("id", id)
      .end_object();
  out += '\n';
}

bool of_the_incident(std::string_view id) {
  return id.starts_with("jane-") || id.starts_with("admin-");
}

}  // namespace

Demo::Demo(client::Transport& transport, const Clock& clock, DemoOptions options)
    : transport_(transport), clock_(clock) {
  towns_.push_back(
      {"production", "Production", options.sessions, Population(options.seed, "example.com", options.people), {}});
  towns_.push_back({"partners",
                    "Partners",
                    options.partner_sessions,
                    Population(options.seed + 1, "partners.example", options.partner_people),
                    {}});
}

Status Demo::prepare() {
  for (Town& town : towns_) {
    CURFEW_TRY_STATUS(make_realm(town));
    CURFEW_TRY_STATUS(read_live(town));
    if (town.live.size() < town.sessions / 4) CURFEW_TRY_STATUS(fill(town));
  }
  CURFEW_TRY_STATUS(begin_incident());
  return link_admin();
}

Status Demo::make_realm(const Town& town) {
  if (transport_.get(client::path_of("/api/v1/realms", {town.realm}))) return {};
  json::object realm{{"name", town.realm}, {"displayName", town.display_name}};
  realm["policy"] = {{"idleTimeout", "PT8H"},
                     {"maxLifetime", "PT24H"},
                     {"rememberMeIdleTimeout", "P14D"},
                     {"rememberMeMaxLifetime", "P60D"},
                     {"offlineIdleTimeout", "P60D"}};
  const auto made = transport_.request(client::Method::kPost, "/api/v1/realms", {}, realm);
  if (!made) return made.error().reason == "realm_exists" ? Status{} : tl::make_unexpected(made.error());
  // Where its people are expected; without it every office would look like a crowd of strangers on one network.
  const json::object corporate{{"name", "Corporate"}, {"cidrs", {"10.20.0.0/16"}}, {"trusted", true}};
  const auto told =
      transport_.request(client::Method::kPut, client::path_of("/api/v1/realms", {town.realm, "detection"}), {},
                         json::object{{"networks", json::array{corporate}}});
  if (!told) return tl::make_unexpected(told.error());
  return {};
}

Status Demo::read_live(Town& town) {
  client::Fields query{{"limit", "500"}};
  for (int pages = 0; pages < 100; ++pages) {
    CURFEW_TRY(const auto answer, transport_.get(client::path_of("/api/v1/realms", {town.realm, "sessions"}), query));
    const json::object& page = answer.body.as_object();
    for (const json::value& item : page.at("items").as_array()) {
      const std::string_view id = text_of(item.as_object(), "id");
      if (!of_the_incident(id)) town.live.push_back({text_of(item.as_object(), "type") == "offline", std::string(id)});
    }
    const std::string_view next = text_of(page, "next");
    if (next.empty()) break;
    query = {{"limit", "500"}, {"cursor", std::string(next)}};
  }
  return {};
}

Status Demo::fill(Town& town) {
  std::vector<NewSession> sessions;
  while (town.live.size() + sessions.size() < town.sessions)
    sessions.push_back(town.population.session(clock_.now(), Duration::days(30)));
  std::sort(sessions.begin(), sessions.end(),
            [](const NewSession& a, const NewSession& b) { return a.started < b.started; });
  std::string lines;
  std::size_t in_lines = 0;
  for (const NewSession& session : sessions) {
    append_start(lines, session);
    town.live.push_back({session.offline, session.id});
    if (++in_lines < kLinesPerRequest && &session != &sessions.back()) continue;
    CURFEW_TRY_STATUS(ingest(town.realm, lines));
    lines.clear();
    in_lines = 0;
  }
  return {};
}

Status Demo::begin_incident() {
  CURFEW_TRY(const auto answer,
             transport_.get("/api/v1/realms/production/sessions", {{"user", "jane.doe"}, {"limit", "1"}}));
  const Time now = clock_.now();
  std::string lines;
  if (answer.body.as_object().at("total").to_number<std::int64_t>() == 0)
    for (const NewSession& session : Population::incident(now, std::to_string(now.ms / 1000)))
      append_start(lines, session);
  // The operator is a user of the realm too: their own session is not swept away with the others.
  CURFEW_TRY(const auto own,
             transport_.get("/api/v1/realms/production/sessions", {{"user", std::string(kAdminUser)}, {"limit", "1"}}));
  const json::array& own_items = own.body.as_object().at("items").as_array();
  if (own_items.empty()) {
    NewSession session;
    session.id = "admin-" + std::to_string(now.ms / 1000);
    session.user_id = kAdminUser;
    session.username = "admin";
    session.email = "admin@example.com";
    session.ip = "10.20.1.10";
    session.agent = desktop_agents()[0];
    session.started = session.last_access = now;
    session.apps = {&Population::apps().back()};
    append_start(lines, session);
    office_admin_ = session.id;
  } else {
    office_admin_ = text_of(own_items.front().as_object(), "id");
  }
  return lines.empty() ? Status{} : ingest("production", lines);
}

Status Demo::link_admin() {
  CURFEW_TRY(const auto answer, transport_.get("/api/v1/operators", {{"limit", "500"}}));
  for (const json::value& item : answer.body.as_object().at("items").as_array()) {
    const json::object& op = item.as_object();
    const auto* own = op.if_contains("ownUser");
    if (text_of(op, "username") != "admin" || (own != nullptr && !own->is_null())) continue;
    const json::object change{{"ownUser", {{"realm", "production"}, {"userId", kAdminUser}}}};
    CURFEW_TRY(const auto changed,
               transport_.request(client::Method::kPatch, client::path_of("/api/v1/operators", {text_of(op, "id")}), {},
                                  change));
    (void)changed;
  }
  return {};
}

Status Demo::ingest(const std::string& realm, const std::string& lines) {
  client::Request request;
  request.method = client::Method::kPost;
  request.path = client::path_of("/api/v1/realms", {realm, "ingest"});
  bool given = false;
  const auto answer = transport_.upload(request, [&]() -> Result<std::string> {
    if (given) return std::string();
    given = true;
    return lines;
  });
  if (!answer) return tl::make_unexpected(answer.error());
  return {};
}

void Demo::live_a_second(Town& town, std::string& lines) {
  Population& people = town.population;
  const Time now = clock_.now();
  const std::uint64_t some = 1 + town.sessions / 500;
  for (std::uint64_t i = people.below(some + 1); i > 0 && town.live.size() < town.sessions + town.sessions / 8; --i) {
    const NewSession session = people.session(now, Duration{0});
    append_start(lines, session);
    town.live.push_back({session.offline, session.id});
  }
  for (std::uint64_t i = people.below(some * 6 + 1); i > 0 && !town.live.empty(); --i) {
    // Those who came last are the busiest.
    const std::uint64_t n = town.live.size();
    const auto& who = town.live[n - 1 - std::min(people.below(n), people.below(n))];
    append_touch(lines, who.offline, who.id, now);
  }
  for (std::uint64_t i = people.below(some + 1); i > 0 && town.live.size() > town.sessions - town.sessions / 8; --i) {
    const std::uint64_t n = people.below(town.live.size());
    append_end(lines, town.live[n].offline, town.live[n].id);
    town.live.erase(town.live.begin() + static_cast<std::ptrdiff_t>(n));
  }
}

Status Demo::run_round() {
  for (Town& town : towns_) {
    std::string lines;
    live_a_second(town, lines);
    if (&town == &towns_.front() && !office_admin_.empty()) append_touch(lines, false, office_admin_, clock_.now());
    if (!lines.empty()) CURFEW_TRY_STATUS(ingest(town.realm, lines));
  }
  return {};
}

}  // namespace curfew::demo
