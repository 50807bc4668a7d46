// Profile: what is remembered of a user beyond their live sessions: where they were, with what, since when.
//
// Invariants: bounded (the counts below); what was used longest ago makes room. Times are whole seconds. A pure value:
// learn() takes all that it needs. Bytes in docs/formats/signals.md; an average user takes about 80.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "device/places.h"
#include "signal/settings.h"

namespace curfew::signal {

// The network that an address stands in: its autonomous system where that is known, since phones wander about in one;
// else the /24 or /48 (device/networks.h). Where one of two is unknown, as before there was a database, the /24 or /48
// decides.
struct NetworkId {
  IpAddress first_address;  // of the /24 or /48
  std::uint32_t asn = 0;    // 0: unknown
  bool same(const NetworkId& other) const {
    return asn != 0 && other.asn != 0 ? asn == other.asn : first_address == other.first_address;
  }
  friend bool operator==(const NetworkId&, const NetworkId&) = default;
};
NetworkId network_id(const IpAddress& ip, const device::Place* place);

// `after`: how many sessions had come before it was first seen, as far as they are counted (Profile::sessions). With
// `first` it tells whether the user was still being learnt of, whatever the rules say of that later.
struct SeenNetwork {
  NetworkId network;
  Time first, last;
  std::uint64_t after = 0;
  friend bool operator==(const SeenNetwork&, const SeenNetwork&) = default;
};
struct SeenKey {
  std::string key;  // a device's key, or a country
  Time first, last;
  std::uint64_t after = 0;
  friend bool operator==(const SeenKey&, const SeenKey&) = default;
};

// Something that happened at a moment, and can't be told from the sessions any more afterwards.
struct Incident {
  Rule rule;  // kImpossibleTravel, kTokenReplay, kAwakened
  SessionNo session;
  Time at;
  IpAddress ip;
  std::string text;  // what happened, in words
  friend bool operator==(const Incident&, const Incident&) = default;
};

// Where the user was last.
struct Whereabouts {
  Time at;
  IpAddress ip;
  double latitude = 0, longitude = 0;
  std::int64_t accuracy_km = 0;
  friend bool operator==(const Whereabouts&, const Whereabouts&) = default;
};

struct Profile {
  static constexpr std::size_t kMostSeenNetworks = 16, kMostSeenDevices = 8, kMostSeenCountries = 8, kMostIncidents = 8;

  Time first_seen;
  std::uint64_t sessions = 0;  // so far; counted only while a rule may still be learning
  SessionNo learnt;            // sessions up to this one are in it; later ones would have changed nothing
  std::vector<SeenNetwork> networks;
  std::vector<SeenKey> devices, countries;
  std::vector<Incident> incidents;
  std::optional<Whereabouts> last_place;

  friend bool operator==(const Profile&, const Profile&) = default;
};

// One use of a session: its start, or a touch from elsewhere.
struct Sighting {
  Time at;
  IpAddress ip;
  std::string device;    // its key; empty: unknown
  bool trusted = false;  // in a trusted network: no network or country is learnt from it
  bool start = false;
  const device::Place* place = nullptr;  // null: nothing is known of it
};

// Takes a sighting in. Only how long sessions are counted depends on the rules.
void learn(Profile& profile, const Sighting& sighting, const Rules& rules);
void add_incident(Profile& profile, Incident incident);

const SeenNetwork* find_network(const Profile& profile, const NetworkId& network);
const SeenKey* find_key(const std::vector<SeenKey>& keys, std::string_view key);
// First seen after the rule's learning period, which the earlier of a time and a number of sessions ends, and not
// longer than `raised_for` ago. What a user began with is never new.
bool is_new(const Profile& profile, const SeenNetwork& seen, const RuleSettings& rule, Time now);
bool is_new(const Profile& profile, const SeenKey& seen, const RuleSettings& rule, Time now);

void encode_profile(std::string& out, const Profile& profile);
Result<Profile> decode_profile(std::string_view bytes);

}  // namespace curfew::signal
