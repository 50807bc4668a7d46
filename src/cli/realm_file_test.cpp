// A realm's file: what is read, what is refused and where, and what would change.
#include "cli/realm_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "cli/realm_changes.h"

namespace curfew::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const boost::json::value kRealm = boost::json::parse(R"({"name":"production","displayName":"Pro \"1\" \\ ü",
  "policy":{"idleTimeout":"PT30M","maxLifetime":null,"rememberMeIdleTimeout":null,"rememberMeMaxLifetime":null,
            "offlineIdleTimeout":"P30D","offlineMaxLifetime":null,"maxSessionsPerUser":5,"sessionLimitAction":"end_oldest"},
  "sessions":{"total":3,"regular":2,"offline":1},"users":2,"createdAt":"2026-03-01T08:00:00.000Z"})");
const boost::json::value kDetection = boost::json::parse(R"({
  "networks":[{"name":"Corporate","cidrs":["10.20.0.0/16","2001:db8::/32"],"trusted":true},{"name":"Lab","cidrs":["192.0.2.1/32"],"trusted":false}],
  "rules":{"many_networks":{"enabled":true,"severity":"medium","threshold":3,"window":"PT1H"},
           "new_device":{"enabled":false,"severity":"low","learningPeriod":"P14D","learningSessions":10,"raisedFor":"P7D"},
           "many_sessions":{"enabled":true,"severity":"low","threshold":10,"deviations":5.0}}})");

RealmFile parsed(std::string_view text) {
  auto file = parse_realm_file(text, "p.toml");
  EXPECT_TRUE(file) << (file ? "" : file.error().message);
  return file ? *std::move(file) : RealmFile{};
}

std::vector<std::string> changed(std::string_view text) {
  std::vector<std::string> out;
  for (const auto& change : changes_of(parsed(text), kRealm, kDetection).list) out.push_back(change.text);
  return out;
}

std::string refusal(std::string_view text) {
  const auto file = parse_realm_file(text, "p.toml");
  if (!file) return file.error().message;
  const auto status = check_rules(*file, &kDetection.at("rules").as_object());
  return status ? "" : status.error().message;
}

TEST(RealmFile, IsWrittenForPeopleToRead) {
  EXPECT_EQ(to_realm_file(kRealm, kDetection),
            "# A realm's policy, networks and detection rules. To apply it: curfew realms apply FILE\n"
            "# What is left out stays as it is. Durations are ISO 8601; \"none\" stands for no limit.\n"
            "realm = \"production\"\n"
            "display_name = \"Pro \\\"1\\\" \\\\ ü\"\n"
            "\n"
            "[policy]\n"
            "idle_timeout = \"PT30M\"\n"
            "max_lifetime = \"none\"\n"
            "remember_me_idle_timeout = \"none\"\n"
            "remember_me_max_lifetime = \"none\"\n"
            "offline_idle_timeout = \"P30D\"\n"
            "offline_max_lifetime = \"none\"\n"
            "max_sessions_per_user = 5\n"
            "session_limit_action = \"end_oldest\"\n"
            "\n"
            "[[networks]]\n"
            "name = \"Corporate\"\n"
            "cidrs = [\"10.20.0.0/16\", \"2001:db8::/32\"]\n"
            "trusted = true\n"
            "\n"
            "[[networks]]\n"
            "name = \"Lab\"\n"
            "cidrs = [\"192.0.2.1/32\"]\n"
            "trusted = false\n"
            "\n"
            "[rules.many_networks]\n"
            "enabled = true\n"
            "severity = \"medium\"\n"
            "threshold = 3\n"
            "window = \"PT1H\"\n"
            "\n"
            "[rules.new_device]\n"
            "enabled = false\n"
            "severity = \"low\"\n"
            "learning_period = \"P14D\"\n"
            "learning_sessions = 10\n"
            "raised_for = \"P7D\"\n"
            "\n"
            "[rules.many_sessions]\n"
            "enabled = true\n"
            "severity = \"low\"\n"
            "threshold = 10\n"
            "deviations = 5\n");
}

TEST(RealmFile, ReadBackChangesNothing) {
  const auto text = to_realm_file(kRealm, kDetection);
  EXPECT_EQ(refusal(text), "");
  const auto file = parsed(text);
  EXPECT_EQ(file.realm, "production");
  const auto changes = changes_of(file, kRealm, kDetection);
  EXPECT_THAT(changes.list, IsEmpty());
  EXPECT_TRUE(changes.realm_patch.empty() && changes.detection.empty());
}

TEST(RealmFile, WithoutNetworksSaysThatThereAreNone) {
  auto bare = kDetection;
  bare.as_object()["networks"] = boost::json::array{};
  const auto text = to_realm_file(kRealm, bare);
  EXPECT_THAT(text, HasSubstr("\nnetworks = []\n\n[policy]"));
  EXPECT_THAT(changed(text), ElementsAre("network Corporate: removed", "network Lab: removed"));
}

TEST(RealmFile, HoldsTextsThatATerminalMightObey) {
  boost::json::value realm{{"name", "r"}, {"displayName", "a\x1b[2J\x7f\xe2\x80\xae\n\t\"\xf0\x9f\x94\x92"}};
  const auto text = to_realm_file(realm, boost::json::object{});
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(parsed(text).display_name, std::string(realm.at("displayName").as_string()));
}

TEST(RealmFile, WhatIsLeftOutStaysAsItIs) {
  EXPECT_THAT(changed(""), IsEmpty());
  EXPECT_THAT(changed("[policy]\nidle_timeout = \"PT15M\"\n"),
              ElementsAre("policy: idle timeout from 30 min to 15 min"));
  const auto changes = changes_of(parsed("[rules.new_device]\nenabled = true\n"), kRealm, kDetection);
  EXPECT_EQ(changes.detection.at("networks"), kDetection.at("networks"));
  auto rules = kDetection.at("rules");
  rules.at("new_device").as_object()["enabled"] = true;
  EXPECT_EQ(changes.detection.at("rules"), rules);
  EXPECT_TRUE(changes.realm_patch.empty());
}

TEST(RealmFile, EachDifferenceIsSaidInWords) {
  EXPECT_THAT(
      changed(R"(
realm = "production"
display_name = "Prod"
[policy]
idle_timeout = "none"
max_lifetime = "PT36H"
max_sessions_per_user = 3
session_limit_action = "end_least_recently_used"
[[networks]]
name = "Corporate"
cidrs = ["10.20.0.0/16", "10.30.0.0/16"]
[[networks]]
name = "VPN"
cidrs = ["198.51.100.0/24"]
trusted = true
[rules.many_networks]
threshold = 4
window = "PT2H"
[rules.new_device]
enabled = true
severity = "high"
[rules.many_sessions]
enabled = false
deviations = 4.5
)"),
      ElementsAre("display name from \"Pro \"1\" \\ ü\" to \"Prod\"", "policy: idle timeout from 30 min to none",
                  "policy: max lifetime from none to 1 d 12 h", "policy: max sessions per user from 5 to 3",
                  "policy: session limit action from end_oldest to end_least_recently_used",
                  "network Corporate: gains 10.30.0.0/16, loses 2001:db8::/32, is no longer trusted",
                  "network VPN: added, 198.51.100.0/24, trusted", "network Lab: removed",
                  "rule many_networks: threshold from 3 to 4", "rule many_networks: window from 1 h to 2 h",
                  "rule many_sessions: deviations from 5 to 4.5", "rule many_sessions: switched off",
                  "rule new_device: switched on", "rule new_device: severity from low to high"));
}

TEST(RealmFile, TheSameInOtherWordsIsNoChange) {
  EXPECT_THAT(changed(R"(
[policy]
idle_timeout = "PT1800S"
offline_idle_timeout = "PT720H"
[[networks]]
name = "Lab"
cidrs = ["192.0.2.1"]
[[networks]]
name = "Corporate"
cidrs = ["2001:0db8::/32", "10.20.0.0/16"]
trusted = true
[rules.many_sessions]
deviations = 5
)"),
              IsEmpty());
}

TEST(RealmFile, WhatIsWrongIsToldWithItsLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"realm = \"p\"\nrealms = 1\n", "p.toml, line 2: \"realms\" is not known in the file. Did you mean realm?"},
      {"[policy]\n\nidle_timout = \"PT1M\"\n",
       "line 3: \"idle_timout\" is not known in [policy]. Did you mean idle_timeout?"},
      {"[policy]\nidleTimeout = \"PT1M\"\n", "line 2: \"idleTimeout\" is not known in [policy]."},
      {"[policy]\nidle_timeout = \"30m\"\n", "line 2: idle_timeout must be an ISO 8601 duration"},
      {"[policy]\nidle_timeout = 30\n", "line 2: idle_timeout must be an ISO 8601 duration"},
      {"[policy]\nmax_sessions_per_user = 1.5\n", "line 2: max_sessions_per_user must be a number"},
      {"[policy]\nsession_limit_action = 1\n", "line 2: session_limit_action must be"},
      {"policy = 1\n", "line 1: policy must be a table"},
      {"realm = 1\n", "line 1: realm must be a text in quotes."},
      {"realm = \"p\n", "line 1: "},
      {"realm = \"p\"\nrealm = \"q\"\n", "line 2: "},
      {"networks = 1\n", "line 1: networks must be a list"},
      {"networks = [1]\n", "line 1: a network must be a table"},
      {"[[networks]]\ncidrs = []\n", "line 1: a network needs a name."},
      {"[[networks]]\nname = \"a\"\n", "line 1: network \"a\" needs cidrs"},
      {"[[networks]]\nname = \"a\"\ncidrs = \"10.0.0.0/8\"\n", "line 3: network \"a\" needs cidrs"},
      {"[[networks]]\nname = \"a\"\ncidrs = [\n\"10.0.0.0/8\",\n\"10.0.0.1/8\"]\n", "line 5: "},
      {"[[networks]]\nname = \"a\"\ncidrs = [1]\n", "line 3: an address or network must be a text"},
      {"[[networks]]\nname = \"a\"\ncidrs = []\ntrusted = 1\n", "line 4: trusted must be true or false."},
      {"[[networks]]\nname = \"a\"\ncidrs = []\nkind = 1\n", "line 4: \"kind\" is not known in [[networks]]."},
      {"[[networks]]\nname = \"a\"\ncidrs = []\n[[networks]]\nname = \"a\"\ncidrs = []\n",
       "line 5: there is a network \"a\""},
      {"[rules]\nnew_device = 1\n", "line 2: rules.new_device must be a table"},
      {"\n[rules.new_devices]\nenabled = true\n", "line 2: there is no rule \"new_devices\". Did you mean new_device?"},
      {"[rules.new_device]\nlearning_periode = \"P1D\"\n",
       "line 2: rule new_device has no \"learning_periode\". Did you mean learning_period?"},
      {"[rules.new_device]\nlearningPeriod = \"P1D\"\n",
       "line 2: \"learningPeriod\" is not spelled as names are here: write learning_period."},
      {"[rules.new_device]\nraised__for = \"P1D\"\n", "line 2: \"raised__for\" is not spelled"},
      {"[rules.new_device]\nenabled = \"yes\"\n", "line 2: enabled must be true or false."},
      {"[rules.new_device]\nseverity = 3\n", "line 2: severity must be a text in quotes."},
      {"[rules.many_networks]\nthreshold = 2026-03-01\n", "line 2: threshold must be a text, a number, true or false."},
      {"[rules.many_networks]\nthreshold = inf\n", "line 2: threshold must be a text, a number, true or false."}};
  for (const auto& [text, says] : cases) EXPECT_THAT(refusal(text), HasSubstr(says)) << text;
  EXPECT_THAT(refusal(std::string(kMostRealmFileBytes + 1, '#')), HasSubstr("larger than 1 MiB"));
}

TEST(RealmFile, WhatTheServerRefusesIsFoundByTheNearestLine) {
  const auto file = parsed(
      "[policy]\nidle_timeout = \"PT1M\"\n[[networks]]\nname = \"a\"\ncidrs = [\"10.0.0.0/8\"]\n"
      "[rules.idle]\nidle_for = \"PT1S\"\n");
  EXPECT_EQ(file.wrong("policy.idleTimeout", "No.").message, "p.toml, line 2: No.");
  EXPECT_EQ(file.wrong("policy.maxLifetime", "No.").message, "p.toml, line 1: No.");
  EXPECT_EQ(file.wrong("networks[0].cidrs[0]", "No.").message, "p.toml, line 5: No.");
  EXPECT_EQ(file.wrong("networks[0].cidrs[7]", "No.").message, "p.toml, line 5: No.");
  EXPECT_EQ(file.wrong("networks[4]", "No.").message, "p.toml, line 3: No.");
  EXPECT_EQ(file.wrong("rules.idle.idleFor", "No.").message, "p.toml, line 7: No.");
  EXPECT_EQ(file.wrong("displayName", "No.").message, "p.toml: No.");
}

TEST(RealmFile, NamesGoFromOneSpellingToTheOtherAndBack) {
  for (const auto* name : {"enabled", "learningPeriod", "speedKmh", "offlineIdleFor", "maxSessionsPerUser"})
    EXPECT_EQ(camel_case(snake_case(name)), name);
}

TEST(DurationText, IsShort) {
  EXPECT_EQ(duration_text(Duration::days(14)), "14 d");
  EXPECT_EQ(duration_text(Duration{90'061'500}), "1 d 1 h 1 min 1 s 500 ms");
  EXPECT_EQ(duration_text(Duration{0}), "0 s");
}

}  // namespace
}  // namespace curfew::cli
