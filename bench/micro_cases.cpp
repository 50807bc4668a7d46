#include "micro_cases.h"

#include <cstdlib>
#include <fstream>
#include <memory>

#include "api/json_in.h"
#include "api/json_out.h"
#include "api/session_input.h"
#include "api/session_out.h"
#include "audit/record.h"
#include "device/agents.h"
#include "generator.h"
#include "index/index.h"
#include "session/apply.h"
#include "session/codec.h"
#include "signal/watch.h"

namespace curfew::bench {
namespace {

constexpr std::uint64_t kSessions = 20'000, kSeed = 1;

// Half of the agent strings are phones.
std::shared_ptr<const device::Device> classify(std::string_view agent) {
  const bool phone = !agent.empty() && agent[agent.size() - 3] % 2 == 0;
  return std::make_shared<const device::Device>(phone ? device::Device{device::Kind::kMobile, "", "", "Phone"}
                                                      : device::Device{device::Kind::kDesktop, "", "", "Desktop"});
}

// What every case may use; made once. Every hundredth session has a severity.
struct World {
  Generator generator{kSessions, kSeed};
  index::Index index{classify};
  World() {
    index.begin_load();
    for (std::uint64_t no = 1; no <= kSessions; ++no) index.load_row(generator.session(no));
    index.end_load();
    for (std::uint64_t no = 1; no <= kSessions; no += 100)
      index.set_marks(*index.find(generator.key(no)), no % 300 == 1 ? index::kHighSeverity : index::kLowSeverity);
  }
};
World& world() {
  static World world;
  return world;
}

// Sessions in turn, so that a case does not run on one row in the cache.
std::uint64_t next_no(std::uint64_t& state) {
  state = state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (state >> 33) % kSessions + 1;
}

std::function<void()> apply_touch() {
  auto state = std::make_shared<session::State>(world().generator.session(1));
  auto touch =
      std::make_shared<session::Command>(session::TouchSession{world().generator.key(1), Time{}, std::nullopt});
  auto at = std::make_shared<std::int64_t>(world().generator.now().ms);
  return [=] {
    std::get<session::TouchSession>(*touch).at = Time{++*at};
    session::apply(*state, *touch);
  };
}

std::function<void()> index_find() {
  auto keys = std::make_shared<std::vector<session::SessionKey>>();
  std::uint64_t random = 1;
  for (int i = 0; i < 4096; ++i) keys->push_back(world().generator.key(next_no(random)));
  auto at = std::make_shared<std::size_t>(0);
  return [=] {
    const auto handle = world().index.find((*keys)[++*at % keys->size()]);
    static_cast<void>(world().index.facts(*handle));
  };
}

std::function<void()> index_touch() {
  auto handles = std::make_shared<std::vector<index::Handle>>();
  std::uint64_t random = 2;
  for (int i = 0; i < 4096; ++i) handles->push_back(*world().index.find(world().generator.key(next_no(random))));
  auto at = std::make_shared<std::int64_t>(world().generator.now().ms);
  return [=] {
    ++*at;
    world().index.touch((*handles)[static_cast<std::size_t>(*at) % handles->size()], Time{*at}, std::nullopt);
  };
}

std::function<void()> index_view() {
  auto handles = std::make_shared<std::vector<index::Handle>>();
  std::uint64_t random = kSeed;
  for (int i = 0; i < 4096; ++i) handles->push_back(*world().index.find(world().generator.key(next_no(random))));
  auto at = std::make_shared<std::size_t>(0);
  return [=] { static_cast<void>(world().index.view((*handles)[++*at % handles->size()]).device_hash); };
}

std::function<void()> query(const std::function<void(index::Query&)>& change) {
  auto query = std::make_shared<index::Query>();
  query->realms = {Generator::kMainRealm};
  change(*query);
  return [=] {
    const index::Index::ReadLock lock(world().index);
    static_cast<void>(world().index.query(*query));
  };
}

std::function<void()> page_json() {
  index::Query query;
  query.realms = {Generator::kMainRealm};
  auto rows = std::make_shared<std::vector<session::Session>>(world().index.query(query).rows);
  auto realm = std::make_shared<engine::Realm>();
  realm->id = Generator::kMainRealm;
  realm->name = "main";
  auto out = std::make_shared<std::string>();
  return [=] {
    out->clear();
    JsonWriter json(*out);
    json.begin_array();
    for (const session::Session& row : *rows) api::append_session(json, row, {.realm = realm.get(), .own = false});
    json.end_array();
  };
}

std::function<void()> parse_line(const std::string& line) {
  auto parser = std::make_shared<api::JsonParser>();
  auto names = std::make_shared<api::ClientNameList>();
  const Time now = world().generator.now() + Duration::days(1);
  return [=] {
    names->clear();
    const auto value = parser->parse(line);
    if (!value || !api::read_operation(*value, Generator::kMainRealm, now, *names)) std::abort();
  };
}
std::string start_line() {
  const session::Session s = world().generator.session(1);
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("op", "start").field("type", "regular").field("id", s.key.id).field("userId", s.user_id);
  json.field("username", s.username).field("ipAddress", s.ip.to_string()).field("userAgent", s.user_agent);
  json.field("started", s.started).field("lastAccess", s.last_access).field("rememberMe", s.remember_me);
  json.key("clients").begin_array();
  for (const auto& link : s.clients) json.begin_object().field("clientId", link.client_id).end_object();
  json.end_array().end_object();
  return out;
}
std::string touch_line() {
  const session::Session s = world().generator.session(1);
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("op", "touch").field("type", "regular").field("id", s.key.id).field("at", s.last_access);
  json.end_object();
  return out;
}

std::function<void()> decode_session() {
  auto bytes = std::make_shared<std::string>();
  session::encode_session(*bytes, world().generator.session(1));
  auto session = std::make_shared<session::Session>();
  return [=] {
    if (!session::decode_session_into(*bytes, *session)) std::abort();
  };
}
std::function<void()> encode_session() {
  auto session = std::make_shared<session::Session>(world().generator.session(1));
  auto out = std::make_shared<std::string>();
  return [=] {
    out->clear();
    session::encode_session(*out, *session);
  };
}

std::function<void()> seal() {
  const session::Session s = world().generator.session(1);
  auto record = std::make_shared<audit::Record>();
  record->action = audit::action::kSessionEnded;
  record->realm = s.key.realm;
  record->realm_name = "main";
  record->session_type = s.key.type;
  record->session_id = s.key.id;
  record->user_id = s.user_id;
  record->username = s.username;
  record->session_ip = s.ip;
  record->session_started = s.started;
  record->session_last_access = s.last_access;
  record->user_agent = s.user_agent;
  record->reason = "INC-4711";
  record->code = "revoked";
  record->time = world().generator.now();
  auto head = std::make_shared<audit::ChainHead>();
  auto out = std::make_shared<std::string>();
  return [=] {
    out->clear();
    audit::number(*record, *head);
    audit::encode(*out, *record);
    audit::chain(*out, head->hash);
  };
}

// From uap-core's own suites, every ninth: some two thousand, far more varied than those of any realm. Taken from the
// lines as they stand: to parse the files would cost callgrind more than all that is counted.
std::vector<std::string> varied_agents() {
  constexpr std::string_view kMark = "user_agent_string:";
  std::vector<std::string> agents;
  std::size_t number = 0;
  for (const char* const suite : {"ua", "os", "device"}) {
    std::ifstream file(std::string(CURFEW_UAP_CORE "/tests/test_") + suite + ".yaml");
    for (std::string line; std::getline(file, line);) {
      const std::size_t at = line.find(kMark);
      if (at == std::string::npos || number++ % 9 != 0) continue;
      const std::size_t from = line.find_first_not_of(" '\"", at + kMark.size()), to = line.find_last_not_of("'\"\r ");
      if (from != std::string::npos && from <= to) agents.push_back(line.substr(from, to - from + 1));
    }
  }
  if (agents.size() < 1'000) std::abort();  // the suites are not where they were
  return agents;
}

// One string after another; a cache of one entry never has the one that is asked for.
std::function<void()> classify(std::size_t cached) {
  auto strings = std::make_shared<std::vector<std::string>>(varied_agents());
  // Compiled here: callgrind would count what another thread did.
  static const auto rules = std::make_shared<const device::AgentRules>();
  auto agents = std::make_shared<const device::Agents>(rules, cached);
  for (const std::string& string : *strings) static_cast<void>(agents->classify(string));
  auto at = std::make_shared<std::size_t>(0);
  return [=] { static_cast<void>(agents->classify((*strings)[++*at % strings->size()])); };
}

// Two thousand users with three sessions each, and one of whom four networks at once are seen.
struct Watched {
  index::Index index{[](std::string_view agent) { return classify(agent); }};
  signal::Watch watch{index, [](const IpAddress& ip) {
                        device::Place place;
                        place.country = "NO";
                        place.asn = 64500U + ip.bytes()[13];
                        place.latitude = 59.9;
                        place.longitude = 10.7;
                        return place;
                      }};
  std::vector<index::Handle> handles;
  Time now = Time{1'770'000'000'000};

  index::Handle start(const std::string& user, std::uint32_t ip) {
    session::Session session;
    session.no = session::SessionNo(handles.size() + 1);
    session.key = {session::RealmId(1), session::SessionType::kRegular, std::to_string(session.no.value)};
    session.user_id = session.username = user;
    session.ip = IpAddress::v4(ip);
    session.user_agent = "Mozilla/5.0";
    session.started = session.last_access = now;
    handles.push_back(index.insert(session));
    watch.started(handles.back(), now);
    return handles.back();
  }
  Watched() {
    for (std::uint32_t network = 0; network < 4; ++network) start("suspect", 0xcb000001 + (network << 16));
    for (std::uint32_t user = 0; user < 2'000; ++user)
      for (std::uint32_t i = 0; i < 3; ++i) start("u" + std::to_string(user), 0x0a000000 + (i << 16) + user);
    watch.loaded(now);
    while (watch.sweep(now, 1'000)) {
    }
  }
};

// One change of one user's sessions, as the engine tells it; the index's own part is not in it.
std::function<void()> signal_change(const std::function<void(Watched&, const index::Handle&)>& change, bool suspect) {
  auto watched = std::make_shared<Watched>();
  auto at = std::make_shared<std::size_t>(0);
  return [=] {
    ++*at;
    const std::size_t which = suspect ? *at % 4 : 4 + *at * 7 % 6'000;
    watched->now = watched->now + Duration{1};
    change(*watched, watched->handles[which]);
    watched->watch.sweep(watched->now, 1);  // as after each round: what was left to it is looked at
  };
}

void start_and_end(Watched& watched, const index::Handle& handle) {
  watched.watch.started(handle, watched.now);
  watched.watch.ended(handle.realm, watched.index.view(handle).user, handle.no, watched.now);
}

void move(Watched& watched, const index::Handle& handle) {
  const index::RowView row = watched.index.view(handle);
  watched.watch.touched(handle, {row.last_access, IpAddress::v4(0x0a010001), row.device_hash}, watched.now);
}

// What a page that shows the suspect asks for: their findings, or whether they are those of a moment ago.
std::function<void()> signal_findings() {
  auto watched = std::make_shared<Watched>();
  const std::uint32_t user = watched->index.view(watched->handles.front()).user;
  return [=] {
    if (!watched->watch.findings(session::RealmId(1), user)) std::abort();
  };
}
std::function<void()> signal_grounds() {
  auto watched = std::make_shared<Watched>();
  const std::uint32_t user = watched->index.view(watched->handles.front()).user;
  auto grounds = std::make_shared<std::string>();
  return [=] {
    if (!watched->watch.grounds(session::RealmId(1), user, *grounds)) std::abort();
  };
}

}  // namespace

std::vector<MicroCase> micro_cases() {
  return {
      {"apply_touch", apply_touch},
      {"index_find", index_find},
      {"index_touch", index_touch},
      {"index_view", index_view},
      {"query_all", [] { return query([](index::Query&) {}); }},
      {"query_deep", [] { return query([](index::Query& q) { q.offset = kSessions / 2; }); }},
      {"query_search", [] { return query([](index::Query& q) { q.filter.search = "oe12"; }); }},
      {"query_network", [] { return query([](index::Query& q) { q.filter.ip = {*Cidr::parse("10.7.0.0/16")}; }); }},
      {"query_client",
       [] {
         return query([](index::Query& q) {
           q.filter.type = session::SessionType::kOffline;
           q.filter.clients = {Generator::client_id(Generator::kClients - 1)};
         });
       }},
      {"query_kind", [] { return query([](index::Query& q) { q.filter.device_kinds = {device::Kind::kMobile}; }); }},
      {"query_severity", [] { return query([](index::Query& q) { q.order.by = index::SortBy::kSeverity; }); }},
      {"signal_started_ended", [] { return signal_change(start_and_end, false); }},
      {"signal_touched", [] { return signal_change(move, false); }},
      {"signal_touched_suspect", [] { return signal_change(move, true); }},
      {"signal_findings", signal_findings},
      {"signal_grounds", signal_grounds},
      {"page_json", page_json},
      {"ingest_start_line", [] { return parse_line(start_line()); }},
      {"ingest_touch_line", [] { return parse_line(touch_line()); }},
      {"encode_session", encode_session},
      {"decode_session", decode_session},
      {"seal_record", seal},
      {"classify_cached", [] { return classify(device::kCachedAgents); }},
      {"classify_uncached", [] { return classify(1); }},
  };
}

}  // namespace curfew::bench
