// Finders: does a text, a UUID or an address hold a given part? Without writing the text out, where that can be
// avoided.
//
// A part is case-folded by the caller, and so are the texts that it is looked for in. All answers are exact.
// Threads: const functions from any.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"

namespace curfew::index {

// In a text. Quick for short texts: compares the part's first and last byte at many places at once.
class TextPart {
 public:
  explicit TextPart(std::string_view part) : part_(part) {}
  bool in(std::string_view text) const;
  bool in_folded(std::string_view text) const;  // in the lower-case form of an ASCII text
  const std::string& part() const { return part_; }

 private:
  std::string part_;
};

// In the canonical text of a UUID given as bytes.
class UuidPart {
 public:
  explicit UuidPart(std::string_view part);
  bool possible() const { return all_ || !places_.empty(); }
  bool in(const std::array<std::uint8_t, 16>& uuid) const;

 private:
  // The part at one place of the text: these bits of the UUID have these values.
  struct Place {
    std::uint64_t mask[2], value[2];
  };
  void set_quick_test(std::string_view digits);
  bool quick(std::uint64_t high, std::uint64_t low) const;

  std::vector<Place> places_;
  // Bytes of which one must stand in the UUID: pairs for the two ways in which digits may fall on bytes. 0 ways: no
  // test.
  int ways_ = 0;
  std::array<std::array<std::uint64_t, 2>, 2> bytes_{};  // each byte value repeated eight times
  bool all_ = false;                                     // "" and "-" are in every UUID
};

// In the text of an IPv4 address: one table look-up an octet.
class Ipv4Part {
 public:
  explicit Ipv4Part(std::string_view part);
  bool possible() const { return possible_; }
  bool in(std::uint32_t address) const {
    return (table_[0][address >> 24] & table_[1][address >> 16 & 255] & table_[2][address >> 8 & 255] &
            table_[3][address & 255]) != 0;
  }

 private:
  // Bit i: the octet's value allows the part's first piece to stand at octet i.
  std::array<std::array<std::uint8_t, 256>, 4> table_{};
  bool possible_ = false;
};

// In the text of any other address.
class Ipv6Part {
 public:
  explicit Ipv6Part(std::string_view part);
  bool possible() const { return possible_; }
  bool in(const IpAddress& address) const;

 private:
  bool quick(const IpAddress& address) const;
  TextPart part_;
  bool possible_ = false;
  int digits_ = 0;           // of the longest run of digits; 3 or 4 make a quick test
  std::uint32_t value_ = 0;  // of that run
};

}  // namespace curfew::index
