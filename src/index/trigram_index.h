// TrigramIndex: which texts may hold a given part.
//
// What it is: for each sequence of three bytes, a compressed bitmap of the texts in which it stands. A text that holds
// a part of three bytes or more is among candidates(part); the caller looks whether the part really is in it. New texts
// wait in a short list, which is read with the bitmaps, until enough have come: sorted, they go into each bitmap at
// once, instead of into ten bitmaps a text from all over the memory, and a few bitmaps at a time, with each text that
// comes, so that nobody waits for all of them. Texts of fewer than three bytes are a bitmap of their own.
//
// Threads: none of its own. Limits: twice kWaiting entries that are not in the bitmaps yet.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <roaring/roaring.hh>

namespace curfew::index {

class ImageReader;
class ImageWriter;

class TrigramIndex {
 public:
  static constexpr std::size_t kShortest = 3;

  static constexpr std::size_t kWaiting = 16'384;  // trigrams of new texts, some sixteen hundred texts

  void add(std::uint32_t text_id, std::string_view text);
  // Many texts at once into an empty index: `at` gives each, with ids ascending. None waits afterwards.
  struct Text {
    std::uint32_t id;
    std::string_view text;
  };
  void build(std::size_t texts, const std::function<Text(std::size_t i)>& at);
  void remove(std::uint32_t text_id, std::string_view text);
  // Ascending, each once. Requires: part.size() >= kShortest; of a part of that size the text surely holds it.
  std::vector<std::uint32_t> candidates(std::string_view part) const;
  // The texts that hold a shorter part, by all trigrams that hold it, and those without a trigram that `brief_holds`
  // says hold it. Ascending, each once.
  std::vector<std::uint32_t> holding_short(std::string_view part,
                                           const std::function<bool(std::uint32_t text_id)>& brief_holds) const;
  std::size_t memory_bytes() const;
  void save(ImageWriter& out);
  void load(ImageReader& in);

 private:
  void sort_waiting();
  void settle_some(std::size_t entries);
  void settle();
  void build_lists(std::size_t texts, const std::function<Text(std::size_t i)>& at);

  std::unordered_map<std::uint32_t, Roaring> postings_;
  Roaring brief_;              // texts without a trigram
  std::uint64_t entries_ = 0;  // in postings_
  // Trigram, text id.
  std::vector<std::uint64_t> waiting_;  // as they came
  std::vector<std::uint64_t>
      settling_;  // by trigram, ascending, each trigram's as they came; in postings_ before settled_
  std::size_t settled_ = 0;
};

}  // namespace curfew::index
