#include "index/row_keys.h"

namespace curfew::index {
namespace {

int three_way(std::uint64_t a, std::uint64_t b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

int compare_time(const Probe& probe, std::int64_t ms, std::uint64_t no) {
  const int by_time = three_way(probe.hi, static_cast<std::uint64_t>(ms));
  return by_time != 0 ? by_time : three_way(probe.no, no);
}

std::uint64_t big_endian(const std::uint8_t* bytes) {
  std::uint64_t v = 0;
  for (int i = 0; i < 8; ++i) v = v << 8 | bytes[i];
  return v;
}

}  // namespace

int LastAccessKeys::compare(const Probe& probe, std::uint32_t row) const {
  const RowFacts& facts = rows.facts(row);
  return compare_time(probe, facts.last_access(), facts.no);
}

int StartedKeys::compare(const Probe& probe, std::uint32_t row) const {
  const RowFacts& facts = rows.facts(row);
  return compare_time(probe, facts.started(), facts.no);
}

Probe IpKeys::at(const IpAddress& ip, std::uint64_t no) {
  return {big_endian(ip.bytes().data()), big_endian(ip.bytes().data() + 8), no, {}, {}};
}

int IpKeys::compare(const Probe& probe, std::uint32_t row) const {
  const RowFacts& facts = rows.facts(row);
  constexpr std::uint64_t mapped = 0xffff00000000ULL;
  std::uint64_t hi = 0, lo = mapped | facts.ip;
  if (facts.has(RowFacts::kV6)) {
    const Probe other = at(rows.ip(facts), 0);
    hi = other.hi;
    lo = other.lo;
  }
  if (const int by_high = three_way(probe.hi, hi); by_high != 0) return by_high;
  if (const int by_low = three_way(probe.lo, lo); by_low != 0) return by_low;
  return three_way(probe.no, facts.no);
}

Probe NameKeys::probe(std::uint32_t row) const {
  const RowFacts& facts = rows.facts(row);
  Probe probe = users.name_probe(facts.user);
  probe.no = facts.no;
  return probe;
}

int NameKeys::compare(const Probe& probe, std::uint32_t row) const {
  const RowFacts& facts = rows.facts(row);
  const int by_name = users.compare_name(probe, facts.user);
  return by_name != 0 ? by_name : three_way(probe.no, facts.no);
}

}  // namespace curfew::index
