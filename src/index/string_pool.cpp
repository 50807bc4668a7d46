#include "index/string_pool.h"

namespace curfew::index {

std::uint32_t StringPool::find(std::string_view text) const {
  if (text.empty()) return 0;
  return table_.find(hash_bytes(text), [&](std::uint32_t ordinal) { return (*this)[ordinal] == text; });
}

std::uint32_t StringPool::acquire(std::string_view text, std::uint64_t hash) {
  if (text.empty()) return 0;
  std::uint32_t at = table_.find(hash, [&](std::uint32_t ordinal) { return (*this)[ordinal] == text; });
  if (at != OrdinalTable::kNone) {
    ++entries_[at].uses;
    return at;
  }
  const std::uint32_t ref = arena_.store(text);
  at = free_;
  if (at != 0) {
    free_ = entries_[at].ref;
    ++given_again_;
  } else {
    at = entries_.push(Entry{});
  }
  entries_[at] = {ref, static_cast<std::uint32_t>(text.size()), 1};
  table_.insert(hash, at, HashOf{*this});
  return at;
}

void StringPool::release(std::uint32_t ordinal) {
  if (ordinal == 0) return;
  Entry& entry = entries_[ordinal];
  if (--entry.uses > 0) return;
  table_.erase(hash_bytes((*this)[ordinal]), ordinal);
  arena_.release(entry.ref, entry.length);
  entry = {free_, 0, 0};
  free_ = ordinal;
}

}  // namespace curfew::index
