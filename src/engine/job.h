// Job: a revocation under way, as the sequencer keeps it, and its document in the ledger (docs/formats/documents.md).
//
// What is left to do is a set of rows for this run, and a selection with a bound on `no` for the run after a crash:
// what has been ended is gone from the index then, so matching the selection again among sessions that were there when
// it was accepted gives exactly the rest. Counts and failures are written in the same commit as the ends that they
// count. Threads: the sequencer's; the published Revocation is a copy.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/revocation.h"
#include "index/session_set.h"

namespace curfew::engine {

struct Job {
  Revocation told;  // what the world is told
  Selection selection;
  session::SessionNo last_no;  // sessions above it began later and are not meant
  session::EndCause cause = session::EndCause::kRevoked;
  std::string idempotency_key, fingerprint;
  std::optional<RealmId> removes_realm;  // the realm goes when its sessions have gone

  index::SessionSet rest;                             // what is left, in this run
  std::optional<std::vector<std::uint64_t>> numbers;  // after a restart: what the filter had chosen, ascending
  bool stopping = false;
  session::Origin stopper;
  std::int64_t retry_at_ns = 0;  // after a commit that failed
};

inline constexpr std::string_view kRevocationTable = "revocations";           // id → progress
inline constexpr std::string_view kSelectionTable = "revocation_selections";  // id → what was asked, while it runs

inline constexpr std::string_view kRowsTable =
    "revocation_rows";  // id → the numbers that a filter chose, while it runs

// Progress: everything of a job but its selection, with what is told of it by then. Selection: only that.
void encode_progress(std::string& out, const Job& job, const Revocation& told);
Status decode_progress(std::string_view bytes, Job& job);
void encode_selection(std::string& out, const Selection& selection);
Result<Selection> decode_selection(std::string_view bytes);

// Counts a session that the job did not end itself.
void add_failure(Job& job, Failure failure);

// The revocations that can be asked for: running and lately finished. Threads: any.
class JobBoard {
 public:
  static constexpr std::size_t kFinishedKept = 1'000;

  void publish(const Revocation& revocation);  // and tells those who watch
  std::optional<Revocation> find(std::string_view id) const;
  std::vector<Revocation> list(std::optional<RealmId> realm) const;  // newest first
  std::shared_ptr<void> watch(std::string_view id, std::function<void(const Revocation&)> changed);
  // The ids of those that were forgotten, being beyond kFinishedKept, since the last call: their documents may go.
  std::vector<std::string> evict();

  struct Repeat {
    std::string id, fingerprint;
  };
  void remember(const std::string& actor, const std::string& key, Repeat repeat);
  std::optional<Repeat> repeated(const std::string& actor, const std::string& key) const;

 private:
  using Watcher = std::function<void(const Revocation&)>;
  mutable std::mutex mutex_;
  std::map<std::string, Revocation, std::less<>> all_;
  void forget_oldest();
  std::vector<std::string> evicted_;
  std::vector<std::string> finished_;  // in the order in which they finished
  std::multimap<std::string, std::weak_ptr<Watcher>, std::less<>> watchers_;
  std::map<std::pair<std::string, std::string>, Repeat> repeats_;
};

}  // namespace curfew::engine
