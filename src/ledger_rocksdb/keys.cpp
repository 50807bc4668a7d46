#include "ledger_rocksdb/keys.h"

#include <bit>
#include <cstring>

#include "session/codec.h"

namespace curfew::ledger_rocksdb {
namespace {

constexpr std::size_t kStateBytes = 32;

static_assert(std::endian::native == std::endian::little, "the swaps below assume it");

template <class T>
void put_be(std::string& out, T value) {
  if constexpr (sizeof(T) == 8) {
    value = __builtin_bswap64(value);
  } else {
    value = __builtin_bswap32(value);
  }
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

}  // namespace

void put_u32(std::string& out, std::uint32_t value) {
  put_be(out, value);
}
void put_u64(std::string& out, std::uint64_t value) {
  put_be(out, value);
}

std::uint32_t get_u32(const char* bytes) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes, sizeof(value));
  return __builtin_bswap32(value);
}

std::uint64_t get_u64(const char* bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes, sizeof(value));
  return __builtin_bswap64(value);
}

std::string u64_bytes(std::uint64_t value) {
  std::string out;
  put_u64(out, value);
  return out;
}

std::optional<std::uint64_t> parse_u64(std::string_view bytes) {
  if (bytes.size() != 8) return std::nullopt;
  return get_u64(bytes.data());
}

std::string encode_state(const State& state) {
  std::string out;
  put_u64(out, state.position);
  put_u64(out, state.last_no);
  put_u64(out, state.last_audit_seq);
  put_u64(out, static_cast<std::uint64_t>(state.last_audit_time.ms));
  return out;
}

std::optional<State> decode_state(std::string_view bytes) {
  if (bytes.size() != kStateBytes) return std::nullopt;
  return State{get_u64(bytes.data()), get_u64(bytes.data() + 8), get_u64(bytes.data() + 16),
               Time{static_cast<std::int64_t>(get_u64(bytes.data() + 24))}};
}

std::uint64_t first_eight(std::string_view text) {
  std::uint64_t value = 0;
  if (text.size() >= 8) return get_u64(text.data());
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0U);
  return value;
}

void put_tombstone_key(std::string& out, const session::SessionKey& key) {
  put_u32(out, key.realm.value);
  out.push_back(static_cast<char>(key.type));
  out += key.id;
}

std::optional<session::SessionKey> parse_tombstone_key(std::string_view bytes) {
  if (bytes.size() < kIdAt) return std::nullopt;
  const auto type = static_cast<std::uint8_t>(bytes[4]);
  if (type > static_cast<std::uint8_t>(session::SessionType::kOffline)) return std::nullopt;
  return session::SessionKey{session::RealmId(get_u32(bytes.data())), static_cast<session::SessionType>(type),
                             std::string(bytes.substr(kIdAt))};
}

std::string block_key(ledger::Position position) {
  return std::string(meta::kBlockPrefix) + u64_bytes(position);
}

std::string numbers_key(ledger::Position position) {
  return std::string(meta::kNumbersPrefix) + u64_bytes(position);
}

std::string document_key(std::string_view table, std::string_view key) {
  std::string out(table);
  out.push_back('\0');
  out += key;
  return out;
}

}  // namespace curfew::ledger_rocksdb
