// From a user's sessions to findings, and from those to marks.
#include <algorithm>
#include <initializer_list>

#include "signal/watch_impl.h"

namespace curfew::signal {
namespace {

constexpr std::size_t kCounted = 4'096;  // sessions of one address or device that are looked at to count its users
constexpr auto kSeverities =
    static_cast<std::uint16_t>(index::kLowSeverity | index::kMediumSeverity | index::kHighSeverity);

std::uint16_t rules_of(const UserFindings& findings) {
  std::uint16_t rules = 0;
  for (const Finding& finding : findings.findings) rules = static_cast<std::uint16_t>(rules | mark_of(finding.rule));
  return rules;
}

Flag flag(const UserFindings& findings, Time at) {
  if (findings.findings.empty()) return {};
  return {static_cast<std::uint32_t>(findings.since.ms / 1'000), static_cast<std::uint32_t>((at.ms + 999) / 1'000),
          rules_of(findings), static_cast<std::uint8_t>(findings.severity)};
}

template <class Key>
SharedBy as_known(const std::unordered_map<Key, SharedCount>& known, const Key& key, std::int64_t threshold) {
  if (known.empty()) return {};
  const auto it = known.find(key);
  return it == known.end() || it->second.by.users < static_cast<std::uint64_t>(threshold) ? SharedBy{} : it->second.by;
}

void append_numbers(std::string& out, std::initializer_list<std::uint64_t> numbers) {
  out.append(reinterpret_cast<const char*>(numbers.begin()), numbers.size() * sizeof(std::uint64_t));
}

void append_shared(std::string& out, std::uint64_t which, const SharedBy& by) {
  if (by.users > 0) append_numbers(out, {which, by.users, by.more ? 1U : 0U});
}

using Marks = std::unordered_map<std::uint64_t, std::uint16_t>;

// By session: the rules that name it, and the severity of the worst.
Marks marks_of_sessions(const UserFindings& findings) {
  Marks marks;
  for (auto finding = findings.findings.rbegin(); finding != findings.findings.rend(); ++finding)
    for (const SessionNo no : finding->sessions) {
      std::uint16_t& mark = marks[no.value];
      // They come by rising severity.
      mark = static_cast<std::uint16_t>((mark & ~kSeverities) | mark_of(finding->rule) | mark_of(finding->severity));
    }
  return marks;
}

std::uint16_t mark_in(const Marks& marks, SessionNo no) {
  const auto it = marks.find(no.value);
  return it == marks.end() ? std::uint16_t{0} : it->second;
}

}  // namespace

// Below the threshold it is counted anew once so many have come that it may have been reached, above it when a quarter
// more have: exact where it decides, and cheap however many come.
template <class Key>
SharedBy Watch::Impl::users_sharing(RealmState& realm, std::unordered_map<Key, SharedCount>& known, const Key& key,
                                    bool enough_sessions, std::int64_t threshold,
                                    const std::function<void(std::vector<index::Handle>&)>& list) const {
  const auto enough = static_cast<std::uint64_t>(threshold);
  if (!enough_sessions) {
    known.erase(key);
    return {};
  }
  auto it = known.find(key);
  if (it == known.end()) {
    if (known.size() >= kMostShared) return {};
    it = known.emplace(key, SharedCount{}).first;
  }
  SharedCount& count = it->second;
  const bool before = count.by.users >= enough;
  const bool few = before ? count.arrivals * 4 <= count.by.users : count.by.users + count.arrivals < enough;
  if (!count.stale && (few || (before && count.by.more))) return before ? count.by : SharedBy{};
  std::vector<index::Handle> handles;
  list(handles);
  std::vector<std::uint32_t> users;
  users.reserve(handles.size());
  for (const index::Handle& handle : handles) users.push_back(index.view(handle).user);
  std::sort(users.begin(), users.end());
  users.erase(std::unique(users.begin(), users.end()), users.end());
  count = {{users.size(), handles.size() == kCounted}, 0, false};
  // Crossing the threshold concerns everybody there, not only the one who crossed it.
  const bool after = users.size() >= enough;
  if (before != after)
    for (const std::uint32_t user : users) enqueue(realm, user);
  return after ? count.by : SharedBy{};
}

SharedBy Watch::Impl::users_at(RealmState& realm, const CaseRow& row, bool counting) const {
  const RuleSettings& rule = realm.settings->rules[Rule::kSharedAddress];
  if (!rule.enabled || row.trusted()) return {};
  const IpAddress& ip = row.view.ip;
  const std::lock_guard lock(realm.shared_mutex);
  if (!counting) return as_known(realm.addresses, ip, rule.threshold);
  return users_sharing(
      realm, realm.addresses, ip, index.as_many_at_address(row.handle, static_cast<std::uint64_t>(rule.threshold)),
      rule.threshold,
      [&](std::vector<index::Handle>& out) { index.handles_at(realm.id, Cidr(ip, 128), kCounted, out); });
}

SharedBy Watch::Impl::users_with(RealmState& realm, const std::string& device, bool counting) const {
  const RuleSettings& rule = realm.settings->rules[Rule::kSharedDevice];
  // A family of browsers is no device: only a name that the caller gives is.
  if (!rule.enabled || !device.starts_with("id:")) return {};
  const std::lock_guard lock(realm.shared_mutex);
  if (!counting) return as_known(realm.devices, device, rule.threshold);
  const bool enough = index.sessions_with(realm.id, device) >= static_cast<std::uint64_t>(rule.threshold);
  return users_sharing(realm, realm.devices, device, enough, rule.threshold,
                       [&](std::vector<index::Handle>& out) { index.handles_with(realm.id, device, kCounted, out); });
}

// Somebody came to an address, or with a device, of which it is known how many share it.
void Watch::Impl::arrived(RealmState& realm, const IpAddress& ip, const std::string& device) {
  const std::lock_guard lock(realm.shared_mutex);
  if (const auto it = realm.addresses.find(ip); it != realm.addresses.end()) ++it->second.arrivals;
  if (realm.devices.empty()) return;
  if (const auto it = realm.devices.find(device); it != realm.devices.end()) ++it->second.arrivals;
}

void Watch::Impl::describe(RealmState& realm, std::vector<CaseRow>& rows, bool counting) const {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CaseRow& row = rows[i];
    row.view = index.view(row.handle);
    row.device = index.device_key(row.handle);
    row.with_device = users_with(realm, row.device, counting);
    // Most sessions of a user are at one of a few addresses.
    const auto same = std::find_if(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(i),
                                   [&](const CaseRow& other) { return other.view.ip == row.view.ip; });
    if (same != rows.begin() + static_cast<std::ptrdiff_t>(i)) {
      row.place = same->place;
      row.named = same->named;
      row.network = same->network;
      row.at_address = same->at_address;
      continue;
    }
    row.place = place(row.view.ip);
    row.named = realm.settings->network_at(row.view.ip);
    row.network = network_id(row.view.ip, row.place ? &*row.place : nullptr);
    row.at_address = users_at(realm, row, counting);
  }
}

Watch::Impl::Judged Watch::Impl::judge_user(RealmState& realm, std::uint32_t user, Time now, bool counting,
                                            std::optional<Profile> known) const {
  Judged out;
  out.at = now;
  std::vector<index::Handle> handles;
  index.handles_of(realm.id, user, kSessionsLookedAt, handles);
  if (handles.empty()) return out;
  if (!known) {
    known = realm.profiles.get(user);
    if (!known || realm.opening) {
      Profile learnt = profile(realm, user, SessionNo{});
      if (!known || *known != learnt) out.learnt = learnt;
      known = std::move(learnt);
    }
  }
  out.rows.resize(handles.size());
  for (std::size_t i = 0; i < handles.size(); ++i) out.rows[i].handle = handles[i];
  describe(realm, out.rows, counting);
  Case subject{.settings = *realm.settings, .profile = *known, .user_id = {}, .now = now, .rows = std::move(out.rows)};
  if (!realm.settings->suppressions.empty()) subject.user_id = index.user_id(realm.id, user);
  subject.sessions = sessions_of(realm, user);
  {
    const std::lock_guard lock(realm.shared_mutex);
    if (realm.settings->rules[Rule::kManySessions].enabled) subject.usual_most = realm.usual.most;
    subject.median = realm.usual.median;
  }
  out.findings = weigh(judge(subject));
  out.rows = std::move(subject.rows);
  return out;
}

// The same that judge_user() reads, but not worked out: what is derived from it (places, keys of devices, names of
// networks) stands for itself by what it is derived from. Whatever a rule comes to read has to be here, too.
bool Watch::grounds(RealmId id, std::uint32_t user, std::string& out) const {
  out.clear();
  const RealmState* realm = impl_->find(id);
  const Flag* flag = realm == nullptr ? nullptr : Impl::flag_of(*realm, user);
  if (flag == nullptr) return false;
  const index::Index& index = impl_->index;
  std::vector<index::Handle> handles;
  index.handles_of(id, user, kSessionsLookedAt, handles);
  append_numbers(out, {flag->looked_s, realm->settings_version, impl_->places_version ? impl_->places_version() : 0,
                       realm->opening ? 1U : 0U, Impl::sessions_of(*realm, user), handles.size()});
  std::vector<IpAddress> addresses;
  addresses.reserve(handles.size());
  for (const index::Handle& handle : handles) {
    const index::RowView row = index.view(handle);
    append_numbers(out, {row.no.value, static_cast<std::uint64_t>(row.started.ms),
                         static_cast<std::uint64_t>(row.last_access.ms), row.device_hash});
    out.append(reinterpret_cast<const char*>(row.ip.bytes().data()), row.ip.bytes().size());
    addresses.push_back(row.ip);
  }
  realm->profiles.append_state(user, out);
  const Rules& rules = realm->settings->rules;
  const std::lock_guard lock(realm->shared_mutex);
  append_numbers(out, {realm->usual.most, realm->usual.median});
  for (std::size_t i = 0; i < handles.size(); ++i) {
    if (!realm->addresses.empty())
      append_shared(out, i, as_known(realm->addresses, addresses[i], rules[Rule::kSharedAddress].threshold));
    if (!realm->devices.empty())
      append_shared(out, ~i,
                    as_known(realm->devices, index.device_key(handles[i]), rules[Rule::kSharedDevice].threshold));
  }
  return true;
}

// Every session that a finding names has its mark and the severity of its worst; no other has any.
void Watch::Impl::set_marks(RealmState& realm, std::uint32_t user, const Judged& judged) {
  const Marks marks = marks_of_sessions(judged.findings);
  for (const CaseRow& row : judged.rows)
    if (const std::uint16_t mark = mark_in(marks, row.view.no); index.marks(row.handle) != mark)
      index.set_marks(row.handle, mark);
  // Of a user with more sessions than that, some may have been looked at before and no more now.
  const bool beyond = judged.rows.size() >= kSessionsLookedAt;
  const auto unmark = [&](const std::vector<index::Handle>& handles) {
    for (const index::Handle& handle : handles)
      if (!marks.contains(handle.no.value) && index.alive(handle) && index.marks(handle) != 0)
        index.set_marks(handle, 0);
  };
  const auto known = realm.marked.find(user);
  if (known != realm.marked.end()) {
    unmark(known->second);
    if (!beyond) realm.marked.erase(known);
  } else if (beyond) {
    std::vector<index::Handle> all;
    index.handles_of(realm.id, user, ~std::size_t{0}, all);
    unmark(all);
  }
  if (!beyond) return;
  std::vector<index::Handle>& kept = realm.marked[user];
  kept.clear();
  for (const CaseRow& row : judged.rows)
    if (marks.contains(row.view.no.value)) kept.push_back(row.handle);
}

// Whether adopting it would change nothing.
bool Watch::Impl::same(const RealmState& realm, std::uint32_t user, const Judged& judged) const {
  if (judged.learnt) return false;
  const Flag* known = flag_of(realm, user);
  if (known == nullptr) return judged.findings.findings.empty();
  const Flag now = flag(judged.findings, judged.at);
  if (known->rules != now.rules || known->severity != now.severity || known->since_s != now.since_s) return false;
  const Marks marks = marks_of_sessions(judged.findings);
  return std::all_of(judged.rows.begin(), judged.rows.end(),
                     [&](const CaseRow& row) { return index.marks(row.handle) == mark_in(marks, row.view.no); });
}

// Under the WriteLock.
void Watch::Impl::adopt(RealmState& realm, std::uint32_t user, Judged judged, bool news) {
  if (judged.learnt) keep(realm, user, *std::move(judged.learnt));
  const Flag before = user < realm.flags.size() ? realm.flags[user] : Flag{};
  const Flag after = flag(judged.findings, judged.at);
  if (before.rules == 0 && after.rules == 0) return;
  set_marks(realm, user, judged);
  realm.flags.grow(std::size_t{user} + 1);
  realm.flags[user] = after;
  if (before.severity != after.severity) {
    if (before.severity != 0) realm.by_severity[before.severity].remove(user);
    if (after.severity != 0) realm.by_severity[after.severity].add(user);
  }
  for (std::size_t i = 0; i < kRules; ++i) {
    const std::uint16_t bit = mark_of(static_cast<Rule>(i));
    if ((before.rules & bit) == (after.rules & bit)) continue;
    if ((after.rules & bit) != 0)
      realm.by_rule[i].add(user);
    else
      realm.by_rule[i].remove(user);
  }
  if (!news || !ready || raised.size() >= kMostRaised) return;
  UserFindings fresh{judged.findings.severity, judged.findings.since, {}};
  for (Finding& finding : judged.findings.findings)
    if ((before.rules & mark_of(finding.rule)) == 0) fresh.findings.push_back(std::move(finding));
  if (!fresh.findings.empty()) raised.push_back({realm.id, user, std::move(fresh)});
}

void Watch::Impl::enqueue(RealmState& realm, std::uint32_t user, Waiting how) {
  realm.waiting.grow(std::size_t{user} + 1);
  Waiting& waiting = realm.waiting[user];
  if (waiting == Waiting::kNo) realm.queue.push_back(user);
  waiting = std::max(waiting, how);
}

}  // namespace curfew::signal
