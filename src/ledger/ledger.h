// The ledger port: what makes a commit durable, in one order, and gives it back.
//
// A commit is all that one group of commands changed: rows, tombstones, audit entries, documents, and the commands
// themselves (the journal). It is written whole or not at all. Rows and documents are the fold of the journal up to the
// same position, kept so that a restart reads 10 million rows instead of replaying their history.
//
// Invariants that every adapter keeps (ledger/conformance.h is their test):
//   1. append() returning a position means: on durable storage, whole, and visible to every later read, after any
//   crash.
//   2. append() returning an error means: nothing of it is visible, now or after a crash. kUnavailable says that the
//      ledger can't write now: the next append tries again, and works once the storage does.
//   3. Positions are dense from 1; audit seqs are dense from 1, and their times never decrease.
//   4. A key that has a tombstone keeps it until trim_tombstones passes its time (`ended`); from then on it is absent.
// Threads: append, record_activity and trims one at a time, each after the one before has returned to whoever calls the
// next (the engine's thread, or one that it waits for); every read from any thread, beside them. A visitor may call
// reads, and nothing else.
// Ownership: views handed to a visitor are valid only during the call.
// Errors: append refuses a commit that breaks its own rules (check_commit below) with kInvalidArgument and stays as it
// was; storage that can't write answers kUnavailable, "ledger_unavailable" or "disk_full"; stored bytes that are not
// what was written answer kDataLoss.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "session/apply.h"
#include "session/command.h"

namespace curfew::ledger {

// The number of commits so far; 0 before the first.
using Position = std::uint64_t;

struct RowEnd {
  session::SessionNo no;
  session::SessionKey key;
  session::Tombstone tombstone;
};

// What an audit entry can be found by, beside its seq.
enum class AuditIndex : std::uint8_t { kUser = 1, kSession = 2, kActor = 3, kAction = 4, kRevocation = 5 };
struct AuditIndexKey {
  AuditIndex index;
  session::RealmId realm;  // 0 for kActor and kAction
  std::string value;       // user id; "regular/ID" or "offline/ID"; actor id; action; revocation id
};

struct AuditEntry {
  std::uint64_t seq;
  Time time;
  std::string bytes;  // opaque here: audit::seal made it
  std::vector<AuditIndexKey> keys;
};

// Documents: small named values (realms, policies, operators, keys, running revocations). Table names are short ASCII
// words.
struct DocumentWrite {
  std::string table;
  std::string key;
  std::optional<std::string> bytes;  // absent: deleted
};

// The documents of a table whose keys begin so.
struct DocumentRange {
  std::string table, prefix;
};

// Order inside a commit: puts, then ends, so a row that is in both is gone and its tombstone stands.
struct Commit {
  Time time;
  std::vector<session::Session> puts;  // new or changed rows, whole; a row is addressed by its `no`
  std::vector<RowEnd> ends;            // the row goes, the tombstone comes
  std::vector<AuditEntry> audit;       // seqs go on from last_audit_seq()
  std::vector<DocumentWrite> documents;
  std::string journal;  // the commands, as engine/journal.h encodes them; may be empty
};

// The latest activity of a row. It counts where it is later than what the row says, and the latest of several counts;
// that of a row that is gone is ignored. Not synced: what was recorded since the last append may be lost in a crash.
struct Activity {
  session::SessionNo no;
  Time last_access;
  IpAddress ip;
};

// What load_rows does with an activity: sets the row's last access and address if the activity is later.
void apply_activity(session::Session& row, Time last_access, const IpAddress& ip);

// The rules of a commit that every adapter holds it to: every `no` is above 0; audit seqs go on densely from
// `last_seq`, their times from `last_time`; document tables are 1 to 32 characters of a–z, 0–9 and '_', document keys
// at most 512 bytes; no index value is longer than 512 bytes. The error names the part that is wrong.
Status check_commit(const Commit& commit, std::uint64_t last_seq, Time last_time);

// Takes in what Ledger::load_rows reads.
class RowSink {
 public:
  // What may be worked out of rows before their turn comes.
  class Prepared {
   public:
    virtual ~Prepared() = default;
  };
  virtual ~RowSink() = default;
  // On a thread that reads, which may be the caller's, for several lots of rows at once. What it leaves in `prepared`,
  // where it may find that of rows that were taken, goes to take() with these.
  virtual void prepare(std::span<const session::Session> rows, std::unique_ptr<Prepared>& prepared) const;
  // On the caller's thread, in the order of `no`.
  virtual void take(std::span<const session::Session> rows, const Prepared* prepared) = 0;
};

class Ledger {
 public:
  virtual ~Ledger() = default;

  virtual Result<Position> append(const Commit& commit) = 0;
  virtual Status record_activity(std::span<const Activity> activity) = 0;
  virtual Position position() const = 0;

  // Every live row in the order of `no`, its activity applied, some thousands at a time. Stops with kDataLoss at the
  // first row that can't be read.
  virtual Status load_rows(RowSink& sink) const = 0;
  Status each_row(const std::function<void(const session::Session&)>& visit) const;  // the same, one by one
  // Every document in the order of table and key, but for those of these ranges, which are not even read.
  using DocumentVisitor = std::function<void(std::string_view table, std::string_view key, std::string_view bytes)>;
  virtual Status load_documents(const DocumentVisitor& visit, std::span<const DocumentRange> without) const = 0;
  Status load_documents(const DocumentVisitor& visit) const { return load_documents(visit, {}); }
  virtual Result<std::optional<std::string>> document(std::string_view table, std::string_view key) const = 0;
  virtual session::SessionNo last_no() const = 0;  // the highest `no` ever put or ended: none is given again

  // The tombstones under these keys, in the same order.
  virtual Result<std::vector<std::optional<session::Tombstone>>> tombstones(
      std::span<const session::SessionKey> keys) const = 0;

  // Journal entries after `after`, in order, until the visitor says false; a commit without a journal gives an empty
  // view. kNotFound, "journal_trimmed", if an entry after `after` has been trimmed.
  virtual Status follow(Position after, const std::function<bool(Position, std::string_view)>& visit) const = 0;

  // The audit log. first_audit_seq is 1 until entries are trimmed; last is the highest seq ever written, 0 before the
  // first.
  virtual std::uint64_t first_audit_seq() const = 0;
  virtual std::uint64_t last_audit_seq() const = 0;
  // Entries from `from` to `to`, both inclusive, ascending or descending, until the visitor says false. What is trimmed
  // or not yet written is not visited.
  virtual Status scan_audit(std::uint64_t from, std::uint64_t to, bool descending,
                            const std::function<bool(std::uint64_t seq, std::string_view bytes)>& visit) const = 0;
  // The seqs under an index key within [from, to], ascending or descending, each once, until the visitor says false.
  // Exact: an adapter may compare keys by a keyed 128-bit hash (SipHash with a key of its own), and by nothing shorter.
  virtual Status find_audit(const AuditIndexKey& key, std::uint64_t from, std::uint64_t to, bool descending,
                            const std::function<bool(std::uint64_t seq)>& visit) const = 0;
  // The lowest seq kept whose time is >= `at`; last + 1 if none.
  virtual Result<std::uint64_t> audit_seq_at(Time at) const = 0;

  // Forgetting: positions and seqs below `before`, tombstones that ended before it. Each is durable when it returns,
  // may be repeated, and never goes back: a lower bound than an earlier one changes nothing. A bound past the end
  // empties.
  virtual Status trim_journal(Position before) = 0;
  virtual Status trim_audit(std::uint64_t before_seq) = 0;
  virtual Status trim_tombstones(Time before) = 0;

  // Bytes on disk, for metrics; 0 for a ledger without a disk.
  virtual std::uint64_t disk_bytes() const = 0;
};

}  // namespace curfew::ledger
