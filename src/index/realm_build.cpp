// Building a realm's orders from its rows at start-up, and checking them (realm_index.h).
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <thread>

#include "index/realm_index.h"

namespace curfew::index {
namespace {

constexpr double kPacked = 1.0;  // orders that grow at their end
constexpr double kRoomy = 0.9;   // orders into which rows come everywhere

// Hundreds of megabytes are sorted into two thousand places at once: with huge pages, without a page walk for each.
template <class T>
struct HugePages {
  using value_type = T;
  HugePages() = default;
  template <class Other>
  HugePages(const HugePages<Other>&) {}
  T* allocate(std::size_t n) {
    return static_cast<T*>(n * sizeof(T) < kFrom ? ::operator new(n * sizeof(T)) : map_chunk(n * sizeof(T)));
  }
  void deallocate(T* at, std::size_t n) {
    if (n * sizeof(T) < kFrom)
      ::operator delete(at);
    else
      unmap_chunk(at, n * sizeof(T));
  }
  template <class Other>
  void construct(Other* at) {
    ::new (static_cast<void*>(at)) Other;  // all are written before they are read
  }
  template <class Other>
  void construct(Other* at, const Other& value) {
    ::new (static_cast<void*>(at)) Other(value);
  }
  friend bool operator==(const HugePages&, const HugePages&) { return true; }
  static constexpr std::size_t kFrom = std::size_t{1} << 20;
};
template <class T>
using HugeVector = std::vector<T, HugePages<T>>;

template <class Key>
struct Keyed {
  Key key;
  std::uint32_t row;
};

// A stable radix sort over the bits that differ. `other` is room for as many.
template <class Key>
void sort_by_key(HugeVector<Keyed<Key>>& rows, HugeVector<Keyed<Key>>& other) {
  constexpr unsigned digit_bits = 11;
  constexpr std::size_t digits = std::size_t{1} << digit_bits;
  Key all = 0, any = static_cast<Key>(~Key{0});
  for (const auto& r : rows) {
    all |= r.key;
    any &= r.key;
  }
  const auto bits = static_cast<unsigned>(std::bit_width(static_cast<Key>(all & ~any)));
  other.resize(rows.size());
  for (unsigned shift = 0; shift < bits; shift += digit_bits) {
    std::array<std::size_t, digits + 1> place{};
    for (const auto& r : rows) ++place[(r.key >> shift & (digits - 1)) + 1];
    for (std::size_t i = 1; i <= digits; ++i) place[i] += place[i - 1];
    for (const auto& r : rows) other[place[r.key >> shift & (digits - 1)]++] = r;
    rows.swap(other);
  }
}

}  // namespace

// What one thread sorts in, order after order.
struct RealmIndex::SortSpace {
  HugeVector<Keyed<std::uint32_t>> narrow, narrow_other;
  HugeVector<Keyed<std::uint64_t>> wide, wide_other;

  // Into `wide`: the live rows that `wanted` names, in the order of `no`, which decides between equal keys everywhere.
  template <class Wanted>
  void take_by_no(const RowStore& rows, std::size_t about, Wanted wanted) {
    wide.clear();
    wide.reserve(about);
    bool ascending = true;
    for (std::uint32_t row = 0; row < rows.rows(); ++row) {
      const RowFacts& facts = rows.facts(row);
      if (facts.no == 0 || !wanted(facts)) continue;
      ascending = ascending && (wide.empty() || facts.no > wide.back().key);
      wide.push_back({facts.no, row});
    }
    if (!ascending) sort_by_key(wide, wide_other);
  }
  template <class Key>
  void sort_wide_by(Key key) {
    for (auto& r : wide) r.key = key(r.row);
    sort_by_key(wide, wide_other);
  }
  // The live rows that are wanted, by key(facts) and `no`; appended. Where keys lie close together and rows came in the
  // order of `no`, as nearly always, half the memory does.
  template <class Wanted, class Key>
  void append_sorted(const RowStore& rows, Wanted wanted, Key key, std::vector<std::uint32_t>& out) {
    std::uint64_t low = ~std::uint64_t{0}, high = 0, before = 0;
    std::size_t n = 0;
    bool ascending = true;
    for (std::uint32_t row = 0; row < rows.rows(); ++row) {
      const RowFacts& facts = rows.facts(row);
      if (facts.no == 0 || !wanted(facts)) continue;
      low = std::min(low, key(facts));
      high = std::max(high, key(facts));
      ascending = ascending && facts.no > before;
      before = facts.no;
      ++n;
    }
    if (ascending && high - low <= 0xffffffffU) {
      narrow.clear();
      narrow.reserve(n);
      for (std::uint32_t row = 0; row < rows.rows(); ++row) {
        const RowFacts& facts = rows.facts(row);
        if (facts.no != 0 && wanted(facts)) narrow.push_back({static_cast<std::uint32_t>(key(facts) - low), row});
      }
      sort_by_key(narrow, narrow_other);
      for (const auto& r : narrow) out.push_back(r.row);
    } else {
      take_by_no(rows, n, wanted);
      sort_wide_by([&](std::uint32_t row) { return key(rows.facts(row)); });
      for (const auto& r : wide) out.push_back(r.row);
    }
  }
  template <class Key>
  std::vector<std::uint32_t> all_sorted(const RowStore& rows, Key key) {
    std::vector<std::uint32_t> out;
    out.reserve(rows.live());
    append_sorted(rows, [](const RowFacts&) { return true; }, key, out);
    return out;
  }
};

void RealmIndex::build() {
  CURFEW_CHECK(settled(), "nothing waits when rows are loaded");
  // Each by itself; the longest first, so that two threads end at about the same time.
  const std::array<void (RealmIndex::*)(SortSpace&), 6> parts{
      &RealmIndex::build_names,       &RealmIndex::build_ip_order, &RealmIndex::build_started,
      &RealmIndex::build_last_access, &RealmIndex::build_tables,   &RealmIndex::build_bitmaps};
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    SortSpace space;
    for (std::size_t at = next++; at < parts.size(); at = next++) (this->*parts[at])(space);
  };
  constexpr std::uint32_t worth_a_thread = 200'000;
  std::thread helper;
  if (rows_.live() >= worth_a_thread) helper = std::thread(work);
  work();
  if (helper.joinable()) helper.join();
  client_orders_.build();
}

void RealmIndex::build_bitmaps(SortSpace&) {
  clients_.finish_entering();
  build_device_bitmaps();
  offline_.addMany(loaded_offline_.size(), loaded_offline_.data());
  remembered_.addMany(loaded_remembered_.size(), loaded_remembered_.data());
  loaded_offline_ = loaded_remembered_ = {};
  live_ = Roaring();
  live_.addRange(0, rows_.rows());
  for (std::uint32_t row = 0; rows_.live() < rows_.rows() && row < rows_.rows(); ++row)
    if (rows_.facts(row).no == 0) live_.remove(row);
  offline_.shrinkToFit();
  remembered_.shrinkToFit();
  live_.runOptimize();
  live_.shrinkToFit();
}

void RealmIndex::build_tables(SortSpace&) {
  if (by_key_.size() == 0) by_key_.reserve(rows_.live());
  constexpr std::uint32_t ahead = 16;
  const std::uint32_t n = rows_.rows();
  for (std::uint32_t row = 0; row < n; ++row) {
    if (row + ahead < n && rows_.facts(row + ahead).no != 0) by_key_.prefetch(rows_.key_hash(row + ahead));
    if (rows_.facts(row).no == 0) continue;
    const std::uint64_t hash = rows_.key_hash(row);
    if (by_key_.find(hash, [&](std::uint32_t other) { return other == row; }) != kNone) continue;
    by_key_.insert(hash, row, KeyHash{rows_});
    if (const auto token = rows_.token(row)) by_token_.insert(RowStore::token_hash(*token), row, TokenHashOf{rows_});
  }
}

void RealmIndex::build_device_bitmaps() {
  devices_.begin_bitmaps();
  for (std::uint32_t row = 0; row < rows_.rows(); ++row) {
    const RowFacts& facts = rows_.facts(row);
    if (facts.no == 0) continue;
    const RowRest& rest = rows_.rest(row);
    devices_.enter_bitmaps(row, facts.kind(), rest.user_agent, rest.device);
  }
  devices_.end_bitmaps();
}

void RealmIndex::build_started(SortSpace& space) {
  by_started_.build(
      space.all_sorted(rows_, [](const RowFacts& facts) { return static_cast<std::uint64_t>(facts.started()); }),
      kPacked);
}

void RealmIndex::build_last_access(SortSpace& space) {
  by_last_access_.build(
      space.all_sorted(rows_, [](const RowFacts& facts) { return static_cast<std::uint64_t>(facts.last_access()); }),
      kPacked);
}

void RealmIndex::build_ip_order(SortSpace& space) {
  std::vector<std::uint32_t> all;
  all.reserve(rows_.live());
  space.take_by_no(rows_, rows_.v6_slots(), [](const RowFacts& facts) { return facts.has(RowFacts::kV6); });
  space.sort_wide_by([&](std::uint32_t row) { return ip_keys_.probe(row).lo; });
  space.sort_wide_by([&](std::uint32_t row) { return ip_keys_.probe(row).hi; });
  // The few addresses below ::ffff:0:0 stand before IPv4.
  const Probe first_v4 = IpKeys::at(IpAddress::v4(0), 0);
  std::vector<std::uint32_t> behind;
  for (const auto& r : space.wide) (ip_keys_.compare(first_v4, r.row) > 0 ? all : behind).push_back(r.row);
  space.append_sorted(
      rows_, [](const RowFacts& facts) { return !facts.has(RowFacts::kV6); },
      [](const RowFacts& facts) { return std::uint64_t{facts.ip}; }, all);
  all.insert(all.end(), behind.begin(), behind.end());
  by_ip_.build(all, kRoomy);
}

void RealmIndex::build_names(SortSpace&) {
  users_.index_all();
  build_name_order();
}

void RealmIndex::build_name_order() {
  std::vector<std::uint32_t> all;
  all.reserve(rows_.live());
  if (users_.order().size() > 0) {
    TreePlace place = users_.order().select(0);
    std::size_t group = 0;  // where the rows of the present name begin
    std::uint32_t before = kNone;
    const auto close_group = [&] {
      const auto by_no_of = [&](std::uint32_t a, std::uint32_t b) { return rows_.facts(a).no < rows_.facts(b).no; };
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(group);
      if (!std::is_sorted(begin, all.end(), by_no_of)) std::sort(begin, all.end(), by_no_of);
      group = all.size();
    };
    do {
      const std::uint32_t user = users_.order().item(place);
      if (before != kNone && users_.compare_name(users_.name_probe(before), user) != 0) close_group();
      users_.for_each_row(user, [&](std::uint32_t row) { all.push_back(row); });
      before = user;
    } while (users_.order().next(place));
    close_group();
  }
  by_name_.build(all, kRoomy);
}

void RealmIndex::verify() const {
  CURFEW_CHECK(settled(), "verify looks between batches");
  by_last_access_.verify();
  by_started_.verify();
  by_ip_.verify();
  by_name_.verify();
  users_.order().verify();
  const std::uint32_t n = rows_.live();
  CURFEW_CHECK(by_last_access_.size() == n && by_started_.size() == n && by_ip_.size() == n && by_name_.size() == n,
               "every row is in every order");
  CURFEW_CHECK(by_key_.size() == n && live_.cardinality() == n, "and under its key");
  std::uint64_t offline = 0, remembered = 0, linked = 0, listed = 0;
  for (const std::uint32_t row : live_) {
    const RowFacts& facts = rows_.facts(row);
    std::string id;
    rows_.append_id_text(row, id);
    CURFEW_CHECK(find(facts.type(), id) == row, "a row is found by its key");
    CURFEW_CHECK(facts.has(RowFacts::kOffline) == offline_.contains(row), "the type has a bitmap");
    CURFEW_CHECK(facts.has(RowFacts::kRememberMe) == remembered_.contains(row), "remember-me has a bitmap");
    offline += facts.has(RowFacts::kOffline);
    remembered += facts.has(RowFacts::kRememberMe);
    for (const std::uint32_t client : clients_.members(rows_.rest(row).clients)) {
      CURFEW_CHECK(clients_.client(client).contains(row, facts.has(RowFacts::kOffline)), "each client has bitmaps");
      ++linked;
    }
  }
  for (const auto& [id, client] : clients_.by_id()) {
    const auto& c = clients_.client(client);
    CURFEW_CHECK(c.offline_rows.cardinality() == c.offline && c.regular_rows.cardinality() == c.sessions - c.offline,
                 "clients count their rows");
    linked -= clients_.client(client).sessions;
  }
  for (std::uint32_t user = 0; user < users_.slots(); ++user) {
    users_.for_each_row(user, [&](std::uint32_t row) {
      CURFEW_CHECK(rows_.facts(row).user == user, "a user's rows name the user");
      CURFEW_CHECK(rows_.facts(row).last_access() <= UserDirectory::ms_of(users_.used_by(user)),
                   "and none was used later than the user");
      ++listed;
    });
  }
  client_orders_.verify();
  verify_devices_and_marks();
  CURFEW_CHECK(offline == offline_count() && remembered == remembered_count_ && linked == 0 && listed == n,
               "counts agree");
}

void RealmIndex::verify_devices_and_marks() const {
  devices_.verify();
  std::uint64_t kinds = 0, families = 0, listed = 0, of_marks = 0, marked = 0;
  for (const std::uint32_t row : live_) {
    const RowFacts& facts = rows_.facts(row);
    const RowRest& rest = rows_.rest(row);
    CURFEW_CHECK(facts.kind() == devices_.kind_of(rest.user_agent), "a row's kind is that of its agent string");
    CURFEW_CHECK(devices_.rows_of(facts.kind()).contains(row), "the kind has a bitmap");
    if (rest.device == 0) {
      CURFEW_CHECK(devices_.family(devices_.family_of(rest.user_agent)).rows.contains(row), "the family has a bitmap");
      ++families;
    } else {
      bool found = false;
      devices_.for_each_with_id(rest.device, [&](std::uint32_t other) { found |= other == row; });
      CURFEW_CHECK(found, "a device id lists its rows");
      ++listed;
    }
    const std::uint16_t marks = marks_.of(row);
    CURFEW_CHECK(facts.has(RowFacts::kMarked) == (marks != 0) && facts.severity() == rank_of(marks),
                 "a row knows that it is marked, and its severity");
    marked += static_cast<std::uint64_t>(std::popcount(marks));
  }
  for (const std::uint64_t n : devices_.counts()) kinds += n;
  for (std::size_t bit = 0; bit < kMarkBits; ++bit) of_marks += marks_.rows(bit).cardinality();
  CURFEW_CHECK(kinds == rows_.live() && of_marks == marked && devices_.rows_of_families() == families &&
                   devices_.rows_of_ids() == listed,
               "nothing but live rows has a kind, a device or a mark");
}

std::size_t RealmIndex::memory_bytes() const {
  return rows_.memory_bytes() + users_.memory_bytes() + clients_.memory_bytes() + devices_.memory_bytes() +
         marks_.memory_bytes() + by_key_.memory_bytes() + by_token_.memory_bytes() + live_.getSizeInBytes() +
         offline_.getSizeInBytes() + remembered_.getSizeInBytes() + by_last_access_.memory_bytes() +
         by_started_.memory_bytes() + by_ip_.memory_bytes() + by_name_.memory_bytes() + client_orders_.memory_bytes();
}

}  // namespace curfew::index
