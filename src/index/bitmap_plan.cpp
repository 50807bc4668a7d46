// Rows named by bitmaps: how many, and which (planner.h).
#include <bit>

#include "index/planner.h"

namespace curfew::index {

// Type, remember-me and at most one client: from counters and one intersection.
std::uint64_t RealmQuery::count_plain() const {
  const std::uint64_t all = realm_.size(), offline = realm_.offline_count(), remembered = realm_.remembered_count();
  const auto& type = filter_.offline();
  const auto& memory = filter_.remembered();
  if (!filter_.by_clients()) {
    if (!memory) return !type ? all : *type ? offline : all - offline;
    if (!type) return *memory ? remembered : all - remembered;
    const std::uint64_t both = realm_.offline().and_cardinality(realm_.remembered());
    if (*type) return *memory ? both : offline - both;
    return *memory ? remembered - both : all - offline - remembered + both;
  }
  const auto& client = *filter_.clients()[0];
  std::uint64_t n = 0;
  for (const bool offline_rows : {false, true}) {
    if (type && *type != offline_rows) continue;
    const std::uint64_t here = offline_rows ? client.offline : client.sessions - client.offline;
    if (!memory) {
      n += here;
      continue;
    }
    const std::uint64_t both = client.rows(offline_rows).and_cardinality(realm_.remembered());
    n += *memory ? both : here - both;
  }
  return n;
}

// The number where no bitmap must be made for it.
std::optional<std::uint64_t> RealmQuery::count_by_counters() const {
  const auto &type = filter_.offline(), &memory = filter_.remembered();
  const bool devices = filter_.by_devices(), marks = filter_.marks() != 0, rank = filter_.rank().has_value();
  if (!devices && !marks && !rank) {
    if (filter_.clients().size() > 1) return std::nullopt;
    return count_plain();
  }
  if (memory || filter_.by_clients() || devices + marks + rank > 1) return std::nullopt;
  // One condition, and perhaps a type: of each bitmap, how many rows are in it and in the type.
  const auto of_type = [&](const Roaring& rows) {
    if (!type) return rows.cardinality();
    const std::uint64_t offline = rows.and_cardinality(realm_.offline());
    return *type ? offline : rows.cardinality() - offline;
  };
  std::uint64_t n = 0;
  if (devices) {
    const std::size_t keys = filter_.families().size() + filter_.device_ids().size();
    if (filter_.kinds() == 0 && filter_.device_ids().empty()) {
      // Families have no rows in common.
      for (const std::uint32_t family : filter_.families()) n += of_type(realm_.devices().family(family).rows);
      return n;
    }
    if (keys > 0) return std::nullopt;
    for (unsigned left = filter_.kinds(); left != 0; left &= left - 1)
      n += of_type(realm_.devices().rows_of(static_cast<device::Kind>(std::countr_zero(left))));
    return n;
  }
  if (marks) {
    if (!std::has_single_bit(filter_.marks())) return std::nullopt;
    return of_type(realm_.marks().rows(static_cast<std::size_t>(std::countr_zero(filter_.marks()))));
  }
  if (*filter_.rank() > 0) return of_type(realm_.marks().ranked(*filter_.rank()));
  for (unsigned r = 1; r < kRanks; ++r) n += of_type(realm_.marks().ranked(r));
  return count_plain() - n;
}

std::uint64_t RealmQuery::count_bitmaps() {
  if (total_ && filter_.others() == 0) return *total_;
  if (const auto n = count_by_counters()) return *n;
  return joined().cardinality();
}

const Roaring& RealmQuery::joined() {
  if (const Roaring* whole = only_bitmap()) return *whole;
  if (!joined_) joined_ = join_bitmaps();
  return *joined_;
}

// The bitmap that is all the answer, if one is: it need not be copied.
const Roaring* RealmQuery::only_bitmap() const {
  const auto& clients = filter_.clients();
  if (filter_.remembered() || filter_.by_devices() || filter_.marks() != 0 || filter_.rank() || !filter_.offline())
    return nullptr;
  if (!filter_.by_clients()) return *filter_.offline() ? &realm_.offline() : nullptr;
  return clients.size() == 1 ? &clients.front()->rows(*filter_.offline()) : nullptr;
}

Roaring RealmQuery::rows_of_devices() const {
  Roaring rows;
  const DeviceDirectory& devices = realm_.devices();
  for (unsigned left = filter_.kinds(); left != 0; left &= left - 1)
    rows |= devices.rows_of(static_cast<device::Kind>(std::countr_zero(left)));
  for (const std::uint32_t family : filter_.families()) rows |= devices.family(family).rows;
  for (const std::uint32_t id : filter_.device_ids())
    devices.for_each_with_id(id, [&](std::uint32_t row) { rows.add(row); });
  return rows;
}

// Each client's rows are narrowed before they are joined: copying a wide bitmap to cut it down costs more.
Roaring RealmQuery::rows_of_clients(const Roaring* within) const {
  Roaring rows;
  const auto& memory = filter_.remembered();
  for (const auto* client : filter_.clients()) {
    for (const bool offline_rows : {false, true}) {
      if (filter_.offline() && *filter_.offline() != offline_rows) continue;
      const Roaring& part = client->rows(offline_rows);
      if (within != nullptr)
        rows |= part & *within;
      else if (!memory)
        rows |= part;
      else
        rows |= *memory ? part & realm_.remembered() : part - realm_.remembered();
    }
  }
  return rows;
}

// From the condition that is likely the narrowest to the widest.
Roaring RealmQuery::join_bitmaps() const {
  std::optional<Roaring> rows;
  const auto within = [&](const Roaring& wanted) {
    if (rows)
      *rows &= wanted;
    else
      rows = wanted;
  };
  const auto& rank = filter_.rank();
  if (rank && *rank > 0) within(realm_.marks().ranked(*rank));
  if (filter_.marks() != 0) {
    Roaring marked;
    for (unsigned left = filter_.marks(); left != 0; left &= left - 1)
      marked |= realm_.marks().rows(static_cast<std::size_t>(std::countr_zero(left)));
    within(marked);
  }
  if (filter_.by_devices()) {
    const bool one = std::has_single_bit(filter_.kinds()) && filter_.families().empty() && filter_.device_ids().empty();
    if (one)
      within(realm_.devices().rows_of(static_cast<device::Kind>(std::countr_zero(filter_.kinds()))));
    else
      within(rows_of_devices());
  }
  if (filter_.by_clients()) rows = rows_of_clients(rows ? &*rows : nullptr);
  const auto either = [&](const std::optional<bool>& wanted, const Roaring& those) {
    if (!wanted) return;
    if (*wanted) return within(those);
    if (!rows) rows = realm_.live();
    *rows -= those;
  };
  if (!filter_.by_clients()) either(filter_.offline(), realm_.offline());
  either(filter_.remembered(), realm_.remembered());
  if (!rows) rows = realm_.live();
  for (unsigned r = 1; rank && *rank == 0 && r < kRanks; ++r) *rows -= realm_.marks().ranked(r);
  return std::move(*rows);
}

}  // namespace curfew::index
