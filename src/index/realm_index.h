// RealmIndex: every structure of one realm, kept in step.
//
// What it is: the columns (row_store.h), the dictionaries, the hash by key and by token, a bitmap per filter value and
// a counted tree per sort order, and one more for each client that few sessions use (client_orders.h). The mutations
// here change all of them or none; the readers (filter.h, planner.h) see them const. Invariants: a live row is in every
// order exactly once, in the bitmaps of its values and of no others, and under its key. The orders are the exception: a
// new row comes into them, and a touched row's place in that of last access is put right, by settle(), for a whole
// batch at once. Whoever reads an order, or changes it, settles first; what reads no order by time needs
// settle_arrivals() alone. Threads: as Index. Limits: 2^32 - 2 rows.
#pragma once

#include <optional>
#include <vector>

#include <roaring/roaring.hh>

#include "index/client_directory.h"
#include "index/client_orders.h"
#include "index/counted_tree.h"
#include "index/device_directory.h"
#include "index/marks.h"
#include "index/prepared_row.h"
#include "index/query.h"
#include "index/row_changes.h"
#include "index/row_keys.h"
#include "index/row_store.h"
#include "index/user_directory.h"

namespace curfew::index {

class RealmIndex {
 public:
  RealmIndex(RealmId id, const device::Classify& classify, const SeldomClients& seldom)
      : id_(id), devices_(classify), client_orders_(last_access_keys_, clients_, seldom) {}
  RealmIndex(const RealmIndex&) = delete;
  RealmIndex& operator=(const RealmIndex&) = delete;

  // --- Writing
  // ---------------------------------------------------------------------------------------------------------------
  std::uint32_t insert(const session::Session& session);
  // Bulk: rows in ascending `no`, then build() before anything else. Users, clients and bitmaps grow at once, the rest
  // in build.
  void load(const session::Session& session, const PreparedRow& prepared);
  void build();
  void erase(std::uint32_t row);  // dead at once; its row is given again after settle()
  bool touch(std::uint32_t row, Time at, const std::optional<IpAddress>& ip);
  void update(std::uint32_t row, const session::Session& session);
  bool settled() const { return arriving_.empty() && moving_.empty() && ending_.empty() && users_.settled(); }
  bool has_ended() const { return !ending_.empty(); }
  void settle();
  void settle_arrivals();
  void set_dirty(std::uint32_t row, bool dirty) { rows_.facts(row).set(RowFacts::kDirty, dirty); }
  void set_marks(std::uint32_t row, std::uint16_t marks);
  void name_client(std::string_view client_id, std::string_view name) { clients_.name_client(client_id, name); }
  bool forget_user(std::string_view user_id);
  std::uint32_t put_user(const UserDirectory::Key& key, std::string_view username, std::string_view email, bool bulk);

  // --- Reading
  // ---------------------------------------------------------------------------------------------------------------
  RealmId id() const { return id_; }
  std::uint32_t size() const { return rows_.live(); }
  static IdProbe key_probe(session::SessionType type, std::string_view session_id) {
    return {session_id, RowStore::key_seed(type)};
  }
  std::uint32_t find(session::SessionType type, const IdProbe& probe) const;  // of key_probe(); or kNone
  std::uint32_t find(session::SessionType type, std::string_view session_id) const {
    return find(type, key_probe(type, session_id));
  }
  // The rows, of either type, whose id this is but for upper and lower case.
  std::vector<std::uint32_t> find_folded(std::string_view session_id) const;
  std::uint32_t find_by_token(const session::TokenHash& hash) const;
  // For finds soon after, in two rounds.
  void prefetch_find(const IdProbe& probe) const { by_key_.prefetch(probe.hash()); }
  void prefetch_found(const IdProbe& probe) const {
    if (const std::uint32_t row = by_key_.guess(probe.hash()); row != kNone) rows_.prefetch_key(row);
  }
  session::Session get(std::uint32_t row) const;
  // Replaces all of `out`, whose memory is kept.
  void fill(std::uint32_t row, session::Session& out) const;
  // For get or fill soon after.
  void prefetch(std::span<const std::uint32_t> rows) const;
  // The same for many rows, with their memory fetched side by side. Appends.
  void get_all(std::span<const std::uint32_t> rows, std::vector<session::Session>& out) const;

  // f(row) for the sessions of these users, with their memory fetched side by side.
  template <class F>
  void for_each_row_of(const std::vector<std::uint32_t>& users, F f) const {
    constexpr std::size_t ahead = 16;
    for (std::size_t i = 0; i < users.size(); ++i) {
      if (i + 2 * ahead < users.size()) users_.prefetch_refs(users[i + 2 * ahead]);
      if (i + ahead < users.size()) users_.prefetch_rows(users[i + ahead]);
      users_.for_each_row(users[i], f);
    }
  }

  const RowStore& rows() const { return rows_; }
  const std::shared_ptr<RowChanges>& changes() const { return changes_; }
  const UserDirectory& users() const { return users_; }
  const ClientDirectory& clients() const { return clients_; }
  const DeviceDirectory& devices() const { return devices_; }
  const Marks& marks() const { return marks_; }
  std::uint16_t marks(std::uint32_t row) const {
    return rows_.facts(row).has(RowFacts::kMarked) ? marks_.of(row) : std::uint16_t{0};
  }
  std::string device_key(std::uint32_t row) const {
    return devices_.key(rows_.rest(row).user_agent, rows_.rest(row).device);
  }
  const Roaring& live() const { return live_; }
  const Roaring& offline() const { return offline_; }
  const Roaring& remembered() const { return remembered_; }
  std::uint64_t offline_count() const { return by_started_.marked(); }
  std::uint64_t remembered_count() const { return remembered_count_; }
  const CountedTree<LastAccessKeys>& by_last_access() const { return by_last_access_; }
  const CountedTree<StartedKeys>& by_started() const { return by_started_; }
  const CountedTree<NameKeys>& by_name() const { return by_name_; }
  const CountedTree<IpKeys>& by_ip() const { return by_ip_; }
  const ClientOrders& client_orders() const { return client_orders_; }
  // f(tree) with the tree of that order. Severity has none: planner.h walks its classes by last access.
  template <class F>
  decltype(auto) with_order(SortBy by, F f) const {
    switch (by) {
      case SortBy::kStarted:
        return f(by_started_);
      case SortBy::kUsername:
        return f(by_name_);
      case SortBy::kIpAddress:
        return f(by_ip_);
      case SortBy::kLastAccess:
      case SortBy::kSeverity:
        break;
    }
    return f(by_last_access_);
  }
  // A row's sort key: hi, lo and no; text where the name is longer than those hold. Not of kSeverity.
  Probe key(SortBy by, std::uint32_t row) const;
  // The same as the bytes of a Cursor.
  std::string key_bytes(SortBy by, std::uint32_t row) const;

  std::size_t memory_bytes() const;
  void save(ImageWriter& out);  // image.h; requires: settled
  void load(ImageReader& in);   // into a fresh one
  void verify() const;          // stops the program unless the invariants hold; for tests

  static constexpr std::uint32_t kNone = OrdinalTable::kNone;

 private:
  struct KeyHash {
    const RowStore& rows;
    std::uint64_t operator()(std::uint32_t row) const { return rows.key_hash(row); }
    void prefetch(std::uint32_t row) const { rows.prefetch(row); }
  };
  struct TokenHashOf {
    const RowStore& rows;
    std::uint64_t operator()(std::uint32_t row) const { return RowStore::token_hash(*rows.token(row)); }
    void prefetch(std::uint32_t row) const { rows.prefetch(row); }
  };

  std::uint32_t add_row(const session::Session& session, const PreparedRow& prepared, bool bulk);
  std::uint32_t learn_user(const UserDirectory::Key& key, const session::Session& session, bool bulk);
  void learn_names(std::uint32_t user, const session::Session& session, bool bulk);
  void rename_user(std::uint32_t user, std::string_view username, std::string_view email);
  void enter_bitmaps(std::uint32_t row);
  void enter_bitmaps_later(std::uint32_t row);
  void leave_bitmaps(std::uint32_t row);
  void settle_touches();
  void settle_ends();
  // To a row's places in the orders.
  struct Ways {
    CountedTree<LastAccessKeys>::Path by_last_access;
    CountedTree<StartedKeys>::Path by_started;
    CountedTree<IpKeys>::Path by_ip;
    CountedTree<NameKeys>::Path by_name;
  };
  void find_ways(std::span<const std::uint32_t> rows, std::span<Ways> ways) const;
  void prefetch_searches(const Ways& ways, bool deep) const;
  void prefetch_rests(std::uint32_t row, const Ways& ways, bool deep) const;
  void arrive(std::uint32_t row, Ways& ways);
  void end_row(std::uint32_t row, Ways& ways);
  struct SortSpace;
  void build_tables(SortSpace& space);
  void build_device_bitmaps();
  void verify_devices_and_marks() const;
  void build_started(SortSpace& space);
  void build_last_access(SortSpace& space);
  void build_names(SortSpace& space);
  void build_bitmaps(SortSpace& space);
  void build_name_order();
  void build_ip_order(SortSpace& space);

  const RealmId id_;
  RowStore rows_;
  UserDirectory users_;
  ClientDirectory clients_;
  DeviceDirectory devices_;
  Marks marks_;
  OrdinalTable by_key_, by_token_;
  Roaring live_, offline_, remembered_;
  std::uint64_t remembered_count_ = 0;
  LastAccessKeys last_access_keys_{rows_};
  StartedKeys started_keys_{rows_};
  IpKeys ip_keys_{rows_};
  NameKeys name_keys_{rows_, users_};
  CountedTree<LastAccessKeys> by_last_access_{last_access_keys_};
  CountedTree<StartedKeys> by_started_{started_keys_};
  CountedTree<IpKeys> by_ip_{ip_keys_};
  CountedTree<NameKeys> by_name_{name_keys_};
  ClientOrders client_orders_;
  std::vector<std::uint32_t> arriving_;  // in everything but the four orders; none while others are moving_
  std::vector<TouchedRow> moving_;
  std::vector<TouchedRow> moving_in_clients_;  // those of them that client_orders_ holds; empty between batches
  std::vector<std::uint32_t> ending_;
  const std::shared_ptr<RowChanges> changes_ = std::make_shared<RowChanges>();
  std::vector<std::uint32_t> loaded_offline_, loaded_remembered_;  // rows whose bitmaps build() makes
};

}  // namespace curfew::index
