#include "index_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace curfew::bench {
namespace {

double percentile(std::vector<double>& values, std::size_t percent) {
  std::sort(values.begin(), values.end());
  return values[values.size() * percent / 100];
}

}  // namespace

Report::Report(std::uint64_t sessions, bool json) : sessions_(sessions), json_(json) {
  if (!json_)
    fmt::print("{:<44}{:>10}{:>10}{:>10}{:>10}  {}\n", fmt::format("{} sessions", sessions_), "p50 us", "p99 us",
               "p50 cpu", "p99 cpu", "rows of total");
}

void Report::latency(std::string_view name, Latencies& times, std::uint64_t rows, std::uint64_t total) {
  const double p50 = percentile(times.wall_us, 50), p99 = percentile(times.wall_us, 99);
  const double cpu50 = percentile(times.cpu_us, 50), cpu99 = percentile(times.cpu_us, 99);
  if (json_)
    fmt::print(
        "{{\"bench\":\"index\",\"sessions\":{},\"name\":\"{}\",\"p50_us\":{:.2f},\"p99_us\":{:.2f},\"p50_cpu_us\":{:."
        "2f},"
        "\"p99_cpu_us\":{:.2f},\"total\":{}}}\n",
        sessions_, name, p50, p99, cpu50, cpu99, total);
  else
    fmt::print("{:<44}{:>10.1f}{:>10.1f}{:>10.1f}{:>10.1f}  {} of {}\n", name, p50, p99, cpu50, cpu99, rows, total);
}

void Report::rate(std::string_view name, std::size_t count, const Seconds& seconds) {
  value(name, static_cast<double>(count) / seconds.wall / 1e6, "million a second");
  value(std::string(name) + ", cpu", static_cast<double>(count) / seconds.cpu / 1e6, "million a second");
}

void Report::value(std::string_view name, double value, std::string_view unit) {
  if (json_)
    fmt::print("{{\"bench\":\"index\",\"sessions\":{},\"name\":\"{}\",\"value\":{:.3f},\"unit\":\"{}\"}}\n", sessions_,
               name, value, unit);
  else
    fmt::print("{:<44}{:>10.3f}  {}\n", name, value, unit);
}

}  // namespace curfew::bench
