// The form of a profile in memory. Length of what follows, varint; a byte of flags; devices × 17 + networks, varint;
// first seen, seconds, zigzag; sessions and learnt, varints; devices; with a flag countries; networks; with flags
// incidents and the last place.
#include "signal/profile_store.h"

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "index/image.h"

namespace curfew::signal {
namespace {

enum Flag : std::uint8_t { kPlace = 1, kCountries = 2, kIncidents = 4 };
constexpr std::size_t kNetworkCounts = Profile::kMostSeenNetworks + 1;
constexpr double kDegree = 10'000;

// How a thing was seen: a byte, then what it says.
enum Seen : std::uint8_t {
  kMoved = 1,    // last differs from first
  kBefore = 2,   // first lies before first_seen
  kForm = 3 * 4  // of an address; of a key, 4: its text follows, else its ordinal
};
constexpr unsigned kFormShift = 2, kAfterShift = 5;
constexpr std::uint8_t kAsn = 16, kMuchAfter = 7;

enum Form : std::uint8_t { kV4 = 0, kV6 = 1, kWhole = 2 };
constexpr std::size_t kV4First = 12, kV4Size = 3, kV6Size = 6;

std::int64_t seconds(Time time, Time since) {
  return (time.ms - since.ms) / 1000;
}
Time at(std::int64_t seconds, Time since) {
  return Time{since.ms + seconds * 1000};
}

Form form_of(const IpAddress& ip) {
  const auto& bytes = ip.bytes();
  const auto zero_from = [&](std::size_t from) {
    return std::all_of(bytes.begin() + static_cast<std::ptrdiff_t>(from), bytes.end(), [](auto b) { return b == 0; });
  };
  if (ip.is_v4()) return zero_from(kV4First + kV4Size) ? kV4 : kWhole;
  return zero_from(kV6Size) ? kV6 : kWhole;
}

void put_raw(std::string& out, const IpAddress& ip, std::size_t from, std::size_t size) {
  out.append(reinterpret_cast<const char*>(ip.bytes().data()) + from, size);
}

void put_address(std::string& out, const IpAddress& ip, Form form) {
  if (form == kV4) return put_raw(out, ip, kV4First, kV4Size);
  put_raw(out, ip, 0, form == kV6 ? kV6Size : ip.bytes().size());
}

IpAddress read_address(ByteReader& reader, Form form) {
  std::array<std::uint8_t, 16> bytes{};
  if (form == kV4) bytes = IpAddress::v4(0).bytes();
  const std::size_t from = form == kV4 ? kV4First : 0;
  const std::string_view raw = reader.raw(form == kV4 ? kV4Size : form == kV6 ? kV6Size : bytes.size());
  std::copy(raw.begin(), raw.end(), bytes.begin() + static_cast<std::ptrdiff_t>(from));
  return IpAddress::from_bytes(bytes);
}

template <class Thing>
std::uint8_t head_of(const Thing& seen, Time first_seen) {
  std::uint8_t head = 0;
  if (seen.last != seen.first) head |= kMoved;
  if (seen.first < first_seen) head |= kBefore;
  return static_cast<std::uint8_t>(head | std::min<std::uint64_t>(seen.after, kMuchAfter) << kAfterShift);
}

template <class Thing>
void put_times(std::string& out, const Thing& seen, Time first_seen) {
  put_varint(out, static_cast<std::uint64_t>(std::abs(seconds(seen.first, first_seen))));
  if (seen.last != seen.first) put_zigzag(out, seconds(seen.last, seen.first));
  if (seen.after >= kMuchAfter) put_varint(out, seen.after);
}

template <class Thing>
void read_times(ByteReader& reader, std::uint8_t head, Time first_seen, Thing& seen) {
  const auto first = static_cast<std::int64_t>(reader.varint());
  seen.first = at((head & kBefore) != 0 ? -first : first, first_seen);
  seen.last = (head & kMoved) != 0 ? at(reader.zigzag(), seen.first) : seen.first;
  const auto after = static_cast<std::uint8_t>(head >> kAfterShift);
  seen.after = after == kMuchAfter ? reader.varint() : after;
}

// A name that a caller gave to a device is one user's; others are everybody's.
bool own_text(std::string_view key) {
  return key.starts_with("id:");
}

}  // namespace

void ProfileStore::pack_key(const std::string& key) {
  if (own_text(key))
    put_bytes(packed_, key);
  else
    put_varint(packed_, texts_.acquire(key));
}

void ProfileStore::pack(const Profile& profile) {
  packed_.clear();
  put_byte(packed_,
           static_cast<std::uint8_t>((profile.last_place ? kPlace : 0) | (profile.countries.empty() ? 0 : kCountries) |
                                     (profile.incidents.empty() ? 0 : kIncidents)));
  put_varint(packed_, profile.devices.size() * kNetworkCounts + profile.networks.size());
  put_zigzag(packed_, seconds(profile.first_seen, Time{0}));
  put_varint(packed_, profile.sessions);
  put_varint(packed_, profile.learnt.value);
  const auto put_keys = [&](const std::vector<SeenKey>& keys) {
    for (const SeenKey& seen : keys) {
      const std::uint8_t form = own_text(seen.key) ? 1 : 0;
      put_byte(packed_, static_cast<std::uint8_t>(head_of(seen, profile.first_seen) | form << kFormShift));
      pack_key(seen.key);
      put_times(packed_, seen, profile.first_seen);
    }
  };
  put_keys(profile.devices);
  if (!profile.countries.empty()) put_varint(packed_, profile.countries.size());
  put_keys(profile.countries);
  for (const SeenNetwork& seen : profile.networks) {
    const Form form = form_of(seen.network.first_address);
    const std::uint8_t asn = seen.network.asn != 0 ? kAsn : 0;
    put_byte(packed_, static_cast<std::uint8_t>(head_of(seen, profile.first_seen) | form << kFormShift | asn));
    put_address(packed_, seen.network.first_address, form);
    if (asn != 0) put_varint(packed_, seen.network.asn);
    put_times(packed_, seen, profile.first_seen);
  }
  if (!profile.incidents.empty()) put_varint(packed_, profile.incidents.size());
  for (const Incident& incident : profile.incidents) {
    put_byte(packed_, static_cast<std::uint8_t>(incident.rule));
    put_varint(packed_, incident.session.value);
    put_zigzag(packed_, seconds(incident.at, profile.first_seen));
    put_address(packed_, incident.ip, kWhole);
    put_bytes(packed_, incident.text);
  }
  if (!profile.last_place) return;
  put_zigzag(packed_, seconds(profile.last_place->at, profile.first_seen));
  put_address(packed_, profile.last_place->ip, kWhole);
  put_zigzag(packed_, std::llround(profile.last_place->latitude * kDegree));
  put_zigzag(packed_, std::llround(profile.last_place->longitude * kDegree));
  put_zigzag(packed_, profile.last_place->accuracy_km);
}

std::string_view ProfileStore::block(std::uint32_t user) const {
  if (user >= refs_.size() || refs_[user] == 0) return {};
  const char* from = arena_.at(refs_[user]);
  constexpr std::size_t most_of_length = 2;
  ByteReader reader({from, most_of_length});
  const std::uint64_t size = reader.varint();
  return {from + most_of_length - reader.remaining(), size};
}

std::optional<Profile> ProfileStore::get(std::uint32_t user) const {
  const std::string_view bytes = block(user);
  if (bytes.empty()) return std::nullopt;
  ByteReader reader(bytes);
  std::optional<Profile> out(std::in_place);
  Profile& profile = *out;
  const std::uint8_t flags = reader.byte();
  const std::uint64_t counts = reader.varint();
  profile.first_seen = at(reader.zigzag(), Time{0});
  profile.sessions = reader.varint();
  profile.learnt = SessionNo{reader.varint()};
  const auto read_keys = [&](std::vector<SeenKey>& keys, std::size_t count) {
    keys.resize(count);
    for (SeenKey& seen : keys) {
      const std::uint8_t head = reader.byte();
      seen.key = (head & kForm) != 0 ? reader.bytes() : texts_[static_cast<std::uint32_t>(reader.varint())];
      read_times(reader, head, profile.first_seen, seen);
    }
  };
  read_keys(profile.devices, counts / kNetworkCounts);
  if ((flags & kCountries) != 0) read_keys(profile.countries, reader.varint());
  profile.networks.resize(counts % kNetworkCounts);
  for (SeenNetwork& seen : profile.networks) {
    const std::uint8_t head = reader.byte();
    seen.network.first_address = read_address(reader, static_cast<Form>((head & kForm) >> kFormShift));
    if ((head & kAsn) != 0) seen.network.asn = static_cast<std::uint32_t>(reader.varint());
    read_times(reader, head, profile.first_seen, seen);
  }
  if ((flags & kIncidents) != 0) profile.incidents.resize(reader.varint());
  for (Incident& incident : profile.incidents) {
    incident.rule = static_cast<Rule>(reader.byte());
    incident.session = SessionNo{reader.varint()};
    incident.at = at(reader.zigzag(), profile.first_seen);
    incident.ip = read_address(reader, kWhole);
    incident.text = reader.bytes();
  }
  if ((flags & kPlace) == 0) return out;
  Whereabouts& place = profile.last_place.emplace();
  place.at = at(reader.zigzag(), profile.first_seen);
  place.ip = read_address(reader, kWhole);
  place.latitude = static_cast<double>(reader.zigzag()) / kDegree;
  place.longitude = static_cast<double>(reader.zigzag()) / kDegree;
  place.accuracy_km = reader.zigzag();
  return out;
}

// What its devices and countries name is in use once less.
void ProfileStore::release(std::string_view packed) {
  ByteReader reader(packed);
  const std::uint8_t flags = reader.byte();
  const std::uint64_t counts = reader.varint();
  reader.zigzag();  // first seen, sessions, learnt
  reader.varint();
  reader.varint();
  const auto release_keys = [&](std::uint64_t count) {
    for (; count > 0; --count) {
      const std::uint8_t head = reader.byte();
      if ((head & kForm) != 0)
        reader.bytes();
      else
        texts_.release(static_cast<std::uint32_t>(reader.varint()));
      SeenKey skipped;
      read_times(reader, head, Time{0}, skipped);
    }
  };
  release_keys(counts / kNetworkCounts);
  if ((flags & kCountries) != 0) release_keys(reader.varint());
}

void ProfileStore::clear(std::uint32_t user) {
  const std::string_view bytes = block(user);
  if (bytes.empty()) return;
  release(bytes);
  arena_.release(refs_[user], static_cast<std::size_t>(bytes.data() + bytes.size() - arena_.at(refs_[user])));
  refs_[user] = 0;
}

bool ProfileStore::put(std::uint32_t user, const Profile& profile) {
  pack(profile);
  if (packed_ == block(user)) {
    release(packed_);
    return false;
  }
  clear(user);
  std::string length;
  put_varint(length, packed_.size());
  packed_.insert(0, length);
  if (packed_.size() > index::BlobArena::kMaxBytes) {
    release(std::string_view(packed_).substr(length.size()));
    return true;
  }
  refs_.grow(std::size_t{user} + 1);
  refs_[user] = arena_.store(packed_);
  return true;
}

void ProfileStore::save(index::ImageWriter& out) const {
  out.pages(refs_);
  arena_.save(out);
  texts_.save(out);
}

void ProfileStore::load(index::ImageReader& in) {
  in.pages(refs_);
  arena_.load(in);
  texts_.load(in);
}

void ProfileStore::remove(std::uint32_t user) {
  clear(user);
}

// A block names what the dictionary holds by ordinals, which may come to mean something else.
void ProfileStore::append_state(std::uint32_t user, std::string& out) const {
  put_varint(out, texts_.given_again());
  put_bytes(out, block(user));
}

}  // namespace curfew::signal
