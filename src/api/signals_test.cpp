// Signals, devices, detection settings, suppressions, the pivot and the simulation, as the API tells of them.
#include <filesystem>
#include <fstream>

#include "api/test_app.h"
#include "device/testing.h"

namespace curfew::api {
namespace {

using access::Permission;
using http::Method;

const std::string kSessions = "/api/v1/realms/production/sessions";
const std::string kSignals = "/api/v1/realms/production/signals";
const std::string kDetection = "/api/v1/realms/production/detection";
const std::string kSuppressions = "/api/v1/realms/production/suppressions";

class SignalsTest : public ::testing::Test {
 protected:
  SignalsTest() {
    for (const char* realm : {"production", "staging"}) app_.realm(realm);
    EXPECT_EQ(trust("production", "10.20.0.0/16").status, 200);
  }
  Answer trust(const std::string& realm, const std::string& cidr) {
    return app_.put("/api/v1/realms/" + realm + "/detection",
                    R"({"networks":[{"name":"Corporate","cidrs":[")" + cidr + R"("],"trusted":true}]})");
  }
  // Four networks at once, one of them the office.
  void incident(const std::string& realm = "production", const std::string& user = "jane.doe") {
    int i = 0;
    for (const char* ip : {"10.20.14.37", "203.0.113.45", "198.51.100.23", "192.0.2.118"})
      app_.session(realm, "regular", user + std::to_string(i++), user, ip);
  }
  // What time resolves, and what a setting does to findings that stand, is found between two rounds.
  void settle() {
    app_.clock.advance(Duration::seconds(20));
    app_.run();
  }
  static std::string later(const std::string& scope) {
    return "{" + scope + R"(,"reason":"known","expires":")" + kSoon + "\"}";
  }

  static constexpr const char* kSoon = "2026-03-20T00:00:00Z";  // the clock stands in February 2026
  App app_;
};

TEST_F(SignalsTest, AUserWhoNeedsAttentionIsListedWithReasonsAndEvents) {
  incident();
  app_.session("production", "regular", "s9", "john.roe", "203.0.113.45");
  const Answer answer = app_.get(kSignals);
  EXPECT_EQ(answer.at("/total"), "1");
  EXPECT_EQ(answer.at("/counts"), R"({"low":0,"medium":1,"high":0})");
  EXPECT_EQ(answer.at("/items/0/realm"), "production");
  EXPECT_EQ(answer.at("/items/0/userId"), "u-jane.doe");
  EXPECT_EQ(answer.at("/items/0/username"), "jane.doe");
  EXPECT_EQ(answer.at("/items/0/severity"), "medium");
  EXPECT_EQ(answer.at("/items/0/sessions"), R"({"total":4,"regular":4,"offline":0})");
  EXPECT_EQ(answer.at("/items/0/signals/0/rule"), "many_networks");
  EXPECT_EQ(answer.at("/items/0/signals/0/reason"), "4 networks at once");
  EXPECT_EQ(answer.at("/items/0/signals/0/threshold"), "4 networks within 1 h");
  EXPECT_EQ(answer.at("/items/0/signals/0/sessions/3"), R"({"type":"regular","id":"jane.doe3"})");
  EXPECT_EQ(answer.at("/items/0/signals/0/evidence/3/id"), "jane.doe0");
  EXPECT_EQ(answer.at("/items/0/signals/0/evidence/3/detail"), "active in Corporate");
  EXPECT_EQ(app_.get(kSignals + "?severity=high").at("/total"), "0");
  EXPECT_EQ(app_.get(kSignals + "?severity=medium&rule=many_networks").at("/total"), "1");
  EXPECT_EQ(app_.get(kSignals + "?rule=new_device").at("/total"), "0");
  for (const char* wrong : {"severity=worst", "severity=", "rule=many", "limit=0"})
    EXPECT_EQ(app_.get(kSignals + "?" + wrong).status, 400) << wrong;
}

TEST_F(SignalsTest, ThePagesOfTheListHoldEverybodyOnce) {
  for (const char* user : {"a", "b", "c", "d", "e"}) incident("production", user);
  std::string seen, next;
  for (int page = 0; page < 3; ++page) {
    const Answer answer = app_.get(kSignals + "?limit=2" + (next.empty() ? "" : "&cursor=" + next));
    EXPECT_EQ(answer.at("/total"), "5");
    for (int i = 0; i < 2; ++i)
      if (const std::string name = answer.at("/items/" + std::to_string(i) + "/username"); name != "(absent)")
        seen += name;
    next = answer.at("/next");
  }
  EXPECT_EQ(seen, "edcba");  // equally severe: the latest first
  EXPECT_EQ(next, "null");
}

TEST_F(SignalsTest, ASessionHasItsOwnSignalsAndTheListFiltersAndSortsByThem) {
  incident();
  app_.session("production", "regular", "quiet", "john.roe", "10.20.1.1");
  const Answer one = app_.get(kSessions + "/regular/jane.doe1");
  EXPECT_EQ(one.at("/severity"), "medium");
  EXPECT_EQ(one.at("/signals/0/rule"), "many_networks");
  EXPECT_EQ(one.at("/signals/0/sessions"), "(absent)");
  EXPECT_EQ(one.at("/location"), "null");
  const Answer office = app_.get(kSessions + "/regular/jane.doe0");
  EXPECT_EQ(office.at("/location/network"), "Corporate");
  EXPECT_EQ(office.at("/location/country"), "null");
  EXPECT_EQ(app_.get(kSessions + "/regular/quiet").at("/severity"), "null");
  EXPECT_EQ(app_.get(kSessions + "?signal=any").at("/total"), "4");
  EXPECT_EQ(app_.get(kSessions + "?signal=many_networks&networkNot=Corporate").at("/total"), "3");
  EXPECT_EQ(app_.get(kSessions + "?signal=high").at("/total"), "0");
  EXPECT_EQ(app_.get(kSessions + "?network=Corporate").at("/total"), "2");
  EXPECT_EQ(app_.get(kSessions + "?sort=-severity").at("/items/4/id"), "quiet");
  EXPECT_EQ(app_.get(kSessions + "?sort=severity").at("/items/0/id"), "quiet");
}

TEST_F(SignalsTest, ARevocationOfAllButOneNetworkResolvesTheSignal) {
  incident();
  EXPECT_EQ(app_.post("/api/v1/realms/production/revocations",
                      R"({"filter":{"user":"u-jane.doe","networkNot":["Corporate"]},"reason":"INC-4711"})")
                .status,
            200);
  EXPECT_EQ(app_.get(kSignals).at("/total"), "0");
  EXPECT_EQ(app_.get(kSessions).at("/items/0/id"), "jane.doe0");
  EXPECT_EQ(app_.get(kSessions).at("/items/0/severity"), "null");
}

TEST_F(SignalsTest, IdleIsAskedForByTimeAndTheRealmsMustAgreeOnIt) {
  app_.session("production", "regular", "old");
  app_.session("staging", "regular", "old");
  app_.clock.advance(Duration::days(8));
  app_.session("production", "regular", "new");
  EXPECT_EQ(app_.get(kSessions + "?signal=idle").at("/items/0/id"), "old");
  EXPECT_EQ(app_.get(kSessions + "?signal=idle").at("/total"), "1");
  EXPECT_EQ(app_.get(kSessions + "?signal=idle").at("/items/0/signals/0/rule"), "idle");
  EXPECT_EQ(app_.get("/api/v1/realms/-/sessions?signal=idle").at("/total"), "2");
  EXPECT_EQ(app_.get(kSessions + "?signal=idle&signal=any").at("/field"), "signal");
  // Off in one of them: neither the other's sessions alone nor both are what was asked for.
  ASSERT_EQ(app_.put("/api/v1/realms/staging/detection", R"({"rules":{"idle":{"enabled":false}}})").status, 200);
  EXPECT_EQ(app_.get("/api/v1/realms/-/sessions?signal=idle").status, 400);
  EXPECT_EQ(app_.get("/api/v1/realms/staging/sessions?signal=idle").at("/total"), "0");
  EXPECT_EQ(app_.get(kSessions + "?signal=idle").at("/total"), "1");
}

TEST_F(SignalsTest, WrongFiltersAreRefusedByName) {
  EXPECT_EQ(app_.get(kSessions + "?signal=bogus").at("/field"), "signal");
  EXPECT_EQ(app_.get(kSessions + "?device=phone").at("/field"), "device");
  EXPECT_EQ(app_.get(kSessions + "?network=Nowhere").at("/field"), "network");
  EXPECT_EQ(app_.get(kSessions + "?networkNot=Nowhere").at("/field"), "networkNot");
  // Two realms that mean different networks by one name.
  ASSERT_EQ(trust("staging", "10.30.0.0/16").status, 200);
  EXPECT_EQ(app_.get("/api/v1/realms/-/sessions?network=Corporate").at("/field"), "network");
  const Answer body =
      app_.post("/api/v1/realms/production/revocations", R"({"filter":{"signal":["bogus"]},"reason":"r"})");
  EXPECT_EQ(body.at("/field"), "filter.signal");
}

TEST_F(SignalsTest, ASuppressionSilencesUntilItIsRemovedOrExpires) {
  incident();
  const Answer made = app_.post(kSuppressions, later(R"("user":"u-jane.doe","rule":"many_networks")"));
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.at("/rule"), "many_networks");
  EXPECT_EQ(made.at("/network"), "null");
  EXPECT_EQ(made.at("/createdBy"), "admin");
  settle();
  EXPECT_EQ(app_.get(kSignals).at("/total"), "0");
  EXPECT_EQ(app_.get(kSessions + "?signal=any").at("/total"), "0");
  EXPECT_EQ(app_.get(kSuppressions).at("/total"), "1");
  EXPECT_EQ(app_.del(kSuppressions + "/" + made.at("/id")).status, 204);
  EXPECT_EQ(app_.del(kSuppressions + "/" + made.at("/id")).code(), "suppression_not_found");
  settle();
  EXPECT_EQ(app_.get(kSignals).at("/total"), "1");
  const Answer records = app_.get("/api/v1/realms/production/audit?action=suppression.created");
  EXPECT_EQ(records.at("/items/0/user"), R"({"id":"u-jane.doe","username":"jane.doe"})");
  EXPECT_EQ(records.at("/items/0/reason"), "known");
  EXPECT_EQ(app_.get("/api/v1/realms/production/audit?action=suppression.removed").at("/total"), "1");
}

TEST_F(SignalsTest, SuppressionsThatSayTooLittleOrTooMuchAreRefused) {
  const std::string rest = R"("reason":"r","expires":")" + std::string(kSoon) + "\"}";
  EXPECT_EQ(app_.post(kSuppressions, "{" + rest).code(), "invalid_request");
  EXPECT_EQ(app_.post(kSuppressions, R"({"rule":"idle",)" + rest).code(), "invalid_request");
  for (const auto& [body, field] : std::vector<std::pair<std::string, std::string>>{
           {R"({"user":"u","reason":"","expires":"2026-03-20T00:00:00Z"})", "reason"},
           {R"({"user":"u","reason":"r"})", "expires"},
           {R"({"user":"u","reason":"r","expires":"2026-01-01T00:00:00Z"})", "expires"},
           {R"({"user":"u","reason":"r","expires":"2028-01-01T00:00:00Z"})", "expires"},
           {R"({"rule":"rule","user":"u",)" + rest, "rule"},
           {R"({"device":"phone",)" + rest, "device"},
           {R"({"network":"10.0.0.1/8",)" + rest, "network"},
           {R"({"who":"u",)" + rest, "who"}}) {
    const Answer answer = app_.post(kSuppressions, body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_EQ(answer.at("/field"), field) << body;
  }
  EXPECT_EQ(app_.get(kSuppressions).at("/total"), "0");
}

TEST_F(SignalsTest, DetectionIsReplacedWholeAndARuleLeftOutHasItsDefault) {
  EXPECT_EQ(app_.get(kDetection).at("/networks/0/name"), "Corporate");
  const Answer changed = app_.put(kDetection, R"({"rules":{"many_networks":{"threshold":7,"severity":"low"}}})");
  EXPECT_EQ(changed.at("/rules/many_networks"), R"({"enabled":true,"severity":"low","threshold":7,"window":"PT1H"})");
  EXPECT_EQ(changed.at("/networks/0/name"), "Corporate");
  EXPECT_EQ(app_.put(kDetection, R"({"rules":{"idle":{"enabled":false}}})").at("/rules/many_networks/threshold"), "4");
  EXPECT_EQ(app_.put(kDetection, R"({"networks":[]})").at("/rules/idle/enabled"), "false");
  EXPECT_EQ(app_.get("/api/v1/realms/production/audit?action=detection.changed").at("/total"), "4");
  for (const auto& [body, field] : std::vector<std::pair<std::string, std::string>>{
           {R"({"rules":{"many":{}}})", "rules.many"},
           {R"({"rules":{"many_networks":{"threshold":1}}})", "rules.many_networks.threshold"},
           {R"({"rules":{"many_networks":{"threshold":4.5}}})", "rules.many_networks.threshold"},
           {R"({"rules":{"many_networks":{"raisedFor":"PT1H"}}})", "rules.many_networks.raisedFor"},
           {R"({"rules":{"many_sessions":{"deviations":-1}}})", "rules.many_sessions.deviations"},
           {R"({"rules":{"idle":{"idleFor":"PT1S"}}})", "rules.idle.idleFor"},
           {R"({"networks":[{"name":"A"}]})", "networks[0].cidrs"},
           {R"({"networks":[{"name":"A","cidrs":[]}]})", "networks[0].cidrs"},
           {R"({"networks":[{"name":"A","cidrs":["10.0.0.0/8","x"]}]})", "networks[0].cidrs[1]"},
           {R"({"networks":[{"name":"A","cidrs":["10.0.0.0/8"]},{"name":"A","cidrs":["10.0.0.0/8"]}]})",
            "networks[1].name"}}) {
    const Answer answer = app_.put(kDetection, body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_EQ(answer.at("/field"), field) << body;
  }
}

TEST_F(SignalsTest, SignalsOfRealmsThatTheCallerMayNotReadAreNotTold) {
  incident("production", "jane.doe");
  incident("staging", "john.roe");
  EXPECT_EQ(app_.get("/api/v1/realms/-/signals").at("/total"), "2");
  const std::string reader = app_.key("staging reader", {{"staging", {Permission::kSessionsRead}}});
  const Answer all = app_.call(Method::kGet, "/api/v1/realms/-/signals", reader);
  EXPECT_EQ(all.at("/total"), "1");
  EXPECT_EQ(all.at("/counts"), R"({"low":0,"medium":1,"high":0})");
  EXPECT_EQ(all.at("/items/0/username"), "john.roe");
  EXPECT_EQ(app_.call(Method::kGet, kSignals, reader).status, 404);
  EXPECT_EQ(app_.call(Method::kGet, "/api/v1/realms/production/users/u-jane.doe/devices", reader).status, 404);
  EXPECT_EQ(app_.call(Method::kPut, "/api/v1/realms/staging/detection", reader, R"({"networks":[]})").status, 403);
  const std::string writer = app_.key("staging writer", {{"staging", {Permission::kPoliciesWrite}}});
  EXPECT_EQ(app_.call(Method::kGet, "/api/v1/realms/staging/signals", writer).status, 403);
  EXPECT_EQ(app_.call(Method::kPut, "/api/v1/realms/staging/detection", writer, R"({"networks":[]})").status, 200);
}

TEST_F(SignalsTest, DevicesOfAUserHaveTheirSessionsAndLatestAddresses) {
  for (int i = 0; i < 12; ++i)
    app_.session("production", "regular", "s" + std::to_string(i), "jane.doe", "203.0.113." + std::to_string(i),
                 R"(,"deviceId":"laptop-7")");
  app_.session("production", "offline", "phone", "jane.doe", "203.0.113.99", R"(,"userAgent":"okhttp/4.9")");
  const Answer answer = app_.get("/api/v1/realms/production/users/u-jane.doe/devices");
  EXPECT_EQ(answer.at("/total"), "2");
  EXPECT_EQ(answer.at("/items/1/key"), "id:laptop-7");
  EXPECT_EQ(answer.at("/items/1/deviceId"), "laptop-7");
  EXPECT_EQ(answer.at("/items/1/sessions"), R"({"total":12,"regular":12,"offline":0})");
  EXPECT_EQ(answer.at("/items/1/addresses/0"), "203.0.113.11");  // the latest ten
  EXPECT_EQ(answer.at("/items/1/addresses/9"), "203.0.113.2");
  EXPECT_EQ(answer.at("/items/1/addresses/10"), "(absent)");
  EXPECT_EQ(answer.at("/items/0/sessions/offline"), "1");
  EXPECT_EQ(app_.get("/api/v1/realms/production/users/nobody/devices").status, 404);
  const Answer revoked = app_.post("/api/v1/realms/production/revocations",
                                   R"({"filter":{"user":"u-jane.doe","device":["id:laptop-7"]},"reason":"lost"})");
  EXPECT_EQ(revoked.status, 200);
  EXPECT_EQ(app_.get(kSessions).at("/total"), "1");
}

TEST_F(SignalsTest, ThePivotCountsWhatAFilterWouldList) {
  incident();
  app_.session("production", "regular", "other", "john.roe", "203.0.113.45", R"(,"deviceId":"kiosk")");
  const Answer related = app_.get(kSessions + "/regular/jane.doe1/related");
  EXPECT_EQ(related.at("/user"), R"({"sessions":4,"users":1,"filter":{"user":"u-jane.doe"}})");
  EXPECT_EQ(related.at("/address"), R"({"sessions":2,"users":2,"filter":{"ip":"203.0.113.45"}})");
  EXPECT_EQ(related.at("/network"), R"({"sessions":2,"users":2,"filter":{"ip":"203.0.113.0/24"}})");
  EXPECT_EQ(related.at("/device"), "null");
  EXPECT_EQ(app_.get(kSessions + "/regular/other/related").at("/device/filter/device"), "id:kiosk");
  EXPECT_EQ(app_.get(kSessions + "/regular/none/related").status, 404);
}

TEST_F(SignalsTest, ASimulationTellsWhatWouldEndAndEndsNothing) {
  incident();
  app_.clock.advance(Duration::hours(2));
  app_.session("production", "regular", "fresh", "john.roe");
  const std::string path = "/api/v1/realms/production/policy/simulation";
  const Answer idle = app_.post(path, R"({"policy":{"idleTimeout":"PT1H"}})");
  EXPECT_EQ(idle.at("/sessions"), "4");
  EXPECT_EQ(idle.at("/users"), "1");
  EXPECT_EQ(idle.at("/causes"), R"({"idle_timeout":4})");
  const Answer both = app_.post(path, R"({"policy":{"maxSessionsPerUser":1}})");
  EXPECT_EQ(both.at("/causes"), R"({"concurrent_limit":3})");
  EXPECT_EQ(both.at("/sample/0/username"), "jane.doe");
  EXPECT_EQ(app_.get(kSessions).at("/total"), "5");
  for (const char* wrong : {"{}", R"({"policy":{}})", R"({"policy":{"idleTimeout":"1h"}})", R"({"policy":[]})"})
    EXPECT_EQ(app_.post(path, wrong).status, 400) << wrong;
}

TEST(PlacesTest, ADatabaseGivesSessionsAPlaceAndUsersANewCountryAndATravelNobodyManages) {
  using namespace device::testing;
  const std::filesystem::path directory =
      std::filesystem::temp_directory_path() / ("curfew-api-places-" + std::to_string(::getpid()));
  std::filesystem::create_directories(directory);
  const auto write = [&](const char* name, const std::string& bytes) {
    std::ofstream(directory / name, std::ios::binary) << bytes;
    return (directory / name).string();
  };
  device::Places places(
      {.city = write("city.mmdb", Database("City")
                                      .add("203.0.113.0/24", city_value("DE", "Berlin", 52.52, 13.405, 20))
                                      .add("198.51.100.0/24", city_value("US", "New York", 40.7128, -74.006, 20))
                                      .bytes()),
       .asn = write("asn.mmdb", Database("ASN").add("198.51.100.0/24", asn_value(64501, "Example Cable")).bytes()),
       .anonymizer = {}});
  EXPECT_TRUE(places.reload().empty());
  std::filesystem::remove_all(directory);
  App app({}, [&](const IpAddress& ip) { return places.lookup(ip); });
  app.realm("production");
  app.session("production", "regular", "first", "jane.doe", "203.0.113.7");
  app.clock.advance(Duration::days(20));
  app.session("production", "regular", "usual", "jane.doe", "203.0.113.7");
  EXPECT_EQ(app.get(kSignals).at("/total"), "0");
  app.clock.advance(Duration::hours(1));
  app.session("production", "regular", "far", "jane.doe", "198.51.100.1");
  const Answer far = app.get(kSessions + "/regular/far");
  EXPECT_EQ(far.at("/location"),
            R"({"country":"US","city":"New York","asn":64501,"organization":"Example Cable","network":null,)"
            R"("anonymizer":false})");
  EXPECT_EQ(app.get(kSessions + "/regular/usual").at("/location/asn"), "null");
  EXPECT_EQ(app.get(kSessions + "?signal=new_country").at("/items/0/id"), "far");
  const Answer travel = app.get(kSignals + "?rule=impossible_travel");
  EXPECT_EQ(travel.at("/total"), "1");
  EXPECT_NE(travel.body.find("from Berlin to New York, 6385 km in 60 min"), std::string::npos) << travel.body;
}

TEST_F(SignalsTest, MetricsCountThem) {
  incident();
  const Answer answer = app_.call(Method::kGet, "/metrics", "");
  for (const char* line :
       {"curfew_findings{rule=\"many_networks\"} 1\n", "curfew_findings{rule=\"new_device\"} 0\n",
        "curfew_attention_users{severity=\"medium\"} 1\n", "curfew_attention_users{severity=\"high\"} 0\n"})
    EXPECT_NE(answer.body.find(line), std::string::npos) << line;
  EXPECT_EQ(answer.body.find("rule=\"idle\""), std::string::npos);
}

}  // namespace
}  // namespace curfew::api
