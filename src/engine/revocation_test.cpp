#include <gtest/gtest.h>

#include <set>

#include "engine/job.h"
#include "engine/test_world.h"

namespace curfew::engine {
namespace {

using session::SessionKey;
using session::SessionType;

struct RevocationTest : testing::Test {
  void SetUp() override {
    options.revocation_chunk = 10;
    world = std::make_unique<World>(options);
    realm = world->realm("production");
  }
  void fill(int n, const std::string& user = "jane.doe", const std::string& ip = "203.0.113.7") {
    for (int i = 0; i < n; ++i) world->start(world->session(realm, user + std::to_string(i), user, ip));
  }
  Selection everything() const { return {{realm}, Everything{}, std::nullopt, true, std::nullopt}; }
  RevocationRequest request(Selection selection) const {
    RevocationRequest r;
    r.selection = std::move(selection);
    r.reason = "INC-4711";
    return r;
  }

  Options options;
  std::unique_ptr<World> world;
  RealmId realm;
};

TEST_F(RevocationTest, EverythingOfARealmEndsInChunksEachAudited) {
  fill(35);
  const RealmId other = world->realm("other");
  world->start(world->session(other, "x", "jane.doe"));
  const auto done = world->revoke(request(everything()));
  ASSERT_TRUE(done);
  EXPECT_EQ(done->state, RevocationState::kDone);
  EXPECT_EQ(done->requested, 35U);
  EXPECT_EQ(done->revoked, 35U);
  EXPECT_EQ(done->failed, 0U);
  EXPECT_EQ(world->live(realm), 0U);
  EXPECT_EQ(world->live(other), 1U);
  EXPECT_EQ(world->ends().size(), 35U);
  EXPECT_EQ(world->ends()[0].revocation, done->id);
}

TEST_F(RevocationTest, FilterEndsAllButTheCorporateNetwork) {
  fill(5, "jane.doe", "203.0.113.7");
  world->start(world->session(realm, "corp", "jane.doe", "10.20.3.4"));
  fill(3, "john", "203.0.113.9");
  Selection selection = everything();
  index::Filter filter;
  filter.user = "jane.doe";
  filter.ip_not = {Cidr::parse("10.20.0.0/16").value()};
  selection.what = ByFilter{filter};
  const auto preview = world->engine->preview(selection);
  EXPECT_EQ(preview->matched.sessions, 5U);
  const auto done = world->revoke(request(selection));
  EXPECT_EQ(done->revoked, 5U);
  EXPECT_EQ(world->live(realm), 4U);
  EXPECT_TRUE(world->engine->index().find({realm, SessionType::kRegular, "corp"}));
}

TEST_F(RevocationTest, NamedSessionsReportWhatHasEndedAndWhatNeverWas) {
  fill(3);
  world->end({realm, SessionType::kRegular, "jane.doe1"});
  Selection selection = everything();
  selection.what = BySessions{{{realm, SessionType::kRegular, "jane.doe0"},
                               {realm, SessionType::kRegular, "jane.doe1"},
                               {realm, SessionType::kRegular, "never"}}};
  const auto done = world->revoke(request(selection));
  EXPECT_EQ(done->requested, 3U);
  EXPECT_EQ(done->revoked, 1U);
  EXPECT_EQ(done->failed, 2U);
  ASSERT_EQ(done->failures.size(), 2U);
  EXPECT_EQ(done->failures[0].code, "already_ended");
  EXPECT_EQ(done->failures[0].username, "jane.doe");
  EXPECT_EQ(done->failures[0].ip->to_string(), "203.0.113.7");
  EXPECT_EQ(done->failures[1].code, "not_found");
}

TEST_F(RevocationTest, PlanRefusesADriftedSet) {
  fill(3);
  auto asked = request(everything());
  asked.plan = world->engine->preview(asked.selection)->plan;
  world->start(world->session(realm, "late", "john"));
  const auto refused = world->revoke(asked);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "plan_drifted");
  EXPECT_EQ(world->live(realm), 4U);
  asked.plan = world->engine->preview(asked.selection)->plan;
  EXPECT_EQ(world->revoke(asked)->revoked, 4U);
}

TEST_F(RevocationTest, OwnSessionsAreKeptUnlessToldOtherwise) {
  fill(3);
  fill(1, "admin");
  Selection selection = everything();
  selection.own = OwnUser{realm, "u-admin"};
  EXPECT_EQ(world->engine->preview(selection)->own_kept, 1U);
  const auto done = world->revoke(request(selection));
  EXPECT_EQ(done->revoked, 3U);
  EXPECT_EQ(done->own_kept, 1U);
  EXPECT_EQ(world->live(realm), 1U);
  selection.keep_own = false;
  EXPECT_EQ(world->revoke(request(selection))->revoked, 1U);
}

TEST_F(RevocationTest, TypeRestrictsIt) {
  fill(2);
  auto offline = world->session(realm, "o", "jane.doe");
  offline.key.type = SessionType::kOffline;
  world->start(offline);
  Selection selection = everything();
  selection.type = SessionType::kOffline;
  EXPECT_EQ(world->revoke(request(selection))->revoked, 1U);
  EXPECT_EQ(world->live(realm), 2U);
}

TEST_F(RevocationTest, SessionThatEndsMeanwhileIsAFailureOfTheRevocation) {
  fill(25);
  Result<Revocation> out = fail(ErrorCode::kInternal, "", "");
  auto asked = request(everything());
  asked.origin = World::by("operator");
  world->engine->revoke(asked, Duration::seconds(60), [&](auto r) { out = std::move(r); });
  world->engine->step();  // accepted
  world->engine->step();  // the first ten
  const auto left = world->engine->index().query({{realm}, {}, {}, {}, 0, 1});
  ASSERT_EQ(left.rows.size(), 1U);
  world->engine->submit(
      {{session::EndSession{left.rows[0].key, world->clock.now(), session::EndCause::kSignedOut, ""}}, {}, {}},
      [](auto) {});
  world->run();
  ASSERT_TRUE(out);
  EXPECT_EQ(out->revoked, 24U);
  EXPECT_EQ(out->failed, 1U);
  EXPECT_EQ(out->failures[0].code, "already_ended");
  EXPECT_EQ(out->failures[0].key, left.rows[0].key);
}

TEST_F(RevocationTest, RowThatIsGivenToAnotherSessionInTheSameRoundIsNotEnded) {
  fill(4);
  fill(1, "bob");
  auto asked = request(everything());
  asked.selection.what = ByUser{"u-jane.doe"};
  asked.origin = World::by("operator");
  Engine& engine = *world->engine;
  Result<Revocation> out = fail(ErrorCode::kInternal, "", "");
  // All in one round: a session ends, the revocation chooses it, and newcomers take the freed rows.
  engine.submit(
      {{session::EndSession{{realm, SessionType::kRegular, "jane.doe1"}, world->clock.now(), {}, ""}}, {}, {}},
      [](auto) {});
  engine.revoke(asked, Duration::seconds(60), [&](auto r) { out = std::move(r); });
  engine.submit({{session::StartSession{world->session(realm, "stranger", "bob")},
                  session::StartSession{world->session(realm, "stranger2", "zed")}},
                 {},
                 {}},
                [](auto) {});
  world->run();
  EXPECT_TRUE(engine.index().find({realm, SessionType::kRegular, "stranger"}));
  EXPECT_TRUE(engine.index().find({realm, SessionType::kRegular, "stranger2"}));
  ASSERT_TRUE(out);
  EXPECT_EQ(out->revoked, 3U);
  EXPECT_EQ(out->failed, 1U);
  EXPECT_EQ(world->live(realm), 3U);
}

TEST_F(RevocationTest, AfterACrashItEndsWhatItsFilterHadChosen) {
  fill(45, "jane.doe", "203.0.113.7");
  fill(5, "bob", "10.20.0.9");
  Selection selection = everything();
  index::Filter filter;
  filter.ip_not = {Cidr::parse("10.20.0.0/16").value()};
  selection.what = ByFilter{filter};
  auto asked = request(selection);
  asked.origin = World::by("operator");
  std::string id;
  world->engine->revoke(asked, Duration{0}, [&](auto r) { id = r->id; });
  world->engine->step();
  // One chosen session moves into the network, one that was not chosen moves out of it.
  const auto left = world->engine->index().query({{realm}, filter, {}, {}, 0, 1}).rows.at(0);
  world->clock.advance(Duration::seconds(1));
  const Time later = world->clock.now();
  world->engine->submit(
      {{session::TouchSession{left.key, later, IpAddress::parse("10.20.1.1").value()},
        session::TouchSession{{realm, SessionType::kRegular, "bob0"}, later, IpAddress::parse("198.51.100.1").value()}},
       {},
       {}},
      [](auto) {});
  world->engine->stop();
  ASSERT_TRUE(world->open());
  world->run();
  EXPECT_FALSE(world->engine->index().find(left.key));
  EXPECT_TRUE(world->engine->index().find({realm, SessionType::kRegular, "bob0"}));
  const auto told = world->engine->revocation(realm, id);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->revoked, 45U);
  EXPECT_EQ(world->live(realm), 5U);
}

TEST_F(RevocationTest, RepeatsInOneRoundAreOneRevocation) {
  fill(3);
  auto asked = request(everything());
  asked.origin = World::by("operator");
  asked.idempotency_key = "k";
  asked.fingerprint = "f";
  std::vector<std::string> ids;
  for (int i = 0; i < 4; ++i)
    world->engine->revoke(asked, Duration::seconds(60), [&](auto r) { ids.push_back(r->id); });
  world->run();
  ASSERT_EQ(ids.size(), 4U);
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 1U);
  EXPECT_EQ(world->engine->revocations(realm).size(), 1U);
}

TEST_F(RevocationTest, LongOneIsAnsweredWhilePatienceLastsAndCanBeStopped) {
  fill(45);
  Result<Revocation> out = fail(ErrorCode::kInternal, "", "");
  auto asked = request(everything());
  asked.origin = World::by("operator");
  world->engine->revoke(asked, Duration{0}, [&](auto r) { out = std::move(r); });
  world->engine->step();
  ASSERT_TRUE(out);
  EXPECT_EQ(out->state, RevocationState::kRunning);
  std::vector<std::uint64_t> progress;
  const auto ticket =
      world->engine->watch_revocation(out->id, [&](const Revocation& r) { progress.push_back(r.revoked); });
  world->engine->step();
  Result<Revocation> stopped = fail(ErrorCode::kInternal, "", "");
  world->engine->stop_revocation(out->id, World::by("stopper"), [&](auto r) { stopped = std::move(r); });
  world->run();
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->state, RevocationState::kStopped);
  EXPECT_GT(stopped->revoked, 0U);
  EXPECT_LT(stopped->revoked, 45U);
  EXPECT_EQ(world->live(realm), 45U - stopped->revoked);
  AuditQuery query;
  query.action = audit::action::kRevocation;
  EXPECT_EQ(world->audit(query).at(0).origin.actor_name, "stopper");
  EXPECT_TRUE(std::is_sorted(progress.begin(), progress.end()));
}

TEST_F(RevocationTest, InterruptedByACrashItIsFinishedAfterTheRestart) {
  for (const bool named : {false, true}) {
    SCOPED_TRACE(named ? "by id" : "everything");
    SetUp();
    fill(45);
    Selection selection = everything();
    if (named) {
      BySessions sessions;
      for (int i = 0; i < 45; ++i)
        sessions.keys.push_back({realm, SessionType::kRegular, "jane.doe" + std::to_string(i)});
      selection.what = sessions;
    }
    auto asked = request(selection);
    asked.origin = World::by("operator");
    std::string id;
    world->engine->revoke(asked, Duration{0}, [&](auto r) { id = r->id; });
    world->engine->step();
    world->engine->step();
    ASSERT_FALSE(id.empty());
    world->crash();
    world->start(world->session(realm, "after", "jane.doe"));
    world->run();
    const auto told = world->engine->revocation(realm, id);
    ASSERT_TRUE(told);
    EXPECT_EQ(told->state, RevocationState::kDone);
    EXPECT_EQ(told->revoked, 45U);
    EXPECT_EQ(told->failed, 0U);
    EXPECT_EQ(world->live(realm), 1U) << "a session that began after it was accepted is not meant";
    EXPECT_EQ(world->ends().size(), 45U);
  }
}

TEST_F(RevocationTest, GoesOnWhenTheLedgerCanWriteAgain) {
  fill(25);
  auto asked = request(everything());
  asked.origin = World::by("operator");
  Result<Revocation> out = fail(ErrorCode::kInternal, "", "");
  world->engine->revoke(asked, Duration::hours(1), [&](auto r) { out = std::move(r); });
  world->engine->step();
  world->ledger.set_disk_full(true);
  world->engine->step();
  world->engine->step();
  const std::uint64_t before = world->live(realm);
  world->ledger.set_disk_full(false);
  world->clock.advance(Duration::seconds(2));
  world->run();
  EXPECT_GT(before, 0U);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->revoked, 25U);
  EXPECT_TRUE(world->engine->audit_log().verify()->whole);
}

TEST_F(RevocationTest, RepeatUnderOneIdempotencyKeyIsOneRevocation) {
  fill(3);
  auto asked = request(everything());
  asked.idempotency_key = "k1";
  asked.fingerprint = "f1";
  const auto first = world->revoke(asked);
  world->start(world->session(realm, "late", "john"));
  const auto second = world->revoke(asked);
  EXPECT_EQ(first->id, second->id);
  EXPECT_EQ(world->live(realm), 1U);
  asked.fingerprint = "f2";
  EXPECT_EQ(world->revoke(asked).error().reason, "idempotency_mismatch");
  world->crash();
  asked.fingerprint = "f1";
  EXPECT_EQ(world->revoke(asked)->id, first->id);
}

TEST_F(RevocationTest, TheOldestIsForgottenFirstAfterARestartToo) {
  std::vector<std::string> ids;
  const auto one_more = [&] {
    world->clock.advance(Duration::seconds(1));
    ids.push_back(world->revoke(request(everything()))->id);
  };
  while (ids.size() < JobBoard::kFinishedKept) one_more();
  world->crash();
  one_more();
  one_more();
  for (std::size_t i = 0; i < ids.size(); ++i)
    EXPECT_EQ(world->engine->revocation(realm, ids[i]).has_value(), i >= 2) << i;
}

TEST_F(RevocationTest, WholeIsRecordedWithItsCounts) {
  fill(2);
  world->revoke(request(everything()));
  AuditQuery query;
  query.action = audit::action::kRevocation;
  const auto records = world->audit(query);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].outcome, audit::AuditOutcome::kSuccess);
  EXPECT_NE(records[0].details.find("\"revoked\":2"), std::string::npos);
}

// A revocation that an older program began goes on: its filter knows nothing of devices and marks.
TEST(JobCodecTest, SelectionOfVersionOneIsRead) {
  index::Filter filter;
  filter.user = "u";
  filter.remember_me = true;
  std::string bytes;
  encode_selection(bytes, {{RealmId{1}}, ByFilter{filter}, std::nullopt, false, std::nullopt});
  ASSERT_TRUE(bytes.ends_with(std::string(3, '\0')));
  bytes.resize(bytes.size() - 3);
  EXPECT_FALSE(decode_selection(bytes));
  bytes[0] = 1;
  const auto read = decode_selection(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(std::get<ByFilter>(read->what).filter.user, filter.user);
  EXPECT_EQ(std::get<ByFilter>(read->what).filter.remember_me, filter.remember_me);
  EXPECT_TRUE(std::get<ByFilter>(read->what).filter.device_kinds.empty());
  bytes[0] = 3;
  EXPECT_FALSE(decode_selection(bytes));
}

TEST(JobCodecTest, SelectionWithAKindThatDoesNotExistIsRefused) {
  index::Filter filter;
  filter.device_kinds = {device::Kind::kCount};
  std::string bytes;
  encode_selection(bytes, {{RealmId{1}}, ByFilter{filter}, std::nullopt, false, std::nullopt});
  EXPECT_FALSE(decode_selection(bytes));
}

TEST(JobCodecTest, SelectionAndProgressSurviveARoundTrip) {
  index::Filter filter;
  filter.search = "oe";
  filter.type = SessionType::kOffline;
  filter.clients = {"a", "b"};
  filter.user = "u";
  filter.ip = {Cidr::parse("10.0.0.0/8").value()};
  filter.ip_not = {Cidr::parse("10.1.0.0/16").value()};
  filter.started_after = Time{5};
  filter.remember_me = false;
  filter.device_kinds = {device::Kind::kBot, device::Kind::kTool};
  filter.devices = {"ua:Firefox on Windows", "id:phone-7"};
  filter.marks = index::kHighSeverity | 5;
  Selection selection{
      {RealmId{1}, RealmId{2}}, ByFilter{filter}, SessionType::kOffline, false, OwnUser{RealmId{1}, "me"}};
  std::string bytes;
  encode_selection(bytes, selection);
  const auto read = decode_selection(bytes);
  ASSERT_TRUE(read);
  std::string again;
  encode_selection(again, *read);
  EXPECT_EQ(bytes, again);
  EXPECT_EQ(std::get<ByFilter>(read->what).filter.ip_not, filter.ip_not);
  const index::Filter& same = std::get<ByFilter>(read->what).filter;
  EXPECT_EQ(same.device_kinds, filter.device_kinds);
  EXPECT_EQ(same.devices, filter.devices);
  EXPECT_EQ(same.marks, filter.marks);
  EXPECT_FALSE(decode_selection(bytes.substr(0, bytes.size() - 1)));

  Job job;
  job.told.id = "id";
  job.told.requested = 7;
  job.told.failures.push_back({{RealmId{1}, SessionType::kOffline, "x"}, "jane", IpAddress::v4(1), "not_found", "d"});
  job.removes_realm = RealmId{3};
  bytes.clear();
  encode_progress(bytes, job, job.told);
  Job other;
  ASSERT_TRUE(decode_progress(bytes, other));
  EXPECT_EQ(other.told.failures[0].username, "jane");
  EXPECT_EQ(other.removes_realm, job.removes_realm);
}

}  // namespace
}  // namespace curfew::engine
