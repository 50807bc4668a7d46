// Signals through the whole engine: raised by commands, kept over restarts, suppressed, followed, revoked by.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/test_world.h"

namespace curfew::engine {
namespace {

using signal::Rule;

struct SignalsTest : testing::Test {
  World world;
  RealmId realm = world.realm("production");

  void start(const std::string& id, const std::string& ip, const std::string& user = "jane") {
    ASSERT_EQ(world.start(world.session(realm, id, user, ip)), session::Outcome::kStarted);
  }
  std::optional<signal::UserFindings> findings(const std::string& user = "jane") const {
    const auto number = world.engine->index().user_number(realm, "u-" + user);
    return number ? world.engine->watch().findings(realm, *number) : std::nullopt;
  }
  bool raised(Rule rule) const {
    const auto found = findings();
    return found && std::any_of(found->findings.begin(), found->findings.end(),
                                [&](const signal::Finding& f) { return f.rule == rule; });
  }
  std::uint64_t marked(std::uint16_t marks) const {
    index::Filter filter;
    filter.marks = marks;
    const RealmId one[] = {realm};
    return world.engine->index().count(one, filter);
  }
  // The user is known for longer than the learning period, from one network.
  void learn() {
    start("old", "198.51.100.1");
    world.clock.advance(Duration::days(20));
    world.run();
  }
  void restart() {
    world.engine->stop();
    World::ASSERT_OPEN(world.open());
  }
};

TEST_F(SignalsTest, AStartFromANewNetworkIsMarkedAndItsEndResolvesIt) {
  learn();
  EXPECT_FALSE(findings());
  start("new", "203.0.113.9");
  ASSERT_TRUE(raised(Rule::kNewNetwork));
  EXPECT_EQ(marked(signal::mark_of(Rule::kNewNetwork)), 1U);
  world.end({realm, session::SessionType::kRegular, "new"});
  EXPECT_FALSE(findings());
}

TEST_F(SignalsTest, WhatIsKnownOfAUserOutlivesTheirSessionsAndRestarts) {
  learn();
  world.end({realm, session::SessionType::kRegular, "old"});
  world.clock.advance(Duration::seconds(2));
  world.run();
  restart();
  start("again", "198.51.100.7");  // the same /24
  EXPECT_FALSE(raised(Rule::kNewNetwork));
  start("new", "203.0.113.9");
  EXPECT_TRUE(raised(Rule::kNewNetwork));
}

TEST_F(SignalsTest, ARestartFindsTheSame) {
  learn();
  for (const char* ip : {"203.0.113.9", "192.0.2.4", "2001:db8:1::1"}) start(std::string("new-") + ip, ip);
  start("now", "198.51.100.1");
  ASSERT_TRUE(raised(Rule::kManyNetworks));
  const signal::UserFindings before = *findings();
  const std::uint64_t marks = marked(signal::mark_of(Rule::kNewNetwork));
  restart();
  ASSERT_TRUE(findings());
  EXPECT_EQ(*findings(), before);
  EXPECT_EQ(marked(signal::mark_of(Rule::kNewNetwork)), marks);
}

// The session is durable when it is answered for; what it taught is stored a little later.
TEST_F(SignalsTest, ACrashRightAfterAStartFindsTheSame) {
  learn();
  world.run();
  start("new", "203.0.113.9");
  ASSERT_TRUE(raised(Rule::kNewNetwork));
  const signal::UserFindings before = *findings();
  world.crash();
  ASSERT_TRUE(findings());
  EXPECT_EQ(*findings(), before);
  EXPECT_EQ(marked(signal::mark_of(Rule::kNewNetwork)), 1U);
}

// What a first session teaches is stored with it, and not once more.
TEST_F(SignalsTest, ANewUsersProfileIsWrittenWithTheFirstSession) {
  const auto document = [&](const std::string& user) {
    return world.ledger.document("users", std::to_string(realm.value) + "/u-" + user).value().value_or("");
  };
  const auto profile = [&](const std::string& user) {
    return world.engine->watch().profile_bytes(realm, *world.engine->index().user_number(realm, "u-" + user));
  };
  start("first", "198.51.100.1");
  ASSERT_FALSE(profile("jane").empty());
  EXPECT_TRUE(document("jane").ends_with(profile("jane")));
  const ledger::Position position = world.ledger.position();
  world.clock.advance(Duration::seconds(2));
  world.run();
  EXPECT_EQ(world.ledger.position(), position);

  // Two sessions in one commit: the second teaches more than the first, and that follows.
  world.submit({session::StartSession{world.session(realm, "a", "john", "198.51.100.2")},
                session::StartSession{world.session(realm, "b", "john", "203.0.113.9")}});
  const std::string learnt = profile("john");
  world.crash();
  EXPECT_EQ(profile("john"), learnt);
  world.clock.advance(Duration::seconds(2));
  world.run();
  EXPECT_TRUE(document("john").ends_with(learnt));
}

// The second session's document takes the place of the first's, and ends before it teaches anything.
TEST_F(SignalsTest, AProfileIsNotThoughtStoredWhenItsDocumentWasOverwritten) {
  const session::SessionKey second{realm, session::SessionType::kRegular, "b"};
  world.submit({session::StartSession{world.session(realm, "a", "john", "198.51.100.2")},
                session::StartSession{world.session(realm, "b", "john", "198.51.100.2")},
                session::EndSession{second, world.clock.now(), session::EndCause::kRevoked, "test"}});
  world.clock.advance(Duration::seconds(2));
  world.run();
  const auto number = world.engine->index().user_number(realm, "u-john");
  const std::string learnt = world.engine->watch().profile_bytes(realm, *number);
  ASSERT_FALSE(learnt.empty());
  const std::string name = std::to_string(realm.value) + "/u-john";
  EXPECT_TRUE(world.ledger.document("users", name).value().value_or("").ends_with(learnt));
}

// A storm is looked at by and by, and nothing of it is missed.
TEST_F(SignalsTest, OfManyTouchesAtOnceEachIsLookedAt) {
  learn();
  constexpr int kMany = 300;  // more than are looked at on the spot
  for (int i = 0; i < kMany; ++i) start("s" + std::to_string(i), "198.51.100.1", "user" + std::to_string(i));
  world.clock.advance(Duration::days(40));
  world.run();
  std::vector<session::Command> storm;
  for (int i = 0; i < kMany; ++i)
    storm.push_back(session::TouchSession{
        {realm, session::SessionType::kRegular, "s" + std::to_string(i)}, world.clock.now(), std::nullopt});
  world.submit(std::move(storm));
  for (int i = 0; i < kMany; ++i) EXPECT_TRUE(findings("user" + std::to_string(i))) << i;
  EXPECT_EQ(marked(signal::mark_of(Rule::kAwakened)), static_cast<std::uint64_t>(kMany));
}

// Sessions of one user that come back into use together, from too many networks, are found by the sweep's glance.
TEST_F(SignalsTest, SessionsThatComeBackTogetherAreFoundInTooManyNetworks) {
  for (int i = 0; i < 5; ++i) start("n" + std::to_string(i), "198.51." + std::to_string(100 + i) + ".1");
  world.clock.advance(Duration::hours(3));
  world.run();
  ASSERT_FALSE(raised(Rule::kManyNetworks));
  std::vector<session::Command> back;
  for (int i = 0; i < 5; ++i)
    back.push_back(session::TouchSession{
        {realm, session::SessionType::kRegular, "n" + std::to_string(i)}, world.clock.now(), std::nullopt});
  world.submit(std::move(back));
  EXPECT_TRUE(raised(Rule::kManyNetworks));
}

TEST_F(SignalsTest, ATouchFromElsewhereIsSeenAndItsTraceOutlivesTheProcess) {
  learn();
  world.one(session::TouchSession{
      {realm, session::SessionType::kRegular, "old"}, world.clock.now(), IpAddress::parse("203.0.113.9").value()});
  EXPECT_TRUE(raised(Rule::kNewNetwork));
  EXPECT_TRUE(raised(Rule::kAwakened));
  restart();
  EXPECT_TRUE(raised(Rule::kAwakened));
}

TEST_F(SignalsTest, ASuppressionIsAuditedAndHoldsUntilItIsRemoved) {
  learn();
  start("new", "203.0.113.9");
  signal::Suppression suppression;
  suppression.network = Cidr::parse("203.0.113.0/24").value();
  suppression.reason = "the new office";
  suppression.expires = world.clock.now() + Duration::days(7);
  Result<signal::Suppression> made = fail(ErrorCode::kInternal, "", "no answer");
  world.engine->add_suppression(realm, suppression, World::by("ana"), [&](auto r) { made = std::move(r); });
  world.run();
  ASSERT_TRUE(made);
  EXPECT_EQ(made->created_by, "ana");
  EXPECT_FALSE(findings());
  restart();
  EXPECT_FALSE(findings());
  world.engine->remove_suppression(realm, made->id, World::by("ana"), [&](auto r) { made = std::move(r); });
  world.run();
  EXPECT_TRUE(raised(Rule::kNewNetwork));
  AuditQuery query;
  query.action = audit::action::kSuppressionCreated;
  ASSERT_EQ(world.audit(query).size(), 1U);
  EXPECT_EQ(world.audit(query)[0].reason, "the new office");
  query.action = audit::action::kSuppressionRemoved;
  EXPECT_EQ(world.audit(query).size(), 1U);
}

TEST_F(SignalsTest, OneThatIsNotThereCantBeRemoved) {
  Result<signal::Suppression> made = fail(ErrorCode::kInternal, "", "no answer");
  world.engine->remove_suppression(realm, "nope", World::by("ana"), [&](auto r) { made = std::move(r); });
  world.run();
  EXPECT_EQ(made.error().code, ErrorCode::kNotFound);
}

TEST_F(SignalsTest, NewRulesHoldForTheSessionsThatAreThere) {
  start("a", "203.0.113.9");
  signal::Rules rules = signal::Rules::defaults();
  rules[Rule::kUnexpectedNetwork].enabled = true;
  Result<Realm> changed = fail(ErrorCode::kInternal, "", "no answer");
  world.engine->replace_detection(realm, {{{"Office", {Cidr::parse("10.0.0.0/8").value()}, true}}}, rules,
                                  World::by("ana"), [&](auto r) { changed = std::move(r); });
  world.run();
  ASSERT_TRUE(changed);
  EXPECT_TRUE(raised(Rule::kUnexpectedNetwork));
  AuditQuery query;
  query.action = audit::action::kDetectionChanged;
  EXPECT_EQ(world.audit(query).size(), 1U);
}

TEST_F(SignalsTest, WhatIsRaisedIsTold) {
  learn();
  world.engine->events().set_renderer(
      [](std::string& out, const Event& event, std::string_view) {
        out.append(to_string(event.kind)).append(" ");
        if (event.raised) out.append(signal::to_string(event.raised->findings.findings[0].rule)).append(" ");
      },
      [](std::string_view) { return PackedText{}; });
  const auto subscription = world.engine->events().subscribe([](RealmId) { return true; }, "");
  start("new", "203.0.113.9");
  std::string told;
  for (auto next = subscription->next([] {}); next.slice; next = subscription->next([] {})) told += next.slice->text;
  EXPECT_EQ(told, "session.started signal.raised new_network ");
}

TEST_F(SignalsTest, ARevocationByMarksEndsThoseAndNoOthers) {
  learn();
  start("new", "203.0.113.9");
  RevocationRequest request;
  request.selection.realms = {realm};
  ByFilter by_filter;
  by_filter.filter.marks = signal::mark_of(Rule::kNewNetwork);
  request.selection.what = std::move(by_filter);
  const auto done = world.revoke(std::move(request));
  ASSERT_TRUE(done);
  EXPECT_EQ(done->revoked, 1U);
  EXPECT_EQ(world.live(realm), 1U);
}

}  // namespace
}  // namespace curfew::engine
