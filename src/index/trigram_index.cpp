#include "index/trigram_index.h"

#include <algorithm>
#include <vector>

namespace curfew::index {
namespace {

// The distinct trigrams of a text, ascending.
class Trigrams {
 public:
  explicit Trigrams(std::string_view text) {
    if (text.size() < TrigramIndex::kShortest) return;
    std::uint32_t* out = brief_;
    if (text.size() > kBrief) {
      many_.resize(text.size());
      out = many_.data();
    }
    begin_ = out;
    std::uint32_t trigram = static_cast<std::uint8_t>(text[0]) << 8U | static_cast<std::uint8_t>(text[1]);
    for (std::size_t i = 2; i < text.size(); ++i) {
      trigram = (trigram << 8 | static_cast<std::uint8_t>(text[i])) & 0xffffffU;
      *out++ = trigram;
    }
    std::sort(const_cast<std::uint32_t*>(begin_), out);
    end_ = std::unique(const_cast<std::uint32_t*>(begin_), out);
  }
  const std::uint32_t* begin() const { return begin_; }
  const std::uint32_t* end() const { return end_; }

 private:
  static constexpr std::size_t kBrief = 64;
  std::uint32_t brief_[kBrief];
  std::vector<std::uint32_t> many_;
  const std::uint32_t* begin_ = nullptr;
  const std::uint32_t* end_ = nullptr;
};

}  // namespace

void TrigramIndex::add(std::uint32_t text_id, std::string_view text) {
  for (const std::uint32_t trigram : Trigrams(text)) {
    postings_[trigram].add(text_id);
    ++entries_;
  }
}

void TrigramIndex::remove(std::uint32_t text_id, std::string_view text) {
  for (const std::uint32_t trigram : Trigrams(text)) {
    const auto it = postings_.find(trigram);
    if (it == postings_.end()) continue;
    it->second.remove(text_id);
    --entries_;
    if (it->second.isEmpty()) postings_.erase(it);
  }
}

Roaring TrigramIndex::candidates(std::string_view part) const {
  std::vector<std::pair<std::uint64_t, const Roaring*>> lists;
  for (const std::uint32_t trigram : Trigrams(part)) {
    const auto it = postings_.find(trigram);
    if (it == postings_.end()) return {};
    lists.emplace_back(it->second.cardinality(), &it->second);
  }
  std::sort(lists.begin(), lists.end());
  if (lists.size() == 1) return *lists[0].second;
  Roaring out = *lists[0].second & *lists[1].second;
  // The caller looks at what is left; below some dozens that is cheaper than another intersection.
  constexpr std::uint64_t few = 64;
  for (std::size_t i = 2; i < lists.size() && out.cardinality() > few; ++i) out &= *lists[i].second;
  return out;
}

void TrigramIndex::shrink() {
  for (auto& [trigram, list] : postings_) list.shrinkToFit();
}

std::size_t TrigramIndex::memory_bytes() const {
  constexpr std::size_t per_list = 160, per_entry = 3;  // measured: docs/adr/0003
  return postings_.size() * per_list + static_cast<std::size_t>(entries_) * per_entry;
}

}  // namespace curfew::index
