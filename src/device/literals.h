// Finds which of many words stand in a text, in one pass over it (Aho–Corasick), whatever the case of ASCII letters.
//
// Built once, then read by any number of threads. A step for each byte of the text, however many words there are.
// Memory: four bytes for each node and distinct byte, some MB for the words of uap-core's rules.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace curfew::device {

class Literals {
 public:
  // Words are not empty and have no capital ASCII letters.
  explicit Literals(std::span<const std::string> words);

  // The numbers of the words that stand in the text, each once, ascending.
  void find(std::string_view text, std::vector<int>& found) const;

  std::size_t nodes() const { return words_at_.size() - 1; }

 private:
  using Node = std::uint32_t;

  void number_bytes(std::span<const std::string> words);
  std::vector<std::vector<std::uint32_t>> grow(std::span<const std::string> words);
  void link(std::vector<std::vector<std::uint32_t>>& ends);

  std::array<std::uint8_t, 256> class_of_{};  // 0: a byte that is in no word
  std::size_t classes_ = 1;
  std::vector<Node> next_;               // node * classes_ + class → node; whole, failure links folded in
  std::vector<std::uint32_t> words_at_;  // node → where its words begin in words_; one more than nodes
  std::vector<std::uint32_t> words_;
  std::size_t count_ = 0;
};

}  // namespace curfew::device
