#include "session/apply.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/limits.h"
#include "session/codec.h"
#include "session/testing.h"

namespace curfew::session {
namespace {

using testing::random_command;
using testing::random_session;

Session sample() {
  Session session;
  session.no = SessionNo(7);
  session.key = {RealmId(1), SessionType::kRegular, "s-1"};
  session.user_id = "u-1";
  session.username = "jane.doe";
  session.email = "jane@example.org";
  session.ip = IpAddress::v4(0x0a000001);
  session.user_agent = "Firefox";
  session.device_id = "laptop";
  session.started = Time{1000};
  session.last_access = Time{2000};
  session.clients = {{"web", Time{1000}}};
  session.token_hash = hash_token("secret");
  return session;
}

const Session& live(const State& state) {
  return std::get<Session>(state);
}

TEST(Apply, AStartMakesTheSessionThatItCarries) {
  State state;
  EXPECT_EQ(session::apply(state, StartSession{sample()}), Outcome::kStarted);
  EXPECT_EQ(live(state), sample());
}

TEST(Apply, ARepeatedStartWithoutNewsChangesNothing) {
  State state = sample();
  Session again = sample();
  again.no = SessionNo(99);  // a new number is no news
  EXPECT_EQ(session::apply(state, StartSession{again}), Outcome::kUnchanged);
  EXPECT_EQ(live(state), sample());
}

TEST(Apply, ARepeatedStartMerges) {
  State state = sample();
  Session news = sample();
  news.no = SessionNo(99);
  news.started = Time{1500};
  news.last_access = Time{3000};
  news.ip = IpAddress::v4(0x0a000002);
  news.username = "jane.smith";
  news.email = "";
  news.user_agent = "Chrome";
  news.device_id = "phone";
  news.remember_me = true;
  news.clients = {{"mail", Time{2500}}, {"web", Time{2600}}};
  news.token_hash.reset();
  EXPECT_EQ(session::apply(state, StartSession{news}), Outcome::kUpdated);

  Session expected = news;
  expected.no = SessionNo(7);
  expected.started = Time{1000};
  expected.clients = {{"web", Time{1000}}, {"mail", Time{2500}}};
  expected.token_hash = hash_token("secret");
  EXPECT_EQ(live(state), expected);
}

TEST(Apply, AnOlderStartMovesNeitherLastAccessNorAddress) {
  State state = sample();
  Session old = sample();
  old.last_access = Time{1500};
  old.ip = IpAddress::v4(0x0a000009);
  EXPECT_EQ(session::apply(state, StartSession{old}), Outcome::kUnchanged);
  EXPECT_EQ(live(state), sample());
}

TEST(Apply, ANewTokenReplacesTheOld) {
  State state = sample();
  Session news = sample();
  news.token_hash = hash_token("another");
  EXPECT_EQ(session::apply(state, StartSession{news}), Outcome::kUpdated);
  EXPECT_EQ(live(state).token_hash, hash_token("another"));
}

TEST(Apply, AStartOfAnotherUserIsRefused) {
  State state = sample();
  Session other = sample();
  other.user_id = "u-2";
  other.last_access = Time{9000};
  EXPECT_EQ(session::apply(state, StartSession{other}), Outcome::kUserMismatch);
  EXPECT_EQ(live(state), sample());
}

TEST(Apply, TheUnionOfClientsHasALimit) {
  State state = sample();
  Session full = sample();
  full.clients.clear();
  for (std::size_t i = 0; i < limits::kClientsPerSession; ++i)
    full.clients.push_back({"c" + std::to_string(i), Time{1}});
  EXPECT_EQ(session::apply(state, StartSession{full}), Outcome::kTooManyClients);
  EXPECT_EQ(live(state), sample());
  full.clients.pop_back();
  EXPECT_EQ(session::apply(state, StartSession{full}), Outcome::kUpdated);
  EXPECT_EQ(live(state).clients.size(), limits::kClientsPerSession);
  EXPECT_EQ(session::apply(state, JoinClient{sample().key, "one more", Time{5000}}), Outcome::kTooManyClients);
  EXPECT_EQ(session::apply(state, JoinClient{sample().key, "web", Time{5000}}), Outcome::kUnchanged);
}

TEST(Apply, ALaterTouchMovesLastAccessAndAddress) {
  State state = sample();
  EXPECT_EQ(session::apply(state, TouchSession{sample().key, Time{3000}, IpAddress::v4(5)}), Outcome::kUpdated);
  EXPECT_EQ(live(state).last_access, Time{3000});
  EXPECT_EQ(live(state).ip, IpAddress::v4(5));
  EXPECT_EQ(session::apply(state, TouchSession{sample().key, Time{4000}, std::nullopt}), Outcome::kUpdated);
  EXPECT_EQ(live(state).ip, IpAddress::v4(5));
}

TEST(Apply, AnOlderOrEqualTouchChangesNothing) {
  State state = sample();
  for (const std::int64_t at : {0, 1999, 2000}) {
    EXPECT_EQ(session::apply(state, TouchSession{sample().key, Time{at}, IpAddress::v4(5)}), Outcome::kUnchanged);
  }
  EXPECT_EQ(live(state), sample());
}

TEST(Apply, AClientThatJoinsIsLastAndCountsAsUse) {
  State state = sample();
  EXPECT_EQ(session::apply(state, JoinClient{sample().key, "mail", Time{2500}}), Outcome::kUpdated);
  EXPECT_EQ(live(state).clients.back(), (ClientLink{"mail", Time{2500}}));
  EXPECT_EQ(live(state).last_access, Time{2500});
  EXPECT_EQ(session::apply(state, JoinClient{sample().key, "old", Time{100}}), Outcome::kUpdated);
  EXPECT_EQ(live(state).last_access, Time{2500});
}

TEST(Apply, NothingComesBackAfterTheEnd) {
  State state = sample();
  EXPECT_EQ(session::apply(state, EndSession{sample().key, Time{5000}, EndCause::kRevoked, "lost laptop"}),
            Outcome::kEnded);
  const State ended = state;
  EXPECT_EQ(std::get<Tombstone>(ended), (Tombstone{Time{5000}, EndCause::kRevoked, 0}));
  Session late = sample();
  late.last_access = Time{9000};
  for (const Command& command : {Command(StartSession{late}), Command(TouchSession{late.key, Time{9000}, std::nullopt}),
                                 Command(JoinClient{late.key, "web", Time{9000}}),
                                 Command(EndSession{late.key, Time{9000}, EndCause::kSignedOut, ""})}) {
    EXPECT_EQ(session::apply(state, command), Outcome::kAlreadyEnded);
    EXPECT_EQ(state, ended);
  }
}

TEST(Apply, WhatNeverWasIsNotFound) {
  State state;
  EXPECT_EQ(session::apply(state, TouchSession{sample().key, Time{1}, std::nullopt}), Outcome::kNotFound);
  EXPECT_EQ(session::apply(state, JoinClient{sample().key, "web", Time{1}}), Outcome::kNotFound);
  EXPECT_EQ(session::apply(state, EndSession{sample().key, Time{1}, EndCause::kRevoked, ""}), Outcome::kNotFound);
  EXPECT_EQ(state, State(Absent{}));
}

TEST(Apply, OutcomesHaveTheirWords) {
  EXPECT_EQ(to_string(Outcome::kAlreadyEnded), "already_ended");
  EXPECT_EQ(to_string(Outcome::kUserMismatch), "user_mismatch");
  EXPECT_TRUE(refused(Outcome::kTooManyClients));
  EXPECT_FALSE(refused(Outcome::kEnded));
  EXPECT_FALSE(refused(Outcome::kUnchanged));
}

bool clients_kept_their_place(const Session& before, const Session& after) {
  return before.clients.size() <= after.clients.size() &&
         std::equal(before.clients.begin(), before.clients.end(), after.clients.begin());
}

// What must hold from one live state to the next.
void check_step(const Session& before, const Session& after) {
  ASSERT_GE(after.last_access, before.last_access);
  ASSERT_TRUE(clients_kept_their_place(before, after));
  ASSERT_EQ(after.no, before.no);
  ASSERT_EQ(after.key, before.key);
  ASSERT_EQ(after.user_id, before.user_id);
  ASSERT_EQ(after.started, before.started);
  ASSERT_TRUE(validate_session(after)) << validate_session(after).error().message;
}

TEST(Apply, TheInvariantsHoldOverRandomHistories) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    SeededRandom random(seed);
    std::map<SessionKey, State> states, replayed;
    std::map<SessionKey, int> ends;
    std::vector<std::string> ledger;
    for (int i = 0; i < 400; ++i) {
      const Command command = random_command(random);
      encode_command(ledger.emplace_back(), command);
      State& state = states[key_of(command)];
      const State before = state;
      const Outcome outcome = session::apply(state, command);

      if (outcome == Outcome::kEnded) ++ends[key_of(command)];
      if (refused(outcome) || outcome == Outcome::kUnchanged) {
        ASSERT_EQ(state, before);
      }
      if (outcome == Outcome::kUpdated) {
        ASSERT_NE(state, before);
      }
      if (std::holds_alternative<Tombstone>(before)) {
        ASSERT_EQ(outcome, Outcome::kAlreadyEnded);
      }
      const auto* was = std::get_if<Session>(&before);
      const auto* is = std::get_if<Session>(&state);
      if (was != nullptr && is != nullptr) check_step(*was, *is);
    }
    for (const auto& [key, count] : ends) ASSERT_EQ(count, 1);
    // The same commands out of their bytes give the same states.
    for (const std::string& bytes : ledger) {
      const Command command = decode_command(bytes).value();
      session::apply(replayed[key_of(command)], command);
    }
    ASSERT_EQ(replayed, states);
  }
}

}  // namespace
}  // namespace curfew::session
