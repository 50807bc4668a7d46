// What can be asked of the live sessions, and what is answered. Plain values.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "device/device.h"
#include "session/session.h"

namespace curfew::index {

using session::RealmId;

class SearchAhead;

// All conditions hold together; an empty one does not restrict.
struct Filter {
  std::string search;  // substring of username or of the IP's text or of the id, case-folded
  std::optional<session::SessionType> type;
  std::vector<std::string> clients;  // client ids: any of them
  std::optional<std::string>
      user;                  // a user id; or, where no user of the realm has that id, an exact username (case-folded)
  std::vector<Cidr> ip;      // any of them
  std::vector<Cidr> ip_not;  // none of them
  std::optional<Time> started_after;      // started >= it
  std::optional<Time> started_before;     // started < it
  std::optional<Time> last_access_after;  // last access >= it
  std::optional<Time>
      last_access_before;  // last access < it; "idle for d" is last_access <= now - d: pass now - d + 1 ms
  std::optional<bool> remember_me;
  // Any of these kinds, or any of these devices (device::device_key).
  std::vector<device::Kind> device_kinds;
  std::vector<std::string> devices;
  std::uint16_t marks = 0;             // any of these bits; 0 does not restrict
  std::shared_ptr<SearchAhead> ahead;  // what was read of the search before (Index::read_ahead), of this filter alone

  bool empty() const;
};

// Sixteen bits a session that its owner sets (Index::set_marks). The index gives a meaning only to the last three: the
// session's severity, at most one of them.
inline constexpr std::size_t kMarkBits = 16;
inline constexpr std::uint16_t kLowSeverity = 1U << 13, kMediumSeverity = 1U << 14, kHighSeverity = 1U << 15;

enum class SortBy : std::uint8_t { kLastAccess, kStarted, kUsername, kIpAddress, kSeverity };
struct Order {
  SortBy by = SortBy::kLastAccess;
  bool descending = true;
};
// Rows that are equal in the sort key stand in the order of `no` (reversed when descending), so every order is total.
// kUsername compares the case-folded names byte by byte, kIpAddress the address bytes (all IPv4 before IPv6 above
// ::ffff:0:0/96). kSeverity compares the severity (none, low, medium, high), then the last access.

// A place between two rows of an order: rows after it are "next", rows before it "previous". It names the row that it
// was taken from by value, so it stays good when that row has moved or ended. encode/decode give it the opaque text of
// the API.
struct Cursor {
  Order order;
  std::string key;  // the sort key's bytes as the index orders them (for kLastAccess and kStarted 8 bytes big-endian;
                    // for kSeverity a byte from 0 to 3 and the last access)
  session::SessionNo no;
  bool backwards = false;  // the page that ends just before this place, instead of the one that begins just after it
};
std::string encode_cursor(const Cursor& cursor);
Result<Cursor> decode_cursor(std::string_view text);  // kInvalidArgument with field "cursor"

struct Query {
  std::vector<RealmId> realms;  // one, or several merged into one order; unknown ones hold no sessions
  Filter filter;
  Order order;
  std::optional<Cursor> cursor;  // else offset
  std::uint64_t offset = 0;
  std::size_t limit = 25;
};

struct Page {
  std::vector<session::Session> rows;
  std::uint64_t total = 0;               // exact, over all realms asked
  std::optional<Cursor> next, previous;  // absent at the ends
};

// What matches a filter, and how it is spread; for dry runs and stats.
struct Summary {
  std::uint64_t sessions = 0, regular = 0, offline = 0, users = 0;
  std::map<std::string, std::uint64_t> clients;  // sessions by client id; a session counts once for each of its clients
  std::array<std::uint64_t, device::kKinds> kinds{};  // sessions by kind of device
};

struct UserRow {
  RealmId realm;
  std::string user_id, username, email;
  std::uint64_t regular = 0, offline = 0;
  std::optional<Time> last_access;  // of the live sessions
};
struct UserPage {
  std::vector<UserRow> rows;  // by case-folded username, then user id
  std::uint64_t total = 0;
};

struct ClientRow {
  std::string client_id, name;
  std::uint64_t regular = 0, offline = 0;
};

}  // namespace curfew::index
