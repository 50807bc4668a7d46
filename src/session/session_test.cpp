#include "session/session.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/crypto.h"
#include "base/limits.h"
#include "session/testing.h"

namespace curfew::session {
namespace {

// The field that validate_session names after the change, or "" if it accepts.
std::string field_after(const std::function<void(Session&)>& change) {
  Session session;
  session.key = {RealmId(1), SessionType::kRegular, "s-1"};
  session.user_id = "u-1";
  session.username = "jane.doe";
  change(session);
  const Status status = validate_session(session);
  return status ? "" : status.error().field;
}

TEST(ValidateSession, AcceptsTheLeastAndTheMost) {
  EXPECT_EQ(field_after([](Session&) {}), "");
  EXPECT_EQ(field_after([](Session& s) {
              s.key.id = std::string(limits::kSessionId, 'x');
              s.user_id = std::string(limits::kUserId, 'x');
              s.username = std::string(limits::kUsername, 'x');
              s.email = std::string(limits::kEmail, 'x');
              s.user_agent = std::string(limits::kUserAgent, 'x');
              s.device_id = std::string(limits::kDeviceId, 'x');
              s.started = s.last_access = kMaxTime;
              for (std::size_t i = 0; i < limits::kClientsPerSession; ++i) {
                s.clients.push_back({std::string(limits::kClientId - 2, 'x') + std::to_string(10 + i), kMaxTime});
              }
            }),
            "");
}

TEST(ValidateSession, TheRandomSessionsOfOtherTestsAreValid) {
  SeededRandom random(1);
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(validate_session(testing::random_session(random)));
}

TEST(ValidateSession, NamesTheFieldThatIsTooLong) {
  EXPECT_EQ(field_after([](Session& s) { s.key.id = std::string(limits::kSessionId + 1, 'x'); }), "id");
  EXPECT_EQ(field_after([](Session& s) { s.user_id = std::string(limits::kUserId + 1, 'x'); }), "userId");
  EXPECT_EQ(field_after([](Session& s) { s.username = std::string(limits::kUsername + 1, 'x'); }), "username");
  EXPECT_EQ(field_after([](Session& s) { s.email = std::string(limits::kEmail + 1, 'x'); }), "email");
  EXPECT_EQ(field_after([](Session& s) { s.user_agent = std::string(limits::kUserAgent + 1, 'x'); }), "userAgent");
  EXPECT_EQ(field_after([](Session& s) { s.device_id = std::string(limits::kDeviceId + 1, 'x'); }), "deviceId");
  EXPECT_EQ(field_after([](Session& s) { s.clients = {{std::string(limits::kClientId + 1, 'x'), {}}}; }), "clients");
  EXPECT_EQ(field_after([](Session& s) {
              for (std::size_t i = 0; i <= limits::kClientsPerSession; ++i)
                s.clients.push_back({std::to_string(i), {}});
            }),
            "clients");
}

TEST(ValidateSession, IdsStayOneSegmentOfAPath) {
  for (const char* id : {"", "a/b", "/", ".", "..", "a b", "é", "a\n"}) {
    EXPECT_EQ(field_after([id](Session& s) { s.key.id = id; }), "id") << id;
  }
  for (const char* id : {"...", "a.b", "8f14e45f-ceea", "a%2fb", "a?b#c"}) {
    EXPECT_EQ(field_after([id](Session& s) { s.key.id = id; }), "") << id;
  }
}

TEST(ValidateSession, RequiredTextsAreNotEmptyAndHoldNoControls) {
  EXPECT_EQ(field_after([](Session& s) { s.user_id = ""; }), "userId");
  EXPECT_EQ(field_after([](Session& s) { s.username = ""; }), "username");
  EXPECT_EQ(field_after([](Session& s) { s.username = "a\x1b[0m"; }), "username");
  EXPECT_EQ(field_after([](Session& s) { s.user_agent = "a\r\nb"; }), "userAgent");
  EXPECT_EQ(field_after([](Session& s) { s.email = "\xff"; }), "email");
  EXPECT_EQ(field_after([](Session& s) { s.clients = {{"", {}}}; }), "clients");
}

TEST(ValidateSession, TimesLieInTheirRangeAndInOrder) {
  EXPECT_EQ(field_after([](Session& s) { s.started = Time{-1}; }), "started");
  EXPECT_EQ(field_after([](Session& s) { s.last_access = kMaxTime + Duration{1}; }), "lastAccess");
  EXPECT_EQ(field_after([](Session& s) {
              s.started = Time{2};
              s.last_access = Time{1};
            }),
            "lastAccess");
  EXPECT_EQ(field_after([](Session& s) { s.clients = {{"web", Time{-1}}}; }), "clients");
}

TEST(ValidateSession, AClientIsNamedOnce) {
  EXPECT_EQ(field_after([](Session& s) { s.clients = {{"web", {}}, {"mail", {}}, {"web", Time{5}}}; }), "clients");
}

TEST(SessionType, HasItsTwoWords) {
  EXPECT_EQ(parse_session_type("regular").value(), SessionType::kRegular);
  EXPECT_EQ(parse_session_type("offline").value(), SessionType::kOffline);
  EXPECT_EQ(parse_session_type("Regular").error().field, "type");
  EXPECT_EQ(to_string(SessionType::kOffline), "offline");
}

TEST(HashToken, IsTheFirstHalfOfSha256) {
  const TokenHash hash = hash_token("abc");
  EXPECT_EQ(to_hex(hash), "ba7816bf8f01cfea414140de5dae2223");
}

}  // namespace
}  // namespace curfew::session
