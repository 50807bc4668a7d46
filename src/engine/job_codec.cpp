#include "engine/job.h"
#include "session/codec.h"

namespace curfew::engine {
namespace {

using session::ByteReader;
using session::put_bytes;
using session::put_varint;
using session::put_zigzag;

constexpr std::uint8_t kProgressVersion = 1;
// Version 1 ends a filter before the devices.
constexpr std::uint8_t kSelectionVersion = 2, kSelectionWithoutDevices = 1;

void put_time(std::string& out, const std::optional<Time>& time) {
  out.push_back(time ? 1 : 0);
  if (time) put_zigzag(out, time->ms);
}

std::optional<Time> read_time(ByteReader& reader) {
  if (reader.byte() == 0) return std::nullopt;
  return Time{reader.zigzag()};
}

void put_key(std::string& out, const session::SessionKey& key) {
  put_varint(out, key.realm.value);
  out.push_back(static_cast<char>(key.type));
  put_bytes(out, key.id);
}

session::SessionKey read_key(ByteReader& reader) {
  session::SessionKey key;
  key.realm = RealmId{static_cast<std::uint32_t>(reader.varint())};
  key.type = reader.byte() == 0 ? session::SessionType::kRegular : session::SessionType::kOffline;
  key.id = reader.bytes();
  return key;
}

void put_cidrs(std::string& out, const std::vector<Cidr>& cidrs) {
  put_varint(out, cidrs.size());
  for (const Cidr& cidr : cidrs) put_bytes(out, cidr.to_string());
}

Result<std::vector<Cidr>> read_cidrs(ByteReader& reader) {
  std::vector<Cidr> out;
  const std::uint64_t n = reader.varint();
  for (std::uint64_t i = 0; i < n && reader.ok(); ++i) {
    CURFEW_TRY(const Cidr cidr, Cidr::parse(reader.bytes()));
    out.push_back(cidr);
  }
  return out;
}

void put_filter(std::string& out, const index::Filter& filter) {
  put_bytes(out, filter.search);
  out.push_back(filter.type ? static_cast<char>(1 + static_cast<int>(*filter.type)) : 0);
  put_varint(out, filter.clients.size());
  for (const std::string& client : filter.clients) put_bytes(out, client);
  out.push_back(filter.user ? 1 : 0);
  if (filter.user) put_bytes(out, *filter.user);
  put_cidrs(out, filter.ip);
  put_cidrs(out, filter.ip_not);
  for (const auto& time :
       {filter.started_after, filter.started_before, filter.last_access_after, filter.last_access_before})
    put_time(out, time);
  out.push_back(filter.remember_me ? static_cast<char>(1 + (*filter.remember_me ? 1 : 0)) : 0);
  put_varint(out, filter.device_kinds.size());
  for (const device::Kind kind : filter.device_kinds) out.push_back(static_cast<char>(kind));
  put_varint(out, filter.devices.size());
  for (const std::string& key : filter.devices) put_bytes(out, key);
  put_varint(out, filter.marks);
}

Result<index::Filter> read_filter(ByteReader& reader, std::uint8_t version) {
  index::Filter filter;
  filter.search = reader.bytes();
  if (const auto type = reader.byte(); type != 0) filter.type = static_cast<session::SessionType>(type - 1);
  const std::uint64_t clients = reader.varint();
  for (std::uint64_t i = 0; i < clients && reader.ok(); ++i) filter.clients.emplace_back(reader.bytes());
  if (reader.byte() != 0) filter.user = std::string(reader.bytes());
  CURFEW_TRY(filter.ip, read_cidrs(reader));
  CURFEW_TRY(filter.ip_not, read_cidrs(reader));
  filter.started_after = read_time(reader);
  filter.started_before = read_time(reader);
  filter.last_access_after = read_time(reader);
  filter.last_access_before = read_time(reader);
  if (const auto remember = reader.byte(); remember != 0) filter.remember_me = remember == 2;
  if (version == kSelectionWithoutDevices) return filter;
  const std::uint64_t kinds = reader.varint();
  for (std::uint64_t i = 0; i < kinds && reader.ok(); ++i) {
    const std::uint8_t kind = reader.byte();
    if (kind >= device::kKinds) return session::corrupt("revocation's selection");
    filter.device_kinds.push_back(static_cast<device::Kind>(kind));
  }
  const std::uint64_t devices = reader.varint();
  for (std::uint64_t i = 0; i < devices && reader.ok(); ++i) filter.devices.emplace_back(reader.bytes());
  const std::uint64_t marks = reader.varint();
  if (marks > UINT16_MAX) return session::corrupt("revocation's selection");
  filter.marks = static_cast<std::uint16_t>(marks);
  return filter;
}

}  // namespace

void encode_selection(std::string& out, const Selection& selection) {
  out.push_back(static_cast<char>(kSelectionVersion));
  put_varint(out, selection.realms.size());
  for (const RealmId realm : selection.realms) put_varint(out, realm.value);
  out.push_back(selection.type ? static_cast<char>(1 + static_cast<int>(*selection.type)) : 0);
  out.push_back(selection.keep_own ? 1 : 0);
  out.push_back(selection.own ? 1 : 0);
  if (selection.own) {
    put_varint(out, selection.own->realm.value);
    put_bytes(out, selection.own->user_id);
  }
  out.push_back(static_cast<char>(selection.what.index()));
  if (const auto* sessions = std::get_if<BySessions>(&selection.what)) {
    put_varint(out, sessions->keys.size());
    for (const session::SessionKey& key : sessions->keys) put_key(out, key);
  } else if (const auto* by_filter = std::get_if<ByFilter>(&selection.what)) {
    put_filter(out, by_filter->filter);
  } else if (const auto* user = std::get_if<ByUser>(&selection.what)) {
    put_bytes(out, user->user_id);
  }
}

Result<Selection> decode_selection(std::string_view bytes) {
  ByteReader reader(bytes);
  const std::uint8_t version = reader.byte();
  if (version != kSelectionVersion && version != kSelectionWithoutDevices)
    return fail(ErrorCode::kDataLoss, "unknown_version", "a revocation has a version that this program does not know");
  Selection selection;
  const std::uint64_t realms = reader.varint();
  for (std::uint64_t i = 0; i < realms && reader.ok(); ++i)
    selection.realms.emplace_back(static_cast<std::uint32_t>(reader.varint()));
  if (const auto type = reader.byte(); type != 0) selection.type = static_cast<session::SessionType>(type - 1);
  selection.keep_own = reader.byte() != 0;
  if (reader.byte() != 0) {
    const RealmId realm{static_cast<std::uint32_t>(reader.varint())};
    selection.own = OwnUser{realm, std::string(reader.bytes())};
  }
  switch (reader.byte()) {
    case 0: {
      BySessions sessions;
      const std::uint64_t n = reader.varint();
      for (std::uint64_t i = 0; i < n && reader.ok(); ++i) sessions.keys.push_back(read_key(reader));
      selection.what = std::move(sessions);
      break;
    }
    case 1: {
      CURFEW_TRY(auto filter, read_filter(reader, version));
      selection.what = ByFilter{std::move(filter)};
      break;
    }
    case 2:
      selection.what = ByUser{std::string(reader.bytes())};
      break;
    default:
      selection.what = Everything{};
      break;
  }
  CURFEW_TRY_STATUS(reader.finish("revocation's selection"));
  return selection;
}

void encode_progress(std::string& out, const Job& job, const Revocation& told) {
  out.push_back(static_cast<char>(kProgressVersion));
  put_bytes(out, told.id);
  put_varint(out, told.realm.value);
  out.push_back(static_cast<char>(told.state));
  put_bytes(out, told.reason);
  session::encode_origin(out, told.origin);
  for (const std::uint64_t n : {told.requested, told.revoked, told.failed, told.own_kept}) put_varint(out, n);
  put_time(out, told.started_at);
  put_time(out, told.finished_at);
  put_varint(out, job.last_no.value);
  out.push_back(static_cast<char>(job.cause));
  put_bytes(out, job.idempotency_key);
  put_bytes(out, job.fingerprint);
  put_varint(out, job.removes_realm ? job.removes_realm->value : 0);
  put_varint(out, told.failures.size());
  for (const Failure& failure : told.failures) {
    put_key(out, failure.key);
    put_bytes(out, failure.username);
    put_bytes(out, failure.ip ? failure.ip->to_string() : std::string());
    put_bytes(out, failure.code);
    put_bytes(out, failure.detail);
  }
}

Status decode_progress(std::string_view bytes, Job& job) {
  ByteReader reader(bytes);
  if (reader.byte() != kProgressVersion)
    return fail(ErrorCode::kDataLoss, "unknown_version", "a revocation has a version that this program does not know");
  Revocation& told = job.told;
  told.id = reader.bytes();
  told.realm = RealmId{static_cast<std::uint32_t>(reader.varint())};
  told.state = static_cast<RevocationState>(reader.byte());
  told.reason = reader.bytes();
  CURFEW_TRY(told.origin, session::decode_origin(reader));
  for (std::uint64_t* n : {&told.requested, &told.revoked, &told.failed, &told.own_kept}) *n = reader.varint();
  told.started_at = read_time(reader).value_or(Time{});
  told.finished_at = read_time(reader);
  job.last_no = session::SessionNo{reader.varint()};
  job.cause = static_cast<session::EndCause>(reader.byte());
  job.idempotency_key = reader.bytes();
  job.fingerprint = reader.bytes();
  if (const auto realm = static_cast<std::uint32_t>(reader.varint()); realm != 0) job.removes_realm = RealmId{realm};
  const std::uint64_t failures = reader.varint();
  for (std::uint64_t i = 0; i < failures && reader.ok(); ++i) {
    Failure failure;
    failure.key = read_key(reader);
    failure.username = reader.bytes();
    if (const auto ip = reader.bytes(); !ip.empty()) {
      CURFEW_TRY(failure.ip, IpAddress::parse(ip));
    }
    failure.code = reader.bytes();
    failure.detail = reader.bytes();
    told.failures.push_back(std::move(failure));
  }
  return reader.finish("revocation's progress");
}

}  // namespace curfew::engine
