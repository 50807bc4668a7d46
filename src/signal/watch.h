// Watch: which users need attention, kept up to date with every change.
//
// What it is: beside the index, for each realm, a profile for each user (profile.h), which rules found something of
// whom, the addresses and devices that too many share, and how many sessions users commonly have. A finding is a pure
// function of settings, profile and the user's live sessions at a time: it is judged again whenever somebody asks, as
// of when the user was last looked at. A change of a user's sessions has that user looked at anew, and what time alone
// resolves is found by sweep().
// Invariants: every session that a finding names has the mark of its rule and of its severity in the index, and no
// other session has marks. The same history gives the same findings; so do the profiles that were stored and the live
// sessions after a restart. No clock, no I/O, no randomness. Threads: one writer, the engine's sequencer under the
// index's WriteLock; readers under its ReadLock. Ownership: the index outlives it. Limits: kSessionsLookedAt sessions
// of a user are looked at, the latest ones; kMostShared addresses and devices a realm. Cost: a few microseconds a
// change, whatever the size of the realm.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "device/places.h"
#include "index/index.h"
#include "signal/profile.h"

namespace curfew::signal {

inline constexpr std::size_t kSessionsLookedAt = 64;
inline constexpr std::size_t kMostShared = 4'096;

using PlaceOf = std::function<device::Place(const IpAddress&)>;
using PlacesVersion = std::function<std::uint64_t()>;

struct DirtyProfile {
  RealmId realm;
  std::uint32_t user = 0;
  std::string bytes;
};

// Findings of a user that were not there before.
struct Raised {
  RealmId realm;
  std::uint32_t user = 0;
  UserFindings findings;  // the new ones alone; the severity is that of the whole case
};

struct AttentionQuery {
  std::vector<RealmId> realms;
  std::optional<Severity> least;
  std::optional<Rule> rule;
  std::uint64_t offset = 0;
  std::size_t limit = 25;
};
struct AttentionPage {
  struct Row {
    RealmId realm;
    std::uint32_t user;
    UserFindings findings;
  };
  std::vector<Row> rows;  // the most severe first, then the latest
  std::uint64_t total = 0;
};
struct SeverityCounts {
  std::uint64_t low = 0, medium = 0, high = 0;
};

struct SeenDevice {
  std::string key;
  Time first, last;
  bool fresh = false;  // new to this user, after the learning period
};

class Watch {
 public:
  // `place_of` may be empty: nothing is known of places then. `places_version` gives another number once it may answer
  // otherwise; empty: it never does.
  Watch(index::Index& index, PlaceOf place_of, PlacesVersion places_version = {});
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // A row before the change.
  struct Before {
    Time last_access;
    IpAddress ip;
    std::uint64_t device_hash = 0;
  };

  // --- Writing: by the one writer, under the WriteLock
  // ---------------------------------------------------------------------------------------------------------------------
  void set_realm(RealmId realm, std::shared_ptr<const Settings> settings);  // its users are looked at anew by and by
  void drop_realm(RealmId realm);
  void forget_user(RealmId realm, std::uint32_t user);

  // At start-up: profiles in any order, then loaded(). Bytes that can't be read are as none.
  void load_profile(RealmId realm, std::uint32_t user, std::string_view bytes);
  void loaded(Time now);
  // All profiles as they lie in memory (index/image.h), and the same again, instead of load_profile. Requires: none is
  // to be taken any more; none is there. False: they don't fit; clear() them then.
  void save(index::ImageWriter& out) const;
  bool load(index::ImageReader& in);
  void clear();  // everything

  // After the index has taken the change in. What they teach is known at once; of the users that they concern a few are
  // looked at at once, too, and the rest by the next sweeps.
  // `stored`: the bytes of the user's profile that the ledger has already (first_profile), or empty.
  void started(const index::Handle& handle, Time now, std::string_view stored = {});
  void updated(const index::Handle& handle, const Before& before, Time now);
  void touched(const index::Handle& handle, const Before& before, Time at);
  // Touched after a rest (rested()), by the same device at the same address: cheaper than touched().
  void resumed(const index::Handle& handle, std::uint32_t user, Time last_access, Time at);
  void ended(RealmId realm, std::uint32_t user, SessionNo no, Time now);
  // Brings near what touches and ends of these sessions will read. Any may be missing.
  void prefetch(std::span<const std::optional<index::Handle>> handles) const;
  // While it is on, nobody is looked at at once: of many changes that come together.
  void set_storm(bool storm);
  // Whether a touch by the same device at the same address could change anything here. False for the mass of them.
  static bool rested(Time last_access, Time at) { return at - last_access > kStill; }
  // Looks at up to `budget` users whose findings may have lapsed, or whose realm's settings have changed. True if more
  // is to be done at once. Called without a lock: it takes the WriteLock for what it changes, which is little.
  bool sweep(Time now, std::size_t budget);

  bool waiting() const;  // whether users are to be looked at as soon as may be

  // Profiles that changed since they were last taken: appends at most `limit`. True if more are left.
  bool take_dirty(std::size_t limit, std::vector<DirtyProfile>& out);
  std::vector<Raised> take_raised();  // at most kMostRaised are kept

  // --- Reading: under the ReadLock
  // ---------------------------------------------------------------------------------------------------------------------
  // Judged anew when asked for: some microseconds.
  std::optional<UserFindings> findings(RealmId realm, std::uint32_t user) const;
  // All that findings() would judge from, as bytes that mean nothing else: while they are the same, so are the findings
  // and the names of the sessions in them. Much cheaper than judging. False: no findings, and no bytes. Replaces `out`.
  bool grounds(RealmId realm, std::uint32_t user, std::string& out) const;
  AttentionPage attention(const AttentionQuery& query) const;
  SeverityCounts counts(std::span<const RealmId> realms) const;                        // users
  std::array<std::uint64_t, kRules> rule_counts() const;                               // users, of all realms
  std::vector<SeenDevice> devices(RealmId realm, std::uint32_t user, Time now) const;  // as remembered
  std::string profile_bytes(RealmId realm, std::uint32_t user) const;                  // empty: none
  // What profile_bytes() will be of a user whose first session this is, with its device's key. So it can be stored with
  // the session, and needs no writing of its own.
  std::string first_profile(const session::Session& session, std::string device) const;
  std::uint64_t memory_bytes() const;

  static constexpr std::size_t kMostRaised = 1'024;

 private:
  static constexpr std::size_t kLookedAtOnce = 64;  // users, between two sweeps
  // Activity after a longer rest than this may bring a session back among those in use "at once".
  static constexpr Duration kStill = Duration::minutes(5);
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace curfew::signal
