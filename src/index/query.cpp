#include "index/query.h"

#include "base/crypto.h"
#include "session/codec.h"

namespace curfew::index {
namespace {
constexpr std::uint8_t kCursorVersion = 1;
constexpr std::size_t kMaxKey = 1024;  // a folded username of 255 bytes may grow, never this far
}  // namespace

bool Filter::empty() const {
  return search.empty() && !type && clients.empty() && !user && ip.empty() && ip_not.empty() && !started_after &&
         !started_before && !last_access_after && !last_access_before && !remember_me && device_kinds.empty() &&
         devices.empty() && marks == 0;
}

std::string encode_cursor(const Cursor& cursor) {
  std::string bytes;
  bytes.push_back(static_cast<char>(kCursorVersion));
  const unsigned flags =
      static_cast<unsigned>(cursor.order.by) << 2 | (cursor.order.descending ? 2U : 0U) | (cursor.backwards ? 1U : 0U);
  bytes.push_back(static_cast<char>(flags));
  session::put_varint(bytes, cursor.no.value);
  session::put_bytes(bytes, cursor.key);
  return base64url(bytes);
}

Result<Cursor> decode_cursor(std::string_view text) {
  const auto refuse = [] {
    return invalid("cursor",
                   "The cursor was not made by this server: take it from \"next\" or \"previous\" of a page.");
  };
  if (text.size() > 2 * kMaxKey) return refuse();
  const auto bytes = from_base64url(text);
  if (!bytes) return refuse();
  session::ByteReader reader(*bytes);
  if (reader.byte() != kCursorVersion) return refuse();
  const unsigned flags = reader.byte();
  Cursor cursor;
  cursor.no = session::SessionNo{reader.varint()};
  cursor.key = std::string(reader.bytes());
  if (!reader.finish("cursor") || flags >> 2 > static_cast<unsigned>(SortBy::kSeverity) || cursor.key.size() > kMaxKey)
    return refuse();
  cursor.order.by = static_cast<SortBy>(flags >> 2);
  cursor.order.descending = (flags & 2) != 0;
  cursor.backwards = (flags & 1) != 0;
  const bool timed = cursor.order.by == SortBy::kLastAccess || cursor.order.by == SortBy::kStarted;
  if (timed && cursor.key.size() != 8) return refuse();
  if (cursor.order.by == SortBy::kIpAddress && cursor.key.size() != 16) return refuse();
  if (cursor.order.by == SortBy::kSeverity && (cursor.key.size() != 9 || static_cast<std::uint8_t>(cursor.key[0]) > 3))
    return refuse();
  return cursor;
}

}  // namespace curfew::index
