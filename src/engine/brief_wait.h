// wait_briefly: for what another thread does in a moment, before sleeping until it says so.
//
// To sleep and be woken takes longer than most of these waits, above all on a virtual machine, where it leaves the
// guest. Whoever else can run has the core meanwhile. Threads: any; `done` reads what is atomic. It promises nothing:
// who needs `done` waits for it afterwards. Limits: kBriefly.
#pragma once

#include <chrono>
#include <thread>

namespace curfew::engine {

inline constexpr std::chrono::microseconds kBriefly{300};

template <class Done>
void wait_briefly(Done done) {
  using Clock = std::chrono::steady_clock;
  for (const auto until = Clock::now() + kBriefly; !done() && Clock::now() < until;) std::this_thread::yield();
}

}  // namespace curfew::engine
