#include "engine/events.h"

#include <gtest/gtest.h>

namespace curfew::engine {
namespace {

Event event(std::uint32_t realm, const std::string& id) {
  auto session = std::make_shared<session::Session>();
  session->key = {session::RealmId{realm}, session::SessionType::kRegular, id};
  return {EventKind::kStarted, Time{1}, std::move(session), std::nullopt};
}

Event touch(std::uint32_t realm, const std::string& id, std::int64_t at = 1) {
  Event made = event(realm, id);
  made.kind = EventKind::kTouched;
  made.time = Time{at};
  return made;
}

struct EventHubTest : testing::Test {
  EventHubTest() : hub(4, "run1", Duration{0}) { set_renderer(hub); }
  static void set_renderer(EventHub& of) {
    of.set_renderer(
        [](std::string& out, const Event& e, std::string_view id) {
          out += e.session->key.id;
          if (e.kind == EventKind::kTouched) out += "@" + std::to_string(e.time.ms);
          if (!id.empty()) out += "#" + std::string(id.substr(id.find('-') + 1));
          out += ' ';
        },
        [](std::string_view text) { return PackedText{"packed " + std::string(text), 7}; });
  }
  static std::string read(EventHub::Subscription& s, bool* lost = nullptr) {
    std::string out;
    if (lost != nullptr) *lost = false;
    for (;;) {
      const auto next = s.next({});
      if (lost != nullptr) *lost = *lost || next.lost;
      if (!next.slice) return out;
      out += next.slice->text.substr(next.from);
    }
  }
  static bool all(session::RealmId) { return true; }

  EventHub hub;
};

TEST_F(EventHubTest, SubscriberSeesWhatComesAfterItAndOnlyItsRealms) {
  hub.publish({event(1, "before")});
  const auto s = hub.subscribe([](session::RealmId r) { return r.value == 1; }, "");
  hub.publish({event(1, "a"), event(2, "b"), event(1, "c")});
  EXPECT_EQ(read(*s), "a#2 c#3 ");  // nobody watched the one before
  EXPECT_EQ(read(*s), "");
}

TEST_F(EventHubTest, WaitingSubscriberIsWokenOnce) {
  const auto s = hub.subscribe(all, "");
  int woken = 0;
  s->next([&] { ++woken; });
  hub.publish({event(1, "a")});
  hub.publish({event(1, "b")});
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(read(*s), "a#1 b#2 ");
}

TEST_F(EventHubTest, ResumesAfterTheLastEventId) {
  auto s = hub.subscribe(all, "");
  hub.publish({event(1, "a")});
  read(*s);
  s.reset();
  hub.publish({event(1, "b")});
  s = hub.subscribe(all, "run1-1");
  bool lost = true;
  EXPECT_EQ(read(*s, &lost), "b#2 ");
  EXPECT_FALSE(lost);
}

TEST_F(EventHubTest, ResumesInTheMiddleOfASlice) {
  auto s = hub.subscribe(all, "");
  hub.publish({event(1, "a"), event(1, "b"), touch(1, "x"), touch(1, "y")});
  EXPECT_EQ(read(*s), "a#1 b#2 x@1 y@1#4 ");
  for (const auto& [id, rest] :
       {std::pair("run1-1", "b#2 x@1 y@1#4 "), std::pair("run1-2", "x@1 y@1#4 "), std::pair("run1-4", "")}) {
    bool lost = true;
    EXPECT_EQ(read(*hub.subscribe(all, id), &lost), rest) << id;
    EXPECT_FALSE(lost);
  }
}

TEST_F(EventHubTest, WithinASliceTheLastTouchOfASessionCounts) {
  EventHub large(100, "run1", Duration{0});
  set_renderer(large);
  const auto s = large.subscribe(all, "");
  large.publish(
      {touch(1, "a", 1), touch(2, "a", 1), touch(1, "b", 2), touch(1, "a", 3), event(1, "b"), touch(1, "b", 4)});
  EXPECT_EQ(read(*s), "a@3 b@2 b#3 b@4#4 a@1#5 ");
}

TEST_F(EventHubTest, WhatComesWithinASliceWaitsForItsEnd) {
  EventHub slow(100, "run1", Duration::hours(1));
  set_renderer(slow);
  const auto s = slow.subscribe(all, "");
  int woken = 0;
  s->next([&] { ++woken; });
  slow.publish({event(1, "a")});  // nothing for an hour: at once
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(read(*s), "a#1 ");
  slow.publish({event(1, "b")});
  slow.close_if_due();
  EXPECT_EQ(read(*s), "");
}

TEST_F(EventHubTest, AFullSliceIsClosedEarly) {
  EventHub slow(100'000, "run1", Duration::hours(1));
  set_renderer(slow);
  const auto s = slow.subscribe(all, "");
  slow.publish({event(1, "a")});
  read(*s);
  for (int i = 0; i < 3'000; ++i) slow.publish({event(1, "b")});
  std::uint64_t count = 0;
  for (auto next = s->next({}); next.slice; next = s->next({})) count += next.slice->count;
  EXPECT_EQ(count, 2'048U);
}

TEST_F(EventHubTest, SubscribersShareOneTextAndOneWrapping) {
  const auto s = hub.subscribe(all, ""), t = hub.subscribe(all, "");
  hub.publish({event(1, "a")});
  const auto one = s->next({}).slice, other = t->next({}).slice;
  EXPECT_EQ(one, other);
  EXPECT_EQ(one->packed().bytes, "packed a#1 ");
  EXPECT_EQ(one->packed().check, 7U);
}

TEST_F(EventHubTest, WhoWaitsIsNeitherWokenNorLeftBehindByOtherRealms) {
  const auto s = hub.subscribe([](session::RealmId r) { return r.value == 1; }, "");
  int woken = 0;
  s->next([&] { ++woken; });
  for (int i = 0; i < 20; ++i) hub.publish({event(2, "b")});
  EXPECT_EQ(woken, 0);
  hub.publish({event(1, "a")});
  EXPECT_EQ(woken, 1);
  bool lost = true;
  EXPECT_EQ(read(*s, &lost), "a#21 ");
  EXPECT_FALSE(lost);
}

TEST_F(EventHubTest, SlowSubscriberIsToldThatItMissedSome) {
  const auto s = hub.subscribe(all, "");
  for (int i = 0; i < 9; ++i) hub.publish({event(1, std::to_string(i))});
  bool lost = false;
  EXPECT_EQ(read(*s, &lost), "5#6 6#7 7#8 8#9 ");
  EXPECT_TRUE(lost);
}

TEST_F(EventHubTest, ResumingFromBeforeAnUnwatchedChangeIsLost) {
  auto s = hub.subscribe(all, "");
  hub.publish({event(1, "a")});
  read(*s);
  hub.skip();
  s = hub.subscribe(all, "run1-1");
  bool lost = false;
  read(*s, &lost);
  EXPECT_TRUE(lost);
  EXPECT_TRUE(read(*s, &lost).empty());
  EXPECT_FALSE(lost);
}

TEST_F(EventHubTest, IdsOfAnotherRunOrOfNoSenseAreLost) {
  for (const char* id : {"run0-1", "nonsense", "run1-", "run1-99999999999999999999", "run1-77"}) {
    const auto s = hub.subscribe(all, id);
    bool lost = false;
    read(*s, &lost);
    EXPECT_TRUE(lost) << id;
  }
}

}  // namespace
}  // namespace curfew::engine
