// Whether a MaxMind database is well-formed in every part, before a library walks through it.
//
// The file's three parts are checked: the metadata, the tree of addresses, and every value that an address leads to.
// Well-formed means: sizes lie within their section and suit their type, keys are UTF-8, pointers lead to values and
// not to pointers, nothing is nested deeper than kDeepest (pointers counted), no value and no branch contains itself.
// Work is linear in the file's size, whatever is in it. Pure functions; the format is MaxMind DB 2.0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace curfew::device {

inline constexpr int kDeepest = 32;

// The metadata behind its marker, which stands near the end of the file.
Status check_mmdb_metadata(std::string_view file);

// What the metadata says, and where the sections lie.
struct MmdbShape {
  std::uint64_t nodes = 0;
  std::uint64_t record_bits = 0;  // 24, 28 or 32
};

// The tree and the values. `file` has passed check_mmdb_metadata.
Status check_mmdb_content(std::string_view file, const MmdbShape& shape);

}  // namespace curfew::device
