// The small pieces of work, one by one, and how long each takes.
//
//   curfew_micro_bench [Google Benchmark's flags]
#include <benchmark/benchmark.h>

#include "micro_cases.h"

int main(int count, char** values) {
  using curfew::bench::micro_cases;
  for (const auto& one : micro_cases())
    benchmark::RegisterBenchmark(one.name.c_str(), [make = one.make](benchmark::State& state) {
      const auto work = make();
      for (auto _ : state) work();
    });
  benchmark::Initialize(&count, values);
  if (benchmark::ReportUnrecognizedArguments(count, values)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
