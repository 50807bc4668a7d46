// Which words become which requests: every command.
#include <gtest/gtest.h>

#include "cli/openapi_testing.h"
#include "cli/testing.h"

namespace curfew::cli {
namespace {

using testing::Shell;

struct Case {
  std::string words;  // separated by spaces
  std::string request;
};

std::vector<std::string> split(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

class OneRequest : public ::testing::TestWithParam<Case> {};

TEST_P(OneRequest, IsMadeOfTheWords) {
  Shell shell;
  shell.run(split(GetParam().words));
  EXPECT_EQ(shell.only(), GetParam().request) << shell.err.str();
  for (const auto& request : shell.server.requests) EXPECT_EQ(testing::misfit(request), "");
}

const std::string kS = "/api/v1/realms/production/sessions";

INSTANTIATE_TEST_SUITE_P(
    Sessions, OneRequest,
    ::testing::Values(
        Case{"sessions list", "GET /api/v1/realms/-/sessions"},
        Case{"sessions list --realm production --search jane", "GET " + kS + "?search=jane"},
        Case{"sessions list --realm production --type offline --client web --client=portal --user jane.doe",
             "GET " + kS + "?type=offline&client=web&client=portal&user=jane.doe"},
        Case{"sessions list --realm production --ip 10.20.0.0/16 --ip 192.0.2.1 --ip-not 2001:db8::/32",
             "GET " + kS + "?ip=10.20.0.0%2F16&ip=192.0.2.1&ipNot=2001%3Adb8%3A%3A%2F32"},
        Case{"sessions list --realm production --idle-for PT30M --remember-me true",
             "GET " + kS + "?idleFor=PT30M&rememberMe=true"},
        Case{"sessions list --realm production --started-after 2026-03-01T00:00:00Z --started-before -PT2H",
             "GET " + kS + "?startedAfter=2026-03-01T00%3A00%3A00Z&startedBefore=2026-03-01T07%3A30%3A00.000Z"},
        Case{"sessions list --realm production --last-access-after -P1D --last-access-before 2026-03-01T09:00:00+01:00",
             "GET " + kS +
                 "?lastAccessAfter=2026-02-28T09%3A30%3A00.000Z&lastAccessBefore=2026-03-01T09%3A00%3A00%2B01%3A00"},
        Case{"sessions list --realm production --sort -lastAccess --limit 50 --offset 100",
             "GET " + kS + "?sort=-lastAccess&limit=50&offset=100"},
        Case{"sessions list --realm production --cursor abc --all-pages", "GET " + kS + "?limit=500&cursor=abc"},
        Case{"sessions show --realm production regular/9f8b", "GET " + kS + "/regular/9f8b"},
        Case{"sessions show --realm production offline/a/b%", "GET " + kS + "/offline/a%2Fb%25"},
        Case{
            "sessions revoke --realm production --yes regular/1 --id offline/2",
            R"(POST /api/v1/realms/production/revocations {"sessions":[{"type":"regular","id":"1"},{"type":"offline","id":"2"}]})"},
        Case{
            "sessions revoke --realm production --yes --user jane.doe --ip-not 10.20.0.0/16 --reason INC-4711",
            R"(POST /api/v1/realms/production/revocations {"filter":{"user":"jane.doe","ipNot":["10.20.0.0/16"]},"reason":"INC-4711"})"},
        Case{
            "sessions revoke --realm production --yes --all --type offline --include-own --plan p1",
            R"(POST /api/v1/realms/production/revocations {"all":true,"types":["offline"],"keepOwn":false,"plan":"p1"})"},
        Case{"sessions revoke --realm - --idle-for P90D --dry-run",
             R"(POST /api/v1/realms/-/revocations?dryRun=true {"filter":{"idleFor":"P90D"}})"},
        Case{
            "sessions revoke --realm r --dry-run --search a --type regular --client c --ip 10.0.0.1 --remember-me "
            "false --last-access-before 2026-03-01T00:00:00Z",
            R"(POST /api/v1/realms/r/revocations?dryRun=true {"filter":{"search":"a","type":"regular","client":["c"],"ip":["10.0.0.1"],"lastAccessBefore":"2026-03-01T00:00:00Z","rememberMe":false}})"}));

INSTANTIATE_TEST_SUITE_P(
    Detection, OneRequest,
    ::testing::Values(
        Case{"sessions list --realm production --device mobile --device ua:Firefox --signal high --signal new_device",
             "GET " + kS + "?device=mobile&device=ua%3AFirefox&signal=high&signal=new_device"},
        Case{"sessions list --realm production --network Corporate --network-not VPN --network-not Lab --sort severity",
             "GET " + kS + "?network=Corporate&networkNot=VPN&networkNot=Lab&sort=severity"},
        Case{"sessions list --realm production --signal idle --sort -severity",
             "GET " + kS + "?signal=idle&sort=-severity"},
        Case{
            "sessions revoke --realm production --yes --device id:laptop-7 --signal any --network A --network-not B",
            R"(POST /api/v1/realms/production/revocations {"filter":{"device":["id:laptop-7"],"signal":["any"],"network":["A"],"networkNot":["B"]}})"},
        Case{"sessions related --realm production regular/9f8b", "GET " + kS + "/regular/9f8b/related"},
        Case{"signals list", "GET /api/v1/realms/-/signals"},
        Case{"signals list --realm r --severity high --rule token_replay --limit 5 --offset 10",
             "GET /api/v1/realms/r/signals?severity=high&rule=token_replay&limit=5&offset=10"},
        Case{
            "signals suppress --realm r --network 203.0.113.0/24 --device ua:Firefox --rule shared_address --for P7D "
            "--reason conference",
            R"(POST /api/v1/realms/r/suppressions {"rule":"shared_address","network":"203.0.113.0/24","device":"ua:Firefox",)"
            R"("reason":"conference","expires":"2026-03-08T09:30:00.000Z"})"},
        Case{"signals suppressions --realm r", "GET /api/v1/realms/r/suppressions"},
        Case{"signals unsuppress --realm r s7", "DELETE /api/v1/realms/r/suppressions/s7"},
        Case{"realms simulate r --idle-timeout PT15M --max-lifetime none",
             R"(POST /api/v1/realms/r/policy/simulation {"policy":{"idleTimeout":"PT15M","maxLifetime":null}})"}));

INSTANTIATE_TEST_SUITE_P(
    Others, OneRequest,
    ::testing::Values(
        Case{"users list --search jane", "GET /api/v1/realms/-/users?search=jane"},
        Case{"clients list --realm r --limit 5", "GET /api/v1/realms/r/clients?limit=5"},
        Case{"audit list --actor a --action session.ended --user u --session regular/1 --revocation v --from "
             "2026-03-01T00:00:00Z --to -PT0S --outcome failed",
             "GET "
             "/api/v1/realms/-/"
             "audit?actor=a&action=session.ended&user=u&session=regular%2F1&revocation=v&from=2026-03-01T00%3A00%3A00Z"
             "&to=2026-03-01T09%3A30%3A00.000Z&outcome=failed"},
        Case{"audit verify", "POST /api/v1/realms/-/audit/verify"},
        Case{"audit export --realm r --format csv --outcome denied",
             "GET /api/v1/realms/r/audit/export?outcome=denied&format=csv"},
        Case{"audit export -o csv", "GET /api/v1/realms/-/audit/export?format=csv"},
        Case{"audit export", "GET /api/v1/realms/-/audit/export?format=jsonl"},
        Case{"realms list --search p", "GET /api/v1/realms?search=p"},
        Case{"realms show production", "GET /api/v1/realms/production"},
        Case{
            "realms create production --display-name Production --idle-timeout PT30M --max-sessions-per-user 5",
            R"(POST /api/v1/realms {"name":"production","displayName":"Production","policy":{"idleTimeout":"PT30M","maxSessionsPerUser":5}})"},
        Case{"realms create bare", R"(POST /api/v1/realms {"name":"bare"})"},
        Case{
            "realms update p --max-lifetime none --remember-me-idle-timeout P30D --remember-me-max-lifetime P90D "
            "--offline-idle-timeout none "
            "--offline-max-lifetime P365D --max-sessions-per-user none --session-limit-action end_oldest",
            R"(PATCH /api/v1/realms/p {"policy":{"maxLifetime":null,"rememberMeIdleTimeout":"P30D","rememberMeMaxLifetime":"P90D",)"
            R"("offlineIdleTimeout":null,"offlineMaxLifetime":"P365D","maxSessionsPerUser":null,"sessionLimitAction":"end_oldest"}})"},
        Case{"realms delete staging --yes", "DELETE /api/v1/realms/staging"}, Case{"keys list", "GET /api/v1/keys"},
        Case{
            "keys create ingest --grant production=SESSIONS:WRITE --grant -=USERS:READ,AUDIT:READ --own-user "
            "production/4711",
            R"(POST /api/v1/keys {"name":"ingest","grants":[{"realm":"production","permissions":["SESSIONS:WRITE"]},)"
            R"({"realm":"-","permissions":["USERS:READ","AUDIT:READ"]}],"ownUser":{"realm":"production","userId":"4711"}})"},
        Case{
            "keys create k --grant r=AUDIT:READ --expires P90D",
            R"(POST /api/v1/keys {"name":"k","grants":[{"realm":"r","permissions":["AUDIT:READ"]}],"expiresAt":"2026-05-30T09:30:00.000Z"})"},
        Case{"operators list --all-pages", "GET /api/v1/operators?limit=500"},
        Case{"revocations list --realm r", "GET /api/v1/realms/r/revocations"},
        Case{"revocations show --realm r 01J8", "GET /api/v1/realms/r/revocations/01J8"},
        Case{"revocations stop --realm r 01J8", "POST /api/v1/realms/r/revocations/01J8/stop"},
        Case{"stats --realm r", "GET /api/v1/realms/r/stats"}, Case{"me", "GET /api/v1/me"},
        Case{"ingest --realm r -", "POST /api/v1/realms/r/ingest"}));

struct Refusal {
  std::string words;
  std::string says;
};

class Refused : public ::testing::TestWithParam<Refusal> {};

TEST_P(Refused, BeforeAnythingIsAsked) {
  Shell shell;
  EXPECT_EQ(shell.run(split(GetParam().words)), kExitUsage);
  EXPECT_NE(shell.err.str().find(GetParam().says), std::string::npos) << shell.err.str();
  EXPECT_TRUE(shell.server.asked.empty());
  EXPECT_EQ(shell.out.str(), "");
}

INSTANTIATE_TEST_SUITE_P(
    Usage, Refused,
    ::testing::Values(
        Refusal{"sessions lst", "Did you mean list?"}, Refusal{"sesions list", "Did you mean sessions?"},
        Refusal{"sessions list --idle PT1M", "has no option --idle"},
        Refusal{"sessions list --ipnot=1.2.3.4", "Did you mean --ip-not?"},
        Refusal{"sessions list extra", "one too many"},
        Refusal{"--output json sessions list", "has no option --output"},
        Refusal{"sessions revoke --realm r --all --yes=false", "takes no value"},
        Refusal{"sessions list --search", "--search"}, Refusal{"sessions list --limit 501", "from 1 to 500"},
        Refusal{"sessions list --limit many", "whole number"},
        Refusal{"sessions list --type other", "regular, offline"},
        Refusal{"sessions list --type regular --type offline", "more than once"},
        Refusal{"sessions list --idle-for 30m", "PT30M"}, Refusal{"sessions list --ip 10.20.0.1/16", "10.20.0.0/16"},
        Refusal{"sessions list --started-after yesterday", "2026-03-01T09:30:00Z"},
        Refusal{"sessions list --remember-me maybe", "true or false"},
        Refusal{"sessions list --offset 1 --cursor a", "--cursor"},
        Refusal{"sessions list --output xml", "table, json, csv, jsonl"},
        Refusal{"sessions show --realm r 9f8b", "regular/9f8b"}, Refusal{"sessions show regular/1", "name the realm"},
        Refusal{"sessions show --realm r", "needs SESSION"},
        Refusal{"sessions revoke regular/1 --yes", "needs --realm"},
        Refusal{"sessions revoke --realm r --yes", "say what to end"},
        Refusal{"sessions revoke --realm r --all --user jane --yes", "leave it out"},
        Refusal{"sessions revoke --realm r --user jane regular/1 --yes", "one or the other"},
        Refusal{"sessions revoke --realm - regular/1 --yes", "one realm"},
        Refusal{"sessions revoke --realm r --user jane", "--yes"}, Refusal{"realms update r", "say what to change"},
        Refusal{"realms create r --idle-timeout 30", "ISO 8601"},
        Refusal{"realms create r --max-sessions-per-user 0", "1 to 10,000"},
        Refusal{"realms create r --max-sessions-per-user 5x", "1 to 10,000"}, Refusal{"keys create k", "needs --grant"},
        Refusal{"keys create k --grant production", "--grant takes"},
        Refusal{"keys create k --grant r=SESSIONS:READ --own-user jane", "production/4711"},
        Refusal{"keys create k --grant r=AUDIT:READ --expires soon", "P90D"},
        Refusal{"audit list --session 9f8b", "regular/9f8b"}, Refusal{"completion tcsh", "bash, zsh, fish"},
        Refusal{"sessions list --device phone", "users devices"},
        Refusal{"sessions list --device ua:", "users devices"},
        Refusal{"sessions list --signal idle --signal high", "stands alone"},
        Refusal{"sessions list --signal odd", "many_networks"},
        Refusal{"sessions list --network " + std::string(256, 'n'), "1 to 255 bytes"},
        Refusal{"sessions list --sort risk", "-severity"}, Refusal{"sessions related --realm r 9f8b", "regular/9f8b"},
        Refusal{"signals list --severity worst", "low, medium, high"},
        Refusal{"signals suppress --realm r --for P7D --reason x", "--user, --network or --device"},
        Refusal{"signals suppress --realm r --user u --reason x", "needs --for"},
        Refusal{"signals suppress --realm r --user u --for P7D", "needs --reason"},
        Refusal{"signals suppress --realm r --user u --for 7d --reason x", "ISO 8601"},
        Refusal{"signals suppress --realm r --user u --for PT0S --reason x", "P7D"},
        Refusal{"signals suppress --realm r --network 10.0.0.1/8 --for P7D --reason x", "10.0.0.0/8"},
        Refusal{"signals suppress --realm r --device phone --for P7D --reason x", "users devices"},
        Refusal{"signals suppress --user u --for P7D --reason x", "name the realm"},
        Refusal{"signals suppress --realm - --user u --for P7D --reason x", "one realm"},
        Refusal{"signals suppressions --realm -", "one realm"}, Refusal{"realms simulate r", "say which policy"},
        Refusal{"serve", "has no command"}, Refusal{"sessions", "Usage: curfew sessions COMMAND"},
        Refusal{"", "Usage: curfew COMMAND"}));

TEST(Users, AreFoundByTheirNameWhereTheIdIsUnknown) {
  Shell shell;
  shell.server.then_fail(ErrorCode::kNotFound, "not_found", "no such user");
  shell.server.then(
      R"({"items":[{"userId":"1","username":"jane.doe2"},{"userId":"4711","username":"jane.doe"}],"next":null})");
  shell.server.then(R"({"items":[],"total":0,"next":null})");
  EXPECT_EQ(shell.run({"users", "sessions", "--realm", "r", "jane.doe"}), kExitDone);
  EXPECT_EQ(shell.server.asked, (std::vector<std::string>{"GET /api/v1/realms/r/users/jane.doe",
                                                          "GET /api/v1/realms/r/users?search=jane.doe&limit=500",
                                                          "GET /api/v1/realms/r/users/4711/sessions"}));
}

TEST(Users, AreTakenByIdWithoutTheRightToReadUsers) {
  Shell shell;
  shell.server.then_fail(ErrorCode::kPermissionDenied, "forbidden", "USERS:READ is missing");
  EXPECT_EQ(shell.run({"users", "history", "--realm", "r", "4711", "--limit", "3"}), kExitDone);
  EXPECT_EQ(shell.server.asked.back(), "GET /api/v1/realms/r/users/4711/history?limit=3");
}

TEST(Keys, AreDeletedByTheirName) {
  Shell shell;
  shell.server.then_fail(ErrorCode::kNotFound, "not_found", "no such key");
  shell.server.then(R"({"items":[{"id":"k7","name":"ingest"}],"next":null})");
  shell.server.then("", 204);
  EXPECT_EQ(shell.run({"keys", "delete", "ingest", "--yes"}), kExitDone);
  EXPECT_EQ(shell.server.asked.back(), "DELETE /api/v1/keys/k7");
}

TEST(Operators, GetTheirPasswordFromStandardInput) {
  Shell shell;
  shell.in.str("correct horse battery\n");
  EXPECT_EQ(shell.run({"operators", "create", "alex", "--password-stdin", "--grant", "r=SESSIONS:READ"}), kExitDone);
  EXPECT_EQ(
      shell.only(),
      R"(POST /api/v1/operators {"username":"alex","grants":[{"realm":"r","permissions":["SESSIONS:READ"]}],"password":"correct horse battery"})");
}

TEST(Operators, WhosePasswordsDifferAreNotMade) {
  Shell shell;
  shell.secrets = {"correct horse battery", "correct horse batterie"};
  EXPECT_EQ(shell.run({"operators", "create", "alex"}), kExitUsage);
  EXPECT_TRUE(shell.server.asked.empty());
}

TEST(Changes, OfKeysAndOperatorsFitTheDocument) {
  Shell shell;
  shell.in.str("correct horse battery\n");
  EXPECT_EQ(shell.run({"keys", "update", "k1", "--name", "k2", "--expires", "never", "--own-user", "none", "--grant",
                       "-=ADMIN:*"}),
            kExitDone);
  EXPECT_EQ(
      shell.server.asked.back(),
      R"(PATCH /api/v1/keys/k1 {"grants":[{"realm":"-","permissions":["ADMIN:*"]}],"ownUser":null,"expiresAt":null,"name":"k2"})");
  EXPECT_EQ(shell.run({"operators", "update", "o1", "--username", "o2", "--display-name", "Alex", "--disable",
                       "--password-stdin"}),
            kExitDone);
  EXPECT_EQ(
      shell.server.asked.back(),
      R"(PATCH /api/v1/operators/o1 {"displayName":"Alex","disabled":true,"username":"o2","password":"correct horse battery"})");
  for (const auto& request : shell.server.requests) EXPECT_EQ(testing::misfit(request), "");
}

// Whatever a command shows is in the server's answer: with every member of the document filled, no cell stays empty.
class Columns : public ::testing::TestWithParam<std::string> {};

TEST_P(Columns, AreMembersOfTheAnswer) {
  for (const auto* format : {"csv", "table"}) {
    Shell recorded, shell;
    auto words = split(GetParam() + " --output " + format);
    recorded.run(words);
    ASSERT_FALSE(recorded.server.requests.empty()) << recorded.err.str();
    for (int i = 0; i < 2; ++i)
      shell.server.answers.emplace_back(
          client::Answer{200, {}, testing::full_answer(recorded.server.requests.front())});
    EXPECT_EQ(shell.run(words), kExitDone) << shell.err.str();
    const auto text = shell.out.str();
    EXPECT_EQ(text.find(",,"), std::string::npos) << text;
    EXPECT_EQ(text.find(",\r"), std::string::npos) << text;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_FALSE(line.ends_with("  -")) << text;
  }
}

INSTANTIATE_TEST_SUITE_P(Answers, Columns,
                         ::testing::Values("sessions list", "sessions show --realm r regular/1", "users list",
                                           "users show --realm r 1", "users history --realm r 1", "clients list",
                                           "audit list", "realms list", "realms show r", "keys list", "operators list",
                                           "revocations list", "me", "signals list", "signals suppressions --realm r",
                                           "users devices --realm r 1"));

TEST(Ingest, SendsTheLinesAndTellsWhatWasRefused) {
  Shell shell;
  shell.in.str("{\"op\":\"start\"}\n{\"op\":\"end\"}");
  shell.server.then(
      R"({"accepted":1,"refused":1,"refusals":[{"line":2,"code":"already_ended","detail":"It ended."}]})");
  EXPECT_EQ(shell.run({"ingest", "--realm", "r", "-"}), kExitPartly);
  EXPECT_EQ(shell.server.uploaded, "{\"op\":\"start\"}\n{\"op\":\"end\"}\n");
  EXPECT_NE(shell.out.str().find("1 operation accepted, 1 refused."), std::string::npos);
  EXPECT_NE(shell.out.str().find("already_ended"), std::string::npos);
}

TEST(Ingest, FailsWhenNothingWasAccepted) {
  Shell shell;
  shell.server.then(R"({"accepted":0,"refused":1,"refusals":[]})");
  EXPECT_EQ(shell.run({"ingest", "--realm", "r", "-"}), kExitFailed);
}

TEST(Ingest, ALineOverTheLimitIsRefusedWithItsNumber) {
  Shell shell;
  shell.in.str("{}\n" + std::string(70'000, 'x') + "\n");
  EXPECT_EQ(shell.run({"ingest", "--realm", "r", "-"}), kExitFailed);
  EXPECT_NE(shell.err.str().find("line 2"), std::string::npos);
}

}  // namespace
}  // namespace curfew::cli
