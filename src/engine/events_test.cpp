#include "engine/events.h"

#include <gtest/gtest.h>

namespace curfew::engine {
namespace {

Event event(std::uint32_t realm, const std::string& id) {
  auto session = std::make_shared<session::Session>();
  session->key = {session::RealmId{realm}, session::SessionType::kRegular, id};
  return {0, EventKind::kStarted, Time{1}, std::move(session), std::nullopt};
}

struct EventHubTest : testing::Test {
  EventHubTest() : hub(4, "run1") {
    hub.set_renderer([](const Event& e) { return e.session->key.id; });
  }
  std::vector<std::string> read(EventHub::Subscription& s, bool* lost = nullptr) {
    auto batch = s.next(100, {});
    if (lost != nullptr) *lost = batch.lost;
    position = batch.position;
    std::vector<std::string> out;
    for (const auto& item : batch.items) out.push_back(*item.data);
    return out;
  }
  static bool all(session::RealmId) { return true; }

  EventHub hub;
  std::string position;
};

using Texts = std::vector<std::string>;

TEST_F(EventHubTest, SubscriberSeesWhatComesAfterItAndOnlyItsRealms) {
  hub.publish({event(1, "before")});
  const auto s = hub.subscribe([](session::RealmId r) { return r.value == 1; }, "");
  hub.publish({event(1, "a"), event(2, "b"), event(1, "c")});
  EXPECT_EQ(read(*s), (Texts{"a", "c"}));
  EXPECT_TRUE(read(*s).empty());
}

TEST_F(EventHubTest, WaitingSubscriberIsWokenOnce) {
  const auto s = hub.subscribe(all, "");
  int woken = 0;
  s->next(10, [&] { ++woken; });
  hub.publish({event(1, "a")});
  hub.publish({event(1, "b")});
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(read(*s), (Texts{"a", "b"}));
}

TEST_F(EventHubTest, ResumesAfterTheLastEventId) {
  auto s = hub.subscribe(all, "");
  hub.publish({event(1, "a")});
  read(*s);
  s.reset();
  hub.publish({event(1, "b")});
  s = hub.subscribe(all, position);
  bool lost = true;
  EXPECT_EQ(read(*s, &lost), (Texts{"b"}));
  EXPECT_FALSE(lost);
}

TEST_F(EventHubTest, SlowSubscriberIsToldThatItMissedSome) {
  const auto s = hub.subscribe(all, "");
  for (int i = 0; i < 9; ++i) hub.publish({event(1, std::to_string(i))});
  bool lost = false;
  EXPECT_EQ(read(*s, &lost), (Texts{"5", "6", "7", "8"}));
  EXPECT_TRUE(lost);
}

TEST_F(EventHubTest, ResumingFromBeforeAnUnwatchedChangeIsLost) {
  auto s = hub.subscribe(all, "");
  hub.publish({event(1, "a")});
  read(*s);
  hub.skip();
  s = hub.subscribe(all, position);
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
