// GzipJoin: a gzip body put together from parts that were compressed apart, so that many bodies share them.
//
// A part begins with an empty window and ends at a whole byte; parts therefore follow each other in any order, and the
// checksum of the whole is combined from theirs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/events.h"

namespace curfew::api {

engine::PackedText pack_part(std::string_view text);

class GzipJoin {
 public:
  // Each appends to `out`. begin() first, end() last.
  void begin(std::string& out) const;
  void add_plain(std::string& out, std::string_view text);  // a short text, as it is
  void end(std::string& out) const;
  // The part of `plain` bytes is sent after what is in `out` now.
  void add_part(std::uint32_t check, std::size_t plain);

 private:
  std::uint32_t check_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace curfew::api
