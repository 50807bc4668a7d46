// The sequencer's round: take what waits, decide it, make it durable, apply it, answer.
#include <algorithm>
#include <chrono>

#include "engine/engine_impl.h"
#include "session/codec.h"

namespace curfew::engine {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::chrono::milliseconds kIdleWait{20};  // how long a buffered activity waits when nothing else happens
constexpr std::chrono::milliseconds kBetweenLooks{1};
constexpr std::chrono::microseconds kGather{200};  // how long a commit waits for those who came with the last one
constexpr std::size_t kTouchSlice = 512;           // touches under one WriteLock
constexpr std::size_t kFlushSlice = 4'096;         // activities written between two rounds
constexpr std::uint32_t kSweepStep = 4'096;
constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::size_t kForgetSlice = 500;               // users looked at each minute
constexpr std::size_t kMemoryKept = 1'024;              // sessions in a batch whose memory is kept without jobs
constexpr std::size_t kSpareMemory = Appender::kAhead;  // as many as are under way
constexpr std::size_t kTouchEventsPerRound = 4'096;

bool has_limits(const session::Policy& policy) {
  return policy.idle_timeout || policy.max_lifetime || policy.remember_me_idle_timeout ||
         policy.remember_me_max_lifetime || policy.offline_idle_timeout || policy.offline_max_lifetime;
}

}  // namespace

void Engine::Impl::enqueue(Work work) {
  bool wake = false;
  {
    const std::lock_guard lock(queue_mutex);
    if (!stopping && queue_weight + work.weight <= options.queue_limit) {
      queue_weight += work.weight;
      queue.push_back(std::move(work));
      queued = queue.size();
      wake = queue.size() >= queue_wanted;
      if (!wake) return;
    }
  }
  if (wake)
    queue_wake.notify_one();
  else
    work.refuse(overloaded());
}

// Whoever was answered a moment ago comes back with what is next. A commit that waits for them a little carries all of
// them for one sync; without it the first to come back would go alone, and the others wait for its sync, too. One
// caller by itself never waits, and as many are waited for as came the last time.
void Engine::Impl::gather(std::unique_lock<std::mutex>& lock) {
  if (!options.threads || callers < 2 || queue.empty() || queue.size() >= callers || stopping) return;
  queue_wanted = callers;
  queue_wake.wait_for(lock, kGather, [this] { return stopping || queue.size() >= queue_wanted; });
  queue_wanted = 1;
}

std::vector<Work> Engine::Impl::take_work() {
  std::vector<Work> works;
  std::unique_lock lock(queue_mutex);
  gather(lock);
  // Of many small ones a half: the other is decided while this one is written.
  const bool small = queue_weight <= kRelayWeight;
  const std::size_t most =
      options.threads && small && queue.size() >= kRelayFrom ? (queue.size() + 1) / 2 : queue.size();
  callers = queue.size();
  std::size_t weight = 0;
  while (!queue.empty() && works.size() < most &&
         (works.empty() || weight + queue.front().weight <= options.batch_limit)) {
    weight += queue.front().weight;
    queue_weight -= queue.front().weight;
    works.push_back(std::move(queue.front()));
    queue.pop_front();
  }
  queued = queue.size();
  return works;
}

bool Engine::Impl::wait_for_work() {
  const std::int64_t now = clock.monotonic_ns();
  const bool busy =
      sweeping || std::any_of(jobs.begin(), jobs.end(), [&](const auto& job) { return job->retry_at_ns <= now; });
  std::unique_lock lock(queue_mutex);
  // Users who are still to be looked at take a third of a core, not all of it.
  const std::chrono::milliseconds wait = signals_left ? kBetweenLooks : kIdleWait;
  if (!busy) queue_wake.wait_for(lock, wait, [this] { return stopping || !queue.empty(); });
  return !stopping || !queue.empty();
}

void Engine::Impl::run() {
  // Stopping drains the queue; a revocation under way stays in the ledger and goes on after the next start.
  while (wait_for_work()) round();
  flush_activity(true);
  flush_profiles();
}

bool Engine::Impl::round() {
  const Time now = clock.now();
  beginning.clear();
  look_at_clock(now);
  {
    const std::lock_guard lock(realms_mutex);
    book.realms = realms;
  }
  Batch batch(index, watch, ledger, options, book, now, {hub.watched(), policies_on}, take_memory());
  save_profiles(batch, false);
  std::vector<Work> works = take_work();
  bool worked = !works.empty();
  if (!decide(batch, works)) return true;
  worked |= run_jobs(batch);
  worked |= remove_leftovers(batch);
  sample_series(batch);
  if (policies_on) {
    worked |= sweep(batch);
    forget_old(batch);
  }
  note_time(batch);
  const bool committed = may_relay(works, batch) ? relay(batch) : commit(batch);
  keep_memory(batch.take_memory());
  if (committed) stride();
  worked |= drain_touches();
  worked |= sweep_signals();
  publish_raised();
  hub.close_if_due();
  flush_activity(false);
  answer_patients();
  return worked;
}

std::unique_ptr<Batch::Memory> Engine::Impl::take_memory() {
  if (spare_memory.empty()) return nullptr;
  auto memory = std::move(spare_memory.back());
  spare_memory.pop_back();
  return memory;
}

void Engine::Impl::keep_memory(std::unique_ptr<Batch::Memory> memory) {
  const auto large = [](const auto& kept) { return kept->size() > kMemoryKept; };
  if (jobs.empty()) std::erase_if(spare_memory, large);
  if (spare_memory.size() < kSpareMemory && (!jobs.empty() || !large(memory)))
    spare_memory.push_back(std::move(memory));
}

// In order. What can't be decided, as long as a tombstone can't be read, fails the whole batch.
bool Engine::Impl::decide(Batch& batch, std::vector<Work>& works) {
  if (works.size() > 1) {
    std::vector<const Submission*> small;
    for (const Work& work : works)
      if (work.submission && work.weight <= kRelayWeight) small.push_back(work.submission.get());
    batch.read_ahead(small);
  }
  for (std::size_t i = 0; i < works.size(); ++i) {
    const Status decided = works[i].decide(batch);
    if (decided) continue;
    for (std::size_t rest = i; rest < works.size(); ++rest) works[rest].refuse(decided.error());
    batch.finish(decided);
    ++counters.commit_failures;
    return false;
  }
  return true;
}

bool Engine::Impl::commit(Batch& batch) {
  if (!batch.durable_work()) return adopt(batch, std::nullopt);
  return adopt(batch, ledger.append(batch.seal(book.chain.hash)));
}

// What the ledger said of a batch, if it was asked: the index takes the batch in, and everybody who waits for it is
// told. False if it failed, and then nothing of it happened.
bool Engine::Impl::adopt(Batch& batch, const std::optional<Result<ledger::Position>>& appended, bool at_once) {
  told_jobs.clear();
  if (appended) {
    if (!*appended) {
      ++counters.commit_failures;
      ledger_ok = false;
      const std::int64_t later = clock.monotonic_ns() + 500 * kNsPerMs;
      for (const auto& job : jobs) job->retry_at_ns = later;
      batch.finish(tl::make_unexpected(appended->error()));
      return false;
    }
    ledger_ok = true;
    position = **appended;
    position_time = batch.now().ms;
    ++counters.commits;
    counters.audit_records += batch.records();
  }
  const auto realms_then = book.realms;
  const Digest hash_then = book.chain.hash;
  book = batch.book();
  book.realms = realms_then;
  book.chain.hash = appended ? batch.last_hash() : hash_then;
  batch.apply([this](const index::Handle& handle, const session::Session& session, session::EndCause cause,
                     const std::string& revocation) { row_ended(handle, session, cause, revocation); },
              at_once);
  for (const auto& [realm, f] : batch.flow()) {
    Batch::Flow& sum = flow[realm];
    sum.started += f.started;
    sum.ended += f.ended;
    sum.revoked += f.revoked;
  }
  const BatchCounts& c = batch.counts();
  counters.commands += c.commands;
  counters.started += c.started;
  counters.touched += c.touched;
  counters.ended += c.ended;
  counters.refused += c.refused;
  counters.expired += c.expired;
  if (batch.watched())
    hub.publish(std::move(batch.events()));
  else if (c.started + c.ended + c.touched > 0)
    hub.skip();
  for (const auto& job : told_jobs) board.publish(job->told);
  batch.finish({});
  return true;
}

// --- Activity
// -----------------------------------------------------------------------------------------------------------------

void Engine::Impl::touch_later(const Touch& touch) {
  const std::lock_guard lock(touch_mutex);
  if (touches.size() >= options.touch_limit) {
    ++counters.touches_dropped;
    return;
  }
  touches.push_back(touch);
}

bool Engine::Impl::drain_touches() {
  touch_batch.clear();
  {
    const std::lock_guard lock(touch_mutex);
    touch_batch.swap(touches);
  }
  if (touch_batch.empty()) return false;
  touch_all(touch_batch);
  if (!policies_on) {
    const std::size_t kept = std::min(touch_batch.size(), options.touch_limit - doubted.size());
    doubted.insert(doubted.end(), touch_batch.begin(), touch_batch.begin() + static_cast<std::ptrdiff_t>(kept));
  }
  return true;
}

void Engine::Impl::touch_all(std::span<const Touch> batch) {
  const bool watched = hub.watched();
  watch.set_storm(batch.size() > kStorm);
  std::vector<Event> events;
  for (std::size_t i = 0; i < batch.size();) {
    const index::Index::WriteLock lock(index);
    for (const std::size_t end = std::min(i + kTouchSlice, batch.size()); i < end; ++i) {
      const Touch& touch = batch[i];
      if (!index.alive(touch.handle) || !watched_touch(index, watch, touch.handle, touch.at, touch.ip)) continue;
      ++counters.touched;
      if (watched && events.size() < kTouchEventsPerRound)
        events.push_back(
            {EventKind::kTouched, touch.at, std::make_shared<session::Session>(index.get(touch.handle)), {}});
    }
  }
  if (watched)
    hub.publish(std::move(events));
  else
    hub.skip();
}

// Writes what was touched since the last flush; a slice at a time, so that commits go on between. What can't be written
// is lost only if the server stops before the next touch of that session.
void Engine::Impl::flush_activity(bool all) {
  const std::int64_t now = clock.monotonic_ns();
  if (!all && now < next_flush_ns) return;
  do {
    dirty.clear();
    {
      const index::Index::WriteLock lock(index);
      index.take_dirty(kFlushSlice, dirty);
    }
    if (dirty.empty()) break;
    std::vector<ledger::Activity> activity;
    activity.reserve(dirty.size());
    for (const index::DirtyRow& row : dirty) activity.push_back({row.no, row.last_access, row.ip});
    if (!ledger.record_activity(activity)) ++counters.commit_failures;
  } while (all);
  if (dirty.size() < kFlushSlice) next_flush_ns = now + options.touch_flush.ms * kNsPerMs;
}

// --- Policies
// -----------------------------------------------------------------------------------------------------------------

// One slice of the walk over the realms that have limits. True while a walk is under way.
bool Engine::Impl::sweep(Batch& batch) {
  const std::int64_t now_ns = clock.monotonic_ns();
  if (!sweeping) {
    if (now_ns < next_sweep_ns) return false;
    next_sweep_ns = now_ns + options.sweep_interval.ms * kNsPerMs;
    sweeping = RealmId{0};
    sweep_place = 0;
  }
  std::vector<index::ExpiredRow> expired;
  std::size_t looked = 0;
  while (looked < options.sweep_rows && expired.size() < options.revocation_chunk) {
    const auto& realms_now = book.realms->list();
    const auto realm = std::find_if(realms_now.begin(), realms_now.end(), [&](const Realm& r) {
      return r.id >= *sweeping && !r.removing && has_limits(r.policy);
    });
    if (realm == realms_now.end()) {
      sweeping.reset();
      break;
    }
    if (realm->id != *sweeping) sweep_place = 0;
    sweeping = realm->id;
    index.sweep(realm->id, realm->policy, batch.now(), sweep_place, kSweepStep, expired);
    looked += kSweepStep;
    if (sweep_place == 0) sweeping = RealmId{realm->id.value + 1};
  }
  for (const index::ExpiredRow& row : expired) batch.expire(row.handle, row.cause);
  return !expired.empty();
}

// Users who have no session any more stay known as long as the audit log tells of them: a slice of the directory is
// looked at each minute. Without this everybody who ever signed in would stay in memory.
void Engine::Impl::forget_users(Batch& batch) {
  std::vector<RealmId> all;
  for (const Realm& realm : book.realms->list()) all.push_back(realm.id);
  const index::UserPage page = index.users(all, {}, forget_users_at, kForgetSlice);
  forget_users_at = forget_users_at + page.rows.size() >= page.total ? 0 : forget_users_at + page.rows.size();
  for (const index::UserRow& user : page.rows) {
    if (user.regular + user.offline > 0) continue;
    bool told = false;
    const Status read = ledger.find_audit({ledger::AuditIndex::kUser, user.realm, user.user_id},
                                          ledger.first_audit_seq(), ledger.last_audit_seq(), true, [&](std::uint64_t) {
                                            told = true;
                                            return false;
                                          });
    if (!read || told) continue;
    batch.add_document("users", std::to_string(user.realm.value) + "/" + user.user_id, std::nullopt);
    batch.on_durable([this, user] {
      const index::Index::WriteLock lock(index);
      const auto number = index.user_number(user.realm, user.user_id);
      if (number && index.forget_user(user.realm, user.user_id)) watch.forget_user(user.realm, *number);
    });
  }
}

// --- Once a minute, once an hour
// ------------------------------------------------------------------------------------------------

void Engine::Impl::sample_series(Batch& batch) {
  const std::int64_t minute = batch.now().ms / kMinuteMs;
  if (sampled_minute == 0) sampled_minute = minute;
  if (minute <= sampled_minute) return;
  const Time at{sampled_minute * kMinuteMs};
  sampled_minute = minute;
  forget_users(batch);
  for (const Realm& realm : book.realms->list()) {
    const Batch::Flow f = flow[realm.id];
    if (index.size(realm.id) == 0 && f.started == 0 && f.ended == 0) continue;
    index::Filter regular;
    regular.type = session::SessionType::kRegular;
    const RealmId one[] = {realm.id};
    const std::uint64_t live = index.size(realm.id), of_them = index.count(one, regular);
    series.add(realm.id, {at, static_cast<std::uint32_t>(of_them), static_cast<std::uint32_t>(live - of_them),
                          f.started, f.ended, f.revoked});
    if (minute % 5 == 0 || at.ms / 86'400'000 != batch.now().ms / 86'400'000) {
      std::string bytes;
      series.encode_day(realm.id, at, bytes);
      batch.add_document("series", std::to_string(realm.id.value) + "/" + std::to_string(at.ms / 86'400'000), bytes);
    }
  }
  flow.clear();
}

void Engine::Impl::forget_old(Batch& batch) {
  const std::int64_t now_ns = clock.monotonic_ns();
  if (now_ns < next_forget_ns) return;
  next_forget_ns = now_ns + Duration::hours(1).ms * kNsPerMs;
  for (const std::string& id : board.evict()) batch.add_document(kRevocationTable, id, std::nullopt);
  Time now = batch.now();
  if (opened_time.ms > 0) {
    const Time most = opened_time + ClockGuard::kLongestPause + Duration{(now_ns - opened_ns) / kNsPerMs};
    now = std::min(now, most);
  }
  const std::uint64_t done = position;
  if (done > options.journal_retention) (void)ledger.trim_journal(done - options.journal_retention);
  if (options.tombstone_retention.ms > 0) (void)ledger.trim_tombstones(now - options.tombstone_retention);
  if (options.audit_retention.ms == 0) return;
  const auto keep_from = ledger.audit_seq_at(now - options.audit_retention);
  if (!keep_from || *keep_from <= ledger.first_audit_seq() || *keep_from > ledger.last_audit_seq()) return;
  const std::uint64_t last_gone = *keep_from - 1;
  std::string base;
  const Status read = ledger.scan_audit(last_gone, last_gone, false, [&](std::uint64_t seq, std::string_view bytes) {
    if (const auto sealed = audit::unseal(bytes)) {
      session::put_varint(base, seq);
      base.append(reinterpret_cast<const char*>(sealed->hash.data()), sealed->hash.size());
    }
    return false;
  });
  if (!read || base.empty()) return;  // a log that can't be read is not trimmed: verify has to find it
  batch.add_document(kAuditTable, std::string(kAuditBase), base);
  batch.on_done([this, seq = *keep_from](const Status& status) {
    if (status) (void)ledger.trim_audit(seq);
  });
}

}  // namespace curfew::engine
