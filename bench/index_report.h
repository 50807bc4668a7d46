// What the index's benchmark measures with, and how it says what it measured: one line a measure on the standard
// output, for a reader or, as JSON, for a program.
#pragma once

#include <cstdint>
#include <ctime>
#include <string_view>
#include <vector>

namespace curfew::bench {

// Seconds on the wall and seconds of processor time: on a machine that others use too, only the latter says what work
// costs.
struct Seconds {
  double wall = 0, cpu = 0;
};
class Stopwatch {
 public:
  explicit Stopwatch(clockid_t cpu = CLOCK_THREAD_CPUTIME_ID) : cpu_(cpu), start_(now()) {}
  Seconds elapsed() const {
    const Seconds t = now();
    return {t.wall - start_.wall, t.cpu - start_.cpu};
  }

 private:
  static double read(clockid_t clock) {
    timespec t{};
    ::clock_gettime(clock, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
  }
  Seconds now() const { return {read(CLOCK_MONOTONIC), read(cpu_)}; }
  clockid_t cpu_;
  Seconds start_;
};

struct Latencies {
  std::vector<double> wall_us, cpu_us;
  void add(const Seconds& seconds) {
    wall_us.push_back(seconds.wall * 1e6);
    cpu_us.push_back(seconds.cpu * 1e6);
  }
};

class Report {
 public:
  Report(std::uint64_t sessions, bool json);

  // Median and 99th percentile; sorts the times.
  void latency(std::string_view name, Latencies& times, std::uint64_t rows, std::uint64_t total);
  void rate(std::string_view name, std::size_t count, const Seconds& seconds);
  void value(std::string_view name, double value, std::string_view unit);

 private:
  const std::uint64_t sessions_;
  const bool json_;
};

}  // namespace curfew::bench
