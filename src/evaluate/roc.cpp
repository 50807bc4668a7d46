#include "evaluate/roc.h"

#include <algorithm>

namespace curfew::evaluate {

Roc roc_of(std::vector<Scored> scored) {
  Roc out;
  for (const Scored& one : scored) ++(one.positive ? out.positives : out.negatives);
  std::sort(scored.begin(), scored.end(), [](const Scored& a, const Scored& b) { return a.score > b.score; });
  const double positives = static_cast<double>(std::max<std::uint64_t>(out.positives, 1));
  const double negatives = static_cast<double>(std::max<std::uint64_t>(out.negatives, 1));
  double area = 0, hit = 0, alarmed = 0;
  for (std::size_t at = 0; at < scored.size();) {
    const std::uint32_t threshold = scored[at].score;
    const double hit_before = hit, alarmed_before = alarmed;
    for (; at < scored.size() && scored[at].score == threshold; ++at) (scored[at].positive ? hit : alarmed) += 1;
    area += (alarmed - alarmed_before) * (hit_before + hit) / 2;
    out.points.push_back({threshold, hit / positives, alarmed / negatives});
  }
  if (out.positives > 0 && out.negatives > 0) out.area = area / positives / negatives;
  return out;
}

}  // namespace curfew::evaluate
