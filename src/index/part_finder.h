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

// In the canonical text of a UUID given as its 16 bytes.
class UuidPart {
 public:
  static constexpr std::size_t kAtOnce = 64;

  explicit UuidPart(std::string_view part);
  bool possible() const { return all_ || !places_.empty(); }
  bool in(const std::array<std::uint8_t, 16>& uuid) const { return among(uuid.data(), 1) != 0; }
  // Bit i: UUID i of these, which lie one after another, holds it. At most kAtOnce.
  std::uint64_t among(const std::uint8_t* uuids, std::size_t count) const;

 private:
  // The part at one place of the text: these bits of the UUID have these values.
  struct Place {
    std::uint64_t mask[2], value[2];
  };
  // The first digits of the part's longest run of them, and how they fall on bytes: from a byte's first half on, and
  // from its second. Bytes without a mask say nothing.
  struct Test {
    std::array<std::uint8_t, 3> mask{}, value{};
  };
  bool at_a_place(const std::uint8_t* uuid) const;
  template <int kEven, int kOdd>
  std::uint64_t tested(const std::uint8_t* uuids, std::size_t count) const;

  std::vector<Place> places_;
  Test even_, odd_;
  std::size_t digits_ = 0;  // that the tests look at, at most 5
  bool exact_ = false;      // nothing but those digits is in the part
  bool all_ = false;        // "" and "-" are in every UUID
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

// In the text of any other address, by its groups: the part's first piece ends one, its last begins one, those between
// are groups. Written out it is only where the part holds "::".
class Ipv6Part {
 public:
  explicit Ipv6Part(std::string_view part);
  bool possible() const { return possible_; }
  bool in(const IpAddress& address) const;

 private:
  using Groups = std::array<std::uint32_t, 8>;
  struct Piece {
    std::uint32_t value = 0;
    unsigned digits = 0;
    bool ends(std::uint32_t group) const;
    bool begins(std::uint32_t group) const;
    bool within(std::uint32_t group) const;
    bool is(std::uint32_t group) const;
  };
  // The longest piece within a group at one place, in the bytes' order: these bits have this value, and these, which
  // are written before it, are not all 0. Without a place the test says nothing.
  struct Place {
    std::uint16_t mask, value, before;
  };
  void set_places(const Piece& longest);
  bool may_be_in(const IpAddress& address) const;
  bool stands_at(std::size_t first, const Groups& groups) const;

  TextPart part_;
  std::vector<Piece> pieces_;  // between the colons
  std::vector<Place> places_;
  bool possible_ = false;
  bool twice_ = false;  // "::" is in it
  bool exact_ = false;  // the places say it all
};

}  // namespace curfew::index
