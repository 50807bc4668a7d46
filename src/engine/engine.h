// Engine: the one place where things happen. It takes commands, makes them durable, applies them, and answers.
//
// Invariants (engine_test.cpp, revocation_test.cpp, tests/e2e/crash_test.py):
//   1. `done` of a write is called after its commit is durable and applied to the index; or with an error, and then
//   nothing of
//      it happened. A read that begins afterwards sees it.
//   2. Of any number of terminations of one session exactly one answers kEnded; its audit record is in the same commit.
//   3. What has ended never comes back: a tombstone refuses every later start, touch and join under its key.
//   4. A revocation that was accepted is finished, or stopped by somebody, or resumed after a restart; never forgotten.
//   5. Touches reach the index at once and the ledger within touch_flush; nothing else is ever answered before it is
//   durable.
// Threads: every function may be called from any thread unless it says otherwise. Callbacks run on the sequencer's
// thread: they must be short and must not call back into a blocking function. Reads take the index's ReadLock on the
// caller's thread. Ownership: ledger, clock and random outlive the engine. Limits: Options. A full queue answers
// kUnavailable "overloaded" at once.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/record.h"
#include "base/crypto.h"
#include "base/time.h"
#include "device/device.h"
#include "device/places.h"
#include "engine/audit_log.h"
#include "engine/events.h"
#include "engine/image.h"
#include "engine/realm.h"
#include "engine/revocation.h"
#include "index/index.h"
#include "ledger/ledger.h"
#include "session/command.h"
#include "signal/watch.h"

namespace curfew::engine {

struct Options {
  std::size_t queue_limit = 200'000;          // commands waiting for the sequencer
  std::size_t batch_limit = 4'096;            // commands in one commit
  std::size_t revocation_chunk = 3'000;       // sessions that a revocation, or a round of policies, ends in one commit
  std::size_t touch_limit = 1'000'000;        // buffered activities; more are dropped and counted
  Duration touch_flush = Duration{500};       // activity reaches the ledger within about this
  Duration sweep_interval = Duration{1'000};  // each realm is walked for expired sessions this often
  std::size_t sweep_rows = 200'000;           // rows looked at in one slice
  std::size_t event_ring = 65'536;            // events kept for subscribers that resume
  Duration event_slice = Duration{100};       // what happens within this is told to subscribers as one text
  Duration audit_retention = Duration::days(400);
  Duration tombstone_retention = Duration::days(400);
  std::uint64_t journal_retention = 1'000'000;  // commits
  // What is known of agents and addresses; called from any thread, never under a lock of theirs.
  device::Classify classify = device::unknown_classifier();
  std::function<device::Place(const IpAddress&)> place;  // empty: nothing
  std::function<std::uint64_t()> places_version;         // another number once `place` may answer otherwise
  ImageOptions image;
  bool threads = true;  // false: nothing runs by itself; a test calls step()
};

template <class T>
using Done = std::function<void(Result<T>)>;

// What came of one command.
struct CommandResult {
  session::Outcome outcome;
  session::SessionNo no;                        // of a live session
  std::optional<session::Tombstone> tombstone;  // for kAlreadyEnded and kEnded
};

// A group of commands of one caller: applied in order, committed together.
struct Submission {
  std::vector<session::Command> commands;
  session::Origin origin;
  // Names of clients that the commands mention; a known name that is the same costs nothing.
  struct ClientName {
    session::RealmId realm;
    std::string client_id, name;
  };
  std::vector<ClientName> client_names;
};

struct DocumentChange {
  std::string table, key;
  std::optional<std::string> bytes;
};

struct Counters {
  std::uint64_t commits = 0, commands = 0, started = 0, touched = 0, ended = 0, refused = 0, touches_dropped = 0,
                expired = 0;
  std::uint64_t queue_depth = 0, audit_records = 0, commit_failures = 0;
  Duration clock_ahead;  // of the wall, while it is not believed (clock_guard.h); 0: policies are on
};

class Engine {
 public:
  Engine(ledger::Ledger& ledger, const Clock& clock, Random& random, Options options = {});
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Loads everything from the ledger. `on_document` is given what is not the engine's own (operators, keys, …).
  Status open(
      const std::function<Status(std::string_view table, std::string_view key, std::string_view bytes)>& on_document);
  void start();                      // begins to run; after open()
  void stop();                       // drains the queue, flushes activity, joins, leaves an image. Idempotent.
  bool ready() const;                // open, and the ledger takes writes
  const ImageReport& image() const;  // after open(): of the one that was there; after stop(): of the one that was left
  // One round of the sequencer; for options.threads == false. True if anything was done.
  bool step();

  // --- Sessions
  // --------------------------------------------------------------------------------------------------------------
  // Results in the order of the commands. Errors are of the whole group (ledger, overload); outcomes of each are in the
  // results.
  void submit(Submission submission, Done<std::vector<CommandResult>> done);

  // Is it live now? Counts as activity (buffered) when it is, from `ip` where that is given. A session that a policy
  // ends at this moment is not live, whether or not the sweep has reached it. `realm`: the key's own, as realms() had
  // it when the caller's request came.
  std::optional<index::Index::Names> check(const Realm& realm, const session::SessionKey& key,
                                           const std::optional<IpAddress>& ip);
  std::optional<index::Index::Names> check_token(const Realm& realm, std::string_view token,
                                                 const std::optional<IpAddress>& ip);
  // 32 random bytes as base64url, for a session made here.
  std::string make_token();
  std::string make_session_id();

  const index::Index& index() const;
  // The end of one session, where it is known: for "ended at …".
  Result<std::optional<session::Tombstone>> tombstone(const session::SessionKey& key) const;

  // --- Revocations
  // ----------------------------------------------------------------------------------------------------------
  Result<Preview> preview(const Selection& selection) const;
  // `done` is called when the revocation has finished or `patience` is over, whichever is first, with its state then. A
  // repeat of (origin.actor_id, idempotency_key) answers the first one's state, or kConflict "idempotency_mismatch" for
  // another request. kConflict "plan_drifted" if `plan` is not empty and the set is no longer the one that was
  // previewed.
  void revoke(RevocationRequest request, Duration patience, Done<Revocation> done);
  std::optional<Revocation> revocation(session::RealmId realm,
                                       std::string_view id) const;  // realm 0: one over several realms
  std::vector<Revocation> revocations(
      session::RealmId realm) const;  // newest first; running ones and the last 1,000 finished
  void stop_revocation(std::string_view id, session::Origin origin, Done<Revocation> done);
  // `changed` is called (from the sequencer's thread) whenever the revocation has moved on, until it is finished or the
  // returned ticket is destroyed.
  std::shared_ptr<void> watch_revocation(std::string_view id, std::function<void(const Revocation&)> changed);

  // --- Signals
  // ---------------------------------------------------------------------------------------------------------------
  const signal::Watch& watch() const;  // read it under the index's ReadLock
  std::shared_ptr<const device::Device> classify(std::string_view user_agent) const;  // never null
  device::Place place(const IpAddress& ip) const;
  // What is given replaces what the realm has; kInvalidArgument names the member that is wrong.
  void replace_detection(RealmId id, std::optional<std::vector<signal::NamedNetwork>> networks,
                         std::optional<signal::Rules> rules, session::Origin origin, Done<Realm> done);
  // Gives it its id, time and author. kNotFound for a suppression that is not there (any more).
  void add_suppression(RealmId id, signal::Suppression suppression, session::Origin origin,
                       Done<signal::Suppression> done);
  void remove_suppression(RealmId id, std::string suppression_id, session::Origin origin,
                          Done<signal::Suppression> done);

  // --- Realms
  // ----------------------------------------------------------------------------------------------------------------
  std::shared_ptr<const RealmTable> realms() const;  // an unchanging snapshot
  void create_realm(std::string name, std::string display_name, session::Policy policy, session::Origin origin,
                    Done<Realm> done);
  // Changes what is given, of the realm as it is when its turn comes: of two changes at once neither is lost.
  void update_realm(session::RealmId id, std::optional<std::string> display_name,
                    std::optional<session::PolicyChange> policy, session::Origin origin, Done<Realm> done);
  // Ends every session in it, each audited, then removes it; `done` when it is gone. At once it is unknown to everybody
  // else.
  void remove_realm(session::RealmId id, session::Origin origin, Done<Realm> done);

  // --- Audit, documents
  // ------------------------------------------------------------------------------------------------------ A record
  // about something that is not a session command (a sign-in, a denial). Durable when `done` is called; `done` may be
  // empty.
  void record(audit::Record record, Done<std::uint64_t> done = {});
  // Documents of other modules, with the records that say so, in one commit. `adopt` runs on the sequencer's thread
  // once it is durable, before `done`, which is given the seq of the last record.
  void write_documents(std::vector<DocumentChange> changes, std::vector<audit::Record> records,
                       std::function<void()> adopt, Done<std::uint64_t> done);
  const AuditLog& audit_log() const;

  // --- Live
  // ------------------------------------------------------------------------------------------------------------------
  EventHub& events();
  const SeriesStore& series() const;

  // Work that may take long (audit queries, password hashing): runs on one of a few threads; false when too much waits
  // already.
  bool in_background(std::function<void()> work);
  // The same for questions that look at very many rows: on a thread of their own, since they come one at a time anyway
  // (Index::Stay::kLong), and nobody who signs in shall wait for them.
  bool in_questions(std::function<void()> work);

  // Journal position and time of the state that a read sees now.
  struct AsOf {
    ledger::Position position;
    Time time;
  };
  AsOf as_of() const;
  Time now() const;
  Counters counters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace curfew::engine
