// Patterns without the upper bounds of their repetitions.
//
// A bound such as the one of ".{0,200}" makes an automaton of hundreds of states that is slow to build and to run. The
// loose pattern, ".*", has a handful, and is enough for nearly every string:
//
// 1. What the loose pattern doesn't match, the pattern doesn't match.
// 2. Where the loose match is no longer than the smallest bound that was dropped, no bound was exceeded in it: it is a
//    match of the pattern too. The pattern prefers among its matches as the loose one does, which has more of them: it
//    is the pattern's own first choice, with the same groups.
//
// Only where the loose match is longer must the pattern itself be asked.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace curfew::device {

struct Loose {
  std::string pattern;
  std::size_t bound = 0;  // the smallest upper bound that was dropped; 0: none, the pattern is as it was
};

// Drops upper bounds of at least `least` from repetitions of one byte: ".", "[…]", an escape or a letter. Groups keep
// theirs. `pattern` is one that RE2 takes.
Loose loosen(std::string_view pattern, std::size_t least);

}  // namespace curfew::device
