// The changing half of CountedTree (counted_tree.h).
#pragma once

#include "index/counted_tree.h"

namespace curfew::index {

template <class Keys>
std::uint32_t CountedTree<Keys>::new_leaf() {
  std::uint32_t at = free_leaf_;
  if (at != kNone)
    free_leaf_ = leaves_[at].next;
  else
    at = leaves_.push(Leaf{});
  leaves_[at].count = 0;
  leaves_[at].previous = leaves_[at].next = kNone;
  return at;
}

template <class Keys>
std::uint32_t CountedTree<Keys>::new_inner() {
  std::uint32_t at = free_inner_;
  if (at != kNone) {
    free_inner_ = inners_[at].child[0];
  } else {
    at = inners_.size();
    inners_.grow(std::size_t{at} + 1);
  }
  inners_[at].count = 0;
  return at;
}

template <class Keys>
void CountedTree<Keys>::drop_leaf(std::uint32_t at) {
  const Leaf& leaf = leaves_[at];
  if (leaf.previous != kNone) leaves_[leaf.previous].next = leaf.next;
  if (leaf.next != kNone)
    leaves_[leaf.next].previous = leaf.previous;
  else
    last_leaf_ = leaf.previous;
  leaves_[at].next = free_leaf_;
  free_leaf_ = at;
}

template <class Keys>
typename CountedTree<Keys>::Child CountedTree<Keys>::child_of_leaf(std::uint32_t node) const {
  const Leaf& leaf = leaves_[node];
  Child child{0, 0, 0, node, leaf.count, 0, kNone};
  if (leaf.count > 0) {
    const Probe probe = keys_.probe(leaf.item[0]);
    child.hi = probe.hi;
    child.lo = probe.lo;
    child.no = probe.no;
    child.first = leaf.item[0];
  }
  for (std::uint32_t i = 0; i < leaf.count; ++i) child.marked += keys_.marked(leaf.item[i]);
  return child;
}

template <class Keys>
typename CountedTree<Keys>::Child CountedTree<Keys>::child_of_inner(std::uint32_t node) const {
  const Inner& inner = inners_[node];
  Child child = child_at(inner, 0);
  child.node = node;
  child.items = child.marked = 0;
  for (std::uint32_t i = 0; i < inner.count; ++i) {
    child.items += inner.items[i];
    child.marked += inner.marked[i];
  }
  return child;
}

template <class Keys>
void CountedTree<Keys>::add(Path& path, std::uint32_t at, std::uint32_t item, const Probe& probe) {
  count_path(path, true, keys_.marked(item));
  if (at == 0) lower_separators(path, probe, item);
  Leaf& leaf = leaves_[path.leaf];
  if (leaf.count == kLeafItems) return split_leaf(path, at, item);
  std::memmove(leaf.item + at + 1, leaf.item + at, (leaf.count - at) * sizeof(std::uint32_t));
  leaf.item[at] = item;
  ++leaf.count;
}

// A full leaf becomes two. At the very end of the order nothing is moved: such orders grow there, and stay packed.
template <class Keys>
void CountedTree<Keys>::split_leaf(Path& path, std::uint32_t at, std::uint32_t item) {
  const std::uint32_t right = new_leaf();
  Leaf& from = leaves_[path.leaf];
  Leaf& to = leaves_[right];
  const bool at_end = path.leaf == last_leaf_ && at == from.count;
  const std::uint32_t keep = at_end ? kLeafItems : (kLeafItems + 1) / 2;
  to.count = from.count - keep;
  std::memcpy(to.item, from.item + keep, to.count * sizeof(std::uint32_t));
  from.count = keep;
  to.previous = path.leaf;
  to.next = from.next;
  if (from.next != kNone)
    leaves_[from.next].previous = right;
  else
    last_leaf_ = right;
  from.next = right;
  Leaf& home = at > keep || at_end ? to : from;
  const std::uint32_t place = &home == &to ? at - keep : at;
  std::memmove(home.item + place + 1, home.item + place, (home.count - place) * sizeof(std::uint32_t));
  home.item[place] = item;
  ++home.count;
  // The left half keeps its separator.
  Child left = child_of_leaf(path.leaf);
  if (height_ > 0) {
    const Child old = child_at(inners_[path.node[height_ - 1]], path.index[height_ - 1]);
    left.hi = old.hi;
    left.lo = old.lo;
    left.no = old.no;
    left.first = old.first;
  }
  link_child(path, height_ - 1, left, child_of_leaf(right));
}

// Puts `left` in the place of what was split and `right` behind it, splitting upwards as needed.
template <class Keys>
void CountedTree<Keys>::link_child(Path& path, int level, const Child& left, const Child& right) {
  if (level < 0) {
    const std::uint32_t root = new_inner();
    Inner& inner = inners_[root];
    set_child(inner, 0, left);
    set_child(inner, 1, right);
    inner.count = 2;
    root_ = root;
    ++height_;
    CURFEW_CHECK(height_ < kMaxHeight, "2^32 items need no more levels");
    return;
  }
  const std::uint32_t node = path.node[level];
  const std::uint32_t index = path.index[level];
  if (inners_[node].count < kFan) {
    set_child(inners_[node], index, left);
    insert_child(inners_[node], index + 1, right);
    return;
  }
  const std::uint32_t fresh = new_inner();
  Inner& from = inners_[node];
  Inner& to = inners_[fresh];
  set_child(from, index, left);
  const std::uint32_t keep = index + 1 == kFan ? kFan - 1 : kFan / 2;
  for (std::uint32_t i = keep; i < kFan; ++i) set_child(to, i - keep, child_at(from, i));
  to.count = kFan - keep;
  from.count = keep;
  if (index + 1 > keep)
    insert_child(to, index + 1 - keep, right);
  else
    insert_child(from, index + 1, right);
  link_child(path, level - 1, child_of_inner(node), child_of_inner(fresh));
}

// A new first item: separators above it that are higher come down to it.
template <class Keys>
void CountedTree<Keys>::lower_separators(const Path& path, const Probe& probe, std::uint32_t item) {
  for (int level = height_ - 1; level >= 0; --level) {
    Inner& inner = inners_[path.node[level]];
    const std::uint32_t i = path.index[level];
    if (Keys::kByValue && compare_separator(probe, inner, i) >= 0) return;
    inner.hi[i] = probe.hi;
    inner.lo[i] = probe.lo;
    inner.no[i] = probe.no;
    inner.first[i] = item;
    if (i != 0) return;
  }
}

// Where separators name an item, it must be one that is still there: takes them anew from below, from `level` up.
template <class Keys>
void CountedTree<Keys>::refresh_separators(const Path& path, int level) {
  if constexpr (Keys::kByValue) return;
  for (; level >= 0; --level) {
    Inner& inner = inners_[path.node[level]];
    const std::uint32_t i = path.index[level];
    if (i >= inner.count) return;
    const bool leaf = level == height_ - 1;
    if (leaf && leaves_[inner.child[i]].count == 0) return;
    Child child = leaf ? child_at(inner, i) : child_at(inners_[inner.child[i]], 0);
    if (leaf) {
      const std::uint32_t first = leaves_[inner.child[i]].item[0];
      const Probe probe = keys_.probe(first);
      child.hi = probe.hi;
      child.lo = probe.lo;
      child.no = probe.no;
      child.first = first;
    }
    inner.hi[i] = child.hi;
    inner.lo[i] = child.lo;
    inner.no[i] = child.no;
    inner.first[i] = child.first;
    if (i != 0) return;
  }
}

template <class Keys>
void CountedTree<Keys>::remove(Path& path, std::uint32_t at, std::uint32_t item) {
  count_path(path, false, keys_.marked(item));
  Leaf& leaf = leaves_[path.leaf];
  --leaf.count;
  std::memmove(leaf.item + at, leaf.item + at + 1, (leaf.count - at) * sizeof(std::uint32_t));
  if (at == 0 && leaf.count > 0) refresh_separators(path, height_ - 1);
  if (leaf.count < kLeafItems / 2 && height_ > 0) shrink(path);
}

// A leaf that has become thin goes into a neighbour if both fit well into one.
template <class Keys>
void CountedTree<Keys>::shrink(Path& path) {
  constexpr std::uint32_t roomy = kLeafItems * 9 / 10;
  const Inner& parent = inners_[path.node[height_ - 1]];
  const std::uint32_t i = path.index[height_ - 1];
  if (parent.items[i] == 0) {
    drop_leaf(path.leaf);
    return unlink_child(path, height_ - 1);
  }
  if (i + 1 < parent.count && parent.items[i] + parent.items[i + 1] <= roomy) return merge_leaves(path, i);
  if (i > 0 && parent.items[i] + parent.items[i - 1] <= roomy) return merge_leaves(path, i - 1);
}

template <class Keys>
void CountedTree<Keys>::merge_leaves(Path& path, std::uint32_t left_index) {
  const int level = height_ - 1;
  Inner& parent = inners_[path.node[level]];
  Leaf& left = leaves_[parent.child[left_index]];
  const Leaf& right = leaves_[parent.child[left_index + 1]];
  std::memcpy(left.item + left.count, right.item, right.count * sizeof(std::uint32_t));
  left.count += right.count;
  parent.items[left_index] += parent.items[left_index + 1];
  parent.marked[left_index] += parent.marked[left_index + 1];
  drop_leaf(parent.child[left_index + 1]);
  path.index[level] = left_index + 1;
  unlink_child(path, level);
}

// Removes the child at the path's index on this level, whose node is already gone, and tidies up above.
template <class Keys>
void CountedTree<Keys>::unlink_child(Path& path, int level) {
  const std::uint32_t node = path.node[level];
  Inner& inner = inners_[node];
  erase_child(inner, path.index[level]);
  if (inner.count == 0) {
    inner.child[0] = free_inner_;
    free_inner_ = node;
    if (level > 0) return unlink_child(path, level - 1);
    height_ = 0;  // nothing is left: an empty leaf is the root
    root_ = last_leaf_ = new_leaf();
    return;
  }
  if (path.index[level] == 0) refresh_separators(path, level - 1);
  if (level == 0) {
    while (height_ > 0 && inners_[root_].count == 1) {
      const std::uint32_t old = root_;
      root_ = inners_[old].child[0];
      inners_[old].child[0] = free_inner_;
      free_inner_ = old;
      --height_;
    }
    return;
  }
  if (inner.count < kFan / 4) merge_inners(path, level);
}

template <class Keys>
bool CountedTree<Keys>::merge_inners(Path& path, int level) {
  Inner& parent = inners_[path.node[level - 1]];
  std::uint32_t left_index = path.index[level - 1];
  const auto fits = [&](std::uint32_t i) {
    return i + 1 < parent.count && inners_[parent.child[i]].count + inners_[parent.child[i + 1]].count <= kFan * 3 / 4;
  };
  if (!fits(left_index)) {
    if (left_index == 0 || !fits(left_index - 1)) return false;
    --left_index;
  }
  Inner& left = inners_[parent.child[left_index]];
  const std::uint32_t right_node = parent.child[left_index + 1];
  Inner& right = inners_[right_node];
  for (std::uint32_t i = 0; i < right.count; ++i) set_child(left, left.count + i, child_at(right, i));
  left.count += right.count;
  parent.items[left_index] += parent.items[left_index + 1];
  parent.marked[left_index] += parent.marked[left_index + 1];
  right.child[0] = free_inner_;
  free_inner_ = right_node;
  path.index[level - 1] = left_index + 1;
  unlink_child(path, level - 1);
  return true;
}

template <class Keys>
void CountedTree<Keys>::build(std::span<const std::uint32_t> items, double fill) {
  clear();
  if (items.empty()) return;
  const auto per_leaf = std::max<std::size_t>(1, static_cast<std::size_t>(kLeafItems * fill));
  const auto per_inner = std::max<std::size_t>(2, static_cast<std::size_t>(kFan * fill));
  std::vector<Child> level;
  level.reserve(items.size() / per_leaf + 1);
  for (std::size_t from = 0; from < items.size(); from += per_leaf) {
    const std::uint32_t node = from == 0 ? root_ : new_leaf();
    const std::size_t n = std::min(per_leaf, items.size() - from);
    Leaf& leaf = leaves_[node];
    std::memcpy(leaf.item, items.data() + from, n * sizeof(std::uint32_t));
    leaf.count = static_cast<std::uint32_t>(n);
    if (from != 0) {
      leaf.previous = last_leaf_;
      leaves_[last_leaf_].next = node;
    }
    last_leaf_ = node;
    level.push_back(child_of_leaf(node));
    marked_ += level.back().marked;
  }
  size_ = static_cast<std::uint32_t>(items.size());
  while (level.size() > 1) {
    std::vector<Child> above;
    for (std::size_t from = 0; from < level.size(); from += per_inner) {
      const std::uint32_t node = new_inner();
      Inner& inner = inners_[node];
      for (std::size_t i = from; i < std::min(level.size(), from + per_inner); ++i)
        set_child(inner, inner.count++, level[i]);
      above.push_back(child_of_inner(node));
    }
    level = std::move(above);
    ++height_;
  }
  root_ = level.front().node;
}

template <class Keys>
void CountedTree<Keys>::save(ImageWriter& out) const {
  out.pages(leaves_);
  out.pages(inners_);
  for (const std::uint32_t n :
       {root_, last_leaf_, size_, marked_, free_leaf_, free_inner_, static_cast<std::uint32_t>(height_)})
    out.number(n);
}

template <class Keys>
void CountedTree<Keys>::load(ImageReader& in) {
  in.pages(leaves_);
  in.pages(inners_);
  for (std::uint32_t* n : {&root_, &last_leaf_, &size_, &marked_, &free_leaf_, &free_inner_}) *n = in.number32();
  height_ = static_cast<int>(in.number32());
  if (in.ok() && height_ >= 0 && height_ <= kMaxHeight && last_leaf_ < leaves_.size()) return;
  in.refuse();
  clear();
}

template <class Keys>
void CountedTree<Keys>::verify_node(std::uint32_t node, int level, std::uint32_t& items, std::uint32_t& marked,
                                    std::uint32_t& last) const {
  if (level == height_) {
    const Leaf& leaf = leaves_[node];
    CURFEW_CHECK(leaf.count > 0 || size_ == 0, "no empty leaves");
    for (std::uint32_t i = 0; i < leaf.count; ++i) {
      if (last != kNone) CURFEW_CHECK(keys_.compare(keys_.probe(last), leaf.item[i]) < 0, "items are in order");
      last = leaf.item[i];
      marked += keys_.marked(last);
    }
    items += leaf.count;
    return;
  }
  const Inner& inner = inners_[node];
  CURFEW_CHECK(inner.count > 0 && inner.count <= kFan, "inner nodes have children");
  for (std::uint32_t i = 0; i < inner.count; ++i) {
    std::uint32_t below = 0, marked_below = 0;
    if (i > 0 && last != kNone) CURFEW_CHECK(compare_separator(keys_.probe(last), inner, i) < 0, "separators part");
    verify_node(inner.child[i], level + 1, below, marked_below, last);
    CURFEW_CHECK(below == inner.items[i] && marked_below == inner.marked[i], "counts are those below");
    CURFEW_CHECK(compare_separator(keys_.probe(last), inner, i) >= 0, "separators are at or below their items");
    items += below;
    marked += marked_below;
  }
}

template <class Keys>
void CountedTree<Keys>::verify() const {
  std::uint32_t items = 0, marked = 0, last = kNone, chained = 0, before = kNone;
  verify_node(root_, 0, items, marked, last);
  CURFEW_CHECK(items == size_ && marked == marked_, "the totals are those of the leaves");
  std::uint32_t leaf = root_;
  for (int level = 0; level < height_; ++level) leaf = inners_[leaf].child[0];
  for (; leaf != kNone; leaf = leaves_[leaf].next) {
    CURFEW_CHECK(leaves_[leaf].previous == before, "leaves are chained both ways");
    chained += leaves_[leaf].count;
    before = leaf;
  }
  CURFEW_CHECK(chained == size_ && before == last_leaf_, "the chain holds every item");
}

}  // namespace curfew::index
