// What can be asked of the live sessions, and what is answered. Plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "session/session.h"

namespace curfew::index {

using session::RealmId;

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

  bool empty() const;
};

enum class SortBy : std::uint8_t { kLastAccess, kStarted, kUsername, kIpAddress };
struct Order {
  SortBy by = SortBy::kLastAccess;
  bool descending = true;
};
// Rows that are equal in the sort key stand in the order of `no` (reversed when descending), so every order is total.
// kUsername compares the case-folded names byte by byte, kIpAddress the address bytes (all IPv4 before IPv6 above
// ::ffff:0:0/96).

// A place between two rows of an order: rows after it are "next", rows before it "previous". It names the row that it
// was taken from by value, so it stays good when that row has moved or ended. encode/decode give it the opaque text of
// the API.
struct Cursor {
  Order order;
  std::string key;  // the sort key's bytes as the index orders them (for kLastAccess and kStarted 8 bytes big-endian)
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
