// TrigramIndex: which texts may hold a given part.
//
// What it is: for each sequence of three bytes, a compressed bitmap of the texts in which it stands. A text that holds
// a part of three bytes or more is among candidates(part); the caller looks whether the part really is in it. Threads:
// none of its own.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>

#include <roaring/roaring.hh>

namespace curfew::index {

class ImageReader;
class ImageWriter;

class TrigramIndex {
 public:
  static constexpr std::size_t kShortest = 3;

  void add(std::uint32_t text_id, std::string_view text);
  void remove(std::uint32_t text_id, std::string_view text);
  // Requires: part.size() >= kShortest.
  Roaring candidates(std::string_view part) const;
  void shrink();  // after many additions: gives spare memory back
  std::size_t memory_bytes() const;
  void save(ImageWriter& out) const;
  void load(ImageReader& in);

 private:
  std::unordered_map<std::uint32_t, Roaring> postings_;
  std::uint64_t entries_ = 0;
};

}  // namespace curfew::index
