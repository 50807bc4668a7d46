// CountedTree against a sorted list, through random histories of more than two levels, with keys that often are equal
// in part.
#include "index/counted_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace curfew::index {
namespace {

std::uint64_t word(const std::string& text, std::size_t from) {
  std::uint64_t out = 0;
  for (std::size_t i = from; i < from + 8; ++i)
    out = out << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0);
  return out;
}

// Numbers, as times and addresses are. Few of them, and the highest there is.
struct NumberKeys {
  static constexpr bool kByValue = true, kShort = true;
  struct Key {
    std::uint64_t hi, lo;
  };
  static Key draw(std::mt19937_64& random) {
    const std::uint64_t hi = random() % 400;
    return {hi == 0 ? ~std::uint64_t{0} : hi, random() % 3};
  }
  const std::vector<Key>& keys;
  Probe probe(std::uint32_t item) const { return {keys[item].hi, keys[item].lo, item, {}, {}}; }
  int compare(const Probe& a, std::uint32_t item) const {
    const Probe b = probe(item);
    const auto left = std::tie(a.hi, a.lo, a.no), right = std::tie(b.hi, b.lo, b.no);
    return left < right ? -1 : left == right ? 0 : 1;
  }
  bool marked(std::uint32_t item) const { return item % 7 == 0; }
  void prefetch(std::uint32_t) const {}
  void prefetch_deep(std::uint32_t) const {}
};

// Texts, as names are: many begin alike, and some differ only behind their first sixteen bytes.
struct TextKeys {
  static constexpr bool kByValue = false, kShort = false;
  using Key = std::string;
  static Key draw(std::mt19937_64& random) {
    const std::string number = std::to_string(random() % 300);
    return random() % 3 == 0 ? "somebody-with-a-name-" + number : number;
  }
  const std::vector<Key>& keys;
  Probe probe(std::uint32_t item) const { return {word(keys[item], 0), word(keys[item], 8), item, keys[item], {}}; }
  int compare(const Probe& a, std::uint32_t item) const {
    const int by_text = a.text.compare(keys[item]);
    if (by_text != 0) return by_text;
    return a.no < item ? -1 : a.no > item ? 1 : 0;
  }
  bool marked(std::uint32_t item) const { return item % 7 == 0; }
  void prefetch(std::uint32_t) const {}
  void prefetch_deep(std::uint32_t) const {}
};

template <class Keys>
class CountedTreeTest : public testing::Test {
 protected:
  static constexpr std::uint32_t kItems = 20'000;
  using Tree = CountedTree<Keys>;

  void SetUp() override {
    for (std::uint32_t i = 0; i < kItems; ++i) {
      keys_.push_back(Keys::draw(random_));
      present_.push_back(i);
    }
    std::shuffle(present_.begin(), present_.end(), random_);
    for (const std::uint32_t item : present_) tree_.insert(item);
  }

  // Takes a random batch out of those that are present.
  std::vector<std::uint32_t> draw_batch() {
    std::shuffle(present_.begin(), present_.end(), random_);
    const auto n = static_cast<std::ptrdiff_t>(std::min<std::size_t>(1 + random_() % 300, present_.size()));
    std::vector<std::uint32_t> batch(present_.end() - n, present_.end());
    present_.erase(present_.end() - n, present_.end());
    return batch;
  }
  // Out of the tree, by ways that were all found before the first is gone; as they were then, where keys go by value.
  void erase(const std::vector<std::uint32_t>& batch, bool change_before) {
    std::vector<Probe> probes;
    for (const std::uint32_t item : batch) probes.push_back(tree_.keys().probe(item));
    std::vector<typename Tree::Path> ways(batch.size());
    tree_.find_ways(
        batch.size(), [&](std::size_t i) { return probes[i]; }, [&](std::size_t i) -> auto& { return ways[i]; });
    for (std::size_t i = 0; i < batch.size(); ++i)
      ASSERT_EQ(ways[i].leaf, tree_.place_of(batch[i]).leaf) << "item " << batch[i];
    if (change_before)
      for (const std::uint32_t item : batch) keys_[item] = Keys::draw(random_);
    for (std::size_t i = 0; i < batch.size(); ++i) tree_.erase_at(ways[i], probes[i], batch[i]);
  }
  // Into the tree, by ways that were all found before the first is there.
  void insert(std::span<const std::uint32_t> batch) {
    std::vector<typename Tree::Path> ways(batch.size());
    const auto probe_of = [&](std::size_t i) { return tree_.keys().probe(batch[i]); };
    tree_.find_ways(batch.size(), probe_of, [&](std::size_t i) -> auto& { return ways[i]; });
    for (const bool deep : {false, true})
      for (const auto& way : ways) tree_.prefetch_search(way, deep);
    for (const bool deep : {false, true})
      for (std::size_t i = 0; i < batch.size(); ++i) tree_.prefetch_rest(ways[i], probe_of(i), deep);
    for (std::size_t i = 0; i < batch.size(); ++i) tree_.insert_at(ways[i], probe_of(i), batch[i]);
    present_.insert(present_.end(), batch.begin(), batch.end());
  }
  void expect_order() {
    tree_.verify();
    ASSERT_EQ(tree_.size(), present_.size());
    std::sort(present_.begin(), present_.end(), [&](std::uint32_t a, std::uint32_t b) {
      return a != b && tree_.keys().compare(tree_.keys().probe(a), b) < 0;
    });
    if (present_.empty()) return;
    TreePlace place = tree_.select(0);
    for (std::size_t i = 0; i < present_.size(); ++i) {
      ASSERT_EQ(tree_.item(place), present_[i]) << "at " << i;
      ASSERT_EQ(tree_.next(place), i + 1 < present_.size());
    }
    for (int i = 0; i < 50; ++i) {
      const auto rank = static_cast<std::uint32_t>(random_() % present_.size());
      EXPECT_EQ(tree_.rank(tree_.keys().probe(present_[rank]), false), rank);
      EXPECT_EQ(tree_.item(tree_.select(rank)), present_[rank]);
    }
  }

  std::mt19937_64 random_{7};
  std::vector<typename Keys::Key> keys_;
  Keys source_{keys_};
  Tree tree_{source_};
  std::vector<std::uint32_t> present_;
};

using AllKeys = testing::Types<NumberKeys, TextKeys>;
TYPED_TEST_SUITE(CountedTreeTest, AllKeys);

TYPED_TEST(CountedTreeTest, BatchesGoAndComeBackElsewhere) {
  this->expect_order();
  for (int round = 0; round < 60; ++round) {
    const auto batch = this->draw_batch();
    this->erase(batch, TypeParam::kByValue);
    if (this->HasFatalFailure()) return;
    this->tree_.verify();
    for (const std::uint32_t item : batch) {
      if (!TypeParam::kByValue) this->keys_[item] = TypeParam::draw(this->random_);
      this->tree_.insert(item);
      this->present_.push_back(item);
    }
    if (round % 10 == 0) this->expect_order();
  }
  this->expect_order();
}

// Ways that go astray meanwhile: leaves split, separators come down, the root gets another root above it.
TYPED_TEST(CountedTreeTest, BatchesComeTogether) {
  std::vector<std::uint32_t> all = std::exchange(this->present_, {});
  for (const bool ascending : {false, true}) {
    this->tree_.clear();
    this->present_.clear();
    if (ascending)
      std::sort(all.begin(), all.end(), [&](std::uint32_t a, std::uint32_t b) {
        return a != b && this->tree_.keys().compare(this->tree_.keys().probe(a), b) < 0;
      });
    for (std::span<const std::uint32_t> rest = all; !rest.empty();) {
      const std::size_t n = std::min<std::size_t>(1 + this->random_() % 300, rest.size());
      this->insert(rest.first(n));
      this->tree_.verify();
      rest = rest.subspan(n);
    }
    this->expect_order();
  }
}

TYPED_TEST(CountedTreeTest, BatchesGoUntilNothingIsLeft) {
  while (!this->present_.empty()) {
    this->erase(this->draw_batch(), false);
    if (this->HasFatalFailure()) return;
    if (this->present_.size() % 5 == 0) this->expect_order();
  }
  this->expect_order();
}

}  // namespace
}  // namespace curfew::index
