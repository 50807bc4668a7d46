// What the engine does of time itself: whether the wall clock is believed, and what was used while it was not.
#include "engine/engine_impl.h"
#include "session/codec.h"

namespace curfew::engine {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr Duration kNoted = Duration::hours(1);

}  // namespace

// On the sequencer's thread. Policies come on again only when what was used meanwhile has the time of its use: it was
// taken down at the time that was believed, and counts at the wall's if that turned out to be right.
void Engine::Impl::look_at_clock(Time now) {
  const Duration ahead = guard.ahead();
  const bool believed = guard.look(now, clock.monotonic_ns());
  if (believed && !policies_on) {
    drain_touches();
    if (guard.lasted()) {
      for (Touch& touch : doubted) touch.at = touch.at + ahead;
      touch_all(doubted);
    }
    doubted = {};
  }
  clock_ahead_ms = guard.ahead().ms;
  policies_on = believed;
}

// With what is written anyway: by the audit log alone the next start could not tell, since its times are the wall's,
// right or wrong.
void Engine::Impl::note_time(Batch& batch) {
  const std::int64_t now_ns = clock.monotonic_ns();
  if (!policies_on || now_ns < next_noted_ns || !batch.durable_work()) return;
  next_noted_ns = now_ns + kNoted.ms * kNsPerMs;
  std::string bytes;
  session::put_varint(bytes, static_cast<std::uint64_t>(batch.now().ms));
  batch.add_document("engine", "believed_time", std::move(bytes));
}

}  // namespace curfew::engine
