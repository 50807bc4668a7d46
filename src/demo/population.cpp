#include "demo/population.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/json_writer.h"

namespace curfew::demo {
namespace {

constexpr std::array<std::string_view, 48> kFirst{
    "ada",   "amir",   "anna",  "ben",   "bilal", "carla", "chen",  "clara", "daniel", "diego", "elif",   "emma",
    "erik",  "fatima", "felix", "grace", "hana",  "hugo",  "ines",  "ivan",  "jonas",  "julia", "kaito",  "karim",
    "lara",  "leon",   "lina",  "lucas", "maria", "mateo", "mia",   "milan", "nadia",  "noah",  "nora",   "olga",
    "oscar", "paul",   "priya", "rosa",  "sara",  "samir", "sofia", "tariq", "tessa",  "tomas", "yasmin", "zoe"};
constexpr std::array<std::string_view, 40> kLast{
    "abbott",  "aydin",  "bauer",   "berg",   "bianchi",  "brandt", "castro", "costa",    "dubois", "eriksen",
    "fischer", "garcia", "haddad",  "hansen", "ito",      "jensen", "keller", "khan",     "kovacs", "larsen",
    "lopez",   "martin", "meyer",   "moreau", "nakamura", "novak",  "okafor", "olsen",    "patel",  "petrov",
    "rossi",   "santos", "schmidt", "silva",  "singh",    "tanaka", "torres", "virtanen", "weber",  "yilmaz"};

constexpr std::array<App, 12> kApps{{
    {"web-portal", "Web portal", 40, false},
    {"mail", "Mail", 30, false},
    {"crm", "Customer records", 18, false},
    {"wiki", "Wiki", 14, false},
    {"billing", "Billing", 9, false},
    {"hr-portal", "People and leave", 8, false},
    {"mobile-app", "Mobile app", 16, true},
    {"desktop-sync", "Desktop sync", 8, true},
    {"reports", "Reporting service", 5, true},
    {"ci-runner", "Build pipeline", 3, true},
    {"vpn-gateway", "VPN gateway", 6, false},
    {"admin-console", "Administration", 2, false},
}};

std::string dotted(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d) {
  return std::to_string(a) + "." + std::to_string(b) + "." + std::to_string(c) + "." + std::to_string(d);
}

const App* app(std::string_view id) {
  return std::find_if(kApps.begin(), kApps.end(), [id](const App& a) { return a.id == id; });
}

constexpr std::string_view kJaneId = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";

// One of jane.doe's.
NewSession janes(Time now, std::string_view run, std::string_view part, std::string_view ip, std::string_view agent,
                 Duration started, Duration last, bool remember, std::vector<const App*> apps) {
  NewSession s;
  s.id = "jane-" + std::string(part) + "-" + std::string(run);
  s.user_id = kJaneId;
  s.username = "jane.doe";
  s.email = "jane.doe@example.com";
  s.ip = ip;
  s.agent = agent;
  s.started = now - started;
  s.last_access = now - last;
  s.remember_me = remember;
  s.apps = std::move(apps);
  return s;
}

}  // namespace

std::span<const App> Population::apps() {
  return kApps;
}

Population::Population(std::uint64_t seed, std::string_view domain, std::size_t people) : random_(seed) {
  std::set<std::string> taken;
  while (people_.size() < std::min(people, kFirst.size() * kLast.size() / 2)) {
    Person person;
    person.username = std::string(kFirst[below(kFirst.size())]) + "." + std::string(kLast[below(kLast.size())]);
    if (!taken.insert(person.username).second) continue;
    person.user_id = random_uuid(random_);
    person.email = person.username + "@" + std::string(domain);
    person.agent = desktop_agents()[below(desktop_agents().size())];
    if (chance(60)) person.phone = phone_agents()[below(phone_agents().size())];
    person.office_ip = dotted(10, 20, below(24), 2 + below(250));
    person.home_ip = chance(25)
                         ? "2001:db8:" + std::to_string(1000 + below(8999)) + "::" + std::to_string(1 + below(99))
                         : dotted(198, 51, 100, 1 + below(250));
    person.mobile_ip = dotted(203, 0, 113, 1 + below(250));
    person.remembers = chance(30);
    people_.push_back(std::move(person));
  }
}

std::string Population::session_id(bool offline) {
  // Both shapes that identity providers use: UUIDs, and 24 characters of base64url.
  return offline || chance(40) ? random_uuid(random_) : random_token(random_, 18);
}

void Population::choose_apps(NewSession& session) {
  const std::uint64_t wanted = session.offline ? 1 : 1 + below(3) + (chance(10) ? 2 : 0);
  int sum = 0;
  for (const App& a : kApps) sum += a.offline == session.offline ? a.weight : 0;
  for (std::uint64_t tries = 0; session.apps.size() < wanted && tries < 20; ++tries) {
    int at = static_cast<int>(below(static_cast<std::uint64_t>(sum)));
    for (const App& a : kApps) {
      if (a.offline != session.offline || (at -= a.weight) >= 0) continue;
      if (std::find(session.apps.begin(), session.apps.end(), &a) == session.apps.end()) session.apps.push_back(&a);
      break;
    }
  }
}

NewSession Population::session(Time now, Duration ago) {
  // A few people do most of the signing in.
  const std::uint64_t n = people_.size();
  const Person& person = people_[std::min(below(n), below(n))];
  NewSession out;
  out.offline = chance(15);
  out.id = session_id(out.offline);
  out.user_id = person.user_id;
  out.username = person.username;
  out.email = person.email;
  const bool phone = !person.phone.empty() && (out.offline || chance(30));
  out.agent = phone ? person.phone : person.agent;
  out.ip = phone ? person.mobile_ip : (chance(65) ? person.office_ip : person.home_ip);
  out.remember_me = !out.offline && person.remembers;
  const std::int64_t reach = out.offline || out.remember_me ? ago.ms : std::min(ago.ms, Duration::hours(9).ms);
  const std::int64_t age = reach == 0 ? 0 : static_cast<std::int64_t>(below(static_cast<std::uint64_t>(reach)));
  out.started = now - Duration{age};
  // Used lately, mostly: the square leans towards now.
  const std::uint64_t share = below(1'000) * below(1'000) / 1'000;
  out.last_access = now - Duration{age * static_cast<std::int64_t>(share) / 1'000};
  choose_apps(out);
  return out;
}

std::vector<NewSession> Population::incident(Time now, std::string_view run) {
  const auto make = [&](std::string_view part, std::string_view ip, std::string_view agent, Duration started,
                        Duration last, bool remember, std::vector<const App*> apps) {
    return janes(now, run, part, ip, agent, started, last, remember, std::move(apps));
  };
  // Her own, on a journey as in the office: of what she has herself nothing is new.
  const std::string_view laptop = desktop_agents()[8];
  std::vector<NewSession> out;
  out.push_back(make("office", "10.20.14.37", laptop, Duration::hours(5), Duration::minutes(3), false,
                     {app("web-portal"), app("crm"), app("mail")}));
  out.push_back(make("lisbon", "203.0.113.45", phone_agents()[4], Duration::hours(2), Duration::minutes(11), false,
                     {app("web-portal")}));
  out.push_back(make("script", "198.51.100.23", desktop_agents()[10], Duration::minutes(50), Duration::seconds(40),
                     false, {app("web-portal"), app("billing"), app("crm"), app("hr-portal"), app("wiki")}));
  out.push_back(make("hotel", "192.0.2.118", laptop, Duration::days(6), Duration::days(5), true, {app("mail")}));
  out.push_back(make("host", "2001:db8:51a7:9::2f", desktop_agents()[11], Duration::minutes(35), Duration::minutes(2),
                     true, {app("web-portal"), app("billing")}));
  out.push_back(make("phone", "192.0.2.77", phone_agents()[7], Duration::days(19), Duration::hours(7), false,
                     {app("mobile-app")}));
  out.back().offline = true;
  // In the order in which they began, as an identity provider would have told them: what is known of jane.doe when
  // the strangers come is what she did before.
  std::sort(out.begin(), out.end(), [](const NewSession& a, const NewSession& b) { return a.started < b.started; });
  return out;
}

void append_start(std::string& out, const NewSession& session) {
  JsonWriter json(out);
  json.begin_object()
      .field("op", std::string_view("start"))
      .field("type", std::string_view(session.offline ? "offline" : "regular"))
      .field("id", session.id)
      .field("userId", session.user_id)
      .field("username", session.username)
      .field("email", session.email)
      .field("ipAddress", session.ip)
      .field("userAgent", session.agent)
      .field("rememberMe", session.remember_me)
      .field("started", session.started)
      .field("lastAccess", session.last_access);
  json.key("clients").begin_array();
  for (const App* a : session.apps)
    json.begin_object().field("clientId", a->id).field("name", a->name).field("since", session.started).end_object();
  json.end_array().end_object();
  out += '\n';
}

}  // namespace curfew::demo
