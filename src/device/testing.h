// Small MaxMind databases, for tests: sound ones, and the parts of broken ones.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ip.h"

namespace curfew::device::testing {

// A value as the database holds it.
using Encoded = std::string;

inline Encoded big_endian(std::uint64_t value, int bytes) {
  Encoded out;
  while (bytes-- > 0) out.push_back(static_cast<char>(value >> (8 * bytes)));
  return out;
}

// The bytes that say a value's type (as the format numbers them) and size.
inline Encoded head(int type, std::size_t size) {
  const std::size_t shown = size < 29 ? size : size < 285 ? 29 : size < 65'821 ? 30 : 31;
  Encoded out(1, static_cast<char>((type > 7 ? 0 : type << 5) | static_cast<int>(shown)));
  if (type > 7) out.push_back(static_cast<char>(type - 7));
  if (shown == 29) out += big_endian(size - 29, 1);
  if (shown == 30) out += big_endian(size - 285, 2);
  if (shown == 31) out += big_endian(size - 65'821, 3);
  return out;
}

inline Encoded text(std::string_view value) {
  return head(2, value.size()) + Encoded(value);
}
inline Encoded number(double value) {
  return head(3, 8) + big_endian(std::bit_cast<std::uint64_t>(value), 8);
}
inline Encoded u16(std::uint16_t value) {
  return head(5, 2) + big_endian(value, 2);
}
inline Encoded u32(std::uint32_t value) {
  return head(6, 4) + big_endian(value, 4);
}
inline Encoded u64(std::uint64_t value) {
  return head(9, 8) + big_endian(value, 8);
}
inline Encoded boolean(bool value) {
  return head(14, value ? 1 : 0);
}
inline Encoded pointer(std::uint32_t offset) {
  return Encoded(1, static_cast<char>(1 << 5 | 3 << 3)) + big_endian(offset, 4);
}
inline Encoded map(const std::vector<std::pair<std::string_view, Encoded>>& members) {
  Encoded out = head(7, members.size());
  for (const auto& [key, value] : members) out += text(key) + value;
  return out;
}
inline Encoded array(const std::vector<Encoded>& members) {
  Encoded out = head(11, members.size());
  for (const Encoded& value : members) out += value;
  return out;
}

class Database {
 public:
  explicit Database(std::string_view type, int record_bits = 24, int ip_version = 6)
      : type_(type), record_bits_(record_bits), ip_version_(ip_version) {}

  // Networks must not overlap.
  Database& add(std::string_view network, const Encoded& value) {
    const std::size_t offset = values_.size();
    values_ += value;
    return lead(network, offset);
  }
  // Where the next value will lie, for pointers.
  std::uint32_t next() const { return static_cast<std::uint32_t>(values_.size()); }
  // A value that no address leads to.
  Database& value(const Encoded& value) {
    values_ += value;
    return *this;
  }
  // An address that leads anywhere.
  Database& lead(std::string_view network, std::size_t offset) {
    const Cidr cidr = *Cidr::parse(network);
    auto bytes = cidr.first().bytes();
    int first = 0;
    if (cidr.first().is_v4()) {
      bytes[10] = bytes[11] = 0;  // such databases hold IPv4 below ::/96
      if (ip_version_ == 4) first = 96;
    }
    std::size_t node = 0;
    for (int bit = first; bit < cidr.prefix(); ++bit) {
      const std::size_t side = bytes[static_cast<std::size_t>(bit / 8)] >> (7 - bit % 8) & 1;
      if (bit + 1 == cidr.prefix()) {
        nodes_[node][side] = {Record::kValue, offset};
      } else {
        if (nodes_[node][side].kind == Record::kNothing) {
          nodes_[node][side] = {Record::kNode, nodes_.size()};
          nodes_.emplace_back();
        }
        node = nodes_[node][side].number;
      }
    }
    return *this;
  }

  std::string bytes() const { return bytes(metadata()); }
  std::string bytes(const Encoded& metadata) const {
    std::string out;
    for (const auto& node : nodes_) out += encoded(node);
    return out + std::string(16, '\0') + values_ + "\xAB\xCD\xEFMaxMind.com" + metadata;
  }

  Encoded metadata() const { return metadata(static_cast<std::uint32_t>(nodes_.size())); }
  Encoded metadata(std::uint32_t nodes, const Encoded& description = map({{"en", text("for a test")}})) const {
    return map({{"node_count", u32(nodes)},
                {"record_size", u16(static_cast<std::uint16_t>(record_bits_))},
                {"ip_version", u16(static_cast<std::uint16_t>(ip_version_))},
                {"database_type", text(type_)},
                {"languages", array({text("en")})},
                {"binary_format_major_version", u16(2)},
                {"binary_format_minor_version", u16(0)},
                {"build_epoch", u64(1'767'225'600)},
                {"description", description}});
  }

 private:
  struct Record {
    enum Kind : std::uint8_t { kNothing, kNode, kValue } kind = kNothing;
    std::size_t number = 0;
  };
  using Node = std::array<Record, 2>;

  std::string encoded(const Node& node) const {
    std::array<std::uint64_t, 2> numbers{};
    for (std::size_t side = 0; side < 2; ++side)
      numbers[side] = node[side].kind == Record::kNode      ? node[side].number
                      : node[side].kind == Record::kNothing ? nodes_.size()
                                                            : nodes_.size() + 16 + node[side].number;
    if (record_bits_ != 28) return big_endian(numbers[0], record_bits_ / 8) + big_endian(numbers[1], record_bits_ / 8);
    const std::uint64_t middle = (numbers[0] >> 24 & 0xf) << 4 | (numbers[1] >> 24 & 0xf);
    return big_endian(numbers[0], 3) + big_endian(middle, 1) + big_endian(numbers[1], 3);
  }

  std::string type_;
  int record_bits_, ip_version_;
  std::vector<Node> nodes_ = std::vector<Node>(1);
  Encoded values_;
};

// What each of the three kinds of databases has on an address, in MaxMind's own form.
inline Encoded city_value(std::string_view country, std::string_view city, double latitude, double longitude,
                          std::uint16_t radius_km) {
  return map(
      {{"city", map({{"names", map({{"de", text("")}, {"en", text(city)}})}})},
       {"country", map({{"iso_code", text(country)}})},
       {"location",
        map({{"accuracy_radius", u16(radius_km)}, {"latitude", number(latitude)}, {"longitude", number(longitude)}})}});
}
inline Encoded asn_value(std::uint32_t asn, std::string_view organization) {
  return map({{"autonomous_system_number", u32(asn)}, {"autonomous_system_organization", text(organization)}});
}
inline Encoded anonymizer_value(std::string_view member) {
  return map({{member, boolean(true)}});
}

}  // namespace curfew::device::testing
