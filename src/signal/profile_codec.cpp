// The bytes of a profile (docs/formats/signals.md).
#include <algorithm>
#include <cmath>

#include "session/bytes.h"
#include "session/codec.h"
#include "signal/profile.h"

namespace curfew::signal {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr int kDegree = 10'000;  // positions are kept to some ten metres

constexpr std::uint8_t kPlace = 1;  // a flag

void put_second(std::string& out, Time time, Time base) {
  session::put_zigzag(out, (time.ms - base.ms) / 1000);
}
Time read_second(session::ByteReader& reader, Time base) {
  const std::int64_t seconds = reader.zigzag();
  constexpr std::int64_t most = std::int64_t{1} << 40;
  return Time{base.ms + std::clamp(seconds, -most, most) * 1000};
}

void put_seen(std::string& out, const std::vector<SeenKey>& all, Time base) {
  session::put_varint(out, all.size());
  for (const SeenKey& seen : all) {
    session::put_bytes(out, seen.key);
    put_second(out, seen.first, base);
    put_second(out, seen.last, seen.first);
    session::put_varint(out, seen.after);
  }
}

bool read_seen(session::ByteReader& reader, std::size_t most, std::vector<SeenKey>& out, Time base) {
  const std::uint64_t n = reader.varint();
  if (n > most) return false;
  for (std::uint64_t i = 0; i < n; ++i) {
    SeenKey& seen = out.emplace_back();
    seen.key = reader.bytes();
    seen.first = read_second(reader, base);
    seen.last = read_second(reader, seen.first);
    seen.after = reader.varint();
  }
  return reader.ok();
}

bool read_ip(session::ByteReader& reader, IpAddress& ip) {
  std::optional<IpAddress> read;
  if (!session::decode_optional_ip(reader, read) || !read) return false;
  ip = *read;
  return true;
}

bool read_networks(session::ByteReader& reader, Profile& profile) {
  const std::uint64_t n = reader.varint();
  if (n > Profile::kMostSeenNetworks) return false;
  for (std::uint64_t i = 0; i < n; ++i) {
    SeenNetwork& seen = profile.networks.emplace_back();
    if (!read_ip(reader, seen.network.first_address)) return false;
    const std::uint64_t asn = reader.varint();
    if (asn > UINT32_MAX) return false;
    seen.network.asn = static_cast<std::uint32_t>(asn);
    seen.first = read_second(reader, profile.first_seen);
    seen.last = read_second(reader, seen.first);
    seen.after = reader.varint();
  }
  return reader.ok();
}

bool read_incidents(session::ByteReader& reader, Profile& profile) {
  const std::uint64_t n = reader.varint();
  if (n > Profile::kMostIncidents) return false;
  for (std::uint64_t i = 0; i < n; ++i) {
    Incident& incident = profile.incidents.emplace_back();
    const std::uint8_t rule = reader.byte();
    if (rule >= kRules) return false;
    incident.rule = static_cast<Rule>(rule);
    incident.session = SessionNo{reader.varint()};
    incident.at = read_second(reader, profile.first_seen);
    if (!read_ip(reader, incident.ip)) return false;
    incident.text = reader.bytes();
  }
  return reader.ok();
}

bool read_profile(session::ByteReader& reader, Profile& profile) {
  const std::uint8_t flags = reader.byte();
  if ((flags & ~kPlace) != 0) return false;
  profile.first_seen = read_second(reader, Time{0});
  profile.sessions = reader.varint();
  profile.learnt = SessionNo{reader.varint()};
  if (!read_networks(reader, profile)) return false;
  if (!read_seen(reader, Profile::kMostSeenDevices, profile.devices, profile.first_seen)) return false;
  if (!read_seen(reader, Profile::kMostSeenCountries, profile.countries, profile.first_seen)) return false;
  if (!read_incidents(reader, profile)) return false;
  if ((flags & kPlace) == 0) return reader.ok();
  Whereabouts& place = profile.last_place.emplace();
  place.at = read_second(reader, profile.first_seen);
  if (!read_ip(reader, place.ip)) return false;
  const std::int64_t latitude = reader.zigzag(), longitude = reader.zigzag();
  place.accuracy_km = reader.zigzag();
  constexpr std::int64_t turn = 180 * std::int64_t{kDegree};
  if (latitude < -turn / 2 || latitude > turn / 2 || longitude < -turn || longitude > turn) return false;
  place.latitude = static_cast<double>(latitude) / kDegree;
  place.longitude = static_cast<double>(longitude) / kDegree;
  return reader.ok() && place.accuracy_km >= 0 && place.accuracy_km <= UINT16_MAX;
}

}  // namespace

void encode_profile(std::string& out, const Profile& profile) {
  session::put_byte(out, kVersion);
  session::put_byte(out, profile.last_place ? kPlace : 0);
  put_second(out, profile.first_seen, Time{0});
  session::put_varint(out, profile.sessions);
  session::put_varint(out, profile.learnt.value);
  session::put_varint(out, profile.networks.size());
  for (const SeenNetwork& seen : profile.networks) {
    session::encode_optional_ip(out, seen.network.first_address);
    session::put_varint(out, seen.network.asn);
    put_second(out, seen.first, profile.first_seen);
    put_second(out, seen.last, seen.first);
    session::put_varint(out, seen.after);
  }
  put_seen(out, profile.devices, profile.first_seen);
  put_seen(out, profile.countries, profile.first_seen);
  session::put_varint(out, profile.incidents.size());
  for (const Incident& incident : profile.incidents) {
    session::put_byte(out, static_cast<std::uint8_t>(incident.rule));
    session::put_varint(out, incident.session.value);
    put_second(out, incident.at, profile.first_seen);
    session::encode_optional_ip(out, incident.ip);
    session::put_bytes(out, incident.text);
  }
  if (!profile.last_place) return;
  put_second(out, profile.last_place->at, profile.first_seen);
  session::encode_optional_ip(out, profile.last_place->ip);
  session::put_zigzag(out, std::llround(profile.last_place->latitude * kDegree));
  session::put_zigzag(out, std::llround(profile.last_place->longitude * kDegree));
  session::put_zigzag(out, profile.last_place->accuracy_km);
}

Result<Profile> decode_profile(std::string_view bytes) {
  session::ByteReader reader(bytes);
  if (reader.byte() != kVersion)
    return fail(ErrorCode::kDataLoss, "unknown_version",
                "a user's profile has a version that this program does not know");
  Profile profile;
  if (!read_profile(reader, profile)) return session::corrupt("profile");
  CURFEW_TRY_STATUS(reader.finish("profile"));
  return profile;
}

}  // namespace curfew::signal
