#include "device/literals.h"

#include <algorithm>
#include <deque>
#include <limits>

#include "base/check.h"

namespace curfew::device {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

}  // namespace

Literals::Literals(std::span<const std::string> words) : count_(words.size()) {
  number_bytes(words);
  auto ends = grow(words);
  link(ends);
  words_at_.reserve(ends.size() + 1);
  for (auto& at : ends) {
    words_at_.push_back(static_cast<std::uint32_t>(words_.size()));
    words_.insert(words_.end(), at.begin(), at.end());
  }
  words_at_.push_back(static_cast<std::uint32_t>(words_.size()));
}

void Literals::number_bytes(std::span<const std::string> words) {
  for (const std::string& word : words) {
    CURFEW_CHECK(!word.empty(), "a word has letters");
    for (const char c : word) {
      std::uint8_t& number = class_of_[static_cast<std::uint8_t>(c)];
      if (number == 0) number = static_cast<std::uint8_t>(classes_++);
      CURFEW_CHECK(classes_ < 256 && (c < 'A' || c > 'Z'), "words are in small letters");
    }
  }
  for (int c = 'A'; c <= 'Z'; ++c) class_of_[static_cast<std::size_t>(c)] = class_of_[static_cast<std::size_t>(c + 32)];
}

// The tree of words; returns which words end at each node.
std::vector<std::vector<std::uint32_t>> Literals::grow(std::span<const std::string> words) {
  std::vector<std::vector<std::uint32_t>> ends(1);
  next_.assign(classes_, kNone);
  for (std::uint32_t number = 0; number < words.size(); ++number) {
    Node at = 0;
    for (const char c : words[number]) {
      const std::size_t edge = at * classes_ + class_of_[static_cast<std::uint8_t>(c)];
      if (next_[edge] == kNone) {
        next_[edge] = static_cast<Node>(ends.size());
        ends.emplace_back();
        next_.insert(next_.end(), classes_, kNone);
      }
      at = next_[edge];
    }
    ends[at].push_back(number);
  }
  return ends;
}

// Breadth first: a node's missing edges are those of the longest proper suffix that is a node too, and the words that
// end there end here as well.
void Literals::link(std::vector<std::vector<std::uint32_t>>& ends) {
  std::vector<Node> suffix(ends.size(), 0);
  std::deque<Node> waiting;
  for (std::size_t c = 0; c < classes_; ++c) {
    if (next_[c] == kNone)
      next_[c] = 0;
    else
      waiting.push_back(next_[c]);
  }
  while (!waiting.empty()) {
    const Node node = waiting.front();
    waiting.pop_front();
    const auto& more = ends[suffix[node]];
    ends[node].insert(ends[node].end(), more.begin(), more.end());
    for (std::size_t c = 0; c < classes_; ++c) {
      Node& edge = next_[node * classes_ + c];
      const Node otherwise = next_[suffix[node] * classes_ + c];
      if (edge == kNone) {
        edge = otherwise;
      } else {
        suffix[edge] = otherwise;
        waiting.push_back(edge);
      }
    }
  }
}

void Literals::find(std::string_view text, std::vector<int>& found) const {
  found.clear();
  Node at = 0;
  for (const char c : text) {
    at = next_[at * classes_ + class_of_[static_cast<std::uint8_t>(c)]];
    for (std::uint32_t i = words_at_[at]; i < words_at_[at + 1]; ++i) found.push_back(static_cast<int>(words_[i]));
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
}

}  // namespace curfew::device
