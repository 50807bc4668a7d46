// The small pieces of work, one by one.
//
//   curfew_micro_bench [Google Benchmark's flags]     how long each takes
//   curfew_micro_bench --count N                      each N times, for callgrind (scripts/check_instructions.py), with
//                                                     its name on standard output
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string_view>

#include "micro_cases.h"

// callgrind counts from its beginning to its end, and writes the count down (--zero-before, --dump-after).
extern "C" [[gnu::noinline]] void curfew_measured(const std::function<void()>& work, long times) {
  for (; times > 0; --times) work();
}

int main(int count, char** values) {
  using curfew::bench::micro_cases;
  if (count == 3 && std::string_view(values[1]) == "--count") {
    const long times = std::strtol(values[2], nullptr, 10);
    for (const auto& one : micro_cases()) {
      const auto work = one.make();
      work();
      curfew_measured(work, times);
      std::puts(one.name.c_str());
    }
    return 0;
  }
  for (const auto& one : micro_cases())
    benchmark::RegisterBenchmark(one.name.c_str(), [make = one.make](benchmark::State& state) {
      const auto work = make();
      for (auto _ : state) work();
    });
  benchmark::Initialize(&count, values);
  if (benchmark::ReportUnrecognizedArguments(count, values)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
