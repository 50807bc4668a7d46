// The gate: the rules tell attackers from people at least as well as they did when this was written. Everything here
// comes from a seed, so a change of these figures is a change of the rules.
#include "evaluate/evaluate.h"

#include <gtest/gtest.h>

#include <sstream>

namespace curfew::evaluate {
namespace {

Figures small() {
  Replay replay;
  for (const Login& login : generate({.seed = 7, .users = 600, .days = 45})) replay.add(login);
  return figures_of(replay);
}

TEST(Detection, IsNotWorseThanItWas) {
  const Figures figures = small();
  constexpr double kTolerance = 0.02;
  EXPECT_GE(figures.session.area, 0.913 - kTolerance);
  EXPECT_GE(figures.user.area, 0.809 - kTolerance);
  // High hardly ever troubles anybody without a reason, and who comes from abroad with the password alone is at least
  // medium.
  constexpr auto none = static_cast<std::size_t>(Attacker::kNone), naive = static_cast<std::size_t>(Attacker::kNaive);
  EXPECT_LE(figures.severities[2].hits[none], 0.001);
  EXPECT_LE(figures.severities[1].hits[none], 0.03);
  EXPECT_GE(figures.severities[1].hits[naive], 0.95);
}

TEST(Population, IsTheSameFromTheSameSeed) {
  EXPECT_EQ(generate({.seed = 5, .users = 50, .days = 20}), generate({.seed = 5, .users = 50, .days = 20}));
  EXPECT_NE(generate({.seed = 5, .users = 50, .days = 20}), generate({.seed = 6, .users = 50, .days = 20}));
}

TEST(Report, IsTheSameFromTheSameSeedInBothForms) {
  for (const Options::Output output : {Options::Output::kJson, Options::Output::kMarkdown}) {
    const Options options{.population = {.seed = 2, .users = 60, .days = 20}, .csv = {}, .output = output};
    std::ostringstream one, two;
    ASSERT_TRUE(run(options, one).has_value());
    ASSERT_TRUE(run(options, two).has_value());
    EXPECT_EQ(one.str(), two.str());
    EXPECT_NE(one.str().find("many_networks"), std::string::npos);
  }
}

TEST(Report, OfAFileThatIsNotThereIsRefused) {
  std::ostringstream out;
  EXPECT_EQ(run({.population = {}, .csv = "/nowhere/logins.csv", .output = {}}, out).error().field, "csv");
}

}  // namespace
}  // namespace curfew::evaluate
