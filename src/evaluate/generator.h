// A population that signs in, and attackers among it: logins in the shape of the RBA data set, from a seed.
//
// The same options give the same logins everywhere. What people do here is made up (docs/detection.md says what): it
// serves to compare rules and to notice when they change, and says nothing of how often they are right elsewhere.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "evaluate/login.h"

namespace curfew::evaluate {

struct Population {
  std::uint64_t seed = 1;
  std::size_t users = 2'000;
  int days = 60;
  Time begin{1'735'689'600'000};  // 2025-01-01
};

std::vector<Login> generate(const Population& population);  // in the order of time

// Latitude and longitude of a city that the generator knows; the data set has none.
std::optional<std::pair<double, double>> position_of(std::string_view country, std::string_view city);

}  // namespace curfew::evaluate
