#include "index/row_store.h"

#include "session/codec.h"

namespace curfew::index {
namespace {
constexpr std::size_t kInlineSince = 6;
}

std::uint32_t RowStore::add(const session::Session& session, const IdProbe& id) {
  CURFEW_CHECK(session.no.value != 0, "every session has a number");
  CURFEW_CHECK(session.started >= kMinTime && session.started <= kMaxTime && session.last_access >= kMinTime &&
                   session.last_access <= kMaxTime,
               "times are validated before they come here");
  std::uint32_t row = free_;
  if (row != kNoRow) {
    free_ = facts_[row].user;
  } else {
    row = facts_.size();
    CURFEW_CHECK(row < kNoRow, "a realm holds 2^32 - 2 rows");
    facts_.grow(std::size_t{row} + 1);
    ids_.grow(std::size_t{row} + 1);
    rest_.grow(std::size_t{row} + 1);
  }
  RowFacts& facts = facts_[row];
  facts = RowFacts{};
  facts.no = session.no.value;
  facts.set_started(session.started);
  facts.set_last_access(session.last_access);
  facts.set(RowFacts::kOffline, session.key.type == session::SessionType::kOffline);
  facts.set(RowFacts::kRememberMe, session.remember_me);
  facts.set_id_kind(id.kind());
  ids_[row] = id.store(arena_);
  rest_[row] = RowRest{};
  set_ip(row, session.ip);
  set_token(row, session.token_hash);
  set_since(row, session.clients);
  ++live_;
  if (id.kind() != IdKind::kUuid) {
    ++long_ids_;
    if (id_lengths_.size() <= session.key.id.size()) id_lengths_.resize(session.key.id.size() + 1);
    ++id_lengths_[session.key.id.size()];
  }
  return row;
}

void RowStore::remove(std::uint32_t row) {
  RowFacts& facts = facts_[row];
  release_since(row);
  release_ip(facts);
  if (facts.id_kind() != IdKind::kUuid) {
    --long_ids_;
    --id_lengths_[id_length(facts.id_kind(), ids_[row])];
  }
  release_id(facts.id_kind(), ids_[row], arena_);
  facts = RowFacts{};
  facts.user = free_;
  free_ = row;
  --live_;
}

bool RowStore::longer_id_than(std::size_t length) const {
  constexpr std::size_t uuid_text = 36;
  if (length < uuid_text && long_ids_ < live_) return true;
  for (std::size_t n = length + 1; n < id_lengths_.size(); ++n)
    if (id_lengths_[n] > 0) return true;
  return false;
}

void RowStore::release_ip(RowFacts& facts) {
  if (!facts.has(RowFacts::kV6)) return;
  std::memcpy(v6_[facts.ip].bytes.data(), &free_v6_, sizeof free_v6_);
  free_v6_ = facts.ip;
  facts.set(RowFacts::kV6, false);
}

void RowStore::set_ip(std::uint32_t row, const IpAddress& ip) {
  RowFacts& facts = facts_[row];
  release_ip(facts);
  if (ip.is_v4()) {
    const auto& b = ip.bytes();
    facts.ip = std::uint32_t{b[12]} << 24 | std::uint32_t{b[13]} << 16 | std::uint32_t{b[14]} << 8 | b[15];
    return;
  }
  std::uint32_t slot = free_v6_;
  if (slot != kNoRow)
    std::memcpy(&free_v6_, v6_[slot].bytes.data(), sizeof free_v6_);
  else
    slot = v6_.push(V6{});
  v6_[slot].bytes = ip.bytes();
  facts.ip = slot;
  facts.set(RowFacts::kV6, true);
}

void RowStore::set_token(std::uint32_t row, const std::optional<session::TokenHash>& token) {
  facts_[row].set(RowFacts::kHasToken, token.has_value());
  if (!token) return;
  tokens_.grow(facts_.size());
  tokens_[row].bytes = *token;
}

std::optional<session::TokenHash> RowStore::token(std::uint32_t row) const {
  if (!facts_[row].has(RowFacts::kHasToken)) return std::nullopt;
  return tokens_[row].bytes;
}

std::uint64_t RowStore::token_hash(const session::TokenHash& token) {
  PackedId id;
  id.bytes = token;
  return mix(id.half(0), id.half(1));
}

void RowStore::set_since(std::uint32_t row, const std::vector<session::ClientLink>& clients) {
  release_since(row);
  RowFacts& facts = facts_[row];
  std::string bytes;
  std::int64_t before = facts.started();
  for (const auto& link : clients) {
    session::put_zigzag(bytes, link.since.ms - before);
    before = link.since.ms;
  }
  if (bytes.size() <= kInlineSince) {
    bytes.resize(kInlineSince);
    std::uint16_t high = 0;
    std::memcpy(&high, bytes.data(), 2);
    std::memcpy(&rest_[row].since, bytes.data() + 2, 4);
    facts.set_since_high(high);
    return;
  }
  facts.set_since_high(static_cast<std::uint16_t>(bytes.size()));
  facts.set(RowFacts::kLongSince, true);
  rest_[row].since = arena_.store(bytes);
}

void RowStore::release_since(std::uint32_t row) {
  RowFacts& facts = facts_[row];
  if (!facts.has(RowFacts::kLongSince)) return;
  arena_.release(rest_[row].since, facts.since_high());
  facts.set(RowFacts::kLongSince, false);
}

void RowStore::read_since(std::uint32_t row, std::vector<session::ClientLink>& clients) const {
  const RowFacts& facts = facts_[row];
  char brief[kInlineSince];
  std::string_view bytes;
  if (facts.has(RowFacts::kLongSince)) {
    bytes = arena_.view(rest_[row].since, facts.since_high());
  } else {
    const std::uint16_t high = facts.since_high();
    std::memcpy(brief, &high, 2);
    std::memcpy(brief + 2, &rest_[row].since, 4);
    bytes = {brief, kInlineSince};
  }
  session::ByteReader reader(bytes);
  std::int64_t before = facts.started();
  for (auto& link : clients) {
    before += reader.zigzag();
    link.since = Time{before};
  }
}

std::size_t RowStore::memory_bytes() const {
  return facts_.memory_bytes() + ids_.memory_bytes() + rest_.memory_bytes() + v6_.memory_bytes() +
         tokens_.memory_bytes() + arena_.memory_bytes();
}

}  // namespace curfew::index
