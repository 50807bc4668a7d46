// The keys by which a realm's rows are ordered, read from its columns (counted_tree.h says what they give).
//
// Threads: const functions from any, while the rows do not change. They refer to the rows and users that they are
// given.
#pragma once

#include <cstdint>

#include "base/ip.h"
#include "index/counted_tree.h"
#include "index/row_store.h"
#include "index/user_directory.h"

namespace curfew::index {

// The keys of the four orders. The marked rows are the offline ones.
struct LastAccessKeys {
  static constexpr bool kByValue = true, kShort = true;
  const RowStore& rows;
  static Probe at(std::int64_t ms, std::uint64_t no) { return {static_cast<std::uint64_t>(ms), 0, no, {}, {}}; }
  Probe probe(std::uint32_t row) const { return at(rows.facts(row).last_access(), rows.facts(row).no); }
  int compare(const Probe& probe, std::uint32_t row) const;
  bool marked(std::uint32_t row) const { return rows.facts(row).has(RowFacts::kOffline); }
  void prefetch(std::uint32_t row) const { rows.prefetch_facts(row); }
  void prefetch_deep(std::uint32_t) const {}
};
struct StartedKeys {
  static constexpr bool kByValue = true, kShort = true;
  const RowStore& rows;
  static Probe at(std::int64_t ms, std::uint64_t no) { return LastAccessKeys::at(ms, no); }
  Probe probe(std::uint32_t row) const { return at(rows.facts(row).started(), rows.facts(row).no); }
  int compare(const Probe& probe, std::uint32_t row) const;
  bool marked(std::uint32_t row) const { return rows.facts(row).has(RowFacts::kOffline); }
  void prefetch(std::uint32_t row) const { rows.prefetch_facts(row); }
  void prefetch_deep(std::uint32_t) const {}
};
struct IpKeys {
  static constexpr bool kByValue = true, kShort = false;
  const RowStore& rows;
  static Probe at(const IpAddress& ip, std::uint64_t no);
  Probe probe(std::uint32_t row) const { return at(rows.ip(rows.facts(row)), rows.facts(row).no); }
  int compare(const Probe& probe, std::uint32_t row) const;
  bool marked(std::uint32_t row) const { return rows.facts(row).has(RowFacts::kOffline); }
  void prefetch(std::uint32_t row) const { rows.prefetch_facts(row); }
  void prefetch_deep(std::uint32_t row) const { rows.prefetch_v6(row); }
};
struct NameKeys {
  static constexpr bool kByValue = false, kShort = false;
  const RowStore& rows;
  const UserDirectory& users;
  Probe probe(std::uint32_t row) const;
  int compare(const Probe& probe, std::uint32_t row) const;
  bool marked(std::uint32_t row) const { return rows.facts(row).has(RowFacts::kOffline); }
  void prefetch(std::uint32_t row) const { rows.prefetch_facts(row); }
  void prefetch_deep(std::uint32_t row) const { users.prefetch(rows.facts(row).user); }
};

}  // namespace curfew::index
