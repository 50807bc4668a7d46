// The shapes of queries that the index's benchmark asks: Q are the usual ones, X combinations that could go badly, S
// those that are known to be slow. Their order, and that of what they draw, is part of what a seed means.
#pragma once

#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "generator.h"
#include "index/index.h"

namespace curfew::bench {

using Make = std::function<index::Query()>;
using Shape = std::pair<std::string, Make>;  // with its name in the report

// Its shapes refer to it and to what it was given; each draws its user, network or offset anew for every query.
class Shapes {
 public:
  Shapes(const Generator& generator, const index::Index& index, std::mt19937_64& random)
      : generator_(generator), index_(index), random_(random) {}

  std::vector<Shape> usual();
  std::vector<Shape> slow();  // to be asked fewer times

 private:
  std::uint64_t random_no() { return random_() % generator_.size() + 1; }

  const Generator& generator_;
  const index::Index& index_;
  std::mt19937_64& random_;
};

}  // namespace curfew::bench
