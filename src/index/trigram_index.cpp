#include "index/trigram_index.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <new>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace curfew::index {
namespace {

constexpr int kTextBits = 32, kTrigramBits = 24;

constexpr std::uint32_t trigram_of(std::uint64_t entry) {
  return static_cast<std::uint32_t>(entry >> kTextBits);
}

constexpr std::uint32_t text_of(std::uint64_t entry) {
  return static_cast<std::uint32_t>(entry);
}

constexpr std::uint32_t next_trigram(std::uint32_t trigram, char byte) {
  return (trigram << 8 | static_cast<std::uint8_t>(byte)) & 0xffffffU;
}

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
    std::uint32_t trigram = next_trigram(next_trigram(0, text[0]), text[1]);
    for (std::size_t i = 2; i < text.size(); ++i) *out++ = trigram = next_trigram(trigram, text[i]);
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
  if (text.size() < kShortest) return brief_.add(text_id);
  std::uint32_t trigram = next_trigram(next_trigram(0, text[0]), text[1]);
  for (std::size_t i = 2; i < text.size(); ++i) {
    trigram = next_trigram(trigram, text[i]);
    waiting_.push_back(std::uint64_t{trigram} << kTextBits | text_id);
  }
  settle_some(2 * text.size());  // faster than they come
  if (waiting_.size() >= kWaiting) sort_waiting();
}

void TrigramIndex::build(std::size_t texts, const std::function<Text(std::size_t i)>& at) {
  constexpr std::size_t worth_lists = 2'000;  // there may be ten thousand small realms
  if (texts >= worth_lists) return build_lists(texts, at);
  for (std::size_t i = 0; i < texts; ++i) {
    const auto [id, text] = at(i);
    add(id, text);
  }
  settle();
  waiting_.shrink_to_fit();
  settling_.shrink_to_fit();
  for (auto& [trigram, list] : postings_) list.shrinkToFit();
}

// Each trigram's texts come ascending, so nothing is sorted: they wait in a list of its own.
void TrigramIndex::build_lists(std::size_t texts, const std::function<Text(std::size_t i)>& at) {
  constexpr std::size_t trigrams = std::size_t{1} << 24, many = 1'024;
  struct List {
    std::uint32_t trigram = 0;
    std::vector<std::uint32_t> texts;
    Roaring into;
  };
  const std::unique_ptr<std::uint32_t[], decltype(&std::free)> places(  // in lists, + 1; only what is used takes memory
      static_cast<std::uint32_t*>(std::calloc(trigrams, sizeof(std::uint32_t))), &std::free);
  if (!places) throw std::bad_alloc();
  std::vector<List> lists;
  const auto flush = [](List& list) {
    list.into.addMany(list.texts.size(), list.texts.data());
    list.texts.clear();
  };
  for (std::size_t n = 0; n < texts; ++n) {
    const auto [id, text] = at(n);
    if (text.size() < kShortest) {
      brief_.add(id);
      continue;
    }
    std::uint32_t trigram = next_trigram(next_trigram(0, text[0]), text[1]);
    for (std::size_t i = 2; i < text.size(); ++i) {
      trigram = next_trigram(trigram, text[i]);
      std::uint32_t& place = places.get()[trigram];
      if (place == 0) {
        lists.push_back({trigram, {}, {}});
        place = static_cast<std::uint32_t>(lists.size());
      }
      List& list = lists[place - 1];
      if (!list.texts.empty() && list.texts.back() == id) continue;
      if (list.texts.size() >= many) flush(list);
      list.texts.push_back(id);
      ++entries_;
    }
  }
  postings_.reserve(lists.size());
  for (List& list : lists) {
    flush(list);
    list.into.shrinkToFit();
    postings_.emplace(list.trigram, std::move(list.into));
  }
}

// Byte by byte, the last one first: each pass leaves those that are alike as they were.
void TrigramIndex::sort_waiting() {
  settle_some(settling_.size());
  settling_.resize(waiting_.size());
  static_assert(kTrigramBits / 8 % 2 == 1);  // passes: the last one ends in settling_
  auto *from = &waiting_, *to = &settling_;
  for (int shift = kTextBits; shift < kTextBits + kTrigramBits; shift += 8, std::swap(from, to)) {
    std::array<std::uint32_t, 256> places{};
    for (const std::uint64_t entry : *from) ++places[entry >> shift & 0xff];
    std::exclusive_scan(places.begin(), places.end(), places.begin(), 0U);
    for (const std::uint64_t entry : *from) (*to)[places[entry >> shift & 0xff]++] = entry;
  }
  waiting_.clear();
}

// So many of those that are sorted, and the rest of the last one's trigram.
void TrigramIndex::settle_some(std::size_t entries) {
  std::vector<std::uint32_t> texts;
  for (const std::size_t end = std::min(settling_.size(), settled_ + entries); settled_ < end;) {
    const std::uint32_t trigram = trigram_of(settling_[settled_]);
    texts.clear();
    for (; settled_ < settling_.size() && trigram_of(settling_[settled_]) == trigram; ++settled_)
      if (const std::uint32_t text = text_of(settling_[settled_]); texts.empty() || texts.back() != text)
        texts.push_back(text);  // one that holds it twice came so
    entries_ += texts.size();
    postings_[trigram].addMany(texts.size(), texts.data());
  }
  if (settled_ < settling_.size()) return;
  settling_.clear();
  settled_ = 0;
}

void TrigramIndex::settle() {
  sort_waiting();
  settle_some(settling_.size());
}

void TrigramIndex::remove(std::uint32_t text_id, std::string_view text) {
  settle();
  if (text.size() < kShortest) brief_.remove(text_id);
  for (const std::uint32_t trigram : Trigrams(text)) {
    const auto it = postings_.find(trigram);
    if (it == postings_.end()) continue;
    it->second.remove(text_id);
    --entries_;
    if (it->second.isEmpty()) postings_.erase(it);
  }
}

std::vector<std::uint32_t> TrigramIndex::candidates(std::string_view part) const {
  std::vector<std::pair<std::uint64_t, const Roaring*>> lists;
  const Trigrams wanted(part);
  bool all_settled = true;
  for (const std::uint32_t trigram : wanted) {
    const auto it = postings_.find(trigram);
    all_settled = it != postings_.end();
    if (!all_settled) break;
    lists.emplace_back(it->second.cardinality(), &it->second);
  }
  Roaring found;
  if (all_settled) {
    std::sort(lists.begin(), lists.end());
    found = lists.size() == 1 ? *lists[0].second : *lists[0].second & *lists[1].second;
    // The caller looks at what is left; below some dozens that is cheaper than another intersection.
    constexpr std::uint64_t few = 64;
    for (std::size_t i = 2; i < lists.size() && found.cardinality() > few; ++i) found &= *lists[i].second;
  }
  // Those who wait are few: the caller may as well look at all that hold one of the trigrams. The last one, since it is
  // settled last: who is not found by it has all of them in the bitmaps.
  const std::uint32_t last = *(wanted.end() - 1);
  for (const std::uint64_t entry : waiting_)
    if (trigram_of(entry) == last) found.add(text_of(entry));
  const auto settling = settling_.begin() + static_cast<std::ptrdiff_t>(settled_);
  for (auto at = std::lower_bound(settling, settling_.end(), std::uint64_t{last} << kTextBits,
                                  [](std::uint64_t a, std::uint64_t b) { return trigram_of(a) < trigram_of(b); });
       at != settling_.end() && trigram_of(*at) == last; ++at)
    found.add(text_of(*at));
  std::vector<std::uint32_t> texts(found.cardinality());
  found.toUint32Array(texts.data());
  return texts;
}

std::vector<std::uint32_t> TrigramIndex::holding_short(std::string_view part,
                                                       const std::function<bool(std::uint32_t)>& brief_holds) const {
  std::uint32_t wanted = 0, mask = 0;
  for (const char byte : part) {
    wanted = wanted << 8 | static_cast<std::uint8_t>(byte);
    mask = mask << 8 | 0xff;
  }
  const auto holds = [&](std::uint32_t trigram) {
    for (std::size_t at = part.size(); at <= kShortest; ++at, trigram >>= 8)
      if ((trigram & mask) == wanted) return true;
    return false;
  };
  std::vector<const Roaring*> lists;
  for (const auto& [trigram, list] : postings_)
    if (holds(trigram)) lists.push_back(&list);
  Roaring found = Roaring::fastunion(lists.size(), lists.data());
  for (const std::uint32_t text : brief_)
    if (brief_holds(text)) found.add(text);
  for (const std::span<const std::uint64_t> rest : {std::span(waiting_), std::span(settling_).subspan(settled_)})
    for (const std::uint64_t entry : rest)
      if (holds(trigram_of(entry))) found.add(text_of(entry));
  std::vector<std::uint32_t> texts(found.cardinality());
  found.toUint32Array(texts.data());
  return texts;
}

std::size_t TrigramIndex::memory_bytes() const {
  constexpr std::size_t per_list = 160, per_entry = 3;  // measured: docs/adr/0003
  return postings_.size() * per_list + static_cast<std::size_t>(entries_) * per_entry +
         (waiting_.capacity() + settling_.capacity()) * sizeof(std::uint64_t);
}

}  // namespace curfew::index
