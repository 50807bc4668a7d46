// RowFilter: a Filter made ready for one realm: names looked up, networks joined, the search turned into finders.
//
// What it is: a conjunction of conditions, each absent or in the form in which it is cheapest to count, to enumerate or
// to test on a row; planner.h decides which of the three. Threads: const functions from any, while the realm does not
// change. It refers to the realm.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "index/part_finder.h"
#include "index/query.h"
#include "index/realm_index.h"

namespace curfew::index {

// Some users of a realm. Threads: one.
class UserSet {
 public:
  UserSet(std::vector<std::uint32_t> users, std::uint32_t slots) : list_(std::move(users)), slots_(slots) {}
  bool contains(std::uint32_t user) const {
    if (list_.size() > kFew) {
      if (bits_.empty()) spread();
      return (bits_[user >> 6] >> (user & 63) & 1) != 0;
    }
    for (const std::uint32_t u : list_)
      if (u == user) return true;
    return false;
  }
  const std::vector<std::uint32_t>& list() const { return list_; }

 private:
  static constexpr std::size_t kFew = 8;
  void spread() const;

  std::vector<std::uint32_t> list_;
  std::uint32_t slots_;
  mutable std::vector<std::uint64_t> bits_;  // of more than a few, once a row is tested: many queries test none
};

// The part of a free-text search that is looked for in ids and addresses.
struct ColumnSearch {
  // Where the part can be in an id only by being it: the rows with that id. Then nothing needs to be scanned, unless
  // the part may be in an address.
  std::optional<std::vector<std::uint32_t>> whole_ids;
  TextPart text;
  UuidPart uuid;
  Ipv4Part v4;
  Ipv6Part v6;

  // In the id of a row, which is no UUID.
  bool in_text_id(const RowStore& rows, std::uint32_t row) const;
  // It finds the rows with the whole id, and no others.
  bool listed() const { return whole_ids && !v4.possible() && !v6.possible(); }
};
// Of a text that is folded. Null: it is in no id and no address of the realm.
std::shared_ptr<const ColumnSearch> column_search(const RealmIndex& realm, const std::string& folded);

class RealmAhead;

// A free-text search that may hit more than usernames.
struct MixedSearch {
  UserSet users;
  std::shared_ptr<const ColumnSearch> columns;
  std::shared_ptr<RealmAhead> ahead;  // what was read of them before, or nothing
};

// From `from` up to `to`, exclusive, in milliseconds.
struct TimeRange {
  std::int64_t from = 0, to = 0;
};
// From `first` to `last`, inclusive.
struct IpRange {
  IpAddress first, last;
};

class RowFilter {
 public:
  RowFilter(const RealmIndex& realm, const Filter& filter);
  // One class of the order by severity: the same, and this rank; or all of them again.
  RowFilter with_rank(std::optional<unsigned> rank) const;

  bool impossible() const { return impossible_; }
  // What is known to hold: type, remember-me, clients, devices, marks and rank; the search.
  struct Done {
    bool bitmaps = false, search = false;
  };
  bool matches(std::uint32_t row) const { return matches(row, Done()); }
  bool matches(std::uint32_t row, Done done) const;

  const std::optional<bool>& offline() const { return offline_; }
  const std::optional<bool>& remembered() const { return remembered_; }
  bool by_clients() const { return by_clients_; }
  const std::vector<const ClientDirectory::Client*>& clients() const { return clients_; }
  bool by_devices() const { return by_devices_; }
  unsigned kinds() const { return kinds_; }                                 // bits: 1 << kind
  const std::vector<std::uint32_t>& families() const { return families_; }  // ordinals; of rows without a device id
  const std::vector<std::uint32_t>& device_ids() const { return device_ids_; }
  std::uint16_t marks() const { return marks_; }  // 0: no condition
  const std::optional<unsigned>& rank() const { return rank_; }
  const std::optional<TimeRange>& started() const { return started_; }
  const std::optional<TimeRange>& last_access() const { return last_access_; }
  bool by_ip() const { return by_ip_; }
  const std::vector<IpRange>& ip() const { return ip_; }                  // apart and ascending
  const std::shared_ptr<const UserSet>& users() const { return users_; }  // of the user filter
  const std::shared_ptr<const UserSet>& named() const { return named_; }  // of a search that only usernames can answer
  const std::shared_ptr<const MixedSearch>& search() const { return search_; }
  // The search's rows are those of its users and of these ids, and no others.
  bool search_is_listed() const { return search_ && search_->columns->listed(); }

  // A condition with bitmaps, other than the type.
  bool beyond_type() const { return remembered_ || by_clients_ || by_devices_ || marks_ != 0 || rank_; }
  bool any_bitmap() const { return offline_ || beyond_type(); }
  // Conditions without bitmaps.
  int others() const {
    return started_.has_value() + last_access_.has_value() + by_ip_ + (users_ != nullptr) + (named_ != nullptr) +
           (search_ != nullptr);
  }

 private:
  void set_users(const std::string& user);
  void set_search(const Filter& filter);
  void set_networks(const std::vector<Cidr>& in, const std::vector<Cidr>& out);
  void set_devices(const Filter& filter);
  bool ip_matches(const RowFacts& facts) const;
  bool device_matches(std::uint32_t row, const RowFacts& facts) const;
  bool search_matches(std::uint32_t row, const RowFacts& facts) const;

  const RealmIndex* realm_;
  bool impossible_ = false;
  std::optional<bool> offline_, remembered_;
  bool by_clients_ = false, by_ip_ = false, by_devices_ = false;
  unsigned kinds_ = 0;
  std::vector<std::uint32_t> families_, device_ids_;
  std::uint16_t marks_ = 0;
  std::optional<unsigned> rank_;
  std::vector<const ClientDirectory::Client*> clients_;
  std::optional<TimeRange> started_, last_access_;
  std::vector<IpRange> ip_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> v4_;  // the same for IPv4 addresses alone
  // Shared by the classes of one filter: they may be large.
  std::shared_ptr<const UserSet> users_, named_;
  std::shared_ptr<const MixedSearch> search_;
};

}  // namespace curfew::index
