// How long something took, many times, and what a part of them took at most.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace curfew::bench {

struct Latencies {
  std::vector<double> us;  // microseconds
  void add(double seconds) { us.push_back(seconds * 1e6); }
  void add(const Latencies& others) { us.insert(us.end(), others.us.begin(), others.us.end()); }
  double at(double part) {
    if (us.empty()) return 0;
    std::sort(us.begin(), us.end());
    return us[std::min(us.size() - 1, static_cast<std::size_t>(static_cast<double>(us.size()) * part))];
  }
};

}  // namespace curfew::bench
