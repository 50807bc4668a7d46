#include <gtest/gtest.h>

#include <map>
#include <set>
#include <thread>

#include "engine/test_world.h"

namespace curfew::engine {
namespace {

using session::EndCause;
using session::EndSession;
using session::JoinClient;
using session::Outcome;
using session::SessionKey;
using session::SessionType;
using session::StartSession;
using session::TouchSession;

TEST(EngineTest, StartedSessionIsFoundCheckedAndListed) {
  World w;
  const RealmId realm = w.realm("production");
  const auto s = w.session(realm, "s1", "jane.doe");
  EXPECT_EQ(w.start(s), Outcome::kStarted);
  EXPECT_TRUE(w.check(s.key));
  EXPECT_EQ(w.live(realm), 1U);
}

TEST(EngineTest, EndedSessionNeverComesBack) {
  World w;
  const RealmId realm = w.realm("production");
  const auto s = w.session(realm, "s1", "jane.doe");
  w.start(s);
  EXPECT_EQ(w.end(s.key), Outcome::kEnded);
  EXPECT_FALSE(w.check(s.key));
  EXPECT_EQ(w.end(s.key), Outcome::kAlreadyEnded);
  EXPECT_EQ(w.start(s), Outcome::kAlreadyEnded);
  EXPECT_EQ(w.one(TouchSession{s.key, w.clock.now() + Duration::hours(1), {}}), Outcome::kAlreadyEnded);
  EXPECT_EQ(w.one(JoinClient{s.key, "reports", w.clock.now()}), Outcome::kAlreadyEnded);
  w.crash();
  EXPECT_EQ(w.start(s), Outcome::kAlreadyEnded);
  EXPECT_EQ(w.live(realm), 0U);
}

TEST(EngineTest, EndIsAuditedWithEverythingThatTheMissionAsksFor) {
  World w;
  const RealmId realm = w.realm("production");
  const auto s = w.session(realm, "s1", "jane.doe", "198.51.100.4");
  w.start(s);
  w.submit({EndSession{s.key, w.clock.now(), EndCause::kRevoked, "INC-4711"}}, "root");
  const auto ends = w.ends();
  ASSERT_EQ(ends.size(), 1U);
  EXPECT_EQ(ends[0].session_id, "s1");
  EXPECT_EQ(ends[0].user_id, "u-jane.doe");
  EXPECT_EQ(ends[0].username, "jane.doe");
  EXPECT_EQ(ends[0].session_ip->to_string(), "198.51.100.4");
  EXPECT_EQ(ends[0].origin.actor_name, "root");
  EXPECT_EQ(ends[0].reason, "INC-4711");
  EXPECT_EQ(ends[0].origin.request_id, "req-root");
  EXPECT_EQ(ends[0].realm_name, "production");
  EXPECT_TRUE(w.engine->audit_log().verify()->whole);
}

TEST(EngineTest, RefusedCommitChangesNothing) {
  World w;
  const RealmId realm = w.realm("production");
  const auto s = w.session(realm, "s1", "jane.doe");
  w.start(s);
  w.ledger.set_disk_full(true);
  Result<std::vector<CommandResult>> out = fail(ErrorCode::kInternal, "", "");
  w.engine->submit({{EndSession{s.key, w.clock.now(), EndCause::kRevoked, ""}}, World::by("root"), {}},
                   [&](auto r) { out = std::move(r); });
  w.engine->step();
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(w.engine->ready());
  EXPECT_TRUE(w.check(s.key));
  EXPECT_TRUE(w.ends().empty());
  w.ledger.set_disk_full(false);
  EXPECT_EQ(w.end(s.key), Outcome::kEnded);
  EXPECT_TRUE(w.engine->ready());
  EXPECT_TRUE(w.engine->audit_log().verify()->whole);
}

TEST(EngineTest, OneOfManyTerminationsInOneBatchSucceeds) {
  World w;
  const RealmId realm = w.realm("production");
  const auto s = w.session(realm, "s1", "jane.doe");
  w.start(s);
  std::vector<session::Command> commands(5, EndSession{s.key, w.clock.now(), EndCause::kRevoked, ""});
  int ended = 0;
  for (const auto& result : w.submit(commands)) ended += result.outcome == Outcome::kEnded;
  EXPECT_EQ(ended, 1);
  EXPECT_EQ(w.ends().size(), 1U);
}

TEST(EngineTest, StartTouchAndEndInOneBatchLeaveOneTombstone) {
  World w;
  const RealmId realm = w.realm("production");
  const auto s = w.session(realm, "s1", "jane.doe");
  const auto out = w.submit({TouchSession{s.key, w.clock.now(), {}}, StartSession{s},
                             TouchSession{s.key, w.clock.now() + Duration{5}, {}},
                             EndSession{s.key, w.clock.now(), EndCause::kSignedOut, ""}, StartSession{s}});
  ASSERT_EQ(out.size(), 5U);
  EXPECT_EQ(out[0].outcome, Outcome::kNotFound);
  EXPECT_EQ(out[1].outcome, Outcome::kStarted);
  EXPECT_EQ(out[2].outcome, Outcome::kUpdated);
  EXPECT_EQ(out[3].outcome, Outcome::kEnded);
  EXPECT_EQ(out[4].outcome, Outcome::kAlreadyEnded);
  EXPECT_EQ(w.live(realm), 0U);
}

TEST(EngineTest, TouchMovesLastAccessForwardOnlyAndSurvivesAnOrderlyRestart) {
  World w;
  const RealmId realm = w.realm("production");
  const auto s = w.session(realm, "s1", "jane.doe");
  w.start(s);
  const Time later = w.clock.now() + Duration::minutes(5);
  w.clock.advance(Duration::minutes(10));
  EXPECT_EQ(w.one(TouchSession{s.key, later, IpAddress::parse("10.0.0.1").value()}), Outcome::kUpdated);
  EXPECT_EQ(w.one(TouchSession{s.key, later - Duration{1}, {}}), Outcome::kUnchanged);
  w.engine->stop();
  ASSERT_TRUE(w.open());
  const auto found = w.engine->index().find(s.key);
  ASSERT_TRUE(found);
  EXPECT_EQ(w.engine->index().get(*found).last_access, later);
  EXPECT_EQ(w.engine->index().get(*found).ip.to_string(), "10.0.0.1");
}

TEST(EngineTest, CheckByTokenCountsAsActivity) {
  World w;
  const RealmId realm = w.realm("production");
  auto s = w.session(realm, "s1", "jane.doe");
  const std::string token = w.engine->make_token();
  s.token_hash = session::hash_token(token);
  w.start(s);
  w.clock.advance(Duration::minutes(3));
  ASSERT_TRUE(w.check_token(realm, token));
  EXPECT_FALSE(w.check_token(realm, token + "x"));
  EXPECT_FALSE(w.check_token(w.realm("staging"), token));
  w.run();
  EXPECT_EQ(w.engine->index().get(*w.engine->index().find(s.key)).last_access, w.clock.now());
}

TEST(EngineTest, RealmsAreIsolated) {
  World w;
  const RealmId a = w.realm("a"), b = w.realm("b");
  w.start(w.session(a, "same", "jane.doe"));
  w.start(w.session(b, "same", "jane.doe"));
  EXPECT_EQ(w.end({a, SessionType::kRegular, "same"}), Outcome::kEnded);
  EXPECT_TRUE(w.check({b, SessionType::kRegular, "same"}));
}

TEST(EngineTest, RegularAndOfflineOfOneIdAreTwoSessions) {
  World w;
  const RealmId realm = w.realm("production");
  auto s = w.session(realm, "same", "jane.doe");
  w.start(s);
  s.key.type = SessionType::kOffline;
  EXPECT_EQ(w.start(s), Outcome::kStarted);
  EXPECT_EQ(w.end({realm, SessionType::kRegular, "same"}), Outcome::kEnded);
  EXPECT_TRUE(w.check(s.key));
}

TEST(EngineTest, IdleSessionsEndByThemselvesWithThePolicyInTheAudit) {
  World w;
  session::Policy policy;
  policy.idle_timeout = Duration::minutes(30);
  const RealmId realm = w.realm("production", policy);
  const auto idle = w.session(realm, "idle", "jane.doe");
  const auto busy = w.session(realm, "busy", "jane.doe");
  w.start(idle);
  w.start(busy);
  w.clock.advance(Duration::minutes(20));
  w.one(TouchSession{busy.key, w.clock.now(), {}});
  w.clock.advance(Duration::minutes(15));
  EXPECT_FALSE(w.check(idle.key));  // before any walk has found it
  w.run();
  EXPECT_EQ(w.live(realm), 1U);
  const auto ends = w.ends();
  ASSERT_EQ(ends.size(), 1U);
  EXPECT_EQ(ends[0].session_id, "idle");
  EXPECT_EQ(ends[0].code, "idle_timeout");
  EXPECT_EQ(ends[0].origin.kind, session::ActorKind::kPolicy);
}

TEST(EngineTest, LateTouchDoesNotReviveAnExpiredSession) {
  World w;
  session::Policy policy;
  policy.idle_timeout = Duration::minutes(30);
  const RealmId realm = w.realm("production", policy);
  const auto s = w.session(realm, "s1", "jane.doe");
  w.start(s);
  w.clock.advance(Duration::hours(2));
  EXPECT_EQ(w.one(TouchSession{s.key, w.clock.now(), {}}), Outcome::kAlreadyEnded);
  EXPECT_EQ(w.ends().size(), 1U);
}

TEST(EngineTest, ConcurrencyLimitEndsTheOldestOrTheLeastRecentlyUsed) {
  for (const auto victim : {session::ConcurrencyVictim::kOldest, session::ConcurrencyVictim::kLeastRecentlyUsed}) {
    World w;
    session::Policy policy;
    policy.max_sessions_per_user = 2;
    policy.victim = victim;
    const RealmId realm = w.realm("production", policy);
    for (const char* id : {"first", "second"}) {
      w.start(w.session(realm, id, "jane.doe"));
      w.clock.advance(Duration::minutes(1));
    }
    w.one(TouchSession{{realm, SessionType::kRegular, "first"}, w.clock.now(), {}});
    w.start(w.session(realm, "other", "john"));
    w.start(w.session(realm, "third", "jane.doe"));
    EXPECT_EQ(w.live(realm), 3U);
    ASSERT_EQ(w.ends().size(), 1U);
    EXPECT_EQ(w.ends()[0].session_id, victim == session::ConcurrencyVictim::kOldest ? "first" : "second");
    EXPECT_EQ(w.ends()[0].code, "concurrent_limit");
  }
}

TEST(EngineTest, RealmNamesAreDistinctAndRemovedRealmsEndTheirSessions) {
  World w;
  const RealmId realm = w.realm("production");
  Result<Realm> again = fail(ErrorCode::kInternal, "", "");
  w.engine->create_realm("production", "", {}, {}, [&](auto r) { again = std::move(r); });
  w.run();
  EXPECT_EQ(again.error().code, ErrorCode::kAlreadyExists);
  for (int i = 0; i < 10; ++i) w.start(w.session(realm, "s" + std::to_string(i), "jane.doe"));
  bool removed = false;
  w.engine->remove_realm(realm, World::by("root"), [&](auto r) { removed = r.has_value(); });
  w.run();
  EXPECT_TRUE(removed);
  EXPECT_EQ(w.engine->realms()->find("production"), nullptr);
  EXPECT_EQ(w.ends().size(), 10U);
  EXPECT_EQ(w.ends()[0].code, "realm_removed");
  EXPECT_NE(w.realm("production").value, realm.value);
  w.crash();
  EXPECT_EQ(w.engine->realms()->all().size(), 1U);
}

TEST(EngineTest, OfTwoChangesOfOnePolicyAtOnceNeitherIsLost) {
  World w;
  const RealmId realm = w.realm("production");
  session::PolicyChange idle, most;
  idle.idle_timeout = Duration::hours(1);
  most.max_sessions_per_user = 5;
  int changed = 0;
  const auto count = [&](const Result<Realm>& r) { changed += r ? 1 : 0; };
  w.engine->update_realm(realm, {}, idle, World::by("jane"), count);
  w.engine->update_realm(realm, "Production", {}, World::by("john"), count);
  w.engine->update_realm(realm, {}, most, World::by("john"), count);
  w.run();
  EXPECT_EQ(changed, 3);
  const auto realms = w.engine->realms();
  const Realm& known = *realms->find(realm);
  EXPECT_EQ(known.display_name, "Production");
  EXPECT_EQ(known.policy.idle_timeout, Duration::hours(1));
  EXPECT_EQ(known.policy.max_sessions_per_user, 5U);
}

TEST(EngineTest, NothingOfARemovedRealmStaysStored) {
  World w;
  const RealmId gone = w.realm("gone"), kept = w.realm("kept");
  std::vector<session::Command> starts;
  for (int i = 0; i < 5'000; ++i)
    starts.push_back(StartSession{w.session(gone, "s" + std::to_string(i), "user" + std::to_string(i))});
  w.submit(std::move(starts));
  w.engine->remove_realm(gone, World::by("root"), [](auto) {});
  w.run();
  w.crash();
  w.ledger.set_disk_full(true);
  w.run();
  w.ledger.set_disk_full(false);
  w.start(w.session(kept, "s", "jane.doe"));
  std::vector<std::string> users;
  EXPECT_TRUE(w.ledger.load_documents([&](std::string_view table, std::string_view key, std::string_view) {
    if (table == "users") users.emplace_back(key);
  }));
  EXPECT_EQ(users, std::vector<std::string>{std::to_string(kept.value) + "/u-jane.doe"});
}

TEST(EngineTest, UsersAndClientNamesSurviveARestart) {
  World w;
  const RealmId realm = w.realm("production");
  auto s = w.session(realm, "s1", "jane.doe");
  s.email = "jane.doe@example.com";
  bool done = false;
  w.engine->submit({{StartSession{s}}, World::by("ingest"), {{realm, "web-portal", "Web portal"}}},
                   [&](auto) { done = true; });
  w.run();
  ASSERT_TRUE(done);
  w.end(s.key);
  w.crash();
  const auto user = w.engine->index().user(realm, "u-jane.doe");
  ASSERT_TRUE(user);
  EXPECT_EQ(user->email, "jane.doe@example.com");
  EXPECT_EQ(user->regular, 0U);
  EXPECT_EQ(w.engine->index().client_name(realm, "web-portal"), "Web portal");
}

TEST(EngineTest, UserIsForgottenWithTheLastRecordOfThem) {
  Options options;
  options.audit_retention = Duration::days(1);
  World w(options);
  const RealmId realm = w.realm("production");
  const auto s = w.session(realm, "s1", "jane.doe");
  w.start(s);
  w.end(s.key);
  const auto later = w.session(realm, "s2", "john");
  w.clock.advance(Duration::hours(2));
  w.run();
  EXPECT_TRUE(w.engine->index().user(realm, "u-jane.doe"));
  w.clock.advance(Duration::days(2));
  w.start(later);
  w.end(later.key);
  for (int i = 0; i < 3; ++i) {
    w.clock.advance(Duration::hours(2));
    w.run();
  }
  EXPECT_FALSE(w.engine->index().user(realm, "u-jane.doe"));
  EXPECT_TRUE(w.engine->index().user(realm, "u-john"));
}

TEST(EngineTest, EndWithAnOldTimeLeavesATombstoneAllTheSame) {
  World w;
  const RealmId realm = w.realm("production");
  const auto s = w.session(realm, "s1", "jane.doe");
  w.start(s);
  w.one(EndSession{s.key, Time{0}, EndCause::kSignedOut, ""});
  w.clock.advance(Duration::hours(2));
  w.run();
  EXPECT_EQ(w.start(s), Outcome::kAlreadyEnded);
  EXPECT_EQ(w.engine->tombstone(s.key).value()->ended, w.clock.now() - Duration::hours(2));
}

TEST(EngineTest, FullQueueAnswersAtOnce) {
  Options options;
  options.queue_limit = 2;
  World w(options);
  int refused = 0;
  for (int i = 0; i < 3; ++i)
    w.engine->submit({{EndSession{{RealmId{1}, SessionType::kRegular, "x"}, w.clock.now(), {}, {}}}, {}, {}},
                     [&](const auto& r) { refused += !r && r.error().reason == "overloaded"; });
  EXPECT_EQ(refused, 1);
  w.run();
}

TEST(EngineTest, ThreadsAnswerEveryWriteOnce) {
  ledger::MemoryLedger ledger;
  const SystemClock clock;
  SystemRandom random;
  Engine engine(ledger, clock, random);
  ASSERT_TRUE(engine.open([](auto, auto, auto) { return Status{}; }));
  engine.start();
  std::atomic<int> answered{0}, ended{0};
  RealmId realm;
  std::mutex mutex;
  std::condition_variable wake;
  engine.create_realm("r", "r", {}, {}, [&](Result<Realm> r) {
    const std::lock_guard lock(mutex);
    realm = r->id;
    wake.notify_all();
  });
  {
    std::unique_lock lock(mutex);
    wake.wait(lock, [&] { return realm.value != 0; });
  }
  World maker;
  constexpr int kEach = 200;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        session::Session s;
        s.key = {realm, SessionType::kRegular, "s" + std::to_string(i)};
        s.user_id = s.username = "u";
        s.started = s.last_access = clock.now();
        engine.submit({{StartSession{s}, EndSession{s.key, clock.now(), EndCause::kRevoked, ""}}, {}, {}},
                      [&](const auto& r) {
                        ++answered;
                        if (r && (*r)[1].outcome == Outcome::kEnded) ++ended;
                      });
        engine.check(*engine.realms()->find(realm), s.key, std::nullopt);
      }
    });
  for (auto& thread : threads) thread.join();
  engine.stop();
  EXPECT_EQ(answered, 4 * kEach);
  EXPECT_EQ(ended, kEach);
  EXPECT_EQ(engine.index().size(realm), 0U);
}

// Random histories with crashes and refused writes, against what was acknowledged.
TEST(EngineTest, RandomHistoriesKeepEveryPromise) {
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World w;
    SeededRandom dice(seed);
    const RealmId realm = w.realm("production");
    std::set<std::string> live, ended;
    for (int step = 0; step < 400; ++step) {
      const std::string id = "s" + std::to_string(dice.next() % 40);
      const SessionKey key{realm, SessionType::kRegular, id};
      w.clock.advance(Duration{static_cast<std::int64_t>(dice.next() % 5'000)});
      switch (dice.next() % 8) {
        case 0:
        case 1:
        case 2: {
          const Outcome outcome = w.start(w.session(realm, id, "user" + std::to_string(dice.next() % 3 * 0)));
          if (ended.contains(id))
            EXPECT_EQ(outcome, Outcome::kAlreadyEnded);
          else
            live.insert(id);
          break;
        }
        case 3:
          w.one(TouchSession{key, w.clock.now(), {}});
          break;
        case 4: {
          const Outcome outcome = w.end(key);
          EXPECT_EQ(outcome == Outcome::kEnded, live.contains(id));
          if (live.erase(id) > 0) ended.insert(id);
          break;
        }
        case 5:
          w.crash();
          break;
        case 6: {
          w.ledger.refuse_next_writes(1);
          w.engine->submit({{EndSession{key, w.clock.now(), EndCause::kRevoked, ""}}, {}, {}}, [&](const auto& r) {
            if (r && r->front().outcome == Outcome::kEnded && live.erase(id) > 0) ended.insert(id);
          });
          w.run();
          w.ledger.reopen();
          break;
        }
        default: {
          const bool durable = dice.next() % 2 == 0;
          w.ledger.crash_in_next_append(durable ? ledger::MemoryLedger::CrashPoint::kAfterDurable
                                                : ledger::MemoryLedger::CrashPoint::kBeforeDurable);
          w.engine->submit({{EndSession{key, w.clock.now(), EndCause::kRevoked, ""}}, {}, {}}, [](const auto&) {});
          w.run();
          w.crash();
          // Never acknowledged: it has happened whole, or not at all.
          if (live.contains(id) && !w.engine->index().find(key)) {
            live.erase(id);
            ended.insert(id);
          }
          break;
        }
      }
      ASSERT_EQ(w.live(realm), live.size());
      for (const std::string& gone : ended) ASSERT_FALSE(w.engine->index().find({realm, SessionType::kRegular, gone}));
    }
    EXPECT_EQ(w.ends().size(), ended.size());
    EXPECT_TRUE(w.engine->audit_log().verify()->whole);
  }
}

}  // namespace
}  // namespace curfew::engine
