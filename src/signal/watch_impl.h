// What stands behind Watch. Not for other modules.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "index/paged_array.h"
#include "signal/profile_store.h"
#include "signal/rules.h"
#include "signal/watch.h"

namespace curfew::signal {

// How many users share one address or device, when it was last counted, and how often somebody came since: the users
// can't be more than both together.
struct SharedCount {
  SharedBy by;
  std::uint64_t arrivals = 0;
  bool stale = true;  // to be counted anew when somebody there is looked at
};

// What is kept of a user's findings: the rest follows from settings, profile and sessions whenever somebody asks. So
// they cost the same few bytes however many users have some.
struct Flag {
  std::uint32_t since_s = 0, looked_s = 0;  // the earliest finding; when the user was last looked at (rounded up)
  std::uint16_t rules = 0;                  // marks (finding.h); 0: no findings
  std::uint8_t severity = 0;
};

// What a user is looked at for: a sweep over everybody after the start finds what was there before, which is no news.
struct ToLookAt {
  std::uint32_t user = 0;
  bool news = true;
  bool perhaps = false;  // only if enough sessions are in use
};
// Of a user in the queue.
enum class Waiting : std::uint8_t { kNo, kPerhaps, kYes };

// How many sessions users commonly have: median and median absolute deviation of those who have any.
class Crowd {
 public:
  void move(std::uint64_t before, std::uint64_t after);  // one user's number of sessions
  struct Usual {
    std::uint64_t median = 0, most = 0;
    friend bool operator==(const Usual&, const Usual&) = default;
  };
  Usual usual(const RuleSettings& rule) const;

 private:
  static constexpr std::size_t kCells = 4'096;  // the last one holds all that have more
  std::vector<std::uint32_t> users_by_sessions_;
  std::uint64_t users_ = 0;
};

struct RealmState {
  RealmId id;
  std::shared_ptr<const Settings> settings = std::make_shared<const Settings>();
  std::uint64_t settings_version = 0;  // another one for each that were set, in whatever realm
  ProfileStore profiles;
  index::PagedArray<std::uint32_t> sessions;  // by user number; the index's own count is put off while rows end
  index::PagedArray<Flag> flags;              // by user number
  std::array<Roaring, 4> by_severity;         // users with findings
  std::array<Roaring, kRules> by_rule;
  std::uint64_t flagged() const {
    return by_severity[1].cardinality() + by_severity[2].cardinality() + by_severity[3].cardinality();
  }
  // Of users with findings and more sessions than are looked at: those that have marks.
  std::unordered_map<std::uint32_t, std::vector<index::Handle>> marked;

  Crowd crowd;
  // Changed while a user is judged, which readers do, too: hence a lock of their own.
  mutable std::mutex shared_mutex;
  Crowd::Usual usual;                                    // guarded
  std::unordered_map<IpAddress, SharedCount> addresses;  // guarded
  std::unordered_map<std::string, SharedCount> devices;  // guarded
  std::unordered_set<std::uint32_t> crowded;             // users with at least as many sessions as may ever be too many

  std::unordered_set<std::uint32_t> dirty;  // profiles
  std::deque<std::uint32_t> queue;          // users to look at
  index::PagedArray<Waiting> waiting;       // by user number; kNo: not in the queue
  std::optional<std::uint32_t> walk;        // every user from this one on is to be looked at
  std::atomic<bool> opening{false};         // this walk is the one after the start
  Time swept;                               // suppressions that expired before it are known to have
  std::deque<std::uint32_t> round;          // those with findings, to be looked at again in this round
  Time next_round;
};

struct Watch::Impl {
  Impl(index::Index& i, PlaceOf p, PlacesVersion v) : index(i), place_of(std::move(p)), places_version(std::move(v)) {}

  RealmState& at(RealmId realm);
  RealmState* find(RealmId realm) const;

  // --- watch.cpp: what changes teach
  std::optional<device::Place> place(const IpAddress& ip) const;
  Profile profile(const RealmState& realm, std::uint32_t user, SessionNo without) const;
  // Takes in the live sessions that the profile doesn't have yet, all of them if it is empty.
  void catch_up(const RealmState& realm, std::uint32_t user, Profile& profile, SessionNo without) const;
  static Sighting sighting(const RealmState& realm, std::string device, const IpAddress& ip, Time at,
                           const device::Place* place);
  void keep(RealmState& realm, std::uint32_t user, Profile profile);
  // `latest`: the user's latest session, which it has learnt with all before.
  void keep_changed(RealmState& realm, std::uint32_t user, Profile profile, SessionNo latest);
  SessionNo latest_of(const RealmState& realm, std::uint32_t user) const;
  void travel(const RealmState& realm, Profile& profile, SessionNo no, const Sighting& seen) const;
  void used(const index::Handle& handle, const Before& before, Time at, Time now);
  static bool may_join(const RealmState& realm, std::uint32_t user, Time last_access, Time at);
  static bool awoke(const RealmState& realm, Time last_access, Time at);
  bool enough_in_use(const RealmState& realm, std::uint32_t user, Time now) const;
  void arrived(RealmState& realm, const IpAddress& ip, const std::string& device);
  void count_sessions(RealmState& realm, std::uint32_t user, std::int64_t change);
  static std::uint64_t sessions_of(const RealmState& realm, std::uint32_t user) {
    return user < realm.sessions.size() ? realm.sessions[user] : 0;
  }
  // `known`: the user's profile, where the caller has just learnt it.
  void look_soon(RealmState& realm, std::uint32_t user, Time now, std::optional<Profile> known = std::nullopt);

  // --- watch_look.cpp: from a user's sessions to findings, and from those to marks
  struct Judged {
    UserFindings findings;
    Time at;  // when
    std::vector<CaseRow> rows;
    std::optional<Profile> learnt;  // from the live sessions, so it is to be kept
  };
  // `counting`: addresses and devices that may be shared are counted anew; else what is known of them is used.
  static const Flag* flag_of(const RealmState& realm, std::uint32_t user) {
    return user < realm.flags.size() && realm.flags[user].rules != 0 ? &realm.flags[user] : nullptr;
  }
  Judged judge_user(RealmState& realm, std::uint32_t user, Time now, bool counting,
                    std::optional<Profile> known = std::nullopt) const;
  void describe(RealmState& realm, std::vector<CaseRow>& rows, bool counting) const;
  SharedBy users_at(RealmState& realm, const CaseRow& row, bool counting) const;
  SharedBy users_with(RealmState& realm, const std::string& device, bool counting) const;
  template <class Key>
  SharedBy users_sharing(RealmState& realm, std::unordered_map<Key, SharedCount>& known, const Key& key,
                         bool enough_sessions, std::int64_t threshold,
                         const std::function<void(std::vector<index::Handle>&)>& list) const;
  bool same(const RealmState& realm, std::uint32_t user, const Judged& judged) const;
  void adopt(RealmState& realm, std::uint32_t user, Judged judged, bool news);
  void set_marks(RealmState& realm, std::uint32_t user, const Judged& judged);
  static void enqueue(RealmState& realm, std::uint32_t user, Waiting how = Waiting::kYes);

  // --- watch_sweep.cpp
  void recount(RealmState& realm);
  bool sweep_realm(RealmState& realm, Time now, std::size_t& budget);
  std::optional<ToLookAt> next_user(RealmState& realm, Time now);
  void begin_round(RealmState& realm, Time now);
  void look_unlocked(RealmState& realm, const ToLookAt& whom, Time now);

  index::Index& index;
  PlaceOf place_of;
  PlacesVersion places_version;
  std::uint64_t settings_versions = 0;  // given so far
  std::map<RealmId, std::unique_ptr<RealmState>> realms;
  std::vector<Raised> raised;
  std::size_t looked_at_once = 0;  // since the last sweep
  bool storm = false;
  RealmId swept_last;  // where the last budget was spent
  bool ready = false;  // loaded
};

}  // namespace curfew::signal
