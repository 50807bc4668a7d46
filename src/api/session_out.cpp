#include "api/session_out.h"

#include <algorithm>

#include "api/json_out.h"

namespace curfew::api {
namespace {

void append_location(JsonWriter& json, const session::Session& session, const SessionView& view) {
  json.key("location");
  if (view.notes == nullptr) {
    json.null();
    return;
  }
  const device::Place place = view.notes->engine().place(session.ip);
  const signal::NamedNetwork* network = view.realm != nullptr ? view.realm->detection->network_at(session.ip) : nullptr;
  if (network == nullptr && place == device::Place{}) {
    json.null();
    return;
  }
  json.begin_object();
  append_text_or_null(json, "country", place.country);
  append_text_or_null(json, "city", place.city);
  json.key("asn");
  if (place.asn)
    json.number(std::uint64_t{*place.asn});
  else
    json.null();
  append_text_or_null(json, "organization", place.organization);
  append_text_or_null(json, "network", network != nullptr ? network->name : std::string());
  json.field("anonymizer", place.anonymizer);
  json.end_object();
}

// Being idle comes by time alone: nobody marks it, whoever looks sees it.
std::optional<signal::Finding> idle_finding(const session::Session& session, const SessionView& view) {
  if (view.realm == nullptr || view.now.ms == 0) return std::nullopt;
  return signal::idle_finding(*view.realm->detection, session.key.type, session.no, session.user_id, session.ip,
                              session.last_access, view.now);
}

void append_signals(JsonWriter& json, const session::Session& session, const SessionView& view) {
  std::vector<const FindingText*> all;
  std::optional<signal::Finding> idle;
  if (view.notes != nullptr) {
    all = view.notes->findings_of(session.no);
    idle = idle_finding(session, view);
  }
  std::optional<signal::Severity> worst;
  for (const FindingText* one : all) worst = std::max(worst, std::optional(one->severity));
  if (idle) worst = std::max(worst, std::optional(idle->severity));
  json.key("severity");
  if (worst)
    json.string(signal::to_string(*worst));
  else
    json.null();
  json.key("signals").begin_array();
  for (const FindingText* one : all) json.raw(one->json);
  if (idle) {
    const std::size_t events = idle->evidence.size();
    append_finding(json, {*std::move(idle), {}, std::vector(events, session.key)}, false);
  }
  json.end_array();
}

FindingText written(const NamedFinding& named) {
  FindingText out{named.finding.severity, named.finding.sessions, {}};
  constexpr std::size_t of_an_event = 160;
  out.json.reserve((2 + named.evidence.size()) * of_an_event);
  JsonWriter json(out.json);
  append_finding(json, named, false);
  return out;
}

}  // namespace

void ClientNames::collect(const index::Index& index, const session::Session& session) {
  for (const session::ClientLink& client : session.clients) {
    const auto [it, fresh] = names_.try_emplace({session.key.realm, client.client_id});
    if (fresh) it->second = index.client_name(session.key.realm, client.client_id);
  }
}

void ClientNames::set(session::RealmId realm, std::string_view client_id, std::string_view name) {
  names_[{realm, std::string(client_id)}] = name;
}

std::string_view ClientNames::of(session::RealmId realm, std::string_view client_id) const {
  const auto it = names_.find(std::pair(realm, std::string(client_id)));
  return it != names_.end() && !it->second.empty() ? std::string_view(it->second) : client_id;
}

// --- Signals
// ---------------------------------------------------------------------------------------------------------------------

std::vector<NamedFinding> name_sessions(const index::Index& index, session::RealmId realm, std::uint32_t user,
                                        std::vector<signal::Finding> findings, bool all) {
  std::vector<index::Handle> handles;
  index.handles_of(realm, user, signal::kSessionsLookedAt, handles);
  std::vector<NamedFinding> out;
  for (signal::Finding& finding : findings) {
    NamedFinding& named = out.emplace_back(NamedFinding{std::move(finding), {}, {}});
    named.evidence.resize(named.finding.evidence.size());
    const std::vector<session::SessionNo>& told = named.finding.sessions;
    for (const index::Handle& handle : handles) {
      if (all && std::ranges::find(told, handle.no) != told.end()) named.sessions.push_back(index.key(handle));
      for (std::size_t i = 0; i < named.evidence.size(); ++i)
        if (named.finding.evidence[i].session == handle.no) named.evidence[i] = index.key(handle);
    }
  }
  return out;
}

// Judged only if it can't be told from before.
void SessionNotes::note(session::RealmId realm, std::uint32_t user, Noted& noted) const {
  const signal::Watch& watch = engine_->watch();
  noted.any = watch.grounds(realm, user, noted.grounds);
  if (!noted.any) return;
  if (cache_ != nullptr) noted.texts = cache_->find(realm, user, noted.grounds);
  if (noted.texts) return;
  if (auto found = watch.findings(realm, user))
    noted.named = name_sessions(engine_->index(), realm, user, std::move(found->findings), false);
}

void SessionNotes::collect(std::span<const session::Session> sessions) {
  const index::Index& index = engine_->index();
  for (const session::Session& session : sessions) {
    names_.collect(index, session);
    const auto user = index.user_number(session.key.realm, session.user_id);
    if (!user) continue;
    const auto [known, fresh] = by_user_.try_emplace({session.key.realm, *user});
    if (fresh) note(session.key.realm, *user, known->second);
    if (known->second.any) whose_.insert_or_assign(session.no, known);
  }
}

std::vector<const FindingText*> SessionNotes::findings_of(session::SessionNo no) const {
  std::vector<const FindingText*> out;
  const auto it = whose_.find(no);
  if (it == whose_.end()) return out;
  auto& [user, noted] = *it->second;
  if (!noted.texts) {
    FindingTexts texts;
    for (const NamedFinding& named : noted.named) texts.push_back(written(named));
    noted.texts = std::make_shared<const FindingTexts>(std::move(texts));
    if (cache_ != nullptr) cache_->keep(user.first, user.second, std::move(noted.grounds), noted.texts);
  }
  for (const FindingText& text : *noted.texts)
    if (std::ranges::find(text.sessions, no) != text.sessions.end()) out.push_back(&text);
  return out;
}

void append_finding(JsonWriter& json, const NamedFinding& named, bool with_sessions) {
  const signal::Finding& finding = named.finding;
  json.begin_object().field("rule", signal::to_string(finding.rule));
  json.field("severity", signal::to_string(finding.severity)).field("reason", finding.reason);
  json.field("threshold", finding.threshold).field("since", finding.since).key("evidence").begin_array();
  for (std::size_t i = 0; i < finding.evidence.size(); ++i) {
    const signal::Evidence& evidence = finding.evidence[i];
    json.begin_object().field("at", evidence.at);
    json.field("type", session::to_string(named.evidence[i].type)).field("id", named.evidence[i].id);
    json.field("ipAddress", evidence.ip.to_string()).field("detail", evidence.text).end_object();
  }
  json.end_array();
  if (with_sessions) {
    json.key("sessions").begin_array();
    for (const session::SessionKey& key : named.sessions)
      json.begin_object().field("type", session::to_string(key.type)).field("id", key.id).end_object();
    json.end_array();
  }
  json.end_object();
}

// --- The session
// ---------------------------------------------------------------------------------------------------------------------

void append_device(JsonWriter& json, const engine::Engine& engine, std::string_view user_agent,
                   std::string_view device_id) {
  json.key("device");
  if (user_agent.empty() && device_id.empty()) {
    json.null();
    return;
  }
  const auto device = engine.classify(user_agent);
  json.begin_object().field("key", device::device_key(device_id, *device));
  json.field("kind", device::to_string(device->kind)).field("os", device->os).field("browser", device->browser);
  json.field("family", device->family).end_object();
}

void append_session(JsonWriter& json, const session::Session& session, const SessionView& view) {
  const session::SessionKey& key = session.key;
  json.begin_object();
  json.field("type", session::to_string(key.type)).field("id", key.id);
  json.field("realm", view.realm != nullptr ? std::string_view(view.realm->name) : std::string_view());
  json.field("userId", session.user_id).field("username", session.username);
  append_text_or_null(json, "email", session.email);
  json.field("ipAddress", session.ip.to_string());
  append_text_or_null(json, "userAgent", session.user_agent);
  append_text_or_null(json, "deviceId", session.device_id);
  json.field("started", session.started).field("lastAccess", session.last_access);
  std::optional<Time> expires;
  if (view.realm != nullptr) {
    if (const auto expiry =
            session::expiry_of(view.realm->policy, key.type, session.remember_me, session.started, session.last_access))
      expires = expiry->at;
  }
  append_time_or_null(json, "expires", expires);
  json.field("rememberMe", session.remember_me);
  json.key("clients").begin_array();
  for (const session::ClientLink& client : session.clients) {
    const std::string_view name = view.notes != nullptr ? view.notes->names().of(key.realm, client.client_id)
                                                        : std::string_view(client.client_id);
    json.begin_object()
        .field("clientId", client.client_id)
        .field("name", name)
        .field("since", client.since)
        .end_object();
  }
  json.end_array();
  if (view.notes != nullptr)
    append_device(json, view.notes->engine(), session.user_agent, session.device_id);
  else
    json.key("device").null();
  append_location(json, session, view);
  append_signals(json, session, view);
  if (view.own) json.field("own", *view.own);
  if (!view.token.empty()) json.field("token", view.token);
  json.end_object();
}

}  // namespace curfew::api
