// The index against the model: seeded random histories, and after each stretch of them questions of every kind, whose
// answers must be the same. A failure names its seed and the first step at which it shows:
//   CURFEW_INDEX_SEED=… curfew_index_test --gtest_filter=ModelTest.*
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "index/model_history.h"

namespace curfew::index {
namespace {

// Runs a history and checks every `every` steps; what failed, and at which step.
std::optional<std::pair<int, std::string>> run(std::uint64_t seed, int steps, int every,
                                               std::map<std::string_view, std::uint64_t>& plans) {
  History history(seed);
  int step = 0;
  std::optional<std::pair<int, std::string>> failed;
  try {
    if (seed % 3 == 0) history.load(60);
    for (; step < steps; ++step) {
      history.step();
      if (step % every == every - 1) history.check(12);
    }
  } catch (const Failure& failure) {
    failed = {step, failure.what};
  }
  for (const auto& [plan, times] : history.plans()) plans[plan] += times;
  return failed;
}

TEST(ModelTest, IndexAnswersAsTheModelDoes) {
  constexpr int steps = 300, every = 30;
  std::vector<std::uint64_t> seeds;
  for (std::uint64_t seed = 1; seed <= 24; ++seed) seeds.push_back(seed);
  if (const char* given = std::getenv("CURFEW_INDEX_SEED")) seeds = {std::strtoull(given, nullptr, 10)};
  if (const char* many = std::getenv("CURFEW_INDEX_SEEDS"))
    for (std::uint64_t seed = 25; seed <= std::strtoull(many, nullptr, 10); ++seed) seeds.push_back(seed);
  std::map<std::string_view, std::uint64_t> plans;
  for (const std::uint64_t seed : seeds) {
    const auto failed = run(seed, steps, every, plans);
    if (!failed) continue;
    // The same history again, looked at after every step: where does it begin?
    std::map<std::string_view, std::uint64_t> unused;
    const auto first = run(seed, failed->first + 1, 1, unused);
    FAIL() << "seed " << seed << ", step " << failed->first << ": " << failed->second
           << (first ? "\nfirst seen at step " + std::to_string(first->first) + ": " + first->second : std::string());
  }
  if (seeds.size() == 1) return;
  // A walk gives up only among many rows: index_test.cpp. Users are worth it only among many, too: users_page_test.cpp.
  for (const auto& [plan, times] : plans)
    if (plan != "page_walk_gave_up" && plan != "page_users") EXPECT_GT(times, 0U) << "no query took the way " << plan;
}

}  // namespace
}  // namespace curfew::index
