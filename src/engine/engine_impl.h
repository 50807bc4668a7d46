// The engine's inside: what its .cpp files share. Not for other modules.
//
// Threads: `queue` and the small mutexes beside it are shared; everything under "the sequencer's" is touched by its
// thread alone (or by step()).
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "engine/appender.h"
#include "engine/background.h"
#include "engine/batch_memory.h"
#include "engine/clock_guard.h"
#include "engine/engine.h"
#include "engine/job.h"
#include "signal/watch.h"

namespace curfew::engine {

// A realm as it shall be, and what the audit log says of the change.
struct RealmChange {
  Realm realm;
  std::vector<audit::Record> records;
};
audit::Record realm_record(std::string_view action, const Realm& realm, const session::Origin& origin);

// One thing for the sequencer to do: adds its part to the batch. An error fails the whole round.
struct Work {
  std::size_t weight = 1;
  std::shared_ptr<const Submission> submission;  // if it is one, and nothing else
  std::function<Status(Batch&)> decide;
  std::function<void(const Error&)> refuse;  // instead, when it is never decided
};

// So many callers, and no more commands than these, are decided by turns (relay.cpp).
inline constexpr std::size_t kRelayFrom = 4, kRelayWeight = 256;

struct Engine::Impl {
  Impl(ledger::Ledger& ledger, const Clock& clock, Random& random, Options options);

  // --- engine.cpp, sequencer.cpp
  // ---------------------------------------------------------------------------------------------
  void enqueue(Work work);
  void run();
  bool round();
  bool wait_for_work();
  std::vector<Work> take_work();
  void gather(std::unique_lock<std::mutex>& lock);
  bool commit(Batch& batch);
  bool adopt(Batch& batch, const std::optional<Result<ledger::Position>>& appended, bool at_once = false);
  std::unique_ptr<Batch::Memory> take_memory();
  void keep_memory(std::unique_ptr<Batch::Memory> memory);
  void flush_activity(bool all);
  bool sweep(Batch& batch);
  void sample_series(Batch& batch);
  void forget_old(Batch& batch);
  void forget_users(Batch& batch);
  // Activity of a check, waiting for the sequencer.
  struct Touch {
    index::Handle handle;
    Time at;
    std::optional<IpAddress> ip;
  };
  void touch_later(const Touch& touch);
  bool drain_touches();
  void touch_all(std::span<const Touch> batch);
  std::optional<index::Index::Names> check(const Realm& realm, const std::optional<index::Handle>& handle,
                                           const std::optional<IpAddress>& ip);

  // --- engine_clock.cpp
  // ---------------------------------------------------------------------------------------------------------------------
  void look_at_clock(Time now);
  void note_time(Batch& batch);

  // --- engine_open.cpp
  // -------------------------------------------------------------------------------------------------------
  Status open(const std::function<Status(std::string_view, std::string_view, std::string_view)>& on_document);
  Status load_documents(const std::function<Status(std::string_view, std::string_view, std::string_view)>& on_document,
                        bool with_users);
  Status read_chain();
  void resume_jobs();

  // --- engine_image.cpp
  bool take_image();  // true: index and profiles are those of the ledger, but for clients' names
  Status read_image();
  void leave_image(bool all_flushed);
  Result<std::uint64_t> write_image(bool all_flushed);

  // --- engine_realms.cpp
  void change_realm(RealmId id, std::function<Result<RealmChange>(const Realm&, Time)> decide, Done<Realm> done);

  // --- engine_signals.cpp
  bool busy();
  bool sweep_signals();
  void publish_raised();
  void save_profiles(Batch& batch, bool at_once);
  void flush_profiles();

  // --- relay.cpp
  bool may_relay(const std::vector<Work>& works, const Batch& batch) const;
  bool relay(Batch& first);
  std::vector<Work> take_beside(Batch& writing, std::size_t few, std::size_t& weight);
  std::unique_ptr<Batch> decide_beside(Batch& writing, std::size_t callers_before);
  bool decide(Batch& batch, std::vector<Work>& works);

  // --- job_stride.cpp
  void stride();
  bool may_stride(const Job& job);

  // --- job_runner.cpp
  // --------------------------------------------------------------------------------------------------------
  Result<index::SessionSet> select(const Selection& selection, session::SessionNo last_no,
                                   std::uint64_t& own_kept) const;
  // The same with the selection's filter at hand.
  Result<index::SessionSet> select(const Selection& selection, const index::Filter& filter, session::SessionNo last_no,
                                   std::uint64_t& own_kept) const;
  Status begin_job(Batch& batch, const std::shared_ptr<Job>& job, const RevocationRequest& request);
  Status list_missing(Job& job, const BySessions& sessions);
  bool run_jobs(Batch& batch);
  void tell(const std::shared_ptr<Job>& job);
  // The rows of the job from `from` on, which is moved behind the last of them; `ahead` others that the job has ended
  // are not durable yet. How many it ended.
  std::uint64_t run_chunk(Batch& batch, const std::shared_ptr<Job>& job, index::SessionSet::Place& from,
                          std::uint64_t ahead);
  void finish_job(Batch& batch, const std::shared_ptr<Job>& job, RevocationState state);
  void row_ended(const index::Handle& handle, const session::Session& session, session::EndCause cause,
                 const std::string& revocation);
  void answer_patients();
  void save_rows(Batch& batch, const Job& job);
  void save_progress(Batch& batch, const Job& job, const Revocation& told);
  void remove_realm_documents(Batch& batch, const Job& job);
  bool remove_leftovers(Batch& batch);

  ledger::Ledger& ledger;
  const Clock& clock;
  Random& random;
  const Options options;
  index::Index index;
  signal::Watch watch;  // changes under the index's WriteLock alone
  EventHub hub;
  SeriesStore series;
  AuditLog audit_log;
  JobBoard board;
  std::unique_ptr<Background> background, questions;

  // The queue: bounded by the sum of weights.
  std::mutex queue_mutex;
  std::condition_variable queue_wake;
  std::deque<Work> queue;
  std::size_t queue_weight = 0;
  std::atomic<std::size_t> queued{0};           // its size, for who waits briefly
  std::size_t queue_wanted = 1;                 // so many must wait before the sequencer is woken
  std::atomic<std::uint64_t> relay_written{0};  // of the commits that relays began, as many as are done
  bool stopping = false;
  std::thread thread;

  std::mutex touch_mutex;
  std::vector<Touch> touches;

  mutable std::mutex realms_mutex;
  std::shared_ptr<const RealmTable> realms = std::make_shared<RealmTable>();  // guarded

  std::atomic<bool> opened{false};
  std::atomic<bool> ledger_ok{true};
  // clock_guard.h: whether the wall clock is believed, and how far it is ahead where it is not.
  std::atomic<bool> policies_on{true};
  std::atomic<std::int64_t> clock_ahead_ms{0};
  std::atomic<std::uint64_t> position{0};
  std::atomic<std::int64_t> position_time{0};
  struct {
    std::atomic<std::uint64_t> commits{0}, commands{0}, started{0}, touched{0}, ended{0}, refused{0},
        touches_dropped{0}, expired{0}, audit_records{0}, commit_failures{0};
  } counters;

  // --- The sequencer's
  // ---------------------------------------------------------------------------------------------------------
  std::size_t callers = 0;        // whose work the last round took
  std::uint64_t relay_begun = 0;  // commits that relays began
  Book book;
  RealmId last_realm;
  std::vector<std::unique_ptr<Batch::Memory>>
      spare_memory;  // of batches that are done; large ones while there are jobs
  Appender appender;
  std::vector<std::shared_ptr<Job>> jobs;  // running
  std::vector<std::shared_ptr<Job>>
      beginning;  // accepted in this round, not durable yet: rows that end with it concern them too
  std::vector<std::shared_ptr<Job>> told_jobs;  // changed in this round: published when it is durable
  std::size_t next_job = 0;
  // Callers of revoke() who wait for its end, or for their patience to be over.
  struct Patient {
    std::string id;
    std::int64_t until_ns;
    Done<Revocation> done;
  };
  std::vector<Patient> patients;
  ClockGuard guard;
  std::vector<Touch> doubted;  // since the wall clock is not believed, at most touch_limit
  // The last time that was believed before the start: nothing is trimmed by a clock that is far beyond it.
  Time opened_time;
  std::int64_t opened_ns = 0;
  std::int64_t next_flush_ns = 0, next_sweep_ns = 0, next_forget_ns = 0, next_signals_ns = 0, next_profiles_ns = 0,
               next_noted_ns = 0;
  std::int64_t next_busy_signals_ns = 0;
  bool signals_left = false;        // more users are to be looked at than one sweep does
  std::optional<RealmId> sweeping;  // the realm that a walk is in, or none
  std::uint32_t sweep_place = 0;
  std::map<RealmId, Batch::Flow> flow;  // since the last sample
  std::int64_t sampled_minute = 0;
  std::uint64_t forget_users_at = 0;
  std::vector<std::pair<std::string, std::string>> leftovers;  // (table, key) stored for realms that are gone
  std::vector<Touch> touch_batch;
  std::vector<signal::DirtyProfile> unsaved_profiles;  // of a commit that failed
  std::vector<index::DirtyRow> dirty;
  ImageReport image;
};

Error overloaded();

}  // namespace curfew::engine
