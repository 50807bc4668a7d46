// The small pieces of work that are measured one by one: by time (Google Benchmark) and by instructions (callgrind).
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace curfew::bench {

struct MicroCase {
  std::string name;
  // Prepares its input, and returns what is measured: one operation a call.
  std::function<std::function<void()>()> make;
};
std::vector<MicroCase> micro_cases();

}  // namespace curfew::bench
