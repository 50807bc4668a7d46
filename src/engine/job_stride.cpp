// A bulk revocation at full speed: while one chunk is completed and written, the next is decided.
//
// Both are of one job, so they name different rows, and nothing else is decided between them: as soon as a caller
// comes, the chunk under way is the last. What is being written is applied before what was decided after it is, and if
// it can't be written the other is given up with it; so every commit still follows from the one before.
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
  Chunk writing;
  index::SessionSet::Place from;
  for (;;) {
    Chunk next;
    if (may_stride(*job) && clock.monotonic_ns() <= until_ns) {
      const Book& before = writing.batch ? writing.batch->book() : book;
      next.batch = std::make_unique<Batch>(index, watch, ledger, options, before, clock.now(),
                                           Batch::Mode{hub.watched(), policies_on}, take_memory());
      next.ended = run_chunk(*next.batch, job, from, writing.ended);
      if (!next.batch->durable_work()) next = {};
    }
    const bool has_written = writing.batch != nullptr;
    std::optional<Result<ledger::Position>> appended;
    if (has_written) appended = appender.wait();
    if (next.batch && (!appended || *appended)) {
      const Digest& last_hash = has_written ? writing.batch->last_hash() : book.chain.hash;
      appender.begin([batch = next.batch.get(), last_hash]() -> const auto& { return batch->seal(last_hash); });
    }
    if (appended && !adopt(*writing.batch, appended)) {
      if (next.batch) next.batch->finish(tl::make_unexpected(appended->error()));
      return;
    }
    if (has_written) {
      drain_touches();
      hub.close_if_due();
      answer_patients();
    }
    if (has_written) keep_memory(writing.batch->take_memory());
    if (!next.batch) return;
    writing = std::move(next);
  }
}

}  // namespace curfew::engine
