#include "signal/words.h"

namespace curfew::signal {

std::string span_words(Duration span) {
  struct Unit {
    std::int64_t ms;
    std::string_view name;
  };
  // A unit is used from twice itself on, so that what is said stays within half of what is meant.
  for (const Unit& unit : {Unit{86'400'000, " d"}, Unit{3'600'000, " h"}, Unit{60'000, " min"}}) {
    const bool whole = span.ms >= unit.ms && span.ms % unit.ms == 0;
    if (whole || span.ms >= 2 * unit.ms) return std::to_string(span.ms / unit.ms).append(unit.name);
  }
  return std::to_string(span.ms / 1000) + " s";
}

std::string counted(std::int64_t n, std::string_view noun) {
  std::string out = std::to_string(n) + " ";
  out.append(noun);
  if (n != 1) out += noun.ends_with("s") ? "es" : "s";
  return out;
}

}  // namespace curfew::signal
