#include "quiet.h"

#include <chrono>
#include <cstdint>
#include <fstream>
#include <string>
#include <thread>

#include "peers/peer.h"

namespace curfew::bench {
namespace {

constexpr std::chrono::milliseconds kLook{500};
constexpr double kQuiet = 0.75;

struct Ticks {
  std::uint64_t all = 0, idle = 0;
};

// Of all processors since they started: the first line of /proc/stat.
Ticks read_ticks() {
  std::ifstream stat("/proc/stat");
  std::string cpu;
  Ticks ticks;
  stat >> cpu;
  std::uint64_t n = 0;
  constexpr int kIdle = 3, kWaiting = 4, kColumns = 8;  // user nice system idle iowait irq softirq steal
  for (int column = 0; column < kColumns && stat >> n; ++column) {
    ticks.all += n;
    if (column == kIdle || column == kWaiting) ticks.idle += n;
  }
  return ticks;
}

}  // namespace

void wait_until_quiet(double longest) {
  const Stopwatch watch;
  for (Ticks before = read_ticks(); watch.seconds() < longest;) {
    std::this_thread::sleep_for(kLook);
    const Ticks now = read_ticks();
    const auto all = static_cast<double>(now.all - before.all), idle = static_cast<double>(now.idle - before.idle);
    if (idle >= kQuiet * all) break;
    before = now;
  }
}

}  // namespace curfew::bench
