#include "index/user_directory.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "base/text.h"

namespace curfew::index {
namespace {

std::uint64_t prefix_word(std::string_view text, std::size_t from) {
  std::uint64_t word = 0;
  for (std::size_t i = from; i < from + 8; ++i)
    word = word << 8 | (i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0);
  return word;
}

// Names of 16 bytes or more may be equal in their first 16 and differ behind. Names hold no 0 bytes.
bool decided(std::uint64_t lo) {
  return (lo & 255) == 0;
}

int sign(int v) {
  return v < 0 ? -1 : v > 0 ? 1 : 0;
}

}  // namespace

Probe UserKeys::probe(std::uint32_t user) const {
  Probe probe = users.name_probe(user);
  return probe;
}

int UserKeys::compare(const Probe& probe, std::uint32_t user) const {
  if (const int by_name = users.compare_name(probe, user); by_name != 0) return by_name;
  // Equal names are rare enough to write the ids out. A probe with `no` set names a user; else it carries the id's
  // text.
  std::string mine, other;
  if (probe.no != 0)
    users.append_id(static_cast<std::uint32_t>(probe.no - 1), mine);
  else
    mine = probe.id;
  users.append_id(user, other);
  return sign(mine.compare(other));
}

Probe UserDirectory::name_probe(std::string_view folded_name) {
  Probe probe;
  probe.hi = prefix_word(folded_name, 0);
  probe.lo = prefix_word(folded_name, 8);
  probe.text = folded_name;
  return probe;
}

Probe UserDirectory::name_probe(std::uint32_t user) const {
  const User& u = users_[user];
  Probe probe;
  probe.hi = u.hi;
  probe.lo = u.lo;
  if (!decided(u.lo)) probe.text = folded_name(user);
  probe.no = std::uint64_t{user} + 1;
  return probe;
}

int UserDirectory::compare_name(const Probe& probe, std::uint32_t user) const {
  const User& u = users_[user];
  if (probe.hi != u.hi) return probe.hi < u.hi ? -1 : 1;
  if (probe.lo != u.lo) return probe.lo < u.lo ? -1 : 1;
  return decided(u.lo) ? 0 : sign(probe.text.compare(folded_name(user)));
}

std::uint64_t UserDirectory::HashOf::operator()(std::uint32_t user) const {
  const User& u = directory.users_[user];
  if (u.flags & kUuid) return id_hash(IdKind::kUuid, u.id, 0);
  return IdProbe(directory.id(user), 0).hash();
}

std::uint32_t UserDirectory::find(const Key& key) const {
  const IdProbe& probe = key.probe;
  const bool uuid = probe.kind() == IdKind::kUuid;
  return table_.find(probe.hash(), [&](std::uint32_t user) {
    const User& u = users_[user];
    if (((u.flags & kUuid) != 0) != uuid) return false;
    if (uuid) return probe.equals(IdKind::kUuid, u.id, texts_);
    const Texts t = texts(user);
    return (t.raw_id.empty() ? t.id : t.raw_id) == key.text;
  });
}

UserDirectory::Texts UserDirectory::texts(std::uint32_t user) const {
  const char* at = texts_.at(users_[user].texts);
  Lengths n{};
  std::memcpy(&n, at, sizeof n);
  at += sizeof n;
  Texts out;
  out.name = {at, n.name};
  out.email = {at + n.name + 1, n.email};
  out.id = {at + n.name + 1 + n.email + 1, n.id};
  const std::size_t searched = std::size_t{n.name} + 1 + n.email + 1 + n.id;
  out.searched = {at, searched};
  at += searched;
  out.raw_name = {at, n.raw_name};
  out.raw_email = {at + n.raw_name, n.raw_email};
  out.raw_id = {at + n.raw_name + n.raw_email, n.raw_id};
  return out;
}

void UserDirectory::write_texts(User& user, std::string_view id, std::string_view username, std::string_view email) {
  const std::string name = fold_case(username), folded_email = fold_case(email);
  const bool uuid = (user.flags & kUuid) != 0;
  const std::string folded_id = uuid ? std::string() : fold_case(id);
  const auto other = [](std::string_view raw, const std::string& folded) {
    return raw == folded ? std::string_view{} : raw;
  };
  const std::string_view raw_name = other(username, name), raw_email = other(email, folded_email);
  const std::string_view raw_id = uuid ? std::string_view{} : other(id, folded_id);
  const auto length = [](std::string_view text) { return static_cast<std::uint16_t>(text.size()); };
  const Lengths n{length(name),     length(folded_email), length(folded_id),
                  length(raw_name), length(raw_email),    length(raw_id)};
  std::string block(reinterpret_cast<const char*>(&n), sizeof n);
  block.append(name).push_back('\0');
  block.append(folded_email).push_back('\0');
  block.append(folded_id).append(raw_name).append(raw_email).append(raw_id);
  user.texts = texts_.store(block);
  user.texts_size = static_cast<std::uint16_t>(block.size());
  user.hi = prefix_word(name, 0);
  user.lo = prefix_word(name, 8);
}

std::uint32_t UserDirectory::add(const Key& key, std::string_view username, std::string_view email, bool bulk) {
  const IdProbe& probe = key.probe;
  std::uint32_t at = free_;
  if (at != kNone)
    free_ = users_[at].rows.posting;
  else
    at = users_.push(User{});
  User& user = users_[at];
  user = User{};
  used_by_.grow(users_.size());
  used_by_[at] = 0;
  user.flags = kKnown;
  if (probe.kind() == IdKind::kUuid) {
    user.flags |= kUuid;
    user.id = probe.store(texts_);
  }
  write_texts(user, key.text, username, email);
  table_.insert(probe.hash(), at, HashOf{*this});
  if (!bulk) {
    arriving_.push_back(at);
    trigrams_.add(at, folded_name(at));
  }
  return at;
}

void UserDirectory::settle() {
  constexpr std::size_t kTogether = 16;  // users whose memory is fetched side by side
  std::array<OrderTree::Path, kTogether> ways;
  for (std::span<const std::uint32_t> rest = arriving_; !rest.empty();
       rest = rest.subspan(std::min(kTogether, rest.size()))) {
    const auto users = rest.first(std::min(kTogether, rest.size()));
    order_.find_ways(
        users.size(), [&](std::size_t i) { return keys_.probe(users[i]); },
        [&](std::size_t i) -> auto& { return ways[i]; });
    for (std::size_t i = 0; i < users.size(); ++i) order_.prefetch_search(ways[i], false);
    for (std::size_t i = 0; i < users.size(); ++i) order_.insert_at(ways[i], keys_.probe(users[i]), users[i]);
  }
  arriving_.clear();
}

void UserDirectory::set_names(std::uint32_t at, std::string_view username, std::string_view email, bool bulk) {
  if (username_view(at) == username && email_view(at) == email) return;
  const std::string old_name(folded_name(at)), id_text = id(at);
  const std::string name_copy(username), email_copy(email);  // they may lie in the block that goes
  const bool renamed = fold_case(name_copy) != old_name;
  if (renamed && !bulk) {
    settle();
    order_.erase(keys_.probe(at), at);
    trigrams_.remove(at, old_name);
  }
  texts_.release(users_[at].texts, users_[at].texts_size);
  write_texts(users_[at], id_text, name_copy, email_copy);
  if (renamed && !bulk) {
    order_.insert(at);
    trigrams_.add(at, folded_name(at));
  }
}

void UserDirectory::forget(std::uint32_t at) {
  User& user = users_[at];
  CURFEW_CHECK(user.rows.size() == 0, "only a user without sessions can be forgotten");
  settle();
  order_.erase(keys_.probe(at), at);
  trigrams_.remove(at, folded_name(at));
  table_.erase(HashOf{*this}(at), at);
  texts_.release(user.texts, user.texts_size);
  user = User{};
  user.rows.posting = free_;
  free_ = at;
}

void UserDirectory::index_all() {
  std::vector<std::uint32_t> all;
  all.reserve(size());
  for (std::uint32_t user = 0; user < users_.size(); ++user)
    if (known(user)) all.push_back(user);
  trigrams_ = TrigramIndex();
  trigrams_.build(all.size(), [&](std::size_t i) -> TrigramIndex::Text {
    constexpr std::size_t ahead = 16;
    if (i + ahead < all.size()) prefetch_text(all[i + ahead]);
    return {all[i], folded_name(all[i])};
  });
  struct Entry {
    std::uint64_t hi, lo;
    std::uint32_t user;
  };
  std::vector<Entry> entries;
  entries.reserve(all.size());
  for (const std::uint32_t user : all) entries.push_back({users_[user].hi, users_[user].lo, user});
  std::sort(entries.begin(), entries.end(), [&](const Entry& a, const Entry& b) {
    if (a.hi != b.hi) return a.hi < b.hi;
    if (a.lo != b.lo) return a.lo < b.lo;
    return keys_.compare(keys_.probe(a.user), b.user) < 0;
  });
  for (std::size_t i = 0; i < entries.size(); ++i) all[i] = entries[i].user;
  constexpr double fill = 0.9;
  order_.build(all, fill);
}

std::string_view UserDirectory::username_view(std::uint32_t user) const {
  const Texts t = texts(user);
  return t.raw_name.empty() ? t.name : t.raw_name;
}
std::string UserDirectory::username(std::uint32_t user) const {
  return std::string(username_view(user));
}
std::string_view UserDirectory::email_view(std::uint32_t user) const {
  const Texts t = texts(user);
  return t.raw_email.empty() ? t.email : t.raw_email;
}
std::pair<std::string_view, std::string_view> UserDirectory::names(std::uint32_t user) const {
  const Texts t = texts(user);
  return {t.raw_name.empty() ? t.name : t.raw_name, t.raw_email.empty() ? t.email : t.raw_email};
}
void UserDirectory::append_id(std::uint32_t user, std::string& out) const {
  const User& u = users_[user];
  if (u.flags & kUuid) return append_uuid(out, u.id.bytes);
  const Texts t = texts(user);
  out.append(t.raw_id.empty() ? t.id : t.raw_id);
}
std::string UserDirectory::id(std::uint32_t user) const {
  std::string out;
  append_id(user, out);
  return out;
}

std::vector<std::uint32_t> UserDirectory::named(std::string_view folded_name) const {
  std::vector<std::uint32_t> out;
  Probe probe = name_probe(folded_name);  // with an empty id: before every user of that name
  const std::uint32_t rank = order_.rank(probe, false);
  if (rank >= order_.size()) return out;
  TreePlace place = order_.select(rank);
  do {
    const std::uint32_t user = order_.item(place);
    if (compare_name(probe, user) != 0) break;
    out.push_back(user);
  } while (order_.next(place));
  return out;
}

std::vector<std::uint32_t> UserDirectory::matching(const TextPart& part, bool any_text) const {
  std::vector<std::uint32_t> out;
  if (part.part().find('\0') != std::string::npos) return out;  // no text holds one
  if (!any_text) {
    const std::string& text = part.part();
    if (text.size() < TrigramIndex::kShortest)
      return trigrams_.holding_short(text, [&](std::uint32_t user) { return part.in(folded_name(user)); });
    const std::vector<std::uint32_t> users = trigrams_.candidates(text);
    // All that is left to see is whether trigrams stand next to each other.
    if (text.size() == TrigramIndex::kShortest) return users;
    constexpr std::size_t ahead = 16;
    for (std::size_t i = 0; i < users.size(); ++i) {
      if (i + 2 * ahead < users.size()) prefetch_refs(users[i + 2 * ahead]);
      if (i + ahead < users.size()) prefetch_name(users[i + ahead]);
      if (part.in(folded_name(users[i]))) out.push_back(users[i]);
    }
    return out;
  }
  const UuidPart uuid(part.part());
  constexpr std::uint32_t ahead = 16;
  for (std::uint32_t user = 0; user < users_.size(); ++user) {
    if (known(user + ahead)) prefetch_name(user + ahead);
    const User& u = users_[user];
    if (!(u.flags & kKnown)) continue;
    if (part.in(texts(user).searched) || ((u.flags & kUuid) && uuid.possible() && uuid.in(u.id.bytes)))
      out.push_back(user);
  }
  return out;
}

std::size_t UserDirectory::memory_bytes() const {
  return users_.memory_bytes() + used_by_.memory_bytes() + texts_.memory_bytes() + lists_.memory_bytes() +
         table_.memory_bytes() + order_.memory_bytes() + trigrams_.memory_bytes();
}

void UserDirectory::add_row(std::uint32_t user, std::uint32_t row) {
  if (users_[user].rows.size() == 0) ++with_rows_;
  lists_.add(users_[user].rows, row);
}

void UserDirectory::remove_row(std::uint32_t user, std::uint32_t row) {
  lists_.remove(users_[user].rows, row);
  if (users_[user].rows.size() == 0) --with_rows_;
}

}  // namespace curfew::index
