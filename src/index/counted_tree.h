// CountedTree<Keys>: an order over 32-bit items that knows ranks.
//
// What it is: a B+-tree whose leaves hold only the items (the keys are read where they live, through Keys) and whose
// inner nodes keep, for every child, how many items and how many marked items are below it and a copy of its lowest
// key. So the item at any rank, and the rank of any key, cost O(log n); so do both among the marked items alone. 4.5
// to 6.5 bytes an item.
//
// Keys gives:
//   Probe probe(item)                  the item's key as it is now
//   int compare(const Probe&, item)    a total order; `no` decides between equal keys
//   bool marked(item)
//   void prefetch(item), prefetch_deep(item): in this order, what compare() will read
//   static constexpr bool kByValue     a Probe's hi, lo and no are the whole key: no need to look at an item to compare
//   static constexpr bool kShort       hi alone tells most keys apart
//
// Invariants: items are distinct and ordered; every separator is above all items to its left and at or below all to its
// right. Where keys are by value a separator may be lower than its first item, so an item can be erased under the key
// that it had when it was inserted, although its columns have changed since: touches rely on that. Threads: none of its
// own. Limits: 2^32 - 1 items.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "index/image.h"
#include "index/paged_array.h"

namespace curfew::index {

// A key to look for. hi and lo are its first 16 bytes as big-endian numbers; text and id are the whole where that is
// longer.
struct Probe {
  std::uint64_t hi = 0, lo = 0, no = 0;
  std::string_view text, id;
};

// A position: the leaf and the place in it.
struct TreePlace {
  std::uint32_t leaf = 0, at = 0;
};

template <class Keys>
class CountedTree {
 public:
  static constexpr std::uint32_t kNone = 0xffffffffU;
  static constexpr int kMaxHeight = 12;
  // The way from the root to a leaf.
  struct Path {
    std::uint32_t node[kMaxHeight];
    std::uint32_t index[kMaxHeight];
    std::uint32_t leaf;
  };

  explicit CountedTree(const Keys& keys) : keys_(keys) { clear(); }

  const Keys& keys() const { return keys_; }
  std::uint32_t size() const { return size_; }
  std::uint32_t marked() const { return marked_; }
  std::size_t memory_bytes() const { return leaves_.memory_bytes() + inners_.memory_bytes(); }

  void insert(std::uint32_t item) {
    const Probe probe = keys_.probe(item);
    Path path;
    std::uint32_t at = 0;
    if (size_ == 0 || after_last(probe)) {
      descend_last(path);
      at = leaves_[path.leaf].count;
    } else {
      descend(probe, path);
      at = position(leaves_[path.leaf], probe);
    }
    add(path, at, item, probe);
  }

  // Takes out an item that was inserted under this key.
  void erase(const Probe& probe, std::uint32_t item) {
    Path path;
    descend(probe, path);
    const std::uint32_t at = position_of(leaves_[path.leaf], item);
    CURFEW_CHECK(at != kNone, "an item is where its key says");
    remove(path, at, item);
  }
  // Both in steps, for many items and trees side by side, so that each step brings near what the next one reads. First
  // the ways to the leaves of `count` keys, level by level: while one waits for a node, the others go on. probe_of(i)
  // gives a key, path_of(i) where its way goes. Then erase_at(); or prefetch_search(), then prefetch_rest(), each
  // deep at last, and insert_at(). Other items may have come and gone in between.
  template <class ProbeOf, class PathOf>
  void find_ways(std::size_t count, ProbeOf probe_of, PathOf path_of) const {
    for (std::size_t i = 0; i < count; ++i) {
      path_of(i).node[0] = kNone;
      path_of(i).leaf = root_;
    }
    for (int level = 0; level < height_; ++level) {
      for (std::size_t i = 0; i < count; ++i) {
        Path& path = path_of(i);
        const Inner& inner = inners_[path.leaf];
        path.node[level] = path.leaf;
        path.index[level] = child_of_near(inner, probe_of(i));
        index::prefetch(&inner.child[path.index[level]]);
        index::prefetch(&inner.items[path.index[level]]);  // for count_path()
      }
      for (std::size_t i = 0; i < count; ++i) {
        Path& path = path_of(i);
        path.leaf = inners_[path.node[level]].child[path.index[level]];
        if (level + 1 < height_)
          inners_[path.leaf].prefetch();
        else
          prefetch_all(&leaves_[path.leaf], sizeof(Leaf));
      }
    }
  }
  void prefetch_search(const Path& path, bool deep) const {
    const Leaf& leaf = leaves_[path.leaf];
    prefetch_middles(leaf, 0, leaf.count, kSteps, deep);
  }
  // And then what is left after the first steps, which read the items that the above has brought near.
  void prefetch_rest(const Path& path, const Probe& probe, bool deep) const {
    const Leaf& leaf = leaves_[path.leaf];
    if (path.leaf == last_leaf_ && after_last(probe)) return;
    std::uint32_t low = 0, high = leaf.count;
    for (int step = 0; step < kSteps && low < high; ++step) halve(leaf, probe, low, high);
    prefetch_items(leaf, low, high, deep);
  }
  void insert_at(Path& path, const Probe& probe, std::uint32_t item) {
    if (!leads(path, probe)) descend(probe, path);
    const Leaf& leaf = leaves_[path.leaf];
    const bool last = path.leaf == last_leaf_ && after_last(probe);
    add(path, last ? leaf.count : position(leaf, probe), item, probe);
  }
  void erase_at(Path& path, const Probe& probe, std::uint32_t item) {
    const std::uint32_t at = leads(path) ? position_of(leaves_[path.leaf], item) : kNone;
    if (at != kNone)
      remove(path, at, item);
    else
      erase(probe, item);
  }

  // How many items are below the probe, or at it too, if `after_equal`.
  std::uint32_t rank(const Probe& probe, bool after_equal) const {
    if (size_ == 0) return 0;
    Path path;
    descend(probe, path);
    std::uint32_t below = 0;
    for (int level = 0; level < height_; ++level) {
      const Inner& inner = inners_[path.node[level]];
      for (std::uint32_t i = 0; i < path.index[level]; ++i) below += inner.items[i];
    }
    const Leaf& leaf = leaves_[path.leaf];
    std::uint32_t at = position(leaf, probe);
    if (after_equal && at < leaf.count && keys_.compare(probe, leaf.item[at]) == 0) ++at;
    return below + at;
  }
  // How many of the first `items` items are marked.
  std::uint32_t marked_before(std::uint32_t items) const {
    if (items == 0 || marked_ == 0) return 0;
    if (items >= size_) return marked_;
    std::uint32_t rest = items, node = root_, below = 0;
    for (int level = 0; level < height_; ++level) {
      const Inner& inner = inners_[node];
      std::uint32_t i = 0;
      while (rest >= inner.items[i]) {
        rest -= inner.items[i];
        below += inner.marked[i++];
      }
      node = inner.child[i];
    }
    for (std::uint32_t i = 0; i < rest; ++i) below += keys_.marked(leaves_[node].item[i]);
    return below;
  }

  // The place of the item with this rank. Requires: rank < size().
  TreePlace select(std::uint32_t rank) const {
    std::uint32_t node = root_;
    for (int level = 0; level < height_; ++level) {
      const Inner& inner = inners_[node];
      std::uint32_t i = 0;
      while (rank >= inner.items[i]) rank -= inner.items[i++];
      node = inner.child[i];
    }
    return {node, rank};
  }
  // The place of the marked (or unmarked) item with this rank among its like. Requires: there are more than `rank` of
  // them.
  TreePlace select_like(std::uint32_t rank, bool marked) const {
    std::uint32_t node = root_;
    for (int level = 0; level < height_; ++level) {
      const Inner& inner = inners_[node];
      std::uint32_t i = 0;
      for (;; ++i) {
        const std::uint32_t here = marked ? inner.marked[i] : inner.items[i] - inner.marked[i];
        if (rank < here) break;
        rank -= here;
      }
      node = inner.child[i];
    }
    const Leaf& leaf = leaves_[node];
    std::uint32_t at = 0;
    for (;; ++at)
      if (keys_.marked(leaf.item[at]) == marked && rank-- == 0) break;
    return {node, at};
  }

  // Where an item stands, by its key as it is now. Requires: it is in the order under that key.
  TreePlace place_of(std::uint32_t item) const {
    Path path;
    descend(keys_.probe(item), path);
    const std::uint32_t at = position_of(leaves_[path.leaf], item);
    CURFEW_CHECK(at != kNone, "an item is where its key says");
    return {path.leaf, at};
  }

  std::uint32_t item(const TreePlace& place) const { return leaves_[place.leaf].item[place.at]; }
  // One step along the order; false at its end, and then the place is left as it was.
  bool next(TreePlace& place) const {
    const Leaf& leaf = leaves_[place.leaf];
    if (place.at + 1 < leaf.count) {
      ++place.at;
      return true;
    }
    if (leaf.next == kNone) return false;
    place = {leaf.next, 0};
    return true;
  }
  bool previous(TreePlace& place) const {
    if (place.at > 0) {
      --place.at;
      return true;
    }
    const std::uint32_t before = leaves_[place.leaf].previous;
    if (before == kNone) return false;
    place = {before, leaves_[before].count - 1};
    return true;
  }
  // The whole of a leaf, for scans along the order.
  std::span<const std::uint32_t> leaf_items(std::uint32_t leaf) const {
    return {leaves_[leaf].item, leaves_[leaf].count};
  }
  std::uint32_t next_leaf(std::uint32_t leaf) const { return leaves_[leaf].next; }

  // Replaces everything by these items, which are in order. `fill` of 1 for orders that grow at their end, less for
  // others.
  void build(std::span<const std::uint32_t> items, double fill);
  void clear() {
    leaves_.clear();
    inners_.clear();
    free_leaf_ = free_inner_ = kNone;
    size_ = marked_ = 0;
    height_ = 0;
    root_ = last_leaf_ = new_leaf();
  }
  void save(ImageWriter& out) const;  // image.h; in place of what is here
  void load(ImageReader& in);
  // Stops the program unless every invariant holds. For tests.
  void verify() const;

 private:
  static constexpr std::uint32_t kLeafItems = 125;
  static constexpr std::uint32_t kFan = 64;
  static constexpr int kSteps = 3;               // through a leaf, whose items are asked for whichever way it goes
  static constexpr std::uint32_t kFetched = 15;  // so few are left after them
  struct Leaf {
    std::uint32_t count, previous, next;
    std::uint32_t item[kLeafItems];
  };
  static_assert(sizeof(Leaf) == 512);
  struct Inner {
    std::uint64_t hi[kFan], lo[kFan], no[kFan];
    std::uint32_t child[kFan], items[kFan], marked[kFan],
        first[kFan];              // first: an item at the separator, unless by value
    std::uint32_t count, unused;  // no bytes between: images are compared and summed

    // What child_for() reads.
    void prefetch() const {
      prefetch_all(hi, sizeof(hi));
      if constexpr (!Keys::kShort) prefetch_all(lo, sizeof(lo));
      index::prefetch(&count);
    }
  };
  static void prefetch_all(const void* from, std::size_t size) {
    for (std::size_t i = 0; i < size; i += 64) index::prefetch(static_cast<const char*>(from) + i);
  }
  int compare_separator(const Probe& probe, const Inner& inner, std::uint32_t i) const {
    if (probe.hi != inner.hi[i]) return probe.hi < inner.hi[i] ? -1 : 1;
    if (probe.lo != inner.lo[i]) return probe.lo < inner.lo[i] ? -1 : 1;
    if constexpr (Keys::kByValue) return probe.no < inner.no[i] ? -1 : probe.no > inner.no[i] ? 1 : 0;
    return keys_.compare(probe, inner.first[i]);
  }
  // The first place in [from, to) of a rising sequence whose number is not below `least`, or `to`. Without branches:
  // which way to go is a guess that fails half the time.
  static std::uint32_t first_from(const std::uint64_t* numbers, std::uint32_t from, std::uint32_t to,
                                  std::uint64_t least) {
    std::uint32_t left = to - from;
    while (left > 1) {
      const std::uint32_t half = left / 2;
      from += half * static_cast<std::uint32_t>(numbers[from + half - 1] < least);
      left -= half;
    }
    return from + static_cast<std::uint32_t>(left == 1 && numbers[from] < least);
  }
  // The part of [from, to) whose numbers are this one; empty, where it would be, if there are none.
  static std::pair<std::uint32_t, std::uint32_t> equal_to(const std::uint64_t* numbers, std::uint32_t from,
                                                          std::uint32_t to, std::uint64_t number) {
    from = first_from(numbers, from, to, number);
    if (from == to || numbers[from] != number) return {from, from};
    return {from, number == ~std::uint64_t{0} ? to : first_from(numbers, from, to, number + 1)};
  }
  // The last child whose separator is at or below the probe; the first if there is none.
  std::uint32_t child_for(const Inner& inner, const Probe& probe) const {
    return child_in(inner, probe, 1, inner.count);
  }
  // The same for a node that is near. Of one that is far the processor, guessing, asks for what it will read next.
  std::uint32_t child_of_near(const Inner& inner, const Probe& probe) const {
    auto [low, high] = equal_to(inner.hi, 1, inner.count, probe.hi);
    if (low != high) std::tie(low, high) = equal_to(inner.lo, low, high, probe.lo);
    return child_in(inner, probe, low, high);
  }
  // The same where it is known that it is one of [low - 1, high).
  std::uint32_t child_in(const Inner& inner, const Probe& probe, std::uint32_t low, std::uint32_t high) const {
    while (low < high) {
      const std::uint32_t middle = (low + high) / 2;
      if (compare_separator(probe, inner, middle) < 0)
        high = middle;
      else
        low = middle + 1;
    }
    return low - 1;
  }
  void descend(const Probe& probe, Path& path) const {
    std::uint32_t node = root_;
    for (int level = 0; level < height_; ++level) {
      path.node[level] = node;
      path.index[level] = child_for(inners_[node], probe);
      node = inners_[node].child[path.index[level]];
    }
    path.leaf = node;
  }
  void descend_last(Path& path) const {
    std::uint32_t node = root_;
    for (int level = 0; level < height_; ++level) {
      path.node[level] = node;
      path.index[level] = inners_[node].count - 1;
      node = inners_[node].child[path.index[level]];
    }
    path.leaf = node;
  }
  // Whether a path that was found before still goes from the root to its leaf.
  bool leads(const Path& path) const {
    std::uint32_t node = root_;
    for (int level = 0; level < height_; ++level) {
      const Inner& inner = inners_[node];
      if (path.node[level] != node || path.index[level] >= inner.count) return false;
      node = inner.child[path.index[level]];
    }
    return node == path.leaf;
  }
  // The same, and the key belongs into that leaf.
  bool leads(const Path& path, const Probe& probe) const {
    if (!leads(path)) return false;
    for (int level = 0; level < height_; ++level) {
      const Inner& inner = inners_[path.node[level]];
      const std::uint32_t i = path.index[level];
      if (i > 0 && compare_separator(probe, inner, i) < 0) return false;
      if (i + 1 < inner.count && compare_separator(probe, inner, i + 1) >= 0) return false;
    }
    return true;
  }
  bool after_last(const Probe& probe) const {
    const Leaf& leaf = leaves_[last_leaf_];
    return leaf.count > 0 && keys_.compare(probe, leaf.item[leaf.count - 1]) > 0;
  }
  // The first place whose item is not below the probe.
  std::uint32_t position(const Leaf& leaf, const Probe& probe) const {
    std::uint32_t low = 0, high = leaf.count;
    bool fetched = false;
    while (low < high) {
      if (high - low <= kFetched && !std::exchange(fetched, true)) {
        prefetch_items(leaf, low, high, false);
        prefetch_items(leaf, low, high, true);
      }
      halve(leaf, probe, low, high);
    }
    return low;
  }
  void halve(const Leaf& leaf, const Probe& probe, std::uint32_t& low, std::uint32_t& high) const {
    const std::uint32_t middle = (low + high) / 2;
    if (keys_.compare(probe, leaf.item[middle]) > 0)
      low = middle + 1;
    else
      high = middle;
  }
  void prefetch_items(const Leaf& leaf, std::uint32_t low, std::uint32_t high, bool deep) const {
    for (std::uint32_t i = low; i < high; ++i) {
      if (deep)
        keys_.prefetch_deep(leaf.item[i]);
      else
        keys_.prefetch(leaf.item[i]);
    }
  }
  // The items that position() will look at first, whichever way it goes.
  void prefetch_middles(const Leaf& leaf, std::uint32_t low, std::uint32_t high, int depth, bool deep) const {
    if (low >= high || depth == 0) return;
    const std::uint32_t middle = (low + high) / 2;
    if (deep)
      keys_.prefetch_deep(leaf.item[middle]);
    else
      keys_.prefetch(leaf.item[middle]);
    prefetch_middles(leaf, low, middle, depth - 1, deep);
    prefetch_middles(leaf, middle + 1, high, depth - 1, deep);
  }
  static std::uint32_t position_of(const Leaf& leaf, std::uint32_t item) {
    std::uint32_t found = 0;  // no early exit, so that the loop becomes vector instructions
    for (std::uint32_t i = 0; i < kLeafItems; ++i) found |= leaf.item[i] == item && i < leaf.count ? i + 1 : 0;
    return found - 1;
  }

  std::uint32_t new_leaf();
  std::uint32_t new_inner();
  void drop_leaf(std::uint32_t at);

  struct Child {
    std::uint64_t hi, lo, no;
    std::uint32_t node, items, marked, first;
  };
  static Child child_at(const Inner& inner, std::uint32_t i) {
    return {inner.hi[i], inner.lo[i], inner.no[i], inner.child[i], inner.items[i], inner.marked[i], inner.first[i]};
  }
  static void set_child(Inner& inner, std::uint32_t i, const Child& child) {
    inner.hi[i] = child.hi;
    inner.lo[i] = child.lo;
    inner.no[i] = child.no;
    inner.child[i] = child.node;
    inner.items[i] = child.items;
    inner.marked[i] = child.marked;
    inner.first[i] = child.first;
  }
  Child child_of_leaf(std::uint32_t node) const;
  Child child_of_inner(std::uint32_t node) const;
  static void insert_child(Inner& inner, std::uint32_t at, const Child& child) {
    for (std::uint32_t i = inner.count; i > at; --i) set_child(inner, i, child_at(inner, i - 1));
    set_child(inner, at, child);
    ++inner.count;
  }
  static void erase_child(Inner& inner, std::uint32_t at) {
    for (std::uint32_t i = at; i + 1 < inner.count; ++i) set_child(inner, i, child_at(inner, i + 1));
    --inner.count;
  }

  void add(Path& path, std::uint32_t at, std::uint32_t item, const Probe& probe);
  void split_leaf(Path& path, std::uint32_t at, std::uint32_t item);
  void link_child(Path& path, int level, const Child& left, const Child& right);
  void remove(Path& path, std::uint32_t at, std::uint32_t item);
  void lower_separators(const Path& path, const Probe& probe, std::uint32_t item);
  void refresh_separators(const Path& path, int level);
  void shrink(Path& path);
  void unlink_child(Path& path, int level);
  void merge_leaves(Path& path, std::uint32_t left_index);
  bool merge_inners(Path& path, int level);
  void count_path(const Path& path, bool up, bool marked) {
    for (int level = 0; level < height_; ++level) {
      Inner& inner = inners_[path.node[level]];
      const std::uint32_t i = path.index[level];
      inner.items[i] += up ? 1U : ~0U;
      if (marked) inner.marked[i] += up ? 1U : ~0U;
    }
    size_ += up ? 1U : ~0U;
    if (marked) marked_ += up ? 1U : ~0U;
  }
  void verify_node(std::uint32_t node, int level, std::uint32_t& items, std::uint32_t& marked,
                   std::uint32_t& last) const;

  const Keys& keys_;
  PagedArray<Leaf> leaves_;
  PagedArray<Inner> inners_;
  std::uint32_t root_ = 0, last_leaf_ = 0, size_ = 0, marked_ = 0;
  std::uint32_t free_leaf_ = kNone, free_inner_ = kNone;
  int height_ = 0;  // levels of inner nodes
};

}  // namespace curfew::index

#include "index/counted_tree_impl.h"
