// The bytes that every stored record is made of: varints (LEB128, least significant group first), zigzag varints for
// signed numbers, and length-prefixed bytes. In the header, so that the readers of millions of rows have them inlined.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace curfew {

inline void put_byte(std::string& out, std::uint8_t byte) {
  out.push_back(static_cast<char>(byte));
}

inline void put_varint(std::string& out, std::uint64_t value) {
  if (value < 0x80) return put_byte(out, static_cast<std::uint8_t>(value));
  char bytes[10];
  std::size_t size = 0;
  for (; value >= 0x80; value >>= 7) bytes[size++] = static_cast<char>(value | 0x80);
  bytes[size++] = static_cast<char>(value);
  out.append(bytes, size);
}

inline void put_zigzag(std::string& out, std::int64_t value) {
  put_varint(out, static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
}

// varint length, then the bytes
inline void put_bytes(std::string& out, std::string_view bytes) {
  put_varint(out, bytes.size());
  out.append(bytes);
}

// kDataLoss, "corrupt_record": what is stored as a `what` is not what was written.
tl::unexpected<Error> corrupt(std::string_view what);

// Reads what put_* wrote. After the first error every read gives zero or empty and ok() is false.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t byte() {
    if (rest_.empty()) return static_cast<std::uint8_t>(broken());
    const auto byte = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return byte;
  }

  std::uint64_t varint() {
    if (!rest_.empty() && static_cast<std::uint8_t>(rest_.front()) < 0x80) return byte();
    return long_varint();
  }

  std::int64_t zigzag() {
    const std::uint64_t value = varint();
    return static_cast<std::int64_t>(value >> 1 ^ (0 - (value & 1)));
  }

  // Length-prefixed; a view into the input.
  std::string_view bytes() { return raw(varint()); }

  std::string_view raw(std::uint64_t n) {
    if (n > rest_.size()) {
      broken();
      return {};
    }
    const std::string_view bytes = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return bytes;
  }

  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  std::size_t remaining() const { return rest_.size(); }
  Status finish(std::string_view what) const {  // an error unless ok and at the end
    if (ok_ && rest_.empty()) return {};
    return corrupt(what);
  }

 private:
  std::uint64_t broken() {
    ok_ = false;
    rest_ = {};
    return 0;
  }
  std::uint64_t long_varint() {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < rest_.size() && i < 10; ++i) {
      const auto byte = static_cast<std::uint8_t>(rest_[i]);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
      if (byte < 0x80) {
        // Neither bits beyond the 64th nor a last group that says nothing: a number has one form.
        if ((i == 9 && byte > 1) || (i > 0 && byte == 0)) break;
        rest_.remove_prefix(i + 1);
        return value;
      }
    }
    return broken();
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace curfew
