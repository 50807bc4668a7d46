// JsonWriter: appends JSON to a string, without a tree and without an allocation of its own but the string's.
//
// Invariants: commas and colons are placed by the writer; the caller closes what it opens, in order. Texts must be
// valid UTF-8 (they are checked when they enter the system); controls, '"', '\\', U+2028 and U+2029 are escaped.
// Threads: one writer, one thread. Depth: at most 32.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/time.h"

namespace curfew {

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);  // name is ours: plain ASCII, written unescaped
  JsonWriter& string(std::string_view text);
  JsonWriter& number(std::int64_t value);
  JsonWriter& number(std::uint64_t value);
  JsonWriter& number(double value);
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  JsonWriter& time(Time value);
  JsonWriter& raw(std::string_view json);  // a value that is JSON already

  template <class T>
  JsonWriter& field(std::string_view name, const T& value) {
    key(name);
    if constexpr (std::is_same_v<T, bool>)
      return boolean(value);
    else if constexpr (std::is_same_v<T, Time>)
      return time(value);
    else if constexpr (std::is_floating_point_v<T>)
      return number(static_cast<double>(value));
    else if constexpr (std::is_integral_v<T> && std::is_signed_v<T>)
      return number(static_cast<std::int64_t>(value));
    else if constexpr (std::is_integral_v<T>)
      return number(static_cast<std::uint64_t>(value));
    else
      return string(value);
  }

  static void append_escaped(std::string& out, std::string_view text);  // without the quotes

 private:
  void value_starts();
  std::string& out_;
  std::uint32_t has_items_ = 0;  // one bit a level
  int depth_ = 0;
  bool after_key_ = false;
};

}  // namespace curfew
