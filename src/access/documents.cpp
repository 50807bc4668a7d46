#include "access/documents.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"

namespace curfew::access {
namespace {

constexpr std::uint8_t kVersion = 1;

constexpr std::uint8_t kHasOwnUser = 1;
constexpr std::uint8_t kDisabled = 2;   // operators
constexpr std::uint8_t kHasExpiry = 2;  // keys
constexpr std::uint8_t kFlags = 3;
constexpr std::uint64_t kPermissionMask = (1U << kPermissions) - 1;
constexpr std::size_t kSmallestGrant = 2;  // an empty name and a mask of one byte

void put_own_user(std::string& out, const std::optional<UserRef>& own) {
  if (!own) return;
  put_bytes(out, own->realm);
  put_bytes(out, own->user_id);
}

std::optional<UserRef> read_own_user(ByteReader& reader, std::uint8_t flags) {
  if ((flags & kHasOwnUser) == 0) return std::nullopt;
  UserRef own;
  own.realm = reader.bytes();
  own.user_id = reader.bytes();
  return own;
}

// In the order of Grants: by realm, each permission once.
void put_grants(std::string& out, const std::vector<Grant>& grants) {
  const Grants sorted(grants);
  put_varint(out, sorted.list().size());
  for (const Grant& grant : sorted.list()) {
    put_bytes(out, grant.realm);
    std::uint64_t mask = 0;
    for (const Permission permission : grant.permissions) mask |= 1U << static_cast<unsigned>(permission);
    put_varint(out, mask);
  }
}

bool read_grants(ByteReader& reader, std::vector<Grant>& grants) {
  const std::uint64_t count = reader.varint();
  if (count > reader.remaining() / kSmallestGrant) return false;
  grants.resize(count);
  for (Grant& grant : grants) {
    grant.realm = reader.bytes();
    const std::uint64_t mask = reader.varint();
    if ((mask & ~kPermissionMask) != 0) return false;
    for (int i = 0; i < kPermissions; ++i) {
      if ((mask >> i & 1) != 0) grant.permissions.push_back(static_cast<Permission>(i));
    }
  }
  return true;
}

void put_digest(std::string& out, const Digest& digest) {
  out.append(reinterpret_cast<const char*>(digest.data()), digest.size());
}

Digest read_digest(ByteReader& reader) {
  Digest digest{};
  const std::string_view raw = reader.raw(digest.size());
  std::copy(raw.begin(), raw.end(), digest.begin());
  return digest;
}

Status read_version(ByteReader& reader, std::string_view what) {
  const std::uint8_t version = reader.byte();
  if (!reader.ok()) return corrupt(what);
  if (version == kVersion) return {};
  return fail(
      ErrorCode::kDataLoss, "unknown_record_version",
      fmt::format("a stored {} has format version {}, and this program reads version {}", what, version, kVersion));
}

}  // namespace

std::string encode_operator(const Operator& one) {
  std::string out;
  put_byte(out, kVersion);
  put_byte(out, static_cast<std::uint8_t>((one.own_user ? kHasOwnUser : 0) | (one.disabled ? kDisabled : 0)));
  put_bytes(out, one.username);
  put_bytes(out, one.display_name);
  put_bytes(out, one.password_hash);
  put_zigzag(out, one.created.ms);
  put_own_user(out, one.own_user);
  put_grants(out, one.grants);
  return out;
}

Result<Operator> decode_operator(std::string_view id, std::string_view bytes) {
  ByteReader reader(bytes);
  CURFEW_TRY_STATUS(read_version(reader, "operator"));
  const std::uint8_t flags = reader.byte();
  if ((flags & ~kFlags) != 0) return corrupt("operator");
  Operator one;
  one.id = id;
  one.disabled = (flags & kDisabled) != 0;
  one.username = reader.bytes();
  one.display_name = reader.bytes();
  one.password_hash = reader.bytes();
  one.created = Time{reader.zigzag()};
  one.own_user = read_own_user(reader, flags);
  if (!read_grants(reader, one.grants)) return corrupt("operator");
  CURFEW_TRY_STATUS(reader.finish("operator"));
  return one;
}

std::string encode_key(const ApiKey& key) {
  std::string out;
  put_byte(out, kVersion);
  put_byte(out, static_cast<std::uint8_t>((key.own_user ? kHasOwnUser : 0) | (key.expires ? kHasExpiry : 0)));
  put_bytes(out, key.name);
  put_digest(out, key.secret_hash);
  put_zigzag(out, key.created.ms);
  if (key.expires) put_zigzag(out, key.expires->ms);
  put_own_user(out, key.own_user);
  put_grants(out, key.grants);
  return out;
}

Result<ApiKey> decode_key(std::string_view id, std::string_view bytes) {
  ByteReader reader(bytes);
  CURFEW_TRY_STATUS(read_version(reader, "key"));
  const std::uint8_t flags = reader.byte();
  if ((flags & ~kFlags) != 0) return corrupt("key");
  ApiKey key;
  key.id = id;
  key.name = reader.bytes();
  key.secret_hash = read_digest(reader);
  key.created = Time{reader.zigzag()};
  if ((flags & kHasExpiry) != 0) key.expires = Time{reader.zigzag()};
  key.own_user = read_own_user(reader, flags);
  if (!read_grants(reader, key.grants)) return corrupt("key");
  CURFEW_TRY_STATUS(reader.finish("key"));
  return key;
}

std::string encode_sign_in(const StoredSignIn& sign_in) {
  std::string out;
  put_byte(out, kVersion);
  put_bytes(out, sign_in.operator_id);
  put_zigzag(out, sign_in.signed_in.ms);
  put_digest(out, sign_in.password_digest);
  return out;
}

Result<StoredSignIn> decode_sign_in(std::string_view bytes) {
  ByteReader reader(bytes);
  CURFEW_TRY_STATUS(read_version(reader, "sign-in"));
  StoredSignIn sign_in;
  sign_in.operator_id = reader.bytes();
  sign_in.signed_in = Time{reader.zigzag()};
  sign_in.password_digest = read_digest(reader);
  CURFEW_TRY_STATUS(reader.finish("sign-in"));
  return sign_in;
}

}  // namespace curfew::access
