// curfew realms export, apply and simulate against a server that keeps a realm.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "cli/openapi_testing.h"
#include "cli/testing.h"

namespace curfew::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::Shell;

const std::string kRealm =
    R"({"name":"production","displayName":"Production","policy":{"idleTimeout":"PT30M","maxLifetime":null,)"
    R"("rememberMeIdleTimeout":null,"rememberMeMaxLifetime":null,"offlineIdleTimeout":null,"offlineMaxLifetime":null,)"
    R"("maxSessionsPerUser":null,"sessionLimitAction":"end_oldest"}})";
const std::string kDetection =
    R"({"networks":[{"name":"Corporate","cidrs":["10.20.0.0/16"],"trusted":true}],)"
    R"("rules":{"many_networks":{"enabled":true,"severity":"medium","threshold":3,"window":"PT1H"},"idle":{"enabled":true,"severity":"low","idleFor":"P7D"}}})";
const std::string kChanged =
    "realm = \"production\"\n[policy]\nidle_timeout = \"PT15M\"\n[rules.many_networks]\nthreshold = 4\n";
const std::string kPath = "/api/v1/realms/production";

// A shell whose server knows the realm, and whose standard input is the file.
class Apply : public ::testing::Test {
 protected:
  Shell shell;

  void SetUp() override {
    shell.server.then(kRealm);
    shell.server.then(kDetection);
  }

  int apply(const std::string& text, std::vector<std::string> more = {"--yes"}) {
    shell.in.str(text);
    std::vector<std::string> words{"realms", "apply", "-"};
    words.insert(words.end(), more.begin(), more.end());
    const int status = shell.run(words);
    for (const auto& request : shell.server.requests) EXPECT_EQ(testing::misfit(request), "") << request.path;
    return status;
  }

  std::vector<std::string> changes_asked() const {
    std::vector<std::string> out;
    for (const auto& asked : shell.server.asked)
      if (!asked.starts_with("GET ")) out.push_back(asked);
    return out;
  }
};

TEST_F(Apply, SendsWhatDiffersAndNothingElse) {
  EXPECT_EQ(apply(kChanged), kExitDone) << shell.err.str();
  EXPECT_THAT(
      changes_asked(),
      ElementsAre(
          "PUT " + kPath +
              R"(/detection {"networks":[{"name":"Corporate","cidrs":["10.20.0.0/16"],"trusted":true}],)"
              R"("rules":{"many_networks":{"enabled":true,"severity":"medium","threshold":4,"window":"PT1H"},"idle":{"enabled":true,"severity":"low","idleFor":"P7D"}}})",
          "PATCH " + kPath + R"( {"policy":{"idleTimeout":"PT15M"}})"));
  EXPECT_EQ(shell.out.str(), "2 changes made to realm production.\n");
}

TEST_F(Apply, ADryRunOnlySaysWhatWouldChange) {
  shell.server.then(R"({"sessions":12,"regular":12,"offline":0,"users":8,"causes":{},"clients":[],"sample":[]})");
  EXPECT_EQ(apply(kChanged, {"--dry-run"}), kExitDone);
  EXPECT_EQ(shell.out.str(),
            "Realm production would change:\n"
            "  policy: idle timeout from 30 min to 15 min\n"
            "  rule many_networks: threshold from 3 to 4\n"
            "The new policy ends 12 sessions of 8 users now.\n"
            "Nothing was changed.\n");
  EXPECT_THAT(changes_asked(),
              ElementsAre("POST " + kPath + R"(/policy/simulation {"policy":{"idleTimeout":"PT15M"}})"));
}

TEST_F(Apply, WhatItCannotSimulateItSays) {
  shell.server.then_fail(ErrorCode::kPermissionDenied, "forbidden", "SESSIONS:READ is missing.");
  EXPECT_EQ(apply(kChanged, {"--dry-run"}), kExitDone);
  EXPECT_THAT(shell.out.str(), HasSubstr("would end is not known: SESSIONS:READ is missing."));
}

TEST_F(Apply, WithoutATerminalItNeedsAYes) {
  EXPECT_EQ(apply(kChanged, {}), kExitUsage);
  EXPECT_THAT(shell.err.str(), HasSubstr("--yes"));
  EXPECT_THAT(changes_asked(), IsEmpty());
}

TEST_F(Apply, WhereAllIsAsTheFileSaysNothingIsAskedOrSent) {
  EXPECT_EQ(apply("realm = \"production\"\n[policy]\nidle_timeout = \"PT1800S\"\n", {}), kExitDone);
  EXPECT_EQ(shell.out.str(), "Realm production is as the file says: nothing to change.\n");
  EXPECT_EQ(shell.server.asked.size(), 2U);
}

TEST_F(Apply, ForProgramsTheChangesAreData) {
  EXPECT_EQ(apply(kChanged, {"--yes", "-o", "json"}), kExitDone);
  const auto value = boost::json::parse(shell.out.str());
  EXPECT_EQ(value.at("realm").as_string(), "production");
  EXPECT_TRUE(value.at("applied").as_bool());
  EXPECT_EQ(value.at("changes").at(0),
            boost::json::parse(R"({"field":"policy.idleTimeout","text":"policy: idle timeout from 30 min to 15 min",)"
                               R"("from":"PT30M","to":"PT15M"})"));
}

TEST_F(Apply, AMistakeIsToldWithItsLineBeforeAnythingChanges) {
  EXPECT_EQ(apply("realm = \"production\"\n[rules.many_networks]\ntreshold = 4\n"), kExitUsage);
  EXPECT_THAT(shell.err.str(),
              HasSubstr("standard input, line 3: rule many_networks has no \"treshold\". Did you mean threshold?"));
  EXPECT_THAT(changes_asked(), IsEmpty());
}

TEST_F(Apply, WhatTheServerRefusesIsToldWithItsLine) {
  Error refused{ErrorCode::kInvalidArgument, "invalid_value", "threshold is at least 2.",
                "rules.many_networks.threshold"};
  shell.server.answers.emplace_back(tl::unexpected(refused));
  EXPECT_EQ(apply(kChanged), kExitUsage);
  EXPECT_THAT(shell.err.str(), HasSubstr("standard input, line 5: threshold is at least 2."));
  EXPECT_THAT(changes_asked(), ::testing::SizeIs(1));
}

TEST_F(Apply, ARefusalHalfWayIsDoneInPart) {
  shell.server.then(kDetection);
  shell.server.then_fail(ErrorCode::kUnavailable, "unavailable", "The disk is full.");
  EXPECT_EQ(apply(kChanged), kExitPartly);
  EXPECT_THAT(shell.err.str(),
              HasSubstr("the networks and rules are changed, but name and policy are not: The disk is full."));
  EXPECT_THAT(shell.out.str(), Not(HasSubstr("made")));
}

TEST_F(Apply, ToAnotherRealmLeavesItsDisplayName) {
  EXPECT_EQ(apply("display_name = \"Prod\"\n" + kChanged, {"--yes", "--realm", "staging"}), kExitDone);
  EXPECT_EQ(shell.server.asked.front(), "GET /api/v1/realms/staging");
  EXPECT_EQ(shell.server.asked.back(), R"(PATCH /api/v1/realms/staging {"policy":{"idleTimeout":"PT15M"}})");
}

TEST(ApplyFile, NamesARealm) {
  Shell shell;
  shell.in.str("[policy]\nidle_timeout = \"PT15M\"\n");
  EXPECT_EQ(shell.run({"realms", "apply", "-", "--yes"}), kExitUsage);
  EXPECT_THAT(shell.err.str(), HasSubstr("give --realm NAME"));
  Shell missing;
  EXPECT_EQ(missing.run({"realms", "apply", "/nonexistent/p.toml"}), kExitUsage);
  EXPECT_THAT(missing.err.str(), HasSubstr("/nonexistent/p.toml can't be read."));
}

TEST(ApplyFile, ARealmThatIsMissingIsMadeOnRequestOnly) {
  const std::string text =
      "realm = \"new\"\ndisplay_name = \"New\"\nnetworks = []\n[policy]\nidle_timeout = \"PT5M\"\n"
      "[rules.idle]\nidle_for = \"P3D\"\n";
  Shell refused;
  refused.in.str(text);
  refused.server.then_fail(ErrorCode::kNotFound, "not_found", "There is no such realm.");
  EXPECT_EQ(refused.run({"realms", "apply", "-", "--yes"}), kExitFailed);
  EXPECT_THAT(refused.err.str(), HasSubstr("--create makes it"));

  Shell shell;
  shell.in.str(text);
  shell.server.then_fail(ErrorCode::kNotFound, "not_found", "There is no such realm.");
  shell.server.then(kRealm, 201);
  shell.server.then(R"({"networks":[],"rules":{"idle":{"enabled":true,"severity":"low","idleFor":"P7D"}}})");
  EXPECT_EQ(shell.run({"realms", "apply", "-", "--yes", "--create"}), kExitDone) << shell.err.str();
  EXPECT_THAT(
      shell.server.asked,
      ElementsAre(
          "GET /api/v1/realms/new",
          R"(POST /api/v1/realms {"displayName":"New","policy":{"idleTimeout":"PT5M"},"name":"new"})",
          "GET /api/v1/realms/new/detection",
          R"(PUT /api/v1/realms/new/detection {"networks":[],"rules":{"idle":{"enabled":true,"severity":"low","idleFor":"P3D"}}})"));
  EXPECT_EQ(shell.out.str(), "Realm new is created.\n");

  Shell dry;
  dry.in.str(text);
  dry.server.then_fail(ErrorCode::kNotFound, "not_found", "There is no such realm.");
  EXPECT_EQ(dry.run({"realms", "apply", "-", "--dry-run", "--create"}), kExitDone);
  EXPECT_EQ(
      dry.out.str(),
      "Realm new would be created:\n  display name \"New\"\n  policy: idle timeout 5 min\n  rule idle: idle for 3 d\n"
      "Nothing was changed.\n");
}

TEST(ApplyFile, AsksOnATerminal) {
  for (const bool yes : {true, false}) {
    const auto path = std::filesystem::path(::testing::TempDir()) / "curfew_apply_test.toml";
    std::ofstream(path) << kChanged;
    Shell shell;
    shell.env["NO_COLOR"] = "1";
    shell.typing(yes ? "y\n" : "n\n");
    shell.server.then(kRealm);
    shell.server.then(kDetection);
    shell.server.then(R"({"sessions":0})");
    EXPECT_EQ(shell.run({"realms", "apply", path.string()}), yes ? kExitDone : kExitFailed);
    EXPECT_THAT(shell.err.str(), HasSubstr("The new policy ends no session now.\nMake 2 changes? [y/N] "));
    EXPECT_EQ(shell.server.asked.size(), yes ? 5U : 3U);
    std::filesystem::remove(path);
  }
}

TEST(Export, GivesAFileThatAppliesWithoutAChange) {
  Shell shell;
  shell.server.then(kRealm);
  shell.server.then(kDetection);
  EXPECT_EQ(shell.run({"realms", "export", "production"}), kExitDone);
  Shell apply;
  apply.in.str(shell.out.str());
  apply.server.then(kRealm);
  apply.server.then(kDetection);
  EXPECT_EQ(apply.run({"realms", "apply", "-"}), kExitDone) << apply.err.str();
  EXPECT_THAT(apply.out.str(), HasSubstr("nothing to change"));
}

TEST(Export, IsWrittenWholeOrNotAtAll) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "curfew_export_test.toml";
  Shell shell;
  shell.server.then(kRealm);
  shell.server.then(kDetection);
  EXPECT_EQ(shell.run({"realms", "export", "production", "--file", path.string()}), kExitDone);
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_THAT(text, HasSubstr("[policy]\nidle_timeout = \"PT30M\"\n"));
  EXPECT_EQ(shell.out.str(), "");
  EXPECT_FALSE(std::filesystem::exists(path.string() + ".partial"));
  std::filesystem::remove(path);
  Shell failed;
  failed.server.then(kRealm);
  failed.server.then(kDetection);
  EXPECT_EQ(failed.run({"realms", "export", "production", "--file", "/nonexistent/x.toml"}), kExitUsage);
}

TEST(Export, AsJsonForPrograms) {
  Shell shell;
  shell.server.then(kRealm);
  shell.server.then(kDetection);
  EXPECT_EQ(shell.run({"realms", "export", "production", "-o", "json"}), kExitDone);
  const auto value = boost::json::parse(shell.out.str());
  EXPECT_EQ(value.at("realm").as_string(), "production");
  EXPECT_EQ(value.at("policy").at("idleTimeout").as_string(), "PT30M");
  EXPECT_EQ(value.at("networks").at(0).at("name").as_string(), "Corporate");
  EXPECT_TRUE(value.at("rules").as_object().contains("idle"));
  Shell csv;
  EXPECT_EQ(csv.run({"realms", "export", "production", "-o", "csv"}), kExitUsage);
}

constexpr std::string_view kWould =
    R"({"sessions":120,"regular":100,"offline":20,"users":80,"causes":{"idle_timeout":105,"max_lifetime":0,"concurrent_limit":15},
        "clients":[{"clientId":"web","name":"Web","sessions":120}],
        "sample":[{"type":"regular","id":"s1","realm":"production","username":"jane.doe","ipAddress":"203.0.113.7","clients":[]}]})";

TEST(Simulate, SaysWhatWouldEndAndWhy) {
  Shell shell;
  shell.server.then(kWould);
  EXPECT_EQ(shell.run({"realms", "simulate", "production", "--idle-timeout", "PT15M", "--max-sessions-per-user", "3"}),
            kExitDone);
  EXPECT_EQ(shell.only(),
            "POST " + kPath + R"(/policy/simulation {"policy":{"idleTimeout":"PT15M","maxSessionsPerUser":3}})");
  EXPECT_EQ(testing::misfit(shell.server.requests.front()), "");
  EXPECT_THAT(shell.out.str(),
              ::testing::StartsWith("120 sessions of 80 users would end now: 100 regular, 20 offline.\n"
                                    "Why: 105 idle for too long, 15 over the number of sessions a user may have.\n"
                                    "Clients: web 120.\n\n"));
  EXPECT_THAT(shell.out.str(), HasSubstr("203.0.113.7"));
  EXPECT_THAT(shell.out.str(), HasSubstr("and 119 more."));
}

TEST(Simulate, PrintsForProgramsToo) {
  Shell json, csv, none;
  json.server.then(kWould);
  csv.server.then(kWould);
  none.server.then(R"({"sessions":0})");
  EXPECT_EQ(json.run({"realms", "simulate", "r", "--idle-timeout", "PT1M", "-o", "json"}), kExitDone);
  EXPECT_EQ(boost::json::parse(json.out.str()).at("causes").at("idle_timeout").to_number<int>(), 105);
  EXPECT_EQ(csv.run({"realms", "simulate", "r", "--idle-timeout", "PT1M", "-o", "csv"}), kExitDone);
  EXPECT_THAT(csv.out.str(), HasSubstr("production,jane.doe,"));
  EXPECT_EQ(none.run({"realms", "simulate", "r", "--idle-timeout", "none"}), kExitDone);
  EXPECT_EQ(none.out.str(), "This policy would end no session now.\n");
}

}  // namespace
}  // namespace curfew::cli
