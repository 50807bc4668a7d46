#include "index/trigram_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>

namespace curfew::index {
namespace {

// Few letters, so that texts share trigrams and hold some of them twice.
std::string some_text(std::mt19937& dice, std::size_t most) {
  std::string text(dice() % (most + 1), 'a');
  for (char& letter : text) letter = static_cast<char>('a' + dice() % 4);
  return text;
}

struct Naive {
  std::map<std::uint32_t, std::string> texts;
  std::vector<std::uint32_t> holding(std::string_view part) const {
    std::vector<std::uint32_t> out;
    for (const auto& [id, text] : texts)
      if (text.find(part) != std::string::npos) out.push_back(id);
    return out;
  }
};

void expect_found(const TrigramIndex& index, const Naive& naive, std::string_view part) {
  const auto found = index.candidates(part);
  EXPECT_TRUE(std::is_sorted(found.begin(), found.end()) &&
              std::adjacent_find(found.begin(), found.end()) == found.end());
  const auto expected = naive.holding(part);
  EXPECT_TRUE(std::includes(found.begin(), found.end(), expected.begin(), expected.end())) << part;
  if (part.size() == TrigramIndex::kShortest) EXPECT_EQ(found, expected) << part;
}

// Through several settlements, with texts that wait at every look, and ids that are given again.
TEST(TrigramIndexTest, FindsEveryTextThatHoldsAPartWhetherItWaitsOrNot) {
  std::mt19937 dice(11);
  TrigramIndex index;
  Naive naive;
  for (int step = 0; step < 6'000; ++step) {
    const auto id = static_cast<std::uint32_t>(dice() % 3'000);
    if (const auto known = naive.texts.find(id); known == naive.texts.end()) {
      const std::string text = some_text(dice, 24);
      index.add(id, text);
      naive.texts.emplace(id, text);
    } else if (dice() % 100 == 0) {
      index.remove(id, known->second);
      naive.texts.erase(known);
    }
    if (step % 50 == 0)
      for (const std::size_t length : {3U, 4U, 7U}) {
        std::string part = some_text(dice, length);
        part.resize(length, 'b');
        expect_found(index, naive, part);
      }
  }
}

// Some waiting, some sorted and partly in the bitmaps: nothing is removed, so nothing settles at once.
TEST(TrigramIndexTest, FindsWhoeverIsOnTheWayIntoTheBitmaps) {
  std::mt19937 dice(14);
  TrigramIndex index;
  Naive naive;
  for (std::uint32_t id = 0; id < 6'000; ++id) {
    index.add(id, naive.texts.emplace(id, some_text(dice, 24)).first->second);
    if (id % 7 > 0) continue;
    std::string part = some_text(dice, 7);
    part.resize(3 + id % 5, 'b');
    expect_found(index, naive, part);
    part.resize(2);
    const auto brief_holds = [&](std::uint32_t text) { return naive.texts[text].find(part) != std::string::npos; };
    EXPECT_EQ(index.holding_short(part, brief_holds), naive.holding(part)) << part;
  }
}

// With gaps between the ids; few, and more than a trigram's list takes before it is put away; changed afterwards.
TEST(TrigramIndexTest, IsBuiltAtOnceAsOneByOne) {
  for (const std::size_t texts : {0U, 100U, 5'000U}) {
    std::mt19937 dice(12);
    Naive naive;
    std::vector<TrigramIndex::Text> all;
    for (std::uint32_t id = 0; naive.texts.size() < texts; id += 1 + dice() % 3)
      all.push_back({id, naive.texts.emplace(id, some_text(dice, 24)).first->second});
    TrigramIndex index;
    index.build(all.size(), [&](std::size_t i) { return all[i]; });
    for (std::size_t look = 0; look < std::min<std::size_t>(texts, 200); ++look) {
      std::string part = some_text(dice, 7);
      part.resize(3 + look % 5, 'a');
      expect_found(index, naive, part);
      if (naive.texts.empty()) continue;
      const auto gone = std::next(naive.texts.begin(), static_cast<std::ptrdiff_t>(dice() % naive.texts.size() / 2));
      index.remove(gone->first, gone->second);
      naive.texts.erase(gone);
    }
    index.add(1'000'000, "zoe");
    EXPECT_EQ(index.candidates("zoe"), std::vector<std::uint32_t>{1'000'000});
  }
}

// A part of which no text that has settled holds a trigram.
TEST(TrigramIndexTest, FindsTheFirstOfItsKindWhileItWaits) {
  TrigramIndex index;
  for (std::uint32_t id = 0; id < TrigramIndex::kWaiting; ++id) index.add(id, "jane.doe");
  index.add(9'999, "zoe");
  EXPECT_EQ(index.candidates("zoe"), std::vector<std::uint32_t>{9'999});
  for (std::uint32_t id = 10'000; id < 10'000 + TrigramIndex::kWaiting; ++id) index.add(id, "jane.doe");
  EXPECT_EQ(index.candidates("zoe"), std::vector<std::uint32_t>{9'999});
  index.remove(9'999, "zoe");
  EXPECT_TRUE(index.candidates("zoe").empty());
}

// One and two letters, some of them seldom, in texts of none and more; settled, waiting, and built at once.
TEST(TrigramIndexTest, FindsPartsShorterThanATrigram) {
  std::mt19937 dice(13);
  const auto text = [&] {
    std::string out = some_text(dice, 2);
    if (dice() % 20 > 0) out += "bcb" + some_text(dice, 6);
    for (char& letter : out)
      if (dice() % 40 == 0) letter = static_cast<char>('w' + dice() % 4);
    return out;
  };
  TrigramIndex one_by_one;
  Naive naive;
  std::vector<TrigramIndex::Text> all;
  for (std::uint32_t id = 0; id < 20'000; ++id) {
    const std::string& added = naive.texts.emplace(id, text()).first->second;
    one_by_one.add(id, added);
    all.push_back({id, added});
  }
  TrigramIndex at_once;
  at_once.build(all.size(), [&](std::size_t i) { return all[i]; });
  for (std::uint32_t id = 7; id < 20'000; id += 1'000) {
    one_by_one.remove(id, naive.texts[id]);
    at_once.remove(id, naive.texts[id]);
    naive.texts.erase(id);
  }
  for (const std::string_view part : {"w", "x", "ww", "xa", "ay", "zb", "wx", "a", "ab", "q", "\xC3"}) {
    const auto expected = naive.holding(part);
    for (const TrigramIndex* index : {&one_by_one, &at_once}) {
      int asked = 0;
      const auto found = index->holding_short(part, [&](std::uint32_t id) {
        EXPECT_LT(naive.texts[id].size(), TrigramIndex::kShortest);
        ++asked;
        return naive.texts[id].find(part) != std::string::npos;
      });
      EXPECT_EQ(found, expected) << part;
      EXPECT_GT(asked, 0);
    }
  }
}

}  // namespace
}  // namespace curfew::index
