// Ending sessions: what is asked, what is done, and the exit status.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/revocation.h"
#include "cli/testing.h"

namespace curfew::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Shell;

constexpr std::string_view kPlan =
    R"({"matched":3,"regular":2,"offline":1,"users":2,"clients":[{"clientId":"web","name":"Web","sessions":3}],"ownKept":1,
        "sample":[{"type":"regular","id":"s1","realm":"production","username":"jane.doe","ipAddress":"203.0.113.7","clients":[]}],"plan":"p1"})";
const std::string kRevocations = "POST /api/v1/realms/production/revocations";

std::string revocation(std::string_view state, int requested, int revoked, int failed,
                       std::string_view failures = "[]") {
  return R"({"id":"r1","realm":"production","state":")" + std::string(state) + R"(","requested":)" +
         std::to_string(requested) + R"(,"revoked":)" + std::to_string(revoked) + R"(,"failed":)" +
         std::to_string(failed) + R"(,"ownKept":0,"failures":)" + std::string(failures) + "}";
}

std::string event(std::string_view type, const std::string& data) {
  return "event: " + std::string(type) + "\ndata: " + data + "\n\n";
}

const std::vector<std::string> kJane{"sessions", "revoke", "--realm", "production", "--user", "jane"};

std::vector<std::string> with(std::vector<std::string> words, std::initializer_list<std::string> more) {
  words.insert(words.end(), more);
  return words;
}

TEST(Revoke, AsksWithTheCountsAndActsOnExactlyThatPlan) {
  Shell shell;
  shell.env["NO_COLOR"] = "1";
  shell.typing("y\n");
  shell.server.then(kPlan);
  shell.server.then(revocation("done", 3, 3, 0));
  EXPECT_EQ(shell.run(kJane), kExitDone);
  EXPECT_THAT(shell.server.asked, ElementsAre(kRevocations + R"(?dryRun=true {"filter":{"user":"jane"}})",
                                              kRevocations + R"( {"filter":{"user":"jane"},"plan":"p1"})"));
  EXPECT_THAT(shell.err.str(), HasSubstr("3 sessions of 2 users would end: 2 regular, 1 offline."));
  EXPECT_THAT(shell.err.str(), HasSubstr("Your own session is kept."));
  EXPECT_THAT(shell.err.str(), HasSubstr("203.0.113.7"));
  EXPECT_THAT(shell.err.str(), HasSubstr("and 2 more."));
  EXPECT_THAT(shell.err.str(), HasSubstr("End 3 sessions? [y/N]"));
  EXPECT_EQ(shell.out.str(), "3 of 3 sessions ended.\n");
}

TEST(Revoke, TheRealRequestCarriesAnIdempotencyKeyAndMayBeRepeated) {
  Shell shell;
  shell.server.then(revocation("done", 1, 1, 0));
  EXPECT_EQ(shell.run(with(kJane, {"--yes"})), kExitDone);
  const auto& request = shell.server.requests.back();
  ASSERT_EQ(request.headers.size(), 1U);
  EXPECT_EQ(request.headers[0].first, "Idempotency-Key");
  EXPECT_EQ(request.headers[0].second.size(), 36U);
  EXPECT_TRUE(request.repeatable);
}

TEST(Revoke, AnythingButYesLeavesEverythingAlone) {
  for (const auto* answer : {"n\n", "\n", "", "yess\n", "Y \n"}) {
    Shell shell;
    shell.typing(answer);
    shell.server.then(kPlan);
    EXPECT_EQ(shell.run(kJane), kExitFailed) << answer;
    EXPECT_EQ(shell.server.asked.size(), 1U) << answer;
    EXPECT_THAT(shell.err.str(), HasSubstr("Nothing was done."));
  }
}

TEST(Revoke, AllAsksForTheRealmsName) {
  for (const auto& [typed, status] : {std::pair{"production\n", kExitDone},
                                      {"y\n", kExitFailed},
                                      {"Production\n", kExitFailed},
                                      {" production\n", kExitFailed}}) {
    Shell shell;
    shell.typing(typed);
    shell.server.then(kPlan);
    shell.server.then(revocation("done", 3, 3, 0));
    EXPECT_EQ(shell.run({"sessions", "revoke", "--realm", "production", "--all"}), status) << typed;
    EXPECT_EQ(shell.server.asked.size(), status == kExitDone ? 2U : 1U);
    EXPECT_THAT(shell.err.str(), HasSubstr("every session of realm production"));
  }
}

TEST(Revoke, ADriftedPlanIsShownAndAskedAgain) {
  Shell shell;
  shell.typing("y\ny\n");
  shell.server.then(kPlan);
  shell.server.then_fail(ErrorCode::kConflict, "plan_drifted", "Other sessions match now.");
  shell.server.then(
      R"({"matched":4,"regular":4,"offline":0,"users":1,"clients":[],"ownKept":0,"sample":[],"plan":"p2"})");
  shell.server.then(revocation("done", 4, 4, 0));
  EXPECT_EQ(shell.run(kJane), kExitDone);
  EXPECT_THAT(shell.server.asked.back(), HasSubstr(R"("plan":"p2")"));
  EXPECT_THAT(shell.server.asked[2], Not(HasSubstr("plan\"")));
  EXPECT_THAT(shell.err.str(), HasSubstr("End 4 sessions?"));
}

TEST(Revoke, APlanOfOnesOwnThatDriftedIsRefused) {
  Shell shell;
  shell.server.then_fail(ErrorCode::kConflict, "plan_drifted", "Other sessions match now.");
  EXPECT_EQ(shell.run(with(kJane, {"--yes", "--plan", "p0"})), kExitFailed);
  EXPECT_THAT(shell.err.str(), HasSubstr("Other sessions match now."));
}

TEST(Revoke, NothingThatMatchesIsNoFailure) {
  Shell shell;
  shell.typing("");
  shell.server.then(
      R"({"matched":0,"regular":0,"offline":0,"users":0,"clients":[],"ownKept":2,"sample":[],"plan":"p"})");
  EXPECT_EQ(shell.run(kJane), kExitDone);
  EXPECT_THAT(shell.err.str(), HasSubstr("Your own 2 sessions are kept."));
  EXPECT_EQ(shell.server.asked.size(), 1U);
}

TEST(Revoke, DryRunPrintsThePlanAndEndsNothing) {
  Shell shell;
  shell.server.then(kPlan);
  EXPECT_EQ(shell.run(with(kJane, {"--dry-run"})), kExitDone);
  EXPECT_THAT(shell.server.asked, ElementsAre(HasSubstr("?dryRun=true")));
  EXPECT_THAT(shell.out.str(), HasSubstr("--plan p1"));
  EXPECT_THAT(shell.out.str(), HasSubstr("Clients: web 3."));
}

TEST(Revoke, NamesAreReadFromStandardInput) {
  Shell shell;
  shell.in.str("regular/1\n\noffline/2\r\n");
  shell.server.then(revocation("done", 2, 2, 0));
  EXPECT_EQ(shell.run({"sessions", "revoke", "--realm", "production", "--yes", "-"}), kExitDone);
  EXPECT_EQ(shell.only(), kRevocations + R"( {"sessions":[{"type":"regular","id":"1"},{"type":"offline","id":"2"}]})");
}

TEST(Revoke, NoNamesOnStandardInputEndNothing) {
  Shell shell;
  EXPECT_EQ(shell.run({"sessions", "revoke", "--realm", "production", "--yes", "-"}), kExitUsage);
  EXPECT_TRUE(shell.server.asked.empty());
}

TEST(Revoke, TheRealmIsNeverTakenFromTheEnvironment) {
  Shell shell;
  shell.env["CURFEW_REALM"] = "production";
  EXPECT_EQ(shell.run({"sessions", "revoke", "--all", "--yes"}), kExitUsage);
  EXPECT_TRUE(shell.server.asked.empty());
}

TEST(Revoke, ExitStatusTellsAllSomeOrNone) {
  const auto status = [](const std::string& text) { return exit_status_of(boost::json::parse(text)); };
  EXPECT_EQ(status(revocation("done", 3, 3, 0)), kExitDone);
  EXPECT_EQ(status(revocation("done", 0, 0, 0)), kExitDone);
  EXPECT_EQ(status(revocation("done", 3, 2, 1)), kExitPartly);
  EXPECT_EQ(status(revocation("done", 3, 0, 3)), kExitFailed);
  EXPECT_EQ(status(revocation("stopped", 9, 4, 0)), kExitPartly);
  EXPECT_EQ(status(revocation("stopped", 9, 0, 0)), kExitFailed);
}

TEST(Revoke, FailuresAreListedWithUserAddressAndReason) {
  Shell shell;
  shell.server.then(revocation(
      "done", 2, 1, 1,
      R"([{"realm":"production","type":"regular","id":"s9","username":"ev\u001b[2Jil","ipAddress":"203.0.113.9","code":"already_ended","detail":"It had ended."}])"));
  EXPECT_EQ(shell.run(with(kJane, {"--yes"})), kExitPartly);
  EXPECT_THAT(shell.out.str(), HasSubstr("1 of 2 sessions ended, 1 failed."));
  EXPECT_THAT(shell.out.str(), HasSubstr("ev[2Jil"));
  EXPECT_THAT(shell.out.str(), HasSubstr("203.0.113.9"));
  EXPECT_THAT(shell.out.str(), HasSubstr("It had ended."));
  EXPECT_THAT(shell.out.str(), Not(HasSubstr("\x1b")));
}

// So many failures, each with the detail that `detail_of` gives.
template <class DetailOf>
std::string many_failures(int count, DetailOf detail_of) {
  std::string failures;
  for (int i = 0; i < count; ++i)
    failures +=
        std::string(i == 0 ? "[" : ",") + R"({"realm":"production","type":"regular","id":"s)" + std::to_string(i) +
        R"(","username":"jane","ipAddress":"203.0.113.9","code":"already_ended","detail":")" + detail_of(i) + "\"}";
  return failures + "]";
}

TEST(Revoke, OfManyFailuresTheReasonsAreCountedAndTheFirstShown) {
  Shell shell;
  shell.server.then(revocation("done", 100, 50, 50, many_failures(40, [](int i) {
                                 return i % 4 == 0 ? std::string("It ended meanwhile (logout).")
                                                   : "It ended at 2026-11-02T10:00:00." + std::to_string(100 + i) +
                                                         "Z (revoked).";
                               })));
  EXPECT_EQ(shell.run(with(kJane, {"--yes"})), kExitPartly);
  const std::string out = shell.out.str();
  EXPECT_THAT(out, HasSubstr("50 of 100 sessions ended, 50 failed.\n\nOf the first 40:\n"
                             "  30  It ended (revoked).\n"
                             "  10  It ended meanwhile (logout).\n\n"));
  EXPECT_THAT(out, HasSubstr(" s19 "));
  EXPECT_THAT(out, Not(HasSubstr(" s20 ")));
  EXPECT_THAT(out,
              HasSubstr("and 30 more; curfew revocations show --realm production r1 -o csv lists the first 40.\n"));
}

TEST(Revoke, ManyReasonsAreFewLines) {
  Shell shell;
  shell.server.then(
      revocation("done", 30, 0, 30, many_failures(30, [](int i) { return "Because " + std::to_string(i) + "."; })));
  EXPECT_EQ(shell.run(with(kJane, {"--yes"})), kExitFailed);
  const std::string out = shell.out.str();
  EXPECT_THAT(out, HasSubstr("30 failed.\n\n   1  Because 0.\n"));
  EXPECT_THAT(out, HasSubstr("  23  for other reasons\n\n"));
  EXPECT_THAT(out, HasSubstr("and 10 more; curfew revocations show --realm production r1 -o csv lists all 30.\n"));
}

TEST(Revoke, TwentyFailuresAreAllShown) {
  Shell shell;
  shell.server.then(
      revocation("done", 20, 0, 20, many_failures(20, [](int) { return "It ended meanwhile (logout)."; })));
  EXPECT_EQ(shell.run(with(kJane, {"--yes"})), kExitFailed);
  EXPECT_THAT(shell.out.str(), HasSubstr(" s19 "));
  EXPECT_THAT(shell.out.str(), Not(HasSubstr(" more")));
  EXPECT_THAT(shell.out.str(), Not(HasSubstr("  20  ")));
}

TEST(Revoke, ARunningJobIsFollowedByItsEvents) {
  Shell shell;
  shell.terminal.err_tty = true;
  shell.terminal.width = 60;
  shell.server.then(revocation("running", 10, 0, 0), 202);
  const auto all = event("progress", revocation("running", 10, 5, 1)) + event("done", revocation("done", 10, 9, 1));
  shell.server.streams.push_back({{all.substr(0, 30), all.substr(30, 100), all.substr(130)}, {}});
  EXPECT_EQ(shell.run(with(kJane, {"--yes"})), kExitPartly);
  EXPECT_THAT(shell.server.asked,
              ElementsAre(HasSubstr("POST"), "GET /api/v1/realms/production/revocations/r1/events"));
  EXPECT_THAT(shell.err.str(), HasSubstr("6 of 10 sessions, 1 failed"));
  EXPECT_TRUE(shell.err.str().ends_with("\r\x1b[K"));  // the bar is gone
  EXPECT_EQ(shell.out.str(), "9 of 10 sessions ended, 1 failed.\n");
}

TEST(Revoke, WhereEventsBreakOffItAsksNowAndThen) {
  Shell shell;
  shell.server.then(revocation("running", 4, 0, 0), 202);
  shell.server.streams.push_back({{event("progress", revocation("running", 4, 1, 0))},
                                  fail(ErrorCode::kUnavailable, "connection_lost", "broken")});
  shell.server.then_fail(ErrorCode::kUnavailable, "connection_lost", "broken");
  shell.server.then(revocation("running", 4, 2, 0));
  shell.server.then(revocation("done", 4, 4, 0));
  EXPECT_EQ(shell.run(with(kJane, {"--yes"})), kExitDone);
  EXPECT_EQ(shell.slept.size(), 2U);
}

TEST(Revoke, ALostServerIsToldWithTheWayBack) {
  Shell shell;
  shell.server.then(revocation("running", 4, 0, 0), 202);
  for (int i = 0; i < 30; ++i) shell.server.then_fail(ErrorCode::kUnavailable, "no_server", "nobody answers");
  EXPECT_EQ(shell.run(with(kJane, {"--yes"})), kExitFailed);
  EXPECT_THAT(shell.err.str(), HasSubstr("curfew revocations show --realm production r1"));
}

TEST(Revoke, CtrlCStopsTheJobOnTheServer) {
  Shell shell;
  shell.server.then(revocation("running", 10, 0, 0), 202);
  shell.server.streams.push_back({{}, fail(ErrorCode::kCancelled, "interrupted", "interrupted")});
  shell.server.on_stream = [&] { shell.interrupted = true; };
  shell.server.then(revocation("stopped", 10, 4, 0));
  EXPECT_EQ(shell.run(with(kJane, {"--yes"})), kExitPartly);
  EXPECT_EQ(shell.server.asked.back(), "POST /api/v1/realms/production/revocations/r1/stop");
  EXPECT_EQ(shell.out.str(), "4 of 10 sessions ended; stopped, 6 left alone.\n");
}

TEST(Revoke, InterruptedBeforeTheAnswerItSaysWhatIsNotKnown) {
  Shell shell;
  shell.server.then_fail(ErrorCode::kCancelled, "interrupted", "interrupted");
  EXPECT_EQ(shell.run(with(kJane, {"--yes"})), kExitFailed);
  EXPECT_THAT(shell.err.str(), HasSubstr("curfew revocations list --realm production"));
}

TEST(Revoke, JsonIsTheServersResult) {
  Shell shell;
  shell.server.then(revocation("done", 1, 1, 0));
  EXPECT_EQ(shell.run(with(kJane, {"--yes", "-o", "json"})), kExitDone);
  EXPECT_EQ(boost::json::parse(shell.out.str()), boost::json::parse(revocation("done", 1, 1, 0)));
}

TEST(RealmDelete, AsksForTheName) {
  Shell shell;
  shell.typing("staging\n");
  shell.server.then(R"({"name":"staging","sessions":{"total":1842}})");
  shell.server.then("", 204);
  EXPECT_EQ(shell.run({"realms", "delete", "staging"}), kExitDone);
  EXPECT_THAT(shell.err.str(), HasSubstr("ends its 1,842 sessions"));
  EXPECT_EQ(shell.server.asked.back(), "DELETE /api/v1/realms/staging");
}

TEST(Permission, IsNamedInTheRefusal) {
  Shell shell;
  shell.server.then_fail(ErrorCode::kPermissionDenied, "forbidden", "You lack SESSIONS:DELETE in realm production.");
  EXPECT_EQ(shell.run(with(kJane, {"--yes"})), kExitFailed);
  EXPECT_THAT(shell.err.str(), HasSubstr("SESSIONS:DELETE"));
}

}  // namespace
}  // namespace curfew::cli
