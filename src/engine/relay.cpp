// Callers by turns: while one group's commit is written, the next group is decided, as they come, and its commit laid
// ready behind the other; while that is written, the first is taken into the index, a few of it at a time, who are
// answered and come back with what is next.
//
// What is being written is not in the index yet. So only submissions are decided beside it, and only those that concern
// none of its sessions and none of their users: they would be decided alike after it. It is applied before what was
// decided after it is, and if it can't be written the other is given up with it; so every commit still follows from the
// one before.
#include <algorithm>
#include <memory>

#include "engine/brief_wait.h"
#include "engine/engine_impl.h"

namespace curfew::engine {
namespace {

// After it the rest of the round has its turn, for which the last commit is waited for: sooner while policies walk
// through the realms, a slice a round.
constexpr std::int64_t kLongestRelayNs = 200'000'000, kLongestInSweepNs = 50'000'000;
constexpr std::size_t kAtATime = 4;  // callers who are decided together, while the others are on their way

}  // namespace

bool Engine::Impl::may_relay(const std::vector<Work>& works, const Batch& batch) const {
  if (!options.threads || callers < kRelayFrom || works.empty() || works.size() > kRelayWeight || !jobs.empty() ||
      !beginning.empty() || !batch.durable_work())
    return false;
  for (const Work& work : works)
    if (!work.submission) return false;
  return batch.only_submissions(works.size());
}

// Waits until a few have come, or what is written is. Then takes whom it may, in their order.
std::vector<Work> Engine::Impl::take_beside(Batch& writing, std::size_t few, std::size_t& weight) {
  std::vector<Work> works;
  const auto written = [this] { return relay_written == relay_begun; };
  wait_briefly([&] { return written() || queued >= few; });
  std::unique_lock lock(queue_mutex);
  queue_wanted = few;
  queue_wake.wait(lock, [&] { return stopping || written() || queue.size() >= few; });
  queue_wanted = 1;
  while (!stopping && !queue.empty() && queue.front().submission) {
    Work& front = queue.front();
    if (weight + front.weight > kRelayWeight || writing.concerns(*front.submission)) break;
    weight += front.weight;
    queue_weight -= front.weight;
    works.push_back(std::move(front));
    queue.pop_front();
  }
  queued = queue.size();
  return works;
}

// Decides callers as they come, until as many have as came before, or what is written is. Null: nobody came, or it
// could not be decided.
std::unique_ptr<Batch> Engine::Impl::decide_beside(Batch& writing, std::size_t callers_before) {
  std::unique_ptr<Batch> next;
  std::size_t decided = 0, weight = 0;
  while (decided < callers_before) {
    std::vector<Work> works = take_beside(writing, std::min(callers_before - decided, kAtATime), weight);
    if (works.empty()) break;
    decided += works.size();
    const Time now = clock.now();
    look_at_clock(now);
    if (!next)
      next = std::make_unique<Batch>(index, watch, ledger, options, writing.book(), now,
                                     Batch::Mode{hub.watched(), policies_on}, take_memory());
    if (!decide(*next, works)) return nullptr;
  }
  return next;
}

// Of a batch that is decided. False if it could not be written.
bool Engine::Impl::relay(Batch& first) {
  const std::int64_t until_ns = clock.monotonic_ns() + (sweeping ? kLongestInSweepNs : kLongestRelayNs);
  const auto begin = [this](Batch& batch, const Digest& last_hash) {
    const ledger::Commit& commit = batch.seal(last_hash);
    ++relay_begun;
    appender.begin([&commit]() -> const auto& { return commit; },
                   [this] {
                     {
                       const std::lock_guard lock(queue_mutex);
                       ++relay_written;
                     }
                     queue_wake.notify_one();
                   });
  };
  Batch* writing = &first;
  std::unique_ptr<Batch> owned;
  const std::size_t half = std::max<std::size_t>(callers / 2, 1);
  begin(first, book.chain.hash);
  for (;;) {
    std::unique_ptr<Batch> next;
    if (clock.monotonic_ns() < until_ns) next = decide_beside(*writing, half);
    const bool durable = next && next->durable_work();
    if (durable) begin(*next, writing->last_hash());
    const Result<ledger::Position> appended = appender.wait();
    if (!adopt(*writing, appended, true)) {
      if (durable) [[maybe_unused]]
        const auto failed_alike = appender.wait();
      if (next) next->finish(tl::make_unexpected(appended.error()));
      return false;
    }
    hub.close_if_due();
    if (owned) keep_memory(owned->take_memory());
    owned = std::move(next);
    if (!owned) return true;
    if (!durable) return adopt(*owned, std::nullopt);
    writing = owned.get();
  }
}

}  // namespace curfew::engine
