#include "device/agents.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "base/limits.h"

namespace curfew::device {
namespace {

std::string app(std::size_t number) {
  return "App" + std::to_string(number) + "/1.0 (iPhone; iOS 18.5)";
}

TEST(Agents, AStringIsReadOnceAndItsDeviceShared) {
  const Agents agents;
  const auto device = agents.classify("Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0");
  EXPECT_EQ(device->family, "Firefox on Linux");
  EXPECT_EQ(agents.classify("Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"), device);
  EXPECT_EQ(agents.cached(), 1U);
}

TEST(Agents, TheEmptyStringIsAnUnknownDeviceWithoutAnEntry) {
  const Agents agents;
  EXPECT_EQ(*agents.classify(""), Device{});
  EXPECT_EQ(agents.cached(), 0U);
}

TEST(Agents, RulesMayBeShared) {
  const auto rules = std::make_shared<const AgentRules>();
  const Agents one(rules, 10), other(rules, 10);
  EXPECT_EQ(*one.classify(app(1)), *other.classify(app(1)));
}

TEST(Agents, TheCacheStaysWithinItsRoomAndAnswersRightBeyondIt) {
  for (const std::size_t room : {std::size_t{1}, std::size_t{10}, std::size_t{200}}) {
    const Agents agents(room);
    for (std::size_t i = 0; i < 3 * room + 10; ++i) {
      EXPECT_EQ(agents.classify(app(i))->browser, "App" + std::to_string(i) + " 1");
      EXPECT_LE(agents.cached(), room);
    }
  }
}

TEST(Agents, WhatIsAskedForAgainStays) {
  const Agents agents(10);
  const auto kept = agents.classify(app(0));
  for (std::size_t i = 1; i < 100; ++i) {
    static_cast<void>(agents.classify(app(i)));
    EXPECT_EQ(agents.classify(app(0)), kept);
  }
}

TEST(Agents, WhatIsBeyondTheLimitCountsAsItsBeginning) {
  const Agents agents;
  const std::string longest = app(1) + std::string(limits::kUserAgent - app(1).size(), 'x');
  EXPECT_EQ(agents.classify(longest + "Firefox/141.0"), agents.classify(longest));
}

TEST(Agents, ManyThreadsHaveTheSameAnswers) {
  const Agents agents(16);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t)
    threads.emplace_back([&agents, t] {
      for (std::size_t i = 0; i < 400; ++i) {
        const std::size_t number = (i * 7 + t * 5) % 40;
        EXPECT_EQ(agents.classify(app(number))->family, "App" + std::to_string(number) + " on iOS");
      }
    });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace curfew::device
