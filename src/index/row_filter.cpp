#include "index/row_filter.h"

#include <algorithm>

#include "base/text.h"
#include "index/search_ahead.h"

namespace curfew::index {
namespace {

using Address = std::pair<std::uint64_t, std::uint64_t>;

Address number(const IpAddress& ip) {
  const Probe probe = IpKeys::at(ip, 0);
  return {probe.hi, probe.lo};
}
IpAddress address(const Address& number) {
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<std::uint8_t>(number.first >> (56 - 8 * i));
    bytes[8 + i] = static_cast<std::uint8_t>(number.second >> (56 - 8 * i));
  }
  return IpAddress::from_bytes(bytes);
}
constexpr Address kFirst{0, 0}, kLast{~std::uint64_t{0}, ~std::uint64_t{0}};
Address after(const Address& a) {
  return a.second == kLast.second ? Address{a.first + 1, 0} : Address{a.first, a.second + 1};
}
Address before(const Address& a) {
  return a.second == 0 ? Address{a.first - 1, kLast.second} : Address{a.first, a.second - 1};
}

using Range = std::pair<Address, Address>;  // inclusive

std::vector<Range> joined(const std::vector<Cidr>& networks) {
  std::vector<Range> ranges;
  for (const Cidr& network : networks) ranges.emplace_back(number(network.first()), number(network.last()));
  std::sort(ranges.begin(), ranges.end());
  std::vector<Range> out;
  for (const Range& range : ranges) {
    if (!out.empty() && (out.back().second == kLast || range.first <= after(out.back().second)))
      out.back().second = std::max(out.back().second, range.second);
    else
      out.push_back(range);
  }
  return out;
}

std::vector<Range> without(const std::vector<Range>& in, const std::vector<Range>& out) {
  std::vector<Range> left;
  for (Range range : in) {
    bool whole = true;
    for (const Range& hole : out) {
      if (hole.second < range.first || range.second < hole.first) continue;
      if (range.first < hole.first) left.emplace_back(range.first, before(hole.first));
      whole = range.second > hole.second;
      if (!whole) break;
      range.first = after(hole.second);
    }
    if (whole) left.push_back(range);
  }
  return left;
}

std::optional<TimeRange> time_range(const std::optional<Time>& from, const std::optional<Time>& to) {
  if (!from && !to) return std::nullopt;
  constexpr std::int64_t end = std::int64_t{1} << 48;
  TimeRange range{0, end};
  if (from) range.from = std::clamp<std::int64_t>(from->ms, 0, end);
  if (to) range.to = std::clamp<std::int64_t>(to->ms, 0, end);
  return range;
}

bool within(const std::optional<TimeRange>& range, std::int64_t ms) {
  return !range || (range->from <= ms && ms < range->to);
}

}  // namespace

void UserSet::spread() const {
  bits_.resize(slots_ / 64 + 1);
  for (const std::uint32_t user : list_) bits_[user >> 6] |= std::uint64_t{1} << (user & 63);
}

RowFilter::RowFilter(const RealmIndex& realm, const Filter& filter) : realm_(&realm) {
  if (filter.type) offline_ = *filter.type == session::SessionType::kOffline;
  remembered_ = filter.remember_me;
  started_ = time_range(filter.started_after, filter.started_before);
  last_access_ = time_range(filter.last_access_after, filter.last_access_before);
  impossible_ =
      (started_ && started_->from >= started_->to) || (last_access_ && last_access_->from >= last_access_->to);
  by_clients_ = !filter.clients.empty();
  for (const std::string& id : filter.clients) {
    const auto* client = realm.clients().find(id);
    if (client != nullptr && client->sessions > 0 &&
        std::find(clients_.begin(), clients_.end(), client) == clients_.end())
      clients_.push_back(client);
  }
  impossible_ = impossible_ || (by_clients_ && clients_.empty());
  marks_ = filter.marks;
  if (!filter.device_kinds.empty() || !filter.devices.empty()) set_devices(filter);
  if (!filter.ip.empty() || !filter.ip_not.empty()) set_networks(filter.ip, filter.ip_not);
  if (filter.user && !impossible_) set_users(*filter.user);
  if (!filter.search.empty() && !impossible_) set_search(filter);
}

RowFilter RowFilter::with_rank(std::optional<unsigned> rank) const {
  RowFilter out = *this;
  out.rank_ = rank;
  return out;
}

void RowFilter::set_devices(const Filter& filter) {
  by_devices_ = true;
  for (const device::Kind kind : filter.device_kinds) kinds_ |= 1U << static_cast<unsigned>(kind);
  const DeviceDirectory& devices = realm_->devices();
  const auto add = [](std::vector<std::uint32_t>& to, std::uint32_t ordinal) {
    if (ordinal != DeviceDirectory::kNone && std::find(to.begin(), to.end(), ordinal) == to.end())
      to.push_back(ordinal);
  };
  for (const std::string_view key : filter.devices) {
    if (key.starts_with(kIdPrefix)) add(device_ids_, devices.find_id(key.substr(kIdPrefix.size())));
    if (key.starts_with(kFamilyPrefix)) add(families_, devices.find_family(key.substr(kFamilyPrefix.size())));
  }
  impossible_ = impossible_ || (kinds_ == 0 && families_.empty() && device_ids_.empty());
}

void RowFilter::set_networks(const std::vector<Cidr>& in, const std::vector<Cidr>& out) {
  by_ip_ = true;
  const std::vector<Range> wanted = in.empty() ? std::vector<Range>{{kFirst, kLast}} : joined(in);
  constexpr std::uint64_t mapped = 0xffff00000000ULL;
  for (const Range& range : without(wanted, joined(out))) {
    ip_.push_back({address(range.first), address(range.second)});
    const Address low = std::max(range.first, Address{0, mapped});
    const Address high = std::min(range.second, Address{0, mapped | 0xffffffffU});
    if (low <= high) v4_.emplace_back(static_cast<std::uint32_t>(low.second), static_cast<std::uint32_t>(high.second));
  }
  impossible_ = impossible_ || ip_.empty();
}

void RowFilter::set_users(const std::string& user) {
  std::vector<std::uint32_t> found;
  if (const std::uint32_t by_id = realm_->users().find(user); by_id != UserDirectory::kNone)
    found.push_back(by_id);
  else
    found = realm_->users().named(fold_case(user));
  std::erase_if(found, [&](std::uint32_t u) { return realm_->users().rows(u) == 0; });
  impossible_ = impossible_ || found.empty();
  users_ = std::make_shared<const UserSet>(std::move(found), realm_->users().slots());
}

std::shared_ptr<const ColumnSearch> column_search(const RealmIndex& realm, const std::string& folded) {
  ColumnSearch search{std::nullopt, TextPart(folded), UuidPart(folded), Ipv4Part(folded), Ipv6Part(folded)};
  constexpr std::size_t worth_a_lookup = 8;
  if (folded.size() >= worth_a_lookup && !realm.rows().longer_id_than(folded.size()))
    search.whole_ids = realm.find_folded(folded);
  const bool ids =
      search.whole_ids ? !search.whole_ids->empty() : realm.rows().long_ids() > 0 || search.uuid.possible();
  if (!ids && !search.v4.possible() && !(search.v6.possible() && realm.rows().v6_slots() > 0)) return nullptr;
  return std::make_shared<const ColumnSearch>(std::move(search));
}

void RowFilter::set_search(const Filter& filter) {
  const std::string folded = fold_case(filter.search);
  if (folded.empty()) return;
  UserSet users(realm_->users().matching(TextPart(folded), false), realm_->users().slots());
  if (auto columns = column_search(*realm_, folded)) {
    search_ = std::make_shared<const MixedSearch>(
        MixedSearch{std::move(users), std::move(columns), filter.ahead ? filter.ahead->of(*realm_) : nullptr});
    return;
  }
  impossible_ = impossible_ || users.list().empty();
  named_ = std::make_shared<const UserSet>(std::move(users));
}

bool RowFilter::device_matches(std::uint32_t row, const RowFacts& facts) const {
  if ((kinds_ >> static_cast<unsigned>(facts.kind()) & 1) != 0) return true;
  if (families_.empty() && device_ids_.empty()) return false;
  const RowRest& rest = realm_->rows().rest(row);
  const auto has = [](const std::vector<std::uint32_t>& all, std::uint32_t ordinal) {
    return std::find(all.begin(), all.end(), ordinal) != all.end();
  };
  if (rest.device != 0) return has(device_ids_, rest.device);
  return !families_.empty() && has(families_, realm_->devices().family_of(rest.user_agent));
}

bool RowFilter::ip_matches(const RowFacts& facts) const {
  if (!facts.has(RowFacts::kV6)) {
    for (const auto& [low, high] : v4_)
      if (facts.ip <= high) return facts.ip >= low;
    return false;
  }
  const IpAddress ip = realm_->rows().ip(facts);
  return std::any_of(ip_.begin(), ip_.end(),
                     [&](const IpRange& range) { return range.first <= ip && ip <= range.last; });
}

bool RowFilter::search_matches(std::uint32_t row, const RowFacts& facts) const {
  const ColumnSearch& search = *search_->columns;
  const RowStore& rows = realm_->rows();
  if (search_->users.contains(facts.user)) return true;
  if (facts.has(RowFacts::kV6) ? search.v6.possible() && search.v6.in(rows.ip(facts)) : search.v4.in(facts.ip))
    return true;
  if (search.whole_ids)
    return std::find(search.whole_ids->begin(), search.whole_ids->end(), row) != search.whole_ids->end();
  if (facts.id_kind() == IdKind::kUuid) return search.uuid.possible() && search.uuid.in(rows.id(row).bytes);
  return search.in_text_id(rows, row);
}

bool ColumnSearch::in_text_id(const RowStore& rows, std::uint32_t row) const {
  const PackedId& id = rows.id(row);
  if (rows.facts(row).id_kind() == IdKind::kLong) return text.in_folded(long_id(id, rows.arena()));
  return text.in_folded({reinterpret_cast<const char*>(id.bytes.data()) + 1, id.bytes[0]});
}

bool RowFilter::matches(std::uint32_t row, Done done) const {
  const RowFacts& facts = realm_->rows().facts(row);
  if (!done.bitmaps) {
    if (offline_ && facts.has(RowFacts::kOffline) != *offline_) return false;
    if (remembered_ && facts.has(RowFacts::kRememberMe) != *remembered_) return false;
    if (rank_ && facts.severity() != *rank_) return false;
    if (marks_ != 0 && (!facts.has(RowFacts::kMarked) || !realm_->marks().any_of(row, marks_))) return false;
    if (by_devices_ && !device_matches(row, facts)) return false;
  }
  if (!within(started_, facts.started()) || !within(last_access_, facts.last_access())) return false;
  if (by_ip_ && !ip_matches(facts)) return false;
  if (users_ && !users_->contains(facts.user)) return false;
  if (named_ && !named_->contains(facts.user)) return false;
  if (by_clients_ && !done.bitmaps && std::none_of(clients_.begin(), clients_.end(), [&](const auto* client) {
        return client->contains(row, facts.has(RowFacts::kOffline));
      }))
    return false;
  return !search_ || done.search || search_matches(row, facts);
}

}  // namespace curfew::index
