#include "session/codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace curfew::session {
namespace {

constexpr std::uint8_t kVersion = 1;

// Bits of a session's flags.
constexpr std::uint8_t kOffline = 1;
constexpr std::uint8_t kRememberMe = 2;
constexpr std::uint8_t kHasToken = 4;
constexpr std::uint8_t kSessionFlags = 7;

enum class CommandKind : std::uint8_t { kStart = 1, kTouch = 2, kJoin = 3, kEnd = 4 };

constexpr std::size_t kSmallestClient = 2;  // an empty id and a difference of one byte

// Differences wrap around, so that every pair of times has one and none overflows.
void put_time_after(std::string& out, Time base, Time time) {
  put_zigzag(out, static_cast<std::int64_t>(static_cast<std::uint64_t>(time.ms) - static_cast<std::uint64_t>(base.ms)));
}
Time time_after(ByteReader& reader, Time base) {
  return Time{
      static_cast<std::int64_t>(static_cast<std::uint64_t>(base.ms) + static_cast<std::uint64_t>(reader.zigzag()))};
}

void put_ip(std::string& out, const IpAddress& ip) {
  const std::size_t size = ip.is_v4() ? 4 : 16;
  put_byte(out, static_cast<std::uint8_t>(size));
  out.append(reinterpret_cast<const char*>(ip.bytes().data()) + (16 - size), size);
}

bool read_ip(ByteReader& reader, IpAddress& ip) {
  std::optional<IpAddress> read;
  if (!decode_optional_ip(reader, read) || !read) return false;
  ip = *read;
  return true;
}

void put_key(std::string& out, const SessionKey& key) {
  put_varint(out, key.realm.value);
  put_byte(out, static_cast<std::uint8_t>(key.type));
  put_bytes(out, key.id);
}
bool read_realm(ByteReader& reader, RealmId& realm) {
  const std::uint64_t value = reader.varint();
  realm = RealmId(static_cast<std::uint32_t>(value));
  return value <= UINT32_MAX;
}
bool read_key(ByteReader& reader, SessionKey& key) {
  if (!read_realm(reader, key.realm)) return false;
  const std::uint8_t type = reader.byte();
  key.type = static_cast<SessionType>(type);
  key.id.assign(reader.bytes());
  return type <= static_cast<std::uint8_t>(SessionType::kOffline);
}

bool read_cause(ByteReader& reader, EndCause& cause) {
  const std::uint8_t value = reader.byte();
  cause = static_cast<EndCause>(value);
  return value <= static_cast<std::uint8_t>(EndCause::kRealmRemoved);
}

// The version byte, which every record begins with.
Status read_version(ByteReader& reader, std::string_view what) {
  const std::uint8_t version = reader.byte();
  if (!reader.ok()) return corrupt(what);
  if (version == kVersion) return {};
  return fail(
      ErrorCode::kDataLoss, "unknown_record_version",
      fmt::format("a stored {} has format version {}, and this program reads version {}", what, version, kVersion));
}

bool read_clients(ByteReader& reader, Time started, std::vector<ClientLink>& clients) {
  const std::uint64_t count = reader.varint();
  // Memory is taken for what can be there, not for what a broken count claims.
  if (count > reader.remaining() / kSmallestClient) return false;
  clients.resize(count);
  for (ClientLink& link : clients) {
    link.client_id.assign(reader.bytes());
    link.since = time_after(reader, started);
  }
  return true;
}

// The fields of a session behind its version byte.
bool read_session(ByteReader& reader, Session& session) {
  session.no = SessionNo(reader.varint());
  if (!read_realm(reader, session.key.realm)) return false;
  const std::uint8_t flags = reader.byte();
  if ((flags & ~kSessionFlags) != 0) return false;
  session.key.type = (flags & kOffline) != 0 ? SessionType::kOffline : SessionType::kRegular;
  session.remember_me = (flags & kRememberMe) != 0;
  session.key.id.assign(reader.bytes());
  session.user_id.assign(reader.bytes());
  session.username.assign(reader.bytes());
  session.email.assign(reader.bytes());
  if (!read_ip(reader, session.ip)) return false;
  session.user_agent.assign(reader.bytes());
  session.device_id.assign(reader.bytes());
  session.started = Time{reader.zigzag()};
  session.last_access = time_after(reader, session.started);
  if (!read_clients(reader, session.started, session.clients)) return false;
  session.token_hash.reset();
  if ((flags & kHasToken) != 0) {
    TokenHash hash{};
    const std::string_view raw = reader.raw(hash.size());
    if (raw.size() != hash.size()) return false;
    std::copy(raw.begin(), raw.end(), hash.begin());
    session.token_hash = hash;
  }
  return true;
}

struct CommandWriter {
  std::string& out;

  void operator()(const StartSession& start) const { write_start(start.session); }
  void write_start(const Session& session) const {
    put_byte(out, static_cast<std::uint8_t>(CommandKind::kStart));
    encode_session(out, session);
  }
  void operator()(const TouchSession& touch) const {
    put_byte(out, static_cast<std::uint8_t>(CommandKind::kTouch));
    put_key(out, touch.key);
    put_zigzag(out, touch.at.ms);
    encode_optional_ip(out, touch.ip);
  }
  void operator()(const JoinClient& join) const {
    put_byte(out, static_cast<std::uint8_t>(CommandKind::kJoin));
    put_key(out, join.key);
    put_bytes(out, join.client_id);
    put_zigzag(out, join.at.ms);
  }
  void operator()(const EndSession& end) const {
    put_byte(out, static_cast<std::uint8_t>(CommandKind::kEnd));
    put_key(out, end.key);
    put_zigzag(out, end.at.ms);
    put_byte(out, static_cast<std::uint8_t>(end.cause));
    put_bytes(out, end.reason);
  }
};

// A policy's durations in the order of their bits in the mask.
constexpr std::optional<Duration> Policy::* kDurations[] = {&Policy::idle_timeout,
                                                            &Policy::max_lifetime,
                                                            &Policy::remember_me_idle_timeout,
                                                            &Policy::remember_me_max_lifetime,
                                                            &Policy::offline_idle_timeout,
                                                            &Policy::offline_max_lifetime};
constexpr std::uint8_t kHasMaxSessions = 1 << 6;
constexpr std::uint8_t kPolicyMask = 0x7f;

}  // namespace

void encode_session(std::string& out, const Session& session) {
  put_byte(out, kVersion);
  put_varint(out, session.no.value);
  put_varint(out, session.key.realm.value);
  put_byte(out,
           static_cast<std::uint8_t>((session.key.type == SessionType::kOffline ? kOffline : 0) |
                                     (session.remember_me ? kRememberMe : 0) | (session.token_hash ? kHasToken : 0)));
  put_bytes(out, session.key.id);
  put_bytes(out, session.user_id);
  put_bytes(out, session.username);
  put_bytes(out, session.email);
  put_ip(out, session.ip);
  put_bytes(out, session.user_agent);
  put_bytes(out, session.device_id);
  put_zigzag(out, session.started.ms);
  put_time_after(out, session.started, session.last_access);
  put_varint(out, session.clients.size());
  for (const ClientLink& link : session.clients) {
    put_bytes(out, link.client_id);
    put_time_after(out, session.started, link.since);
  }
  if (session.token_hash) {
    out.append(reinterpret_cast<const char*>(session.token_hash->data()), session.token_hash->size());
  }
}

Status decode_session_into(std::string_view bytes, Session& session) {
  ByteReader reader(bytes);
  CURFEW_TRY_STATUS(read_version(reader, "session"));
  if (!read_session(reader, session)) return corrupt("session");
  return reader.finish("session");
}

Result<Session> decode_session(std::string_view bytes) {
  Result<Session> session(tl::in_place);
  if (auto status = decode_session_into(bytes, *session); !status)
    return tl::make_unexpected(std::move(status).error());
  return session;
}

void encode_tombstone(std::string& out, const Tombstone& tombstone) {
  put_byte(out, kVersion);
  put_zigzag(out, tombstone.ended.ms);
  put_byte(out, static_cast<std::uint8_t>(tombstone.cause));
  put_varint(out, tombstone.audit_seq);
}

Result<Tombstone> decode_tombstone(std::string_view bytes) {
  ByteReader reader(bytes);
  CURFEW_TRY_STATUS(read_version(reader, "tombstone"));
  Tombstone tombstone;
  tombstone.ended = Time{reader.zigzag()};
  if (!read_cause(reader, tombstone.cause)) return corrupt("tombstone");
  tombstone.audit_seq = reader.varint();
  CURFEW_TRY_STATUS(reader.finish("tombstone"));
  return tombstone;
}

void encode_command(std::string& out, const Command& command) {
  put_byte(out, kVersion);
  std::visit(CommandWriter{out}, command);
}

void encode_start(std::string& out, const Session& session) {
  put_byte(out, kVersion);
  CommandWriter{out}.write_start(session);
}

Result<Command> decode_command(std::string_view bytes) {
  ByteReader reader(bytes);
  CURFEW_TRY_STATUS(read_version(reader, "command"));
  Command command;
  bool whole = true;
  switch (static_cast<CommandKind>(reader.byte())) {
    case CommandKind::kStart: {
      CURFEW_TRY_STATUS(read_version(reader, "session"));
      whole = read_session(reader, std::get<StartSession>(command).session);
      break;
    }
    case CommandKind::kTouch: {
      auto& touch = command.emplace<TouchSession>();
      whole = read_key(reader, touch.key);
      touch.at = Time{reader.zigzag()};
      whole = whole && decode_optional_ip(reader, touch.ip);
      break;
    }
    case CommandKind::kJoin: {
      auto& join = command.emplace<JoinClient>();
      whole = read_key(reader, join.key);
      join.client_id.assign(reader.bytes());
      join.at = Time{reader.zigzag()};
      break;
    }
    case CommandKind::kEnd: {
      auto& end = command.emplace<EndSession>();
      whole = read_key(reader, end.key);
      end.at = Time{reader.zigzag()};
      whole = read_cause(reader, end.cause) && whole;
      end.reason.assign(reader.bytes());
      break;
    }
    default:
      whole = false;
  }
  if (!whole) return corrupt("command");
  CURFEW_TRY_STATUS(reader.finish("command"));
  return command;
}

void encode_policy(std::string& out, const Policy& policy) {
  put_byte(out, kVersion);
  std::uint8_t mask = policy.max_sessions_per_user ? kHasMaxSessions : 0;
  for (std::size_t i = 0; i < std::size(kDurations); ++i) {
    if (policy.*kDurations[i]) mask = static_cast<std::uint8_t>(mask | 1U << i);
  }
  put_byte(out, mask);
  for (const auto member : kDurations) {
    if (policy.*member) put_zigzag(out, (policy.*member)->ms);
  }
  if (policy.max_sessions_per_user) put_varint(out, *policy.max_sessions_per_user);
  put_byte(out, static_cast<std::uint8_t>(policy.victim));
}

Result<Policy> decode_policy(std::string_view bytes) {
  ByteReader reader(bytes);
  CURFEW_TRY_STATUS(read_version(reader, "policy"));
  Policy policy;
  const std::uint8_t mask = reader.byte();
  if ((mask & ~kPolicyMask) != 0) return corrupt("policy");
  for (std::size_t i = 0; i < std::size(kDurations); ++i) {
    if ((mask >> i & 1) != 0) policy.*kDurations[i] = Duration{reader.zigzag()};
  }
  if ((mask & kHasMaxSessions) != 0) {
    const std::uint64_t most = reader.varint();
    if (most > UINT32_MAX) return corrupt("policy");
    policy.max_sessions_per_user = static_cast<std::uint32_t>(most);
  }
  const std::uint8_t victim = reader.byte();
  if (victim > static_cast<std::uint8_t>(ConcurrencyVictim::kLeastRecentlyUsed)) return corrupt("policy");
  policy.victim = static_cast<ConcurrencyVictim>(victim);
  CURFEW_TRY_STATUS(reader.finish("policy"));
  return policy;
}

void encode_optional_ip(std::string& out, const std::optional<IpAddress>& ip) {
  if (ip) {
    put_ip(out, *ip);
  } else {
    put_byte(out, 0);
  }
}

bool decode_optional_ip(ByteReader& reader, std::optional<IpAddress>& ip) {
  const std::uint8_t size = reader.byte();
  ip.reset();
  if (size == 0) return true;
  if (size != 4 && size != 16) return false;
  const std::string_view raw = reader.raw(size);
  if (raw.size() != size) return false;
  std::array<std::uint8_t, 16> bytes{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  std::copy(raw.begin(), raw.end(), bytes.begin() + (16 - size));
  ip = IpAddress::from_bytes(bytes);
  return size == 4 || !ip->is_v4();  // an IPv4 address has one form
}

void encode_origin(std::string& out, const Origin& origin) {
  put_byte(out, static_cast<std::uint8_t>(origin.kind));
  put_bytes(out, origin.actor_id);
  put_bytes(out, origin.actor_name);
  encode_optional_ip(out, origin.ip);
  put_bytes(out, origin.request_id);
}

Result<Origin> decode_origin(ByteReader& reader) {
  Origin origin;
  const std::uint8_t kind = reader.byte();
  if (kind > static_cast<std::uint8_t>(ActorKind::kUser)) return corrupt("origin");
  origin.kind = static_cast<ActorKind>(kind);
  origin.actor_id.assign(reader.bytes());
  origin.actor_name.assign(reader.bytes());
  if (!decode_optional_ip(reader, origin.ip)) return corrupt("origin");
  origin.request_id.assign(reader.bytes());
  if (!reader.ok()) return corrupt("origin");
  return origin;
}

}  // namespace curfew::session
