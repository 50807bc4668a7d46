// What is printed: formats, pages, colours, and nothing that a terminal would obey.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "cli/testing.h"

namespace curfew::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::Shell;

constexpr std::string_view kPage =
    R"json({"items":[{"type":"regular","id":"0123456789abcdef0123456789abcdef","realm":"production",
  "userId":"4711","username":"jane.doe","email":null,"ipAddress":"203.0.113.7","userAgent":"=cmd()","started":"2026-03-01T08:30:00.000Z",
  "lastAccess":"2026-03-01T09:25:00.000Z","expires":null,"rememberMe":true,"clients":[{"clientId":"web"},{"clientId":"portal"}],
  "deviceId":null,"device":{"key":"ua:Firefox on Windows","kind":"desktop","os":"Windows 11","browser":"Firefox 141","family":"Firefox on Windows"},
  "location":{"country":"DE","city":null,"asn":64500,"organization":"Example","network":"Corporate","anonymizer":false},
  "severity":"high","signals":[{"rule":"new_device","severity":"low","reason":"a new device"}],
  "own":false}],"total":2,"next":"c2","previous":null,"asOf":{"position":7}})json";
constexpr std::string_view kLastPage =
    R"({"items":[{"type":"offline","id":"b","realm":"production","userId":"5","username":"=\u001b[31mx","ipAddress":"::1","started":"2026-02-01T08:30:00.000Z",
      "lastAccess":"2026-02-01T08:30:00.000Z","rememberMe":false,"clients":[],"own":true}],"total":2,"next":null,"previous":"c1","asOf":{"position":9}})";

const std::vector<std::string> kList{"sessions", "list", "--realm", "production"};

TEST(Output, ATableInAPipeIsNeitherCutNorColoured) {
  Shell shell;
  shell.server.then(kPage);
  EXPECT_EQ(shell.run(kList), kExitDone);
  EXPECT_EQ(shell.out.str(),
            "Username  IP Address   Started  Last Access  Type     Clients      Signals           Device             "
            "                  Id\n"
            "jane.doe  203.0.113.7  1 h ago  5 min ago    regular  web, portal  high: new_device  Firefox 141 on "
            "Windows 11 (desktop)  0123456789abcdef0123456789abcdef\n");
  EXPECT_THAT(shell.err.str(), HasSubstr("1 of 2 sessions; --all-pages shows all, --cursor c2 the next ones."));
}

TEST(Output, ATerminalGetsWhatFitsInColour) {
  Shell shell;
  shell.terminal.out_tty = true;
  shell.terminal.width = 80;
  shell.server.then(kPage);
  shell.run(kList);
  EXPECT_THAT(shell.out.str(), HasSubstr("\x1b[34mregular"));
  EXPECT_THAT(shell.out.str(), HasSubstr("…"));
}

TEST(Output, ColoursObeyNoColor) {
  for (const auto& [name, value] : {std::pair{"NO_COLOR", "1"}, {"TERM", "dumb"}}) {
    Shell shell;
    shell.terminal.out_tty = shell.terminal.err_tty = true;
    shell.env[name] = value;
    shell.server.then(kPage);
    shell.run(kList);
    EXPECT_THAT(shell.out.str(), Not(HasSubstr("\x1b"))) << name;
  }
}

TEST(Output, AbsoluteTimesOnRequest) {
  Shell shell;
  shell.server.then(kPage);
  shell.run({"sessions", "list", "--realm", "production", "--absolute"});
  EXPECT_THAT(shell.out.str(), HasSubstr("2026-03-01 08:30:00Z"));
}

TEST(Output, AllRealmsShowsTheRealm) {
  Shell shell;
  shell.server.then(kPage);
  shell.run({"sessions", "list"});
  EXPECT_THAT(shell.out.str(), ::testing::StartsWith("Realm "));
}

TEST(Output, AllPagesFollowsTheCursorsIntoOneDocument) {
  Shell shell;
  shell.server.then(kPage);
  shell.server.then(kLastPage);
  EXPECT_EQ(shell.run({"sessions", "list", "--realm", "production", "--all-pages", "--offset", "0", "-o", "json"}),
            kExitDone);
  EXPECT_EQ(shell.server.asked[0], "GET /api/v1/realms/production/sessions?limit=500&offset=0");
  EXPECT_EQ(shell.server.asked[1], "GET /api/v1/realms/production/sessions?limit=500&cursor=c2");
  const auto value = boost::json::parse(shell.out.str());
  EXPECT_EQ(value.at("items").as_array().size(), 2U);
  EXPECT_EQ(value.at("total").to_number<int>(), 2);
  EXPECT_EQ(value.at("asOf").at("position").to_number<int>(), 9);
  EXPECT_EQ(value.at("items").at(1).at("username").as_string(), "=\x1b[31mx");  // the value is whole
  EXPECT_THAT(shell.out.str(), Not(HasSubstr("\x1b")));                         // the bytes are harmless
}

TEST(Output, JsonLinesHoldAnItemEach) {
  Shell shell;
  shell.server.then(kPage);
  shell.server.then(kLastPage);
  shell.run({"sessions", "list", "--realm", "production", "--all-pages", "-o", "jsonl"});
  std::istringstream lines(shell.out.str());
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) EXPECT_TRUE(boost::json::parse(line).is_object());
  EXPECT_EQ(count, 2);
}

TEST(Output, CsvIsWholeAndDefused) {
  Shell shell;
  shell.server.then(kPage);
  shell.server.then(kLastPage);
  shell.run({"sessions", "list", "--realm", "production", "--all-pages", "-o", "csv"});
  EXPECT_EQ(
      shell.out.str(),
      "realm,username,userId,ipAddress,started,lastAccess,type,clients,rememberMe,id,expires,userAgent,"
      "deviceId,device,deviceKind,os,browser,country,city,asn,organization,network,anonymizer,severity,signals\r\n"
      "production,jane.doe,4711,203.0.113.7,2026-03-01T08:30:00.000Z,2026-03-01T09:25:00.000Z,regular,\"web, "
      "portal\",true,"
      "0123456789abcdef0123456789abcdef,,'=cmd(),,ua:Firefox on Windows,desktop,Windows 11,Firefox 141,DE,,64500,"
      "Example,Corporate,false,high,new_device\r\n"
      "production,'=[31mx,5,::1,2026-02-01T08:30:00.000Z,2026-02-01T08:30:00.000Z,offline,,false,b,,,,,,,"
      ",,,,,,,,\r\n");
}

TEST(Output, OnesOwnSessionIsMarkedInTables) {
  Shell shell;
  shell.server.then(kLastPage);
  shell.run(kList);
  EXPECT_THAT(shell.out.str(), HasSubstr("=[31mx (you)"));
}

TEST(Output, AnEmptyListSaysSoToPeopleOnly) {
  Shell table, json;
  table.run(kList);
  EXPECT_EQ(table.out.str(), "");
  EXPECT_EQ(table.err.str(), "No sessions match.\n");
  json.run({"sessions", "list", "-o", "json"});
  EXPECT_EQ(json.out.str(), "{\"items\":[],\"total\":0,\"next\":null,\"previous\":null}\n");
  EXPECT_EQ(json.err.str(), "");
}

TEST(Output, ErrorsOfTheServerAreHarmlessToo) {
  Shell shell;
  shell.server.then_fail(ErrorCode::kInternal, "internal", "broken\x1b]0;title\x07 here");
  EXPECT_EQ(shell.run(kList), kExitFailed);
  EXPECT_EQ(shell.err.str(), "curfew: broken]0;title here\n");
}

TEST(Output, ABrokenStreamIsAFailure) {
  Shell shell;
  shell.server.then(kPage);
  shell.out.setstate(std::ios::badbit);
  EXPECT_EQ(shell.run(kList), kExitFailed);
}

TEST(Output, OneThingIsShownWithAllItsFacts) {
  Shell shell;
  shell.server.then(
      R"({"type":"regular","id":"9f8b","realm":"production","username":"jane.doe","ipAddress":"203.0.113.7","userId":"4711",
    "device":{"kind":"desktop","os":"Windows 11","browser":"Firefox 141"},"clients":[],"signals":[{"reason":"3 networks in 5 min"}],
    "started":"2026-03-01T08:30:00.000Z","expires":"2026-03-01T10:30:00.000Z"})");
  EXPECT_EQ(shell.run({"sessions", "show", "--realm", "production", "regular/9f8b"}), kExitDone);
  for (const auto* part :
       {"Firefox 141 on Windows 11 (desktop)", "3 networks in 5 min", "in 1 h (2026-03-01T10:30:00.000Z)", "4711"})
    EXPECT_THAT(shell.out.str(), HasSubstr(part));
}

TEST(AuditVerify, ABrokenChainFails) {
  Shell shell;
  shell.server.then(
      R"({"ok":false,"checked":41,"first":1,"last":41,"hash":"ab","brokenAt":42,"detail":"The hash does not fit."})");
  EXPECT_EQ(shell.run({"audit", "verify"}), kExitFailed);
  EXPECT_THAT(shell.out.str(), HasSubstr("broken at record 42: The hash does not fit."));
  Shell whole;
  whole.server.then(R"({"ok":true,"checked":1842,"first":1,"last":1842,"hash":"ab","brokenAt":null,"detail":null})");
  EXPECT_EQ(whole.run({"audit", "verify"}), kExitDone);
  EXPECT_THAT(whole.out.str(), HasSubstr("1,842 records checked"));
}

TEST(AuditExport, TheBytesPassUnchangedExceptToATerminal) {
  const std::string bytes = "{\"seq\":1,\"reason\":\"\x1b[2J\"}\n{\"seq\":2}\n";
  Shell pipe;
  pipe.server.streams.push_back({{bytes.substr(0, 9), bytes.substr(9)}, {}});
  EXPECT_EQ(pipe.run({"audit", "export"}), kExitDone);
  EXPECT_EQ(pipe.out.str(), bytes);
  Shell tty;
  tty.terminal.out_tty = true;
  tty.server.streams.push_back({{bytes.substr(0, 9), bytes.substr(9)}, {}});
  EXPECT_EQ(tty.run({"audit", "export"}), kExitDone);
  EXPECT_EQ(tty.out.str(), "{\"seq\":1,\"reason\":\"[2J\"}\n{\"seq\":2}\n");
}

TEST(AuditExport, AFileIsWholeOrNotThere) {
  const std::string path = ::testing::TempDir() + "curfew-export.jsonl";
  std::remove(path.c_str());
  Shell cut;
  cut.server.streams.push_back({{"{}\n"}, fail(ErrorCode::kUnavailable, "connection_lost", "broken")});
  EXPECT_EQ(cut.run({"audit", "export", "--file", path}), kExitFailed);
  EXPECT_FALSE(std::ifstream(path).good());
  EXPECT_FALSE(std::ifstream(path + ".partial").good());
  Shell whole;
  whole.server.streams.push_back({{"{}\n", "{}\n"}, {}});
  EXPECT_EQ(whole.run({"audit", "export", "--file", path}), kExitDone);
  EXPECT_EQ(whole.err.str(), "2 records written to " + path + ".\n");
  EXPECT_TRUE(std::ifstream(path).good());
  std::remove(path.c_str());
}

TEST(Keys, TheKeyAloneIsOnStandardOutput) {
  Shell shell;
  shell.server.then(R"({"id":"k1","name":"ingest","key":"curfew_abc","grants":[]})", 201);
  EXPECT_EQ(shell.run({"keys", "create", "ingest", "--grant", "r=SESSIONS:WRITE"}), kExitDone);
  EXPECT_EQ(shell.out.str(), "curfew_abc\n");
}

}  // namespace
}  // namespace curfew::cli
