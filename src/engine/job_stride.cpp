// A bulk revocation at full speed: while one chunk is completed and written, the next ones are decided, and those that
// are written are taken into the index.
//
// All are of one job, so they name different rows, and nothing else is decided between them: as soon as a caller comes,
// the chunks under way are the last. What was written first is applied first, and if it can't be written the others are
// given up with it (engine/appender.h); so every commit still follows from the one before.
#include <deque>
#include <memory>

#include "engine/engine_impl.h"

namespace curfew::engine {
namespace {

// After it the rest of the round has its turn: activity, policies, signals.
constexpr std::int64_t kLongestStrideNs = 250'000'000;

}  // namespace

// One job alone, and nobody who waits. Else chunks go one by one with the rounds.
bool Engine::Impl::may_stride(const Job& job) {
  if (!options.threads || jobs.size() != 1 || job.stopping || job.rest.empty()) return false;
  if (job.retry_at_ns > clock.monotonic_ns()) return false;
  const std::lock_guard lock(queue_mutex);
  return !stopping && queue.empty();
}

void Engine::Impl::stride() {
  if (jobs.size() != 1) return;
  const std::shared_ptr<Job> job = jobs.front();
  const std::int64_t until_ns = clock.monotonic_ns() + kLongestStrideNs;
  struct Chunk {
    std::unique_ptr<Batch> batch;
    std::uint64_t ended = 0;
  };
  std::deque<Chunk> writing;                                    // begun, in their order
  const auto hash = std::make_shared<Digest>(book.chain.hash);  // the appender's: the chain's last one so far
  index::SessionSet::Place from;
  bool failed = false;
  for (bool more = true; more || !writing.empty();) {
    if (more && writing.size() < Appender::kAhead) {
      more = may_stride(*job) && clock.monotonic_ns() <= until_ns;
      if (!more) continue;
      const Book& before = writing.empty() ? book : writing.back().batch->book();
      Chunk next;
      next.batch = std::make_unique<Batch>(index, watch, ledger, options, before, clock.now(),
                                           Batch::Mode{hub.watched(), policies_on}, take_memory());
      std::uint64_t ahead = 0;
      for (const Chunk& chunk : writing) ahead += chunk.ended;
      next.ended = run_chunk(*next.batch, job, from, ahead);
      more = next.batch->durable_work();
      if (!more) {
        keep_memory(next.batch->take_memory());
        continue;
      }
      appender.begin([batch = next.batch.get(), hash]() -> const auto& {
        const ledger::Commit& commit = batch->seal(*hash);
        *hash = batch->last_hash();
        return commit;
      });
      writing.push_back(std::move(next));
      continue;
    }
    const Result<ledger::Position> appended = appender.wait();
    const std::unique_ptr<Batch> written = std::move(writing.front().batch);
    writing.pop_front();
    if (failed) {
      written->finish(tl::make_unexpected(appended.error()));
      continue;
    }
    failed = !adopt(*written, appended);
    more &= !failed;
    drain_touches();
    hub.close_if_due();
    answer_patients();
    keep_memory(written->take_memory());
  }
}

}  // namespace curfew::engine
