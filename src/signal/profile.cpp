#include "signal/profile.h"

#include <algorithm>

#include "base/limits.h"
#include "device/networks.h"

namespace curfew::signal {
namespace {

constexpr std::size_t kKeyText = limits::kDeviceId + 32;  // the caller's names are kept whole; a family may be cut
constexpr Duration kCoarse = Duration::hours(1);

Time whole_second(Time t) {
  return Time{t.ms / 1000 * 1000};
}

std::string_view key_text(std::string_view key) {
  if (key.size() <= kKeyText) return key;
  std::size_t end = kKeyText;
  while (end > 0 && (static_cast<unsigned char>(key[end]) & 0xc0) == 0x80) --end;  // not within a character
  return key.substr(0, end);
}

// Sessions are counted until every rule has learnt enough.
bool still_counted(const Profile& profile, const Rules& rules, Time at) {
  for (const Rule rule : {Rule::kNewDevice, Rule::kNewNetwork, Rule::kNewCountry})
    if (profile.sessions < static_cast<std::uint64_t>(rules[rule].learning_sessions) &&
        at - profile.first_seen <= rules[rule].learning_period)
      return true;
  return false;
}

template <class Seen>
bool new_to(const Profile& profile, const Seen& seen, const RuleSettings& rule, Time now) {
  const Duration known_for = seen.first - profile.first_seen;
  const bool learnt =
      known_for > rule.learning_period || seen.after >= static_cast<std::uint64_t>(rule.learning_sessions);
  return learnt && known_for.ms > 0 && now - seen.first <= rule.raised_for;
}

// Known already: its time moves on. Else it is added, in place of what was seen longest ago if there is no room.
template <class Seen, class Is>
void see(std::vector<Seen>& all, std::size_t most, Seen fresh, Is is) {
  const auto known = std::find_if(all.begin(), all.end(), is);
  if (known != all.end()) {
    known->first = std::min(known->first, fresh.first);
    // Coarse, so that a usual start leaves the profile as it is, and there is nothing to store.
    if (fresh.last - known->last >= kCoarse) known->last = fresh.last;
    return;
  }
  if (all.size() < most) {
    all.push_back(std::move(fresh));
    return;
  }
  const auto oldest =
      std::min_element(all.begin(), all.end(), [](const Seen& a, const Seen& b) { return a.last < b.last; });
  if (oldest->last <= fresh.last) *oldest = std::move(fresh);
}

}  // namespace

NetworkId network_id(const IpAddress& ip, const device::Place* place) {
  return {device::network_of(ip).first(), place != nullptr ? place->asn.value_or(0) : 0};
}

void learn(Profile& profile, const Sighting& sighting, const Rules& rules) {
  const Time at = whole_second(sighting.at);
  if (profile.sessions == 0 && profile.networks.empty() && profile.devices.empty()) profile.first_seen = at;
  profile.first_seen = std::min(profile.first_seen, at);
  const std::uint64_t after = profile.sessions;
  if (!sighting.trusted) {
    const NetworkId network = network_id(sighting.ip, sighting.place);
    see(profile.networks, Profile::kMostSeenNetworks, SeenNetwork{network, at, at, after},
        [&](const SeenNetwork& seen) { return seen.network.same(network); });
    // One from before there was a database has its number from now on.
    for (SeenNetwork& seen : profile.networks)
      if (seen.network.asn == 0 && seen.network.same(network)) seen.network.asn = network.asn;
  }
  if (!sighting.device.empty()) {
    const std::string key(key_text(sighting.device));
    see(profile.devices, Profile::kMostSeenDevices, SeenKey{key, at, at, after},
        [&](const SeenKey& seen) { return seen.key == key; });
  }
  if (sighting.place != nullptr && !sighting.place->country.empty() && !sighting.trusted) {
    const std::string& country = sighting.place->country;
    see(profile.countries, Profile::kMostSeenCountries, SeenKey{country, at, at, after},
        [&](const SeenKey& seen) { return seen.key == country; });
  }
  if (sighting.start && still_counted(profile, rules, at)) ++profile.sessions;
}

void add_incident(Profile& profile, Incident incident) {
  incident.at = whole_second(incident.at);
  if (profile.incidents.size() == Profile::kMostIncidents) profile.incidents.erase(profile.incidents.begin());
  profile.incidents.push_back(std::move(incident));
}

const SeenNetwork* find_network(const Profile& profile, const NetworkId& network) {
  const auto at = std::find_if(profile.networks.begin(), profile.networks.end(),
                               [&](const SeenNetwork& seen) { return seen.network.same(network); });
  return at == profile.networks.end() ? nullptr : &*at;
}

const SeenKey* find_key(const std::vector<SeenKey>& keys, std::string_view key) {
  key = key_text(key);
  const auto at = std::find_if(keys.begin(), keys.end(), [&](const SeenKey& seen) { return seen.key == key; });
  return at == keys.end() ? nullptr : &*at;
}

bool is_new(const Profile& profile, const SeenNetwork& seen, const RuleSettings& rule, Time now) {
  return new_to(profile, seen, rule, now);
}

bool is_new(const Profile& profile, const SeenKey& seen, const RuleSettings& rule, Time now) {
  return new_to(profile, seen, rule, now);
}

}  // namespace curfew::signal
