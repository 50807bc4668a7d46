// Index: every live session of every realm, in memory, ready for any question.
//
// What it is: per realm, rows in columns with dictionaries for the strings, one order-statistics tree per sort order,
// compressed bitmaps per filter value (types, clients, kinds and families of devices, marks), a hash from (type, id)
// and from token to row, a trigram index over the distinct usernames, a sorted dictionary of addresses. query.h says
// what it answers; planner.h how it chooses.
//
// Invariants: a session is in all structures of its realm or in none; totals are exact; a Handle names the same session
// until that is erased, and is never valid again afterwards (it carries the session's `no`). Threads: one writer (the
// engine's sequencer), any number of readers. A ReadLock gives one consistent view for as long as it is held; writers
// wait for it, so hold it for a page, not for a download. A WriteLock is held for at most a slice of a millisecond's
// work: the engine splits larger batches. Errors: none but those of Cursor; input is validated before it comes here.
// Limits: 2^32 - 1 rows a realm. Memory: at most 200 bytes a session at 10 million, everything included
// (docs/performance.md).
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "device/device.h"
#include "index/query.h"
#include "index/session_set.h"
#include "session/policy.h"

namespace curfew::index {

class ImageReader;
class ImageWriter;
struct PreparedRow;
struct SeldomClients;

struct Handle {
  RealmId realm;
  std::uint32_t row = 0;
  session::SessionNo no;
  friend bool operator==(const Handle&, const Handle&) = default;
};

// What changed since the last take_dirty: a session's latest activity.
struct DirtyRow {
  session::SessionNo no;
  Time last_access;
  IpAddress ip;
};

// A row that a policy ends now.
struct ExpiredRow {
  Handle handle;
  session::EndCause cause;
};

// A row without its texts.
struct RowView {
  session::SessionNo no;
  session::SessionType type;
  bool remember_me;
  Time started, last_access;
  IpAddress ip;
  std::uint32_t user;  // number in the realm: Index::user_number
  device::Kind kind;
  std::uint64_t device_hash;  // device_hash(device_key)
};

// The same for equal keys as long as the program runs; not to be stored.
std::uint64_t device_hash(std::string_view device_key);

class Index {
 public:
  // Each distinct agent string of a realm is classified once, when its first session comes.
  explicit Index(device::Classify classify = device::unknown_classifier());
  Index(device::Classify classify, const SeldomClients& seldom);  // with other bounds than client_orders.h's, for tests
  ~Index();
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  // For a question that may take long (takes_long) there is a long one: meanwhile only the writer waits, and no other
  // reader. There is one at a time: another waits for it, so they are not for threads that others wait for.
  enum class Stay : std::uint8_t { kBrief, kLong };
  class ReadLock {
   public:
    explicit ReadLock(const Index& index, Stay stay = Stay::kBrief);
    ~ReadLock();
    ReadLock(const ReadLock&) = delete;
    ReadLock& operator=(const ReadLock&) = delete;

   private:
    const Index& index_;
    const Stay stay_;
  };
  class WriteLock {
   public:
    explicit WriteLock(Index& index);
    ~WriteLock();
    WriteLock(const WriteLock&) = delete;
    WriteLock& operator=(const WriteLock&) = delete;

   private:
    Index& index_;
  };

  // --- Writing: under a WriteLock, by the one writer
  // ----------------------------------------------------------------------- Requires: no session with its key, its `no`
  // above every earlier one's (insert) or among loaded ones ascending (load).
  Handle insert(const session::Session& session);
  // Many rows at start-up, cheaper than insert: call begin_load, load_rows in any order of realm but ascending `no`,
  // end_load. No reader may run meanwhile; put_users is cheaper too.
  void begin_load();
  void load_rows(std::span<const session::Session> rows, std::span<const PreparedRow> prepared);  // theirs
  void load_rows(std::span<const session::Session> rows);
  void load_row(const session::Session& row) { load_rows({&row, 1}); }
  void end_load();
  // The whole index as it lies in memory (image.h), but for marks. Requires: dirty_count() is 0; no writer runs.
  void save(ImageWriter& out) const;
  // The same again, instead of loading rows; no reader may run meanwhile. Requires: empty. False: it does not fit, or
  // agent strings are told to be something else now; clear() it then.
  bool load(ImageReader& in);
  void clear();
  void erase(const Handle& handle);
  // Moves last_access forward to `at` (never back) and, with it, the address. True if anything changed.
  bool touch(const Handle& handle, Time at, const std::optional<IpAddress>& ip);
  // Replaces everything but no, key and user_id (a repeated start with news, a client that joined).
  void update(const Handle& handle, const session::Session& session);
  void name_client(RealmId realm, std::string_view client_id, std::string_view name);
  // Users who have no session stay known until this is called for them; false while they have sessions.
  bool forget_user(RealmId realm, std::string_view user_id);
  // Some dozens together, so that they wait for memory together. Leaves their numbers in `numbers`.
  struct UserTexts {
    RealmId realm;
    std::string_view id, username, email;
  };
  void put_users(std::span<const UserTexts> users, std::vector<std::uint32_t>& numbers);
  void drop_realm(RealmId realm);  // and every session in it

  // A session's marks (query.h); none when it comes. They go with it, and stay through touch and update. At most one
  // severity bit.
  void set_marks(const Handle& handle, std::uint16_t marks);

  // Up to `limit` rows touched since they were last taken, in ascending `no`; they are clean afterwards. Under a
  // WriteLock.
  void take_dirty(std::size_t limit, std::vector<DirtyRow>& out);
  std::size_t dirty_count() const;

  // --- Reading: under a ReadLock (or the writer itself)
  // ----------------------------------------------------------------------
  std::optional<Handle> find(const session::SessionKey& key) const;
  // The same for a batch, in the order of the keys: several times quicker, because the memory of all is fetched side by
  // side. Whoever touches what it found next finds that near, too. Replaces `out`.
  void find_all(std::span<const session::SessionKey* const> keys, std::vector<std::optional<Handle>>& out) const;
  std::optional<Handle> find_by_token(RealmId realm, const session::TokenHash& hash) const;
  bool alive(const Handle& handle) const;
  // Requires: alive(handle).
  session::Session get(const Handle& handle) const;
  // The same into a session that is used again and again: its memory is kept.
  void get(const Handle& handle, session::Session& out) const;
  // For get() of them soon after: the memory of all is fetched side by side. Best for some dozens.
  void prefetch(std::span<const Handle> handles) const;
  // The fields that a check needs, without building strings. Requires: alive(handle).
  struct Facts {
    session::SessionType type;
    bool remember_me;
    Time started, last_access;
    std::uint32_t user;
  };
  Facts facts(const Handle& handle) const;
  bool is_at(const Handle& handle, const IpAddress& ip) const;
  struct Names {
    std::string user_id, username, session_id;
  };
  // These five require alive(handle), too.
  Names names(const Handle& handle) const;
  session::SessionKey key(const Handle& handle) const;
  RowView view(const Handle& handle) const;
  std::string device_key(const Handle& handle) const;
  std::uint16_t marks(const Handle& handle) const;

  Page query(const Query& query) const;
  // How long a question stays that may look at all sessions of these realms. Takes a ReadLock of its own.
  Stay stay(std::span<const RealmId> realms) const;
  // Whether the answer may look at very many: of a search, of conditions that are counted together, of a place far
  // behind a condition. (One condition whose rows all lie deep in the order is not seen to.)
  bool takes_long(const Query& query) const;
  // For questions with this filter soon after, which are quicker then: what its search finds in ids and addresses is
  // read before, in slices, so that no writer waits for it (search_ahead.h). Takes ReadLocks of its own: the caller
  // must hold none. Does nothing where there is nothing to gain.
  void read_ahead(std::span<const RealmId> realms, Filter& filter) const;
  std::uint64_t count(std::span<const RealmId> realms, const Filter& filter) const;
  Summary summarize(std::span<const RealmId> realms, const Filter& filter) const;
  Summary summarize(const SessionSet& set) const;
  // The rows that match now. The set does not follow later changes; the engine removes the rows that end
  // (session_set.h).
  SessionSet match(std::span<const RealmId> realms, const Filter& filter) const;
  // The next rows of a set in ascending row order from (realm, row) on, at most `limit`; rows that are no longer alive
  // are not given. Removes nothing.
  std::vector<Handle> members(const SessionSet& set, const SessionSet::Place& from, std::size_t limit) const;
  // A digest of which sessions are in the set: the same members give the same digest, in whatever order they came;
  // other members another one (128 bits).
  std::array<std::uint64_t, 2> digest(const SessionSet& set) const;

  UserPage users(std::span<const RealmId> realms, std::string_view search, std::uint64_t offset,
                 std::size_t limit) const;
  std::optional<UserRow> user(RealmId realm, std::string_view user_id) const;
  std::vector<Handle> user_sessions(RealmId realm, std::string_view user_id) const;  // ascending `no`
  // A user's number stays as long as the user is known (forget_user), and may then be given again.
  std::optional<std::uint32_t> user_number(RealmId realm, std::string_view user_id) const;
  std::string user_id(RealmId realm, std::uint32_t user) const;  // requires: the number of a known user
  std::uint32_t user_slots(RealmId realm) const;                 // numbers are below it; not all of them are in use
  std::uint64_t sessions_of(RealmId realm, std::uint32_t user) const;
  // The sessions of a user, on an address, in a network or with a device, at most `limit`; appends. Of a user or a
  // device: the latest by `no`, ascending; of a network: the first by address, then `no`. Costs what it gives and a
  // logarithm, save that a device with more than 64 sessions costs as many steps as it has.
  void handles_of(RealmId realm, std::uint32_t user, std::size_t limit, std::vector<Handle>& out) const;
  void handles_at(RealmId realm, const Cidr& network, std::size_t limit, std::vector<Handle>& out) const;
  void handles_with(RealmId realm, std::string_view device_key, std::size_t limit, std::vector<Handle>& out) const;
  std::uint64_t sessions_at(RealmId realm, const IpAddress& ip) const;
  // Whether at least `n` sessions, this one among them, are at the address of this one. Costs less than counting them
  // where they are few, and no more where they are many. Requires alive(handle).
  bool as_many_at_address(const Handle& handle, std::uint64_t n) const;
  std::uint64_t sessions_at(RealmId realm, const Cidr& network) const;
  std::uint64_t sessions_with(RealmId realm, std::string_view device_key) const;
  std::array<std::uint64_t, device::kKinds> kinds(std::span<const RealmId> realms) const;          // sessions by kind
  std::vector<ClientRow> clients(std::span<const RealmId> realms, std::string_view search) const;  // by client id
  std::string client_name(RealmId realm, std::string_view client_id) const;  // the id itself where there is no name
  std::vector<RealmId> realms() const;                                       // that anything is known of, ascending
  std::uint64_t size(RealmId realm) const;
  std::uint64_t size() const;
  std::uint64_t memory_bytes() const;  // an estimate, for metrics
  // How often the planner chose each of its ways (planner.h), for metrics and tests. May be called without a lock.
  std::vector<std::pair<std::string_view, std::uint64_t>> plans() const;
  // A count that had to look at rows keeps up to so many matching ones, to select the page from. For tests; 2^20
  // otherwise, of a search alone 2^16.
  void keep_rows_of_counts(std::size_t rows);
  // From how many rows of a realm on read_ahead() reads, and how many at a time. For tests; 2^18 and 2^15 otherwise.
  void set_read_ahead(std::uint32_t from, std::uint32_t slice);
  void verify() const;  // stops the program unless every structure agrees with every other; for tests

  // One slice of the walk that finds what policies end: looks at up to `rows` rows from `place` on, appends the expired
  // ones, moves `place`; back at 0 when the realm has been walked.
  void sweep(RealmId realm, const session::Policy& policy, Time now, std::uint32_t& place, std::size_t rows,
             std::vector<ExpiredRow>& out) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace curfew::index
