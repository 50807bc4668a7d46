// What time resolves; users who are looked at because of others; and the start.
#include <algorithm>
#include <utility>

#include "signal/watch_impl.h"

namespace curfew::signal {
namespace {

constexpr Duration kRound = Duration::seconds(15);  // everybody with findings is looked at again this often
constexpr std::size_t kGlances = 8;                 // at what a user has in use: as much work as one look

}  // namespace

// How many sessions are usual moves with everybody's; whoever may be concerned by that is looked at.
void Watch::Impl::recount(RealmState& realm) {
  const Crowd::Usual usual = realm.crowd.usual(realm.settings->rules[Rule::kManySessions]);
  {
    const std::lock_guard lock(realm.shared_mutex);
    if (usual == realm.usual) return;
    realm.usual = usual;
  }
  for (const std::uint32_t user : realm.crowded) enqueue(realm, user);
}

// Everybody with findings, in some order: time may have resolved them.
void Watch::Impl::begin_round(RealmState& realm, Time now) {
  for (const Roaring& users : realm.by_severity)
    for (const std::uint32_t user : users) realm.round.push_back(user);
  const std::lock_guard lock(realm.shared_mutex);
  // What too many shared may have become few: counted anew when somebody there is looked at, forgotten if nobody was.
  std::erase_if(realm.addresses, [](const auto& known) { return known.second.stale; });
  std::erase_if(realm.devices, [](const auto& known) { return known.second.stale; });
  for (auto& [ip, count] : realm.addresses) count.stale = true;
  for (auto& [device, count] : realm.devices) count.stale = true;
  // Where very many have findings it may take longer, so that looking at them again stays a hundredth of the work.
  realm.next_round = now + std::max(kRound, Duration{static_cast<std::int64_t>(realm.round.size() / 2)});
}

std::optional<ToLookAt> Watch::Impl::next_user(RealmState& realm, Time now) {
  ToLookAt out;
  if (!realm.queue.empty()) {
    out.user = realm.queue.front();
    realm.queue.pop_front();
    out.perhaps = std::exchange(realm.waiting[out.user], Waiting::kNo) == Waiting::kPerhaps;
    return out;
  }
  if (realm.walk && *realm.walk >= realm.sessions.size()) {
    realm.walk.reset();
    realm.opening = false;
  }
  if (realm.walk) {
    out = {(*realm.walk)++, !realm.opening};
    return out;
  }
  if (realm.round.empty() && now >= realm.next_round && realm.flagged() > 0) begin_round(realm, now);
  if (realm.round.empty()) return std::nullopt;
  out.user = realm.round.front();
  realm.round.pop_front();
  return out;
}

// Readers are not kept waiting while a user is judged, only while something changes.
void Watch::Impl::look_unlocked(RealmState& realm, const ToLookAt& whom, Time now) {
  if (sessions_of(realm, whom.user) == 0 && flag_of(realm, whom.user) == nullptr) return;
  Judged judged = judge_user(realm, whom.user, now, true);
  if (same(realm, whom.user, judged)) return;
  const index::Index::WriteLock lock(index);
  adopt(realm, whom.user, std::move(judged), whom.news);
}

// False when the budget is spent before the work is.
bool Watch::Impl::sweep_realm(RealmState& realm, Time now, std::size_t& budget) {
  recount(realm);
  // What a suppression kept quiet is heard of again when it has expired: those users have no findings, so all are
  // asked.
  const auto& suppressions = realm.settings->suppressions;
  if (std::any_of(suppressions.begin(), suppressions.end(),
                  [&](const Suppression& s) { return realm.swept < s.expires && s.expires <= now; }))
    realm.walk = 0;
  realm.swept = std::max(realm.swept, now);
  std::size_t glances = budget * kGlances;
  while (const auto whom = next_user(realm, now)) {
    if (whom->perhaps && !enough_in_use(realm, whom->user, now)) {
      if (--glances == 0) return false;
      continue;
    }
    look_unlocked(realm, *whom, now);
    if (--budget == 0) return false;
  }
  return true;
}

bool Watch::waiting() const {
  return std::any_of(impl_->realms.begin(), impl_->realms.end(),
                     [](const auto& realm) { return !realm.second->queue.empty(); });
}

bool Watch::sweep(Time now, std::size_t budget) {
  impl_->looked_at_once = 0;
  auto& realms = impl_->realms;
  bool more = false;
  // From the realm behind the one that spent the last budget: none waits for another.
  auto next = realms.upper_bound(impl_->swept_last);
  for (std::size_t n = realms.size(); n > 0; --n, ++next) {
    if (next == realms.end()) next = realms.begin();
    more |= !impl_->sweep_realm(*next->second, now, budget);
    if (budget > 0) continue;
    impl_->swept_last = next->first;
    return true;
  }
  return more;
}

// Nobody reads yet. Small populations are judged at once, large ones by and by: the server need not wait for it.
void Watch::loaded(Time now) {
  constexpr std::size_t at_once = 20'000;
  std::size_t all = 0;
  for (auto& [id, realm] : impl_->realms) {
    const std::uint32_t users = impl_->index.user_slots(id);
    for (std::uint32_t user = 0; user < users; ++user)
      if (const std::uint64_t sessions = impl_->index.sessions_of(id, user); sessions > 0)
        impl_->count_sessions(*realm, user, static_cast<std::int64_t>(sessions));
    all += users;
    {
      const std::lock_guard lock(realm->shared_mutex);
      realm->usual = realm->crowd.usual(realm->settings->rules[Rule::kManySessions]);
    }
    realm->walk = 0;
    realm->opening = true;
    realm->swept = now;
  }
  if (all <= at_once) sweep(now, at_once + impl_->realms.size());
  impl_->ready = true;
}

// --- Reading
// ---------------------------------------------------------------------------------------------------------------------

// As of when the user was last looked at: so it agrees with the marks.
std::optional<UserFindings> Watch::findings(RealmId id, std::uint32_t user) const {
  RealmState* realm = impl_->find(id);
  if (realm == nullptr) return std::nullopt;
  const Flag* flag = Impl::flag_of(*realm, user);
  if (flag == nullptr) return std::nullopt;
  UserFindings found = impl_->judge_user(*realm, user, Time{std::int64_t{flag->looked_s} * 1'000}, false).findings;
  if (found.findings.empty()) return std::nullopt;
  return found;
}

// The worst severity's users first, those before the page passed over by their number alone; only the severities that
// the page is in are put in order.
AttentionPage Watch::attention(const AttentionQuery& query) const {
  struct Entry {
    std::uint32_t since_s, user;
    const RealmState* realm;
  };
  AttentionPage page;
  std::vector<Entry> entries;
  for (int severity = 3; severity >= static_cast<int>(query.least.value_or(Severity::kLow)); --severity) {
    std::vector<std::pair<const RealmState*, Roaring>> parts;
    std::uint64_t here = 0;
    for (const RealmId id : query.realms) {
      const RealmState* realm = impl_->find(id);
      if (realm == nullptr) continue;
      Roaring users = realm->by_severity[static_cast<std::size_t>(severity)];
      if (query.rule) users &= realm->by_rule[static_cast<std::size_t>(*query.rule)];
      here += users.cardinality();
      parts.emplace_back(realm, std::move(users));
    }
    const std::uint64_t passed = page.total;
    page.total += here;
    const std::uint64_t from = std::max(query.offset, passed), to = std::min(query.offset + query.limit, page.total);
    if (from >= to) continue;
    entries.clear();
    for (const auto& [realm, users] : parts)
      for (const std::uint32_t user : users) entries.push_back({realm->flags[user].since_s, user, realm});
    const auto first = [](const Entry& a, const Entry& b) {
      return std::tie(b.since_s, a.user, a.realm->id) < std::tie(a.since_s, b.user, b.realm->id);
    };
    const auto end = entries.begin() + static_cast<std::ptrdiff_t>(to - passed);
    std::partial_sort(entries.begin(), end, entries.end(), first);
    for (auto entry = entries.begin() + static_cast<std::ptrdiff_t>(from - passed); entry != end; ++entry)
      if (auto found = findings(entry->realm->id, entry->user))
        page.rows.push_back({entry->realm->id, entry->user, *std::move(found)});
  }
  return page;
}

SeverityCounts Watch::counts(std::span<const RealmId> realms) const {
  SeverityCounts out;
  for (const RealmId id : realms) {
    const RealmState* realm = impl_->find(id);
    if (realm == nullptr) continue;
    out.low += realm->by_severity[1].cardinality();
    out.medium += realm->by_severity[2].cardinality();
    out.high += realm->by_severity[3].cardinality();
  }
  return out;
}

std::array<std::uint64_t, kRules> Watch::rule_counts() const {
  std::array<std::uint64_t, kRules> out{};
  for (const auto& [id, realm] : impl_->realms)
    for (std::size_t i = 0; i < kRules; ++i) out[i] += realm->by_rule[i].cardinality();
  return out;
}

std::vector<SeenDevice> Watch::devices(RealmId id, std::uint32_t user, Time now) const {
  const RealmState* realm = impl_->find(id);
  if (realm == nullptr) return {};
  const Profile profile = impl_->profile(*realm, user, SessionNo{});
  std::vector<SeenDevice> out;
  for (const SeenKey& seen : profile.devices)
    out.push_back(
        {seen.key, seen.first, seen.last, is_new(profile, seen, realm->settings->rules[Rule::kNewDevice], now)});
  return out;
}

std::uint64_t Watch::memory_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& [id, realm] : impl_->realms)
    bytes += realm->profiles.memory_bytes() + realm->sessions.memory_bytes() + realm->flags.memory_bytes() +
             realm->waiting.memory_bytes();
  return bytes;
}

}  // namespace curfew::signal
