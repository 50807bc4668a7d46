// The small pieces of work, for callgrind to count: scripts/check_instructions.py.
//
//   curfew_micro_counts N     each N times, its name on standard output
#include <cstdio>
#include <cstdlib>
#include <functional>

#include "micro_cases.h"

// callgrind counts from its beginning to its end, and writes the count down (--zero-before, --dump-after).
extern "C" [[gnu::noinline]] void curfew_measured(const std::function<void()>& work, long times) {
  for (; times > 0; --times) work();
}

int main(int count, char** values) {
  const long times = count == 2 ? std::strtol(values[1], nullptr, 10) : 0;
  if (times <= 0) {
    std::fputs("usage: curfew_micro_counts N\n", stderr);
    return 2;
  }
  for (const auto& one : curfew::bench::micro_cases()) {
    const auto work = one.make();
    work();
    curfew_measured(work, times);
    std::puts(one.name.c_str());
  }
}
