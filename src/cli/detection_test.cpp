// Devices, signals, suppressions and what sessions share: what people and programs are shown.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/openapi_testing.h"
#include "cli/testing.h"
#include "cli/text_width.h"

namespace curfew::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::Shell;

constexpr std::string_view kSession =
    R"json({"type":"regular","id":"0123456789abcdef","realm":"r","userId":"1","username":"jane.doe","email":null,"ipAddress":"203.0.113.7",
  "userAgent":null,"started":"2026-03-01T08:30:00.000Z","lastAccess":"2026-03-01T09:25:00.000Z","rememberMe":false,"clients":[{"clientId":"web"}],
  "device":{"key":"ua:Firefox on Windows","kind":"desktop","os":"Windows 11","browser":"Firefox 141","family":"Firefox on Windows"},
  "location":{"country":"DE","city":"Berlin","asn":64500,"organization":"Example","network":null,"anonymizer":true},"severity":"high",
  "signals":[{"rule":"many_networks","severity":"medium","reason":"4 networks at once","threshold":"3 networks within 1 h","since":"2026-03-01T09:00:00.000Z",
    "evidence":[{"at":"2026-03-01T09:00:00.000Z","type":"offline","id":"e1","ipAddress":"198.51.100.9","detail":"used from a fourth network"}]}]})json";

std::string page_of(std::string_view item) {
  return R"({"items":[)" + std::string(item) + R"(],"total":1,"next":null,"previous":null})";
}

// The header's titles on a terminal of this width.
std::string header_at(std::size_t width, std::string_view item = kSession) {
  Shell shell;
  shell.env["NO_COLOR"] = "1";
  shell.terminal.out_tty = true;
  shell.terminal.width = width;
  shell.server.then(page_of(item));
  EXPECT_EQ(shell.run({"sessions", "list", "--realm", "r"}), kExitDone);
  std::istringstream lines(shell.out.str());
  std::string header;
  for (std::string line; std::getline(lines, line);) {
    if (header.empty()) header = line;
    EXPECT_LE(display_width(line), width) << line;
  }
  return header;
}

TEST(SessionTable, SparesDeviceFirstAndSignalsNextWhereTheyDoNotFit) {
  EXPECT_THAT(header_at(160), ::testing::AllOf(HasSubstr("Signals"), HasSubstr("Device")));
  EXPECT_THAT(header_at(90), ::testing::AllOf(HasSubstr("Signals"), Not(HasSubstr("Device"))));
  EXPECT_THAT(header_at(80), ::testing::AllOf(Not(HasSubstr("Signals")), Not(HasSubstr("Device")), HasSubstr("Id")));
}

TEST(SessionTable, KeepsTheOthersOnTheNarrowestTerminal) {
  Shell shell;
  shell.terminal.out_tty = true;
  shell.terminal.width = 20;
  shell.server.then(page_of(kSession));
  EXPECT_EQ(shell.run({"sessions", "list", "--realm", "r"}), kExitDone);
  EXPECT_THAT(shell.out.str(), HasSubstr("IP Address"));
}

TEST(SessionTable, ColoursBySeverity) {
  Shell shell;
  shell.terminal.out_tty = true;
  shell.terminal.width = 200;
  shell.server.then(page_of(kSession));
  shell.run({"sessions", "list", "--realm", "r"});
  EXPECT_THAT(shell.out.str(), HasSubstr("\x1b[31mhigh: many_networks"));
}

TEST(SessionShow, GivesReasonsAndEvidence) {
  Shell shell;
  shell.server.then(kSession);
  EXPECT_EQ(shell.run({"sessions", "show", "--realm", "r", "regular/0123456789abcdef"}), kExitDone);
  const auto text = shell.out.str();
  EXPECT_THAT(text, HasSubstr("Firefox 141 on Windows 11 (desktop)"));
  EXPECT_THAT(text, HasSubstr("ua:Firefox on Windows"));
  EXPECT_THAT(text, HasSubstr("Berlin, DE, Example, anonymizer"));
  EXPECT_THAT(text, HasSubstr("4 networks at once (from 3 networks within 1 h)"));
  EXPECT_THAT(text, HasSubstr("many_networks  30 min ago  198.51.100.9  offline  e1  used from a fourth network\n"));
}

TEST(SessionShow, OfNothingKnownShowsNothing) {
  Shell shell;
  shell.server.then(
      R"({"type":"regular","id":"a","realm":"r","device":null,"location":null,"severity":null,"signals":[]})");
  EXPECT_EQ(shell.run({"sessions", "show", "--realm", "r", "regular/a"}), kExitDone);
  EXPECT_THAT(shell.out.str(), HasSubstr("Device       -\n"));
  EXPECT_THAT(shell.out.str(), Not(HasSubstr("Evidence")));
}

constexpr std::string_view kAttention =
    R"({"items":[{"realm":"r","userId":"1","username":"jane.doe","severity":"high","since":"2026-03-01T09:00:00.000Z","lastAccess":null,
   "sessions":{"total":5,"regular":4,"offline":1},"signals":[
     {"rule":"many_networks","severity":"medium","reason":"4 networks at once, 3 of them never seen before"},{"rule":"new_device","severity":"low","reason":"a new device"}]}],
   "counts":{"low":2,"medium":0,"high":1},"total":1,"next":null,"previous":null})";

TEST(Signals, AreListedByUserWithTheirReasons) {
  Shell shell;
  shell.server.then(kAttention);
  EXPECT_EQ(shell.run({"signals", "list", "--realm", "r"}), kExitDone);
  EXPECT_EQ(shell.out.str(),
            "User      Severity  Since       Sessions  Last Access  Reasons\n"
            "jane.doe  high      30 min ago         5               4 networks at once, 3 of them never seen before; a "
            "new device\n");
  EXPECT_THAT(shell.err.str(), HasSubstr("By severity: 1 high, 0 medium, 2 low."));
}

TEST(Signals, ForProgramsComeWhole) {
  Shell csv, json;
  csv.server.then(kAttention);
  json.server.then(kAttention);
  csv.run({"signals", "list", "-o", "csv"});
  EXPECT_EQ(
      csv.out.str(),
      "realm,username,userId,severity,since,sessions,regular,offline,lastAccess,reasons,rules\r\n"
      "r,jane.doe,1,high,2026-03-01T09:00:00.000Z,5,4,1,,\"4 networks at once, 3 of them never seen before; a new "
      "device\",\"many_networks, new_device\"\r\n");
  json.run({"signals", "list", "-o", "json"});
  EXPECT_EQ(boost::json::parse(json.out.str()).at("counts").at("high").to_number<int>(), 1);
  EXPECT_EQ(json.err.str(), "");
}

TEST(Signals, NobodyWhoNeedsAttentionIsGoodNews) {
  Shell shell;
  EXPECT_EQ(shell.run({"signals", "list"}), kExitDone);
  EXPECT_THAT(shell.err.str(), HasSubstr("Nobody needs attention."));
}

TEST(Suppressions, AreOfTheUserWithThisName) {
  Shell shell;
  shell.server.then_fail(ErrorCode::kNotFound, "not_found", "no such user");
  shell.server.then(R"({"items":[{"userId":"4711","username":"jane.doe"}],"next":null})");
  shell.server.then(
      R"({"id":"s1","rule":null,"user":"4711","network":null,"device":null,"reason":"a journey","created":"2026-03-01T09:30:00.000Z","createdBy":"admin","expires":"2026-03-08T09:30:00.000Z"})",
      201);
  EXPECT_EQ(
      shell.run({"signals", "suppress", "--realm", "r", "--user", "jane.doe", "--for", "P7D", "--reason", "a journey"}),
      kExitDone)
      << shell.err.str();
  EXPECT_EQ(
      shell.server.asked.back(),
      R"(POST /api/v1/realms/r/suppressions {"reason":"a journey","expires":"2026-03-08T09:30:00.000Z","user":"4711"})");
  for (const auto& request : shell.server.requests) EXPECT_EQ(testing::misfit(request), "");
  EXPECT_THAT(shell.out.str(), HasSubstr("Rule     all\n"));
  EXPECT_THAT(shell.out.str(), HasSubstr("s1"));
}

TEST(Devices, AreListedWithTheKeyThatFiltersTake) {
  Shell shell;
  shell.server.then(R"({"userId":"1"})");
  shell.server.then(page_of(
      R"({"key":"id:laptop-7","kind":"desktop","os":"Windows 11","browser":"Firefox 141","family":"Firefox on Windows","deviceId":"laptop-7",
        "firstSeen":"2026-02-27T09:30:00.000Z","lastSeen":"2026-03-01T09:25:00.000Z","new":true,"sessions":{"total":2,"regular":1,"offline":1},"addresses":["10.0.0.1","10.0.0.2"]})"));
  EXPECT_EQ(shell.run({"users", "devices", "--realm", "r", "jane.doe"}), kExitDone);
  EXPECT_EQ(shell.server.asked.back(), "GET /api/v1/realms/r/users/1/devices");
  EXPECT_EQ(shell.out.str(),
            "Device                         Kind     OS          Browser      First Seen  Last Seen  New  Sessions  "
            "Addresses           Key\n"
            "laptop-7 (Firefox on Windows)  desktop  Windows 11  Firefox 141  2 d ago     5 min ago  Yes         2  "
            "10.0.0.1, 10.0.0.2  id:laptop-7\n");
}

TEST(Related, SaysWhichOptionsListWhatIsShared) {
  const std::string_view answer =
      R"({"user":{"sessions":4,"users":1,"filter":{"user":"1"}},"address":{"sessions":30,"users":12,"filter":{"ip":["203.0.113.7"]}},
          "network":{"sessions":31,"users":13,"filter":{"ip":["203.0.113.0/24"]}},
          "device":{"sessions":9,"users":8,"filter":{"device":["ua:Firefox on Windows"],"remember\u001b":"it's"}}})";
  Shell shell, csv, json, unknown;
  for (auto* one : {&shell, &csv, &json}) one->server.then(answer);
  EXPECT_EQ(shell.run({"sessions", "related", "--realm", "r", "regular/a"}), kExitDone);
  EXPECT_EQ(shell.out.str(),
            "Same        Sessions  Users  Options\n"
            "User               4      1  --user 1\n"
            "IP Address        30     12  --ip 203.0.113.7\n"
            "Network           31     13  --ip 203.0.113.0/24\n"
            "Device             9      8  --device 'ua:Firefox on Windows' --remember 'it'\\''s'\n");
  csv.run({"sessions", "related", "--realm", "r", "regular/a", "-o", "csv"});
  EXPECT_THAT(csv.out.str(), HasSubstr("same,sessions,users,options\r\nuser,4,1,'--user 1\r\n"));
  json.run({"sessions", "related", "--realm", "r", "regular/a", "-o", "json"});
  EXPECT_EQ(boost::json::parse(json.out.str()), boost::json::parse(answer));
  unknown.server.then(
      R"({"user":{"sessions":1,"users":1,"filter":{"user":"1"}},"address":{"sessions":1,"users":1,"filter":{}},
                          "network":{"sessions":1,"users":1,"filter":{}},"device":null})");
  unknown.run({"sessions", "related", "--realm", "r", "regular/a"});
  EXPECT_THAT(unknown.out.str(), Not(HasSubstr("Device")));
}

TEST(Stats, CountTheKindsOfDevicesThatThereAre) {
  Shell shell;
  shell.server.then(
      R"({"sessions":{"total":3,"regular":3,"offline":0},"users":2,"clients":[],"devices":{"desktop":2,"mobile":1,"tv":0}})");
  EXPECT_EQ(shell.run({"stats", "--realm", "r"}), kExitDone);
  EXPECT_THAT(shell.out.str(), HasSubstr("Devices: desktop 2, mobile 1.\n"));
}

}  // namespace
}  // namespace curfew::cli
