// Batch: one commit in the making. Commands are decided against the index with what the batch has changed so far laid
// over it; nothing of it is visible before the ledger has it.
//
// Threads: the sequencer's, but for seal(); the commit is read by whoever writes it, until that is done. Lifetime: one
// round, or several where they overlap.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "engine/job.h"
#include "engine/journal.h"
#include "signal/watch.h"

namespace curfew::engine {

// What the sequencer knows beside the index.
struct Book {
  std::shared_ptr<const RealmTable> realms;
  audit::ChainHead chain;
  session::SessionNo last_no;
};

// So many changes at once are left to the watch's sweep, and to when there is time for it.
inline constexpr std::size_t kStorm = 128;

struct BatchCounts {
  std::uint64_t commands = 0, started = 0, touched = 0, ended = 0, refused = 0, expired = 0;
};

class Batch {
 public:
  struct Mode {
    bool watched;   // somebody follows the events; otherwise none are made
    bool policies;  // time may end sessions: the clock is believed
  };
  // What a batch fills. Handed on from one that is finished to the next, it spares a bulk revocation some twenty
  // allocations a session.
  class Memory;
  Batch(index::Index& index, signal::Watch& watch, const ledger::Ledger& ledger, const Options& options,
        const Book& book, Time now, Mode mode, std::unique_ptr<Memory> memory = nullptr);
  ~Batch();

  // Reads what deciding these, soon and one after the other, will ask the ledger for: in one go. What can't be read
  // deciding reads again, and fails of.
  void read_ahead(std::span<const Submission* const> submissions);
  // Decides a group's commands in order. Touches of sessions that the batch has not changed go straight to the index:
  // they are not part of the commit. An error (a tombstone that can't be read) leaves the batch as it was only if
  // nothing else was added: the sequencer then fails the whole round.
  Result<std::vector<CommandResult>> decide(const Submission& submission);
  // Ends one live session as part of a revocation. False if it is no longer live.
  bool end(const index::Handle& handle, session::EndCause cause, const session::Origin& origin,
           const std::string& reason, const std::string& revocation);
  // Ends one that a policy no longer allows.
  bool expire(const index::Handle& handle, session::EndCause cause);

  void add_record(audit::Record record);
  void add_document(std::string_view table, std::string key, std::optional<std::string> bytes);
  // Called in order when the batch is durable and applied, or has failed as a whole.
  void on_done(std::function<void(const Status&)> done);
  // Called between the two: durable, not yet answered.
  void on_durable(std::function<void()> adopt) { adopt_.push_back(std::move(adopt)); }

  bool durable_work() const;  // whether there is anything to append
  // Completes the commit: records and journal of its ends, the audit chain from its last hash on, rows. Once, by any
  // one thread, while others may ask book() and concerns(), and nothing is decided any more.
  const ledger::Commit& seal(const Digest& last_hash);
  // The chain's last hash with this batch. REQUIRES: sealed.
  const Digest& last_hash() const { return last_hash_; }
  std::unique_ptr<Memory> take_memory();  // nothing else is asked of the batch afterwards
  // Puts the changes into the index, in slices under the WriteLock; calls `ended` for every row that goes. `at_once`:
  // a few callers are answered as soon as what they asked for is in it, not in finish(), and prepare what is next
  // meanwhile. REQUIRES: sealed; for `at_once`, only_submissions().
  using RowEnded = std::function<void(const index::Handle&, const session::Session&, session::EndCause,
                                      const std::string& revocation)>;
  void apply(const RowEnded& ended, bool at_once);
  void finish(const Status& status);

  // Whether all that it holds is these callers' submissions and what follows from them: nothing is called when it is
  // durable but their answers.
  bool only_submissions(std::size_t callers) const { return adopt_.empty() && done_.size() == callers; }
  // Whether a submission concerns a session that this batch has looked at, or a user of one: then it can't be decided
  // before the batch is applied. Once in a long while it says so of one that doesn't. For batches that are decided.
  bool concerns(const Submission& submission);

  const Book& book() const { return book_; }  // its hash is the one of before the batch
  std::vector<Event>& events() { return events_; }
  bool watched() const { return mode_.watched; }
  const BatchCounts& counts() const { return counts_; }
  std::uint64_t records() const { return book_.chain.seq - first_seq_; }
  Time now() const { return now_; }
  // By realm: how many were started, ended and revoked; for the series.
  struct Flow {
    std::uint32_t started = 0, ended = 0, revoked = 0;
  };
  const std::map<RealmId, Flow>& flow() const { return flow_; }

 private:
  struct Entry;
  // An end that is decided, and not yet in the commit.
  struct EndWords {
    session::Origin origin;
    std::string reason, revocation;
  };
  struct End {
    Entry* entry;
    const EndWords* words;  // one of words_
    Time at;
    std::uint64_t seq;
    Time time;
  };
  using Tombstones = std::unordered_map<session::SessionKey, session::Tombstone>;

  Entry& entry_of(const session::SessionKey& key, const Tombstones& known);
  Entry& entry_of_live(const index::Handle& handle);
  Entry* known_entry(const index::Handle& handle) const;
  std::vector<std::optional<index::Handle>> find_all(const Submission& submission) const;
  Result<Tombstones> read_tombstones(const Submission& submission,
                                     std::span<const std::optional<index::Handle>> found_live) const;
  CommandResult decide_one(const session::Command& command, const session::Origin& origin, const Tombstones& known);
  CommandResult start(const session::Command& command, const session::Origin& origin, Entry& entry);
  // What write_ends() is to write of it comes last in the journal and the audit log so far.
  bool end_entry(Entry& entry, session::EndCause cause, Time at, const std::string& reason,
                 const session::Origin& origin, const std::string& revocation);
  bool expire_if_due(Entry& entry, Time at);
  void enforce_limit(const session::Session& started);
  std::optional<CommandResult> touch_in_place(const session::TouchSession& touch,
                                              const std::optional<index::Handle>& handle);
  void publish(EventKind kind, const session::Session& session, std::optional<session::EndCause> cause);
  void write_ends();
  void write_end(const End& end);
  void put_record(const audit::Record& record);
  const session::Policy* policy_of(RealmId realm) const;

  std::size_t take_in_starts(std::span<Entry* const> entries);
  void fetch_for_watch(std::span<Entry* const> entries) const;
  void take_in(Entry& entry, const RowEnded& ended);

  index::Index& index_;
  signal::Watch& watch_;
  const ledger::Ledger& ledger_;
  const Options& options_;
  Book book_;
  const std::uint64_t first_seq_;
  const Time now_;
  const Mode mode_;

  std::unique_ptr<Memory> memory_;
  ledger::Commit& commit_;  // the memory's
  JournalWriter journal_;
  std::unordered_map<session::SessionKey, Entry*> by_key_;                  // of those that the index does not hold
  std::map<std::pair<RealmId, std::string>, std::vector<Entry*>> by_user_;  // live entries started or changed here
  std::vector<End> ends_;                                                   // not yet written
  std::vector<Entry*> changed_;                                             // from seal() on
  std::unordered_map<session::SessionKey, std::optional<session::Tombstone>> read_;  // read_ahead()
  std::vector<std::uint64_t> concerned_;  // hashes, ascending; once concerns() was asked
  std::vector<Event> events_;
  struct Caller {
    std::function<void(const Status&)> done;
    std::size_t entries;  // of the memory's: what they asked for is in the first so many
    std::size_t changes;  // of changed_, as many as have to be in the index; from seal() on
  };
  std::vector<Caller> done_;
  std::size_t answered_ = 0;
  std::vector<std::function<void()>> adopt_;
  std::vector<Submission::ClientName> names_;
  BatchCounts counts_;
  std::map<RealmId, Flow> flow_;
  Digest last_hash_{};
  // What every end needs and most share with the one before.
  audit::Record end_record_;
  session::Command end_command_ = session::EndSession{};
  std::deque<EndWords> words_;
};

session::Origin policy_origin();

// Index::touch, and the watch told of it where that may matter. Under the WriteLock.
bool watched_touch(index::Index& index, signal::Watch& watch, const index::Handle& handle, Time at,
                   const std::optional<IpAddress>& ip);

// The bytes of a user's document; `profile` is what signal/profile.h remembers of them, or empty.
std::string user_document(std::string_view username, std::string_view email, std::string_view profile);

}  // namespace curfew::engine
