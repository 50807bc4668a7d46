// How well a score tells two classes apart.
#pragma once

#include <cstdint>
#include <vector>

namespace curfew::evaluate {

struct Scored {
  std::uint32_t score = 0;
  bool positive = false;
};

// Whoever reaches `threshold` is called positive.
struct RocPoint {
  std::uint32_t threshold = 0;
  double true_positive_rate = 0, false_positive_rate = 0;
};

struct Roc {
  std::vector<RocPoint> points;  // by falling threshold; the last one is 0, which calls everybody so
  double area = 0.5;             // the chance that a positive scores above a negative, ties counting half
  std::uint64_t positives = 0, negatives = 0;
};

// 0.5 where one of the classes is empty.
Roc roc_of(std::vector<Scored> scored);

}  // namespace curfew::evaluate
