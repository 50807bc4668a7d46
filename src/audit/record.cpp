#include "audit/record.h"

#include <fmt/format.h>

#include <algorithm>

#include "session/codec.h"

namespace curfew::audit {
namespace {

using session::ByteReader;
using session::put_byte;
using session::put_bytes;
using session::put_varint;
using session::put_zigzag;

constexpr std::uint8_t kVersion = 1;

// Bits of a record's flags: which optional fields are there.
constexpr std::uint8_t kHasType = 1;
constexpr std::uint8_t kOffline = 2;
constexpr std::uint8_t kHasStarted = 4;
constexpr std::uint8_t kHasLastAccess = 8;
constexpr std::uint8_t kRecordFlags = 15;

std::uint8_t flags_of(const Record& record) {
  std::uint8_t flags = 0;
  if (record.session_type) flags |= kHasType;
  if (record.session_type == session::SessionType::kOffline) flags |= kOffline;
  if (record.session_started) flags |= kHasStarted;
  if (record.session_last_access) flags |= kHasLastAccess;
  return flags;
}

bool read_target(ByteReader& reader, Record& record) {
  const std::uint8_t flags = reader.byte();
  if ((flags & ~kRecordFlags) != 0 || (flags & (kHasType | kOffline)) == kOffline) return false;
  if ((flags & kHasType) != 0) {
    record.session_type = (flags & kOffline) != 0 ? session::SessionType::kOffline : session::SessionType::kRegular;
  }
  record.session_id.assign(reader.bytes());
  record.user_id.assign(reader.bytes());
  record.username.assign(reader.bytes());
  if (!session::decode_optional_ip(reader, record.session_ip)) return false;
  if ((flags & kHasStarted) != 0) record.session_started = Time{reader.zigzag()};
  if ((flags & kHasLastAccess) != 0) record.session_last_access = Time{reader.zigzag()};
  record.user_agent.assign(reader.bytes());
  record.clients.assign(reader.bytes());
  record.target.assign(reader.bytes());
  record.details.assign(reader.bytes());
  record.revocation.assign(reader.bytes());
  return true;
}

Result<Record> decode(std::string_view bytes) {
  ByteReader reader(bytes);
  const std::uint8_t version = reader.byte();
  if (reader.ok() && version != kVersion) {
    return fail(ErrorCode::kDataLoss, "unknown_record_version",
                fmt::format("a stored audit record has format version {}, and this program reads version {}", version,
                            kVersion));
  }
  Record record;
  record.seq = reader.varint();
  record.time = Time{reader.zigzag()};
  record.action.assign(reader.bytes());
  const std::uint8_t outcome = reader.byte();
  if (outcome > static_cast<std::uint8_t>(AuditOutcome::kDenied)) return session::corrupt("audit record");
  record.outcome = static_cast<AuditOutcome>(outcome);
  CURFEW_TRY(record.origin, session::decode_origin(reader));
  const std::uint64_t realm = reader.varint();
  if (realm > UINT32_MAX) return session::corrupt("audit record");
  record.realm = session::RealmId(static_cast<std::uint32_t>(realm));
  record.realm_name.assign(reader.bytes());
  record.reason.assign(reader.bytes());
  record.code.assign(reader.bytes());
  if (!read_target(reader, record)) return session::corrupt("audit record");
  CURFEW_TRY_STATUS(reader.finish("audit record"));
  return record;
}

std::string_view as_text(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace

std::string_view to_string(AuditOutcome outcome) {
  switch (outcome) {
    case AuditOutcome::kSuccess:
      return "success";
    case AuditOutcome::kPartial:
      return "partial";
    case AuditOutcome::kFailed:
      return "failed";
    case AuditOutcome::kDenied:
      return "denied";
  }
  return "failed";
}

Result<AuditOutcome> parse_audit_outcome(std::string_view text) {
  for (const AuditOutcome outcome :
       {AuditOutcome::kSuccess, AuditOutcome::kPartial, AuditOutcome::kFailed, AuditOutcome::kDenied}) {
    if (text == to_string(outcome)) return outcome;
  }
  return invalid("outcome", "outcome must be success, partial, failed or denied");
}

void number(Record& record, ChainHead& head) {
  record.seq = ++head.seq;
  record.time = head.time = std::max(record.time, head.time);
}

void encode(std::string& out, const Record& record) {
  put_byte(out, kVersion);
  put_varint(out, record.seq);
  put_zigzag(out, record.time.ms);
  put_bytes(out, record.action);
  put_byte(out, static_cast<std::uint8_t>(record.outcome));
  session::encode_origin(out, record.origin);
  put_varint(out, record.realm.value);
  put_bytes(out, record.realm_name);
  put_bytes(out, record.reason);
  put_bytes(out, record.code);
  put_byte(out, flags_of(record));
  put_bytes(out, record.session_id);
  put_bytes(out, record.user_id);
  put_bytes(out, record.username);
  session::encode_optional_ip(out, record.session_ip);
  if (record.session_started) put_zigzag(out, record.session_started->ms);
  if (record.session_last_access) put_zigzag(out, record.session_last_access->ms);
  put_bytes(out, record.user_agent);
  put_bytes(out, record.clients);
  put_bytes(out, record.target);
  put_bytes(out, record.details);
  put_bytes(out, record.revocation);
}

void chain(std::string& encoded, Digest& hash) {
  hash = sha256(as_text(hash), encoded);
  encoded.append(as_text(hash));
}

void seal(Record& record, ChainHead& head, std::string& out) {
  number(record, head);
  std::string bytes;
  encode(bytes, record);
  chain(bytes, head.hash);
  out += bytes;
}

Result<Sealed> unseal(std::string_view bytes) {
  Sealed sealed;
  if (bytes.size() < sealed.hash.size()) return session::corrupt("audit record");
  const std::size_t body = bytes.size() - sealed.hash.size();
  std::copy(bytes.begin() + static_cast<std::ptrdiff_t>(body), bytes.end(), sealed.hash.begin());
  CURFEW_TRY(sealed.record, decode(bytes.substr(0, body)));
  return sealed;
}

void Verifier::feed(std::uint64_t stored_seq, std::string_view bytes) {
  if (broken_) return;
  const std::uint64_t expected = head_.seq + 1;
  const auto breaks = [&](std::string detail) { broken_ = Break{expected, std::move(detail)}; };
  if (stored_seq > expected) return breaks(fmt::format("record {} is missing; {} follows", expected, stored_seq));
  if (stored_seq < expected) return breaks(fmt::format("record {} stands where {} belongs", stored_seq, expected));
  const auto sealed = unseal(bytes);
  if (!sealed) return breaks(fmt::format("record {} cannot be read: {}", expected, sealed.error().message));
  const Digest hash = sha256(as_text(head_.hash), bytes.substr(0, bytes.size() - head_.hash.size()));
  if (hash != sealed->hash) {
    return breaks(fmt::format("the hash of record {} does not fit it and its predecessor", expected));
  }
  if (sealed->record.seq != expected) {
    return breaks(fmt::format("record {} says that it is {}", expected, sealed->record.seq));
  }
  if (sealed->record.time < head_.time) return breaks(fmt::format("record {} is older than its predecessor", expected));
  head_ = ChainHead{expected, sealed->record.time, hash};
  ++checked_;
}

}  // namespace curfew::audit
