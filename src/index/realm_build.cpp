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

struct KeyedRow {
  std::uint64_t key;
  std::uint32_t row;
};

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
using KeyedRows = HugeVector<KeyedRow>;

// A stable radix sort over the bits that differ.
void sort_by_key(KeyedRows& rows) {
  constexpr unsigned digit_bits = 11;
  constexpr std::size_t digits = std::size_t{1} << digit_bits;
  std::uint64_t all = 0, any = ~std::uint64_t{0};
  for (const KeyedRow& r : rows) {
    all |= r.key;
    any &= r.key;
  }
  const unsigned bits = static_cast<unsigned>(std::bit_width(all & ~any));
  KeyedRows other(rows.size());
  for (unsigned shift = 0; shift < bits; shift += digit_bits) {
    std::vector<std::size_t> place(digits + 1);
    for (const KeyedRow& r : rows) ++place[(r.key >> shift & (digits - 1)) + 1];
    for (std::size_t i = 1; i <= digits; ++i) place[i] += place[i - 1];
    for (const KeyedRow& r : rows) other[place[r.key >> shift & (digits - 1)]++] = r;
    rows.swap(other);
  }
}

std::vector<std::uint32_t> rows_of(std::span<const KeyedRow> keyed) {
  std::vector<std::uint32_t> out(keyed.size());
  for (std::size_t i = 0; i < keyed.size(); ++i) out[i] = keyed[i].row;
  return out;
}

// Live rows in the order of `no`, which decides between equal keys everywhere.
template <class F>
KeyedRows by_no(const RowStore& rows, F key) {
  KeyedRows out;
  out.reserve(rows.live());
  bool ascending = true;
  std::uint64_t before = 0;
  for (std::uint32_t row = 0; row < rows.rows(); ++row) {
    const std::uint64_t no = rows.facts(row).no;
    if (no == 0) continue;
    ascending = ascending && no > before;
    before = no;
    out.push_back({no, row});
  }
  if (!ascending) sort_by_key(out);
  for (KeyedRow& r : out) r.key = key(r.row);
  return out;
}

}  // namespace

void RealmIndex::build() {
  CURFEW_CHECK(settled(), "nothing waits when rows are loaded");
  // Each by itself; the longest first, so that two threads end at about the same time.
  const std::array<void (RealmIndex::*)(), 6> parts{&RealmIndex::build_names,   &RealmIndex::build_ip_order,
                                                    &RealmIndex::build_started, &RealmIndex::build_last_access,
                                                    &RealmIndex::build_tables,  &RealmIndex::build_bitmaps};
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t at = next++; at < parts.size(); at = next++) (this->*parts[at])();
  };
  constexpr std::uint32_t worth_a_thread = 200'000;
  std::thread helper;
  if (rows_.live() >= worth_a_thread) helper = std::thread(work);
  work();
  if (helper.joinable()) helper.join();
  client_orders_.build();
}

void RealmIndex::build_bitmaps() {
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

void RealmIndex::build_tables() {
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

void RealmIndex::build_started() {
  auto keyed = by_no(rows_, [&](std::uint32_t row) { return static_cast<std::uint64_t>(rows_.facts(row).started()); });
  sort_by_key(keyed);
  by_started_.build(rows_of(keyed), kPacked);
}

void RealmIndex::build_last_access() {
  auto keyed =
      by_no(rows_, [&](std::uint32_t row) { return static_cast<std::uint64_t>(rows_.facts(row).last_access()); });
  sort_by_key(keyed);
  by_last_access_.build(rows_of(keyed), kPacked);
}

void RealmIndex::build_ip_order() {
  auto keyed = by_no(rows_, [&](std::uint32_t row) { return std::uint64_t{rows_.facts(row).ip}; });
  KeyedRows v6;
  std::erase_if(keyed, [&](const KeyedRow& r) {
    const bool is_v6 = rows_.facts(r.row).has(RowFacts::kV6);
    if (is_v6) v6.push_back(r);
    return is_v6;
  });
  sort_by_key(keyed);
  for (KeyedRow& r : v6) r.key = ip_keys_.probe(r.row).hi;
  sort_by_key(v6);
  // Rows that agree in the first half of the address: by the whole of it.
  for (std::size_t from = 0; from < v6.size();) {
    std::size_t to = from + 1;
    while (to < v6.size() && v6[to].key == v6[from].key) ++to;
    std::sort(v6.begin() + static_cast<std::ptrdiff_t>(from), v6.begin() + static_cast<std::ptrdiff_t>(to),
              [&](const KeyedRow& a, const KeyedRow& b) { return ip_keys_.compare(ip_keys_.probe(a.row), b.row) < 0; });
    from = to;
  }
  // The few addresses below ::ffff:0:0 stand before IPv4.
  const Probe first_v4 = IpKeys::at(IpAddress::v4(0), 0);
  const auto middle =
      std::find_if(v6.begin(), v6.end(), [&](const KeyedRow& r) { return ip_keys_.compare(first_v4, r.row) < 0; });
  std::vector<std::uint32_t> all = rows_of({v6.begin(), middle});
  for (const KeyedRow& r : keyed) all.push_back(r.row);
  for (auto it = middle; it != v6.end(); ++it) all.push_back(it->row);
  by_ip_.build(all, kRoomy);
}

void RealmIndex::build_names() {
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
