// Following live events: what is shown, with and without filters.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/testing.h"
#include "cli/watch_matches.h"

namespace curfew::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Shell;

std::string event(std::string_view type, std::string_view data) {
  return "event: " + std::string(type) + "\ndata: " + std::string(data) + "\n\n";
}

std::string session_event(std::string_view type, std::string_view id, std::string_view more = "") {
  return event(type, R"({"time":"2026-03-01T09:30:00.000Z","realm":"r","type":"regular","id":")" + std::string(id) +
                         R"(","userId":"1","username":"jane","ipAddress":"10.0.0.1")" + std::string(more) + "}");
}

std::string started(std::string_view id, std::string_view session) {
  return session_event("session.started", id, R"(,"session":)" + std::string(session));
}

std::string listed(std::string_view id) {
  return R"({"items":[{"realm":"r","type":"regular","id":")" + std::string(id) + R"("}],"total":1,"next":null})";
}

const std::string kSignal = event(
    "signal.raised",
    R"({"realm":"r","userId":"1","username":"jane","severity":"high","signals":[{"rule":"many_networks","severity":"medium",)"
    R"("reason":"4 networks at once","since":"2026-03-01T09:29:00.000Z"},{"rule":"new_device","severity":"low",)"
    R"("reason":"a new device","since":"2026-03-01T09:28:00.000Z"}]})");

// The events of one stream; the watch ends as if by Ctrl-C once they are read.
int watch(Shell& shell, std::vector<std::string> options, std::vector<std::string> events) {
  shell.server.streams.push_back({std::move(events), fail(ErrorCode::kCancelled, "interrupted", "interrupted")});
  std::vector<std::string> words{"sessions", "watch", "--realm", "r"};
  words.insert(words.end(), options.begin(), options.end());
  return shell.run(words);
}

TEST(Watch, GoesOnAfterTheLastEventWhenTheConnectionBreaks) {
  Shell shell;
  shell.server.streams.push_back(
      {{"id: 7\nevent: session.started\nda",
        "ta: {\"time\":\"2026-03-01T09:30:00.000Z\",\"realm\":\"r\",\"type\":\"regular\",\"id\":\"a\","
        "\"session\":{\"username\":\"ja\\u001bne\",\"ipAddress\":\"203.0.113.7\"}}\n\n: still here\n\n"},
       fail(ErrorCode::kUnavailable, "connection_lost", "broken")});
  shell.server.streams.push_back(
      {{"id: 8\nevent: session.touched\ndata: {\"realm\":\"r\",\"type\":\"regular\",\"id\":\"a\"}\n\n"
        "id: 9\nevent: session.ended\ndata: "
        "{\"time\":\"2026-03-01T09:31:00.000Z\",\"realm\":\"r\",\"type\":\"regular\",\"id\":\"a\",\"cause\":"
        "\"revoked\"}\n\n"},
       fail(ErrorCode::kPermissionDenied, "forbidden", "You lack SESSIONS:READ.")});
  shell.server.streams.push_back({{}, fail(ErrorCode::kPermissionDenied, "forbidden", "You lack SESSIONS:READ.")});
  EXPECT_EQ(shell.run({"sessions", "watch", "--realm", "r"}), kExitFailed);
  ASSERT_EQ(shell.server.requests.size(), 2U);
  EXPECT_TRUE(shell.server.requests[0].headers.empty());
  EXPECT_EQ(shell.server.requests[1].headers[0], (std::pair<std::string, std::string>{"Last-Event-ID", "7"}));
  EXPECT_EQ(shell.out.str(),
            "2026-03-01 09:30:00Z  started r  regular/a  jane  203.0.113.7\n"
            "2026-03-01 09:31:00Z  ended   r  regular/a  revoked\n");
  EXPECT_THAT(shell.err.str(), HasSubstr("Live updates paused"));
}

TEST(Watch, CtrlCIsTheOrdinaryEnd) {
  Shell shell;
  shell.server.streams.push_back({{}, fail(ErrorCode::kCancelled, "interrupted", "interrupted")});
  EXPECT_EQ(shell.run({"sessions", "watch"}), kExitDone);
}

TEST(Watch, MissedEventsAreTold) {
  Shell shell;
  shell.server.streams.push_back(
      {{"event: reset\ndata: {}\n\n"}, fail(ErrorCode::kCancelled, "interrupted", "interrupted")});
  EXPECT_EQ(shell.run({"sessions", "watch"}), kExitDone);
  EXPECT_THAT(shell.err.str(), HasSubstr("missed"));
}

TEST(Watch, ShowsSignalsAsTheyAreRaised) {
  Shell shell;
  EXPECT_EQ(watch(shell, {}, {session_event("session.ended", "a"), kSignal}), kExitDone);
  EXPECT_EQ(shell.out.str(),
            "2026-03-01 09:30:00Z  ended   r  regular/a  jane  10.0.0.1\n"
            "2026-03-01 09:29:00Z  signal  r  high  jane  4 networks at once; a new device\n");
}

TEST(Watch, TellsProgramsOfSignalsToo) {
  Shell json;
  watch(json, {"-o", "jsonl"}, {kSignal});
  EXPECT_EQ(boost::json::parse(json.out.str()).at("event").as_string(), "signal.raised");
  Shell csv;
  watch(csv, {"-o", "csv"}, {kSignal});
  EXPECT_THAT(csv.out.str(),
              HasSubstr("2026-03-01T09:29:00.000Z,signal,r,,,jane,,,high,4 networks at once; a new device"));
}

TEST(Watch, WithFiltersShowsWhatMatchedWhenItBegan) {
  Shell shell;
  shell.server.then(listed("a"));
  EXPECT_EQ(watch(shell, {"--device", "mobile", "--network-not", "Corporate", "--touches"},
                  {session_event("session.touched", "a"), session_event("session.touched", "b"),
                   session_event("session.ended", "a"), session_event("session.ended", "a")}),
            kExitDone);
  EXPECT_EQ(shell.server.asked[0], "GET /api/v1/realms/r/sessions?limit=500&device=mobile&networkNot=Corporate");
  EXPECT_THAT(shell.out.str(), HasSubstr("touched r  regular/a"));
  EXPECT_THAT(shell.out.str(), Not(HasSubstr("regular/b")));
  EXPECT_EQ(shell.out.str().find("ended"), shell.out.str().rfind("ended"));
}

TEST(Watch, WithFiltersShowsWhatStartsAndMatches) {
  constexpr std::string_view kPhone =
      R"({"device":{"kind":"mobile","key":"ua:Safari on iOS"},"location":{"network":"Lab"},"severity":"low","signals":[{"rule":"new_device"}]})";
  constexpr std::string_view kDesktop =
      R"({"device":{"kind":"desktop","key":"ua:Firefox on Linux"},"location":null,"severity":null,"signals":[]})";
  const std::pair<std::vector<std::string>, std::pair<bool, bool>> cases[] = {
      {{"--device", "mobile"}, {true, false}},
      {{"--device", "ua:Firefox on Linux"}, {false, true}},
      {{"--device", "mobile", "--device", "desktop"}, {true, true}},
      {{"--network", "Lab"}, {true, false}},
      {{"--network-not", "Lab"}, {false, true}},
      {{"--signal", "any"}, {true, false}},
      {{"--signal", "low"}, {true, false}},
      {{"--signal", "high", "--signal", "new_device"}, {true, false}},
      {{"--signal", "high"}, {false, false}},
      {{"--signal", "any", "--device", "desktop"}, {false, false}}};
  for (const auto& [options, shown] : cases) {
    Shell shell;
    watch(shell, options,
          {started("phone", kPhone), started("desk", kDesktop), session_event("session.ended", "desk")});
    EXPECT_EQ(shell.out.str().find("started r  regular/phone") != std::string::npos, shown.first) << options[1];
    EXPECT_EQ(shell.out.str().find("started r  regular/desk") != std::string::npos, shown.second) << options[1];
    EXPECT_EQ(shell.out.str().find("ended   r  regular/desk") != std::string::npos, shown.second) << options[1];
  }
}

TEST(Watch, ASignalHasTheSessionsOfItsUserListedAnew) {
  Shell shell;
  shell.server.then(R"({"items":[],"total":0,"next":null})");
  shell.server.then(listed("a"));
  EXPECT_EQ(watch(shell, {"--signal", "many_networks"}, {kSignal, session_event("session.ended", "a")}), kExitDone);
  EXPECT_EQ(shell.server.asked.back(), "GET /api/v1/realms/r/sessions?user=1&limit=500&signal=many_networks");
  EXPECT_THAT(shell.out.str(), HasSubstr("signal  r  high  jane"));
  EXPECT_THAT(shell.out.str(), HasSubstr("ended   r  regular/a"));
  Shell other;
  other.server.then(R"({"items":[],"total":0,"next":null})");
  other.server.then(R"({"items":[],"total":0,"next":null})");
  watch(other, {"--signal", "token_replay"}, {kSignal});
  EXPECT_EQ(other.out.str(), "");
}

TEST(Watch, AfterAGapTheMatchesAreListedAnew) {
  Shell shell;
  shell.server.then(listed("a"));
  shell.server.then(listed("b"));
  watch(shell, {"--signal", "any"},
        {event("reset", "{}"), session_event("session.ended", "a"), session_event("session.ended", "b")});
  EXPECT_THAT(shell.out.str(), Not(HasSubstr("regular/a")));
  EXPECT_THAT(shell.out.str(), HasSubstr("regular/b"));
}

TEST(Watch, FollowsTheCursorsOfTheMatches) {
  Shell shell;
  shell.server.then(R"({"items":[{"realm":"r","type":"regular","id":"a"}],"next":"c2"})");
  shell.server.then(listed("b"));
  watch(shell, {"--signal", "any"}, {session_event("session.ended", "a"), session_event("session.ended", "b")});
  EXPECT_EQ(shell.server.asked[1], "GET /api/v1/realms/r/sessions?limit=500&signal=any&cursor=c2");
  EXPECT_THAT(shell.out.str(), HasSubstr("regular/a"));
  EXPECT_THAT(shell.out.str(), HasSubstr("regular/b"));
}

TEST(Watch, ALookupThatFailsEndsItWithTheReason) {
  Shell shell;
  shell.server.then_fail(ErrorCode::kInvalidArgument, "invalid_value", "there is no network Nowhere.");
  EXPECT_EQ(shell.run({"sessions", "watch", "--realm", "r", "--network", "Nowhere"}), kExitUsage);
  EXPECT_THAT(shell.err.str(), HasSubstr("there is no network Nowhere."));
}

TEST(Watch, IdleSessionsCannotBeWatched) {
  Shell shell;
  EXPECT_EQ(shell.run({"sessions", "watch", "--signal", "idle"}), kExitUsage);
  EXPECT_THAT(shell.err.str(), HasSubstr("sessions list --signal idle"));
  EXPECT_TRUE(shell.server.asked.empty());
}

}  // namespace
}  // namespace curfew::cli
