// What a change teaches of a user, and that they are then looked at.
#include "signal/watch.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "device/networks.h"
#include "signal/watch_impl.h"
#include "signal/words.h"

namespace curfew::signal {
namespace {

constexpr double kEarthKm = 6371;
constexpr double kDegree = 10'000;  // positions are kept to some ten metres, as they are stored
constexpr Duration kCoarse = Duration::minutes(10);

// The great circle, by the haversine.
double distance_km(const Whereabouts& a, const Whereabouts& b) {
  constexpr double rad = std::numbers::pi / 180;
  const double dy = (b.latitude - a.latitude) * rad, dx = (b.longitude - a.longitude) * rad;
  const double h = std::pow(std::sin(dy / 2), 2) +
                   std::cos(a.latitude * rad) * std::cos(b.latitude * rad) * std::pow(std::sin(dx / 2), 2);
  return 2 * kEarthKm * std::asin(std::sqrt(std::min(1.0, h)));
}

Whereabouts whereabouts(const device::Place& place, const IpAddress& ip, Time at) {
  return {Time{at.ms / 1000 * 1000}, ip, std::round(*place.latitude * kDegree) / kDegree,
          std::round(*place.longitude * kDegree) / kDegree, place.accuracy_km.value_or(0)};
}

std::string stored_bytes(const RealmState& realm, std::uint32_t user) {
  std::string out;
  if (const auto profile = realm.profiles.get(user)) encode_profile(out, *profile);
  return out;
}

std::string place_words(const device::Place& place) {
  return !place.city.empty() ? place.city : !place.country.empty() ? place.country : std::string("another place");
}

}  // namespace

Watch::Watch(index::Index& index, PlaceOf place_of, PlacesVersion places_version)
    : impl_(std::make_unique<Impl>(index, std::move(place_of), std::move(places_version))) {}
Watch::~Watch() = default;

RealmState& Watch::Impl::at(RealmId realm) {
  auto& state = realms[realm];
  if (!state) {
    state = std::make_unique<RealmState>();
    state->id = realm;
  }
  return *state;
}

RealmState* Watch::Impl::find(RealmId realm) const {
  const auto it = realms.find(realm);
  return it == realms.end() ? nullptr : it->second.get();
}

std::optional<device::Place> Watch::Impl::place(const IpAddress& ip) const {
  if (!place_of) return std::nullopt;
  device::Place place = place_of(ip);
  if (place == device::Place{}) return std::nullopt;
  return place;
}

// --- Profiles
// ---------------------------------------------------------------------------------------------------------------------

Sighting Watch::Impl::sighting(const RealmState& realm, std::string device, const IpAddress& ip, Time at,
                               const device::Place* place) {
  const NamedNetwork* named = realm.settings->network_at(ip);
  return {.at = at,
          .ip = ip,
          .device = std::move(device),
          .trusted = named != nullptr && named->trusted,
          .start = false,
          .place = place};
}

// In the order in which they came. One that is in the profile already changes nothing: what it taught would have been
// stored with its number.
void Watch::Impl::catch_up(const RealmState& realm, std::uint32_t user, Profile& profile, SessionNo without) const {
  std::vector<index::Handle> handles;
  index.handles_of(realm.id, user, kSessionsLookedAt, handles);
  for (const index::Handle& handle : handles) {
    if (handle.no == without || handle.no <= profile.learnt) continue;
    const index::RowView row = index.view(handle);
    const auto where = place(row.ip);
    Sighting seen = sighting(realm, index.device_key(handle), row.ip, row.started, where ? &*where : nullptr);
    seen.start = true;
    learn(profile, seen, realm.settings->rules);
    travel(realm, profile, row.no, seen);
  }
}

// Sessions reach the ledger before what they taught does. After a crash between the two, the walk over everybody that
// follows the start finds them; and so does a change that comes to a user before it.
Profile Watch::Impl::profile(const RealmState& realm, std::uint32_t user, SessionNo without) const {
  auto known = realm.profiles.get(user);
  if (known && !realm.opening) return *std::move(known);
  Profile profile = known.value_or(Profile{});
  catch_up(realm, user, profile, without);
  return profile;
}

void Watch::Impl::keep(RealmState& realm, std::uint32_t user, Profile profile) {
  if (realm.profiles.get(user) != profile) keep_changed(realm, user, std::move(profile), latest_of(realm, user));
}

void Watch::Impl::keep_changed(RealmState& realm, std::uint32_t user, Profile profile, SessionNo latest) {
  profile.learnt = std::max(profile.learnt, latest);
  if (realm.profiles.put(user, profile)) realm.dirty.insert(user);
}

SessionNo Watch::Impl::latest_of(const RealmState& realm, std::uint32_t user) const {
  std::vector<index::Handle> latest;
  index.handles_of(realm.id, user, 1, latest);
  return latest.empty() ? SessionNo{} : latest.back().no;
}

// From where the user was last to where they are now: v = max(0, d − r₁ − r₂ − tolerance) / Δt. What is trusted is no
// place: the way out of a company's VPN is not where its people are.
void Watch::Impl::travel(const RealmState& realm, Profile& profile, SessionNo no, const Sighting& seen) const {
  if (seen.trusted || seen.place == nullptr || !seen.place->latitude || !seen.place->longitude) return;
  const RuleSettings& rule = realm.settings->rules[Rule::kImpossibleTravel];
  const Whereabouts here = whereabouts(*seen.place, seen.ip, seen.at);
  if (!profile.last_place) {
    profile.last_place = here;
    return;
  }
  Whereabouts& there = *profile.last_place;
  const double way = distance_km(there, here);
  const double km =
      way - static_cast<double>(there.accuracy_km + here.accuracy_km) - static_cast<double>(rule.tolerance_km);
  const auto apart = Duration{std::abs((here.at - there.at).ms)};
  const double hours = std::max(static_cast<double>(apart.ms), 60'000.0) / 3'600'000;
  if (rule.enabled && km > 0 && km / hours > static_cast<double>(rule.speed_kmh)) {
    const auto before = place(there.ip);
    add_incident(profile, {Rule::kImpossibleTravel, no, seen.at, seen.ip,
                           "from " + (before ? place_words(*before) : std::string("another place")) + " to " +
                               place_words(*seen.place) + ", " + std::to_string(std::llround(way)) + " km in " +
                               span_words(apart)});
  }
  // Coarse, as all that is remembered: who stays at a place leaves nothing to store.
  const bool stays = there.latitude == here.latitude && there.longitude == here.longitude;
  if (here.at >= there.at && (!stays || here.at - there.at >= kCoarse)) there = here;
}

// --- Changes
// ---------------------------------------------------------------------------------------------------------------------

void Watch::Impl::count_sessions(RealmState& realm, std::uint32_t user, std::int64_t change) {
  realm.sessions.grow(std::size_t{user} + 1);
  const std::uint64_t before = realm.sessions[user];
  const std::uint64_t after = change < 0 && before == 0 ? 0 : before + static_cast<std::uint64_t>(change);
  realm.sessions[user] = static_cast<std::uint32_t>(after);
  realm.crowd.move(before, after);
  const auto floor = static_cast<std::uint64_t>(realm.settings->rules[Rule::kManySessions].threshold);
  if (after > floor)
    realm.crowded.insert(user);
  else if (before > floor)
    realm.crowded.erase(user);
}

void Watch::started(const index::Handle& handle, Time now, std::string_view stored) {
  RealmState& realm = impl_->at(handle.realm);
  const index::RowView row = impl_->index.view(handle);
  impl_->count_sessions(realm, row.user, 1);
  Profile profile = impl_->profile(realm, row.user, row.no);
  const auto place = impl_->place(row.ip);
  Sighting seen =
      Impl::sighting(realm, impl_->index.device_key(handle), row.ip, row.started, place ? &*place : nullptr);
  seen.start = true;
  learn(profile, seen, realm.settings->rules);
  impl_->travel(realm, profile, row.no, seen);
  if (realm.profiles.get(row.user) != profile) impl_->keep_changed(realm, row.user, profile, row.no);  // the latest
  if (!stored.empty() && realm.dirty.contains(row.user) && stored_bytes(realm, row.user) == stored)
    realm.dirty.erase(row.user);
  impl_->arrived(realm, row.ip, seen.device);
  impl_->look_soon(realm, row.user, now, std::move(profile));
}

// What a session teaches that goes on elsewhere, with something else, or after a long rest.
void Watch::Impl::used(const index::Handle& handle, const Before& before, Time at, Time now) {
  RealmState& realm = this->at(handle.realm);
  const index::RowView row = index.view(handle);
  const bool woke = awoke(realm, before.last_access, at);
  const bool device = row.device_hash != before.device_hash, moved = row.ip != before.ip;
  // Where it was, with what it was: all that may come of it is that it is active beside others again.
  if (!woke && !device && !moved) {
    if (may_join(realm, row.user, before.last_access, at)) enqueue(realm, row.user, Waiting::kPerhaps);
    return;
  }
  if (device || moved) arrived(realm, row.ip, index.device_key(handle));
  if (woke || device || device::network_of(row.ip) != device::network_of(before.ip)) {
    Profile profile = this->profile(realm, row.user, SessionNo{});
    const auto here = place(row.ip);
    const Sighting seen = sighting(realm, index.device_key(handle), row.ip, at, here ? &*here : nullptr);
    learn(profile, seen, realm.settings->rules);
    travel(realm, profile, row.no, seen);
    const auto there = place(before.ip);
    const NamedNetwork* was = realm.settings->network_at(before.ip);
    const bool stays = seen.trusted && was != nullptr && was->trusted;
    if (device && !stays && !network_id(row.ip, seen.place).same(network_id(before.ip, there ? &*there : nullptr)))
      add_incident(profile,
                   {Rule::kTokenReplay, row.no, at, row.ip,
                    "went on from " + before.ip.to_string() + " to " + row.ip.to_string() + " with another device"});
    if (woke) {
      add_incident(profile, {Rule::kAwakened, row.no, at, row.ip,
                             "used again after " + span_words(at - before.last_access) + " of rest"});
      keep_changed(realm, row.user, std::move(profile), latest_of(realm, row.user));
    } else {
      keep(realm, row.user, std::move(profile));
    }
  }
  look_soon(realm, row.user, now);
}

// A session that was out of use is now in use: with enough others it may be in too many networks at once. Which others
// are, the sweep looks up, since a storm of touches would wait for it.
bool Watch::Impl::may_join(const RealmState& realm, std::uint32_t user, Time last_access, Time at) {
  const RuleSettings& rule = realm.settings->rules[Rule::kManyNetworks];
  return rule.enabled && at - last_access > rule.window &&
         sessions_of(realm, user) >= static_cast<std::uint64_t>(rule.threshold);
}

bool Watch::Impl::awoke(const RealmState& realm, Time last_access, Time at) {
  const RuleSettings& rule = realm.settings->rules[Rule::kAwakened];
  return rule.enabled && at - last_access >= rule.asleep_for;
}

bool Watch::Impl::enough_in_use(const RealmState& realm, std::uint32_t user, Time now) const {
  const RuleSettings& rule = realm.settings->rules[Rule::kManyNetworks];
  std::vector<index::Handle> handles;
  index.handles_of(realm.id, user, kSessionsLookedAt, handles);
  const auto in_use = std::count_if(handles.begin(), handles.end(), [&](const index::Handle& handle) {
    return now - index.facts(handle).last_access <= rule.window;
  });
  return in_use >= rule.threshold;
}

void Watch::updated(const index::Handle& handle, const Before& before, Time now) {
  const index::RowView row = impl_->index.view(handle);
  if (row.device_hash == before.device_hash && row.ip == before.ip && !rested(before.last_access, row.last_access))
    return;
  impl_->used(handle, before, row.last_access, now);
}

void Watch::touched(const index::Handle& handle, const Before& before, Time at) {
  impl_->used(handle, before, at, at);
}

void Watch::resumed(const index::Handle& handle, std::uint32_t user, Time last_access, Time at) {
  RealmState& realm = impl_->at(handle.realm);
  if (Impl::awoke(realm, last_access, at)) {
    const index::RowView row = impl_->index.view(handle);
    return impl_->used(handle, {last_access, row.ip, row.device_hash}, at, at);
  }
  if (Impl::may_join(realm, user, last_access, at)) Impl::enqueue(realm, user, Waiting::kPerhaps);
}

void Watch::ended(RealmId realm_id, std::uint32_t user, SessionNo, Time now) {
  RealmState& realm = impl_->at(realm_id);
  const bool many = Impl::sessions_of(realm, user) > kSessionsLookedAt;
  impl_->count_sessions(realm, user, -1);
  // Of many, an older one comes among those looked at: with all that end together, once.
  if (many) return Impl::enqueue(realm, user);
  if (Impl::flag_of(realm, user) != nullptr) impl_->look_soon(realm, user, now);
}

// A few users are looked at at once, so that whoever changed something sees what came of it. The many of an import, a
// storm of touches or a realm that ends are left to the sweep, which looks at each once and when there is time.
void Watch::Impl::look_soon(RealmState& realm, std::uint32_t user, Time now, std::optional<Profile> known) {
  if (!storm && looked_at_once++ < kLookedAtOnce)
    adopt(realm, user, judge_user(realm, user, now, true, std::move(known)), true);
  else
    enqueue(realm, user);
}

// --- Realms and users
// ---------------------------------------------------------------------------------------------------------------------

void Watch::set_realm(RealmId id, std::shared_ptr<const Settings> settings) {
  RealmState& realm = impl_->at(id);
  const auto floor = settings->rules[Rule::kManySessions].threshold;
  const bool recount = floor != realm.settings->rules[Rule::kManySessions].threshold;
  realm.settings = std::move(settings);
  realm.settings_version = ++impl_->settings_versions;
  {
    const std::lock_guard lock(realm.shared_mutex);
    realm.addresses.clear();
    realm.devices.clear();
  }
  if (recount) {
    realm.crowded.clear();
    for (std::uint32_t user = 0; user < realm.sessions.size(); ++user)
      if (realm.sessions[user] > static_cast<std::uint64_t>(floor)) realm.crowded.insert(user);
  }
  if (impl_->ready) realm.walk = 0;
}

void Watch::prefetch(std::span<const std::optional<index::Handle>> handles) const {
  for (const auto& handle : handles) {
    const RealmState* realm = handle ? impl_->find(handle->realm) : nullptr;
    if (realm == nullptr) continue;
    const std::uint32_t user = impl_->index.facts(*handle).user;
    if (user < realm->sessions.size()) index::prefetch(&realm->sessions[user]);
    if (user < realm->waiting.size()) index::prefetch(&realm->waiting[user]);
    realm->profiles.prefetch(user);
  }
}

void Watch::set_storm(bool storm) {
  impl_->storm = storm;
}

void Watch::drop_realm(RealmId realm) {
  impl_->realms.erase(realm);
  std::erase_if(impl_->raised, [&](const Raised& raised) { return raised.realm == realm; });
}

void Watch::forget_user(RealmId id, std::uint32_t user) {
  RealmState* realm = impl_->find(id);
  if (realm == nullptr) return;
  impl_->adopt(*realm, user, {}, false);
  realm->profiles.remove(user);
  realm->dirty.erase(user);
  std::erase_if(impl_->raised, [&](const Raised& raised) { return raised.realm == id && raised.user == user; });
}

void Watch::load_profile(RealmId realm, std::uint32_t user, std::string_view bytes) {
  if (const auto profile = decode_profile(bytes)) impl_->at(realm).profiles.put(user, *profile);
}

bool Watch::take_dirty(std::size_t limit, std::vector<DirtyProfile>& out) {
  for (auto& [id, realm] : impl_->realms) {
    while (!realm->dirty.empty()) {
      if (limit == 0) return true;
      const auto it = realm->dirty.begin();
      out.push_back({id, *it, stored_bytes(*realm, *it)});
      realm->dirty.erase(it);
      --limit;
    }
  }
  return false;
}

std::vector<Raised> Watch::take_raised() {
  return std::exchange(impl_->raised, {});
}

std::string Watch::first_profile(const session::Session& session, std::string device) const {
  const RealmState* realm = impl_->find(session.key.realm);
  if (realm == nullptr) return {};
  const auto place = impl_->place(session.ip);
  Sighting seen = Impl::sighting(*realm, std::move(device), session.ip, session.started, place ? &*place : nullptr);
  seen.start = true;
  Profile profile;
  learn(profile, seen, realm->settings->rules);
  impl_->travel(*realm, profile, session.no, seen);
  profile.learnt = session.no;
  std::string out;
  encode_profile(out, profile);
  return out;
}

std::string Watch::profile_bytes(RealmId id, std::uint32_t user) const {
  const RealmState* realm = impl_->find(id);
  return realm == nullptr ? std::string() : stored_bytes(*realm, user);
}

}  // namespace curfew::signal
