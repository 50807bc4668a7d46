// The bytes of this adapter's keys and small values, as docs/formats/ledger.md specifies them. Fixed integers are
// big-endian, so that the order of bytes is the order of numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/ledger.h"

namespace curfew::ledger_rocksdb {

// The layout that this program writes. Older ones are upgraded (migration.h), newer ones refused.
inline constexpr std::uint32_t kFormat = 3;

namespace meta {
inline constexpr std::string_view kFormatKey = "format";             // u32
inline constexpr std::string_view kStateKey = "state";               // State, rewritten by every commit
inline constexpr std::string_view kJournalFromKey = "journal_from";  // u64: the first position kept
inline constexpr std::string_view kAuditFromKey = "audit_from";      // u64: the first seq kept
inline constexpr std::string_view kTombstonesFromKey =
    "tombstones_from";                                          // u64: milliseconds; what ended before is absent
inline constexpr std::string_view kIndexKeyKey = "index_key";   // 16 random bytes: the key of the audit index's hash
inline constexpr std::string_view kMigrationKey = "migration";  // the cursor of an upgrade under way
inline constexpr std::string_view kFreshLogKey = "fresh_log";   // see Store::recover
inline constexpr std::string_view kBlockPrefix = "ends/";       // and a position u64: see fresh_ends.h
inline constexpr std::string_view kNumbersPrefix = "gone/";     // the same
}  // namespace meta

// Beside the database, while it is written: see fresh_ends.h.
inline constexpr std::string_view kSettlingFile = "/tombstones-in-progress";
inline constexpr std::string_view kSettlingRowsFile = "/rows-in-progress";

void put_u32(std::string& out, std::uint32_t value);
void put_u64(std::string& out, std::uint64_t value);
std::uint32_t get_u32(const char* bytes);
std::uint64_t get_u64(const char* bytes);
std::string u64_bytes(std::uint64_t value);
// The number, or nothing if the bytes are not exactly eight.
std::optional<std::uint64_t> parse_u64(std::string_view bytes);

// What every commit moves.
struct State {
  ledger::Position position = 0;
  std::uint64_t last_no = 0;
  std::uint64_t last_audit_seq = 0;
  Time last_audit_time;
};
std::string encode_state(const State& state);
std::optional<State> decode_state(std::string_view bytes);

// The first bytes as a number, zeros behind the last. Where two differ, so do the texts, and in the same way.
std::uint64_t first_eight(std::string_view text);

// realm u32, type u8, id, which begins at kIdAt.
inline constexpr std::size_t kIdAt = 5;
void put_tombstone_key(std::string& out, const session::SessionKey& key);
std::optional<session::SessionKey> parse_tombstone_key(std::string_view bytes);

// Of the block of the commit at this position, and of the numbers of the rows that it ends.
std::string block_key(ledger::Position position);
std::string numbers_key(ledger::Position position);

// table, 0, key.
std::string document_key(std::string_view table, std::string_view key);

}  // namespace curfew::ledger_rocksdb
