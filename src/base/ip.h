// IP addresses and networks. An IPv4 address is held as its IPv4-mapped IPv6 form, so that one order and one compare
// serve both; an IPv4-mapped text ("::ffff:203.0.113.7") is the IPv4 address. Zone indices ("fe80::1%eth0") are
// refused.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace curfew {

class IpAddress {
 public:
  constexpr IpAddress() = default;  // "::"
  static Result<IpAddress> parse(std::string_view text);
  static IpAddress from_bytes(const std::array<std::uint8_t, 16>& bytes) { return IpAddress(bytes); }
  static IpAddress v4(std::uint32_t host_order);

  bool is_v4() const;
  // Bytes in network order, IPv4 as ::ffff:a.b.c.d. Their order is the order of addresses: all IPv4 stand together.
  const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  std::string to_string() const;  // "203.0.113.7", or RFC 5952
  void append_to(std::string& out) const;

  friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  explicit IpAddress(const std::array<std::uint8_t, 16>& bytes) : bytes_(bytes) {}
  std::array<std::uint8_t, 16> bytes_{};
};

// What "::" stands for in the text of an address that is not IPv4: the longest run of two or more groups of zeros, the
// first among equals (RFC 5952, section 4.2).
struct ZeroRun {
  int start = -1;
  int length = 0;  // 0: there is none
};
ZeroRun longest_zero_run(const std::array<unsigned, 8>& groups);

// A network: an address and a prefix length. "10.20.0.0/16", "2001:db8::/32"; a bare address is a network of one.
// Host bits that are set are refused, with the network that was probably meant in the message.
class Cidr {
 public:
  static Result<Cidr> parse(std::string_view text);
  Cidr(const IpAddress& address, int prefix128);

  bool contains(const IpAddress& address) const { return first_ <= address && address <= last_; }
  const IpAddress& first() const { return first_; }  // lowest address
  const IpAddress& last() const { return last_; }    // highest address, inclusive
  int prefix() const { return prefix_; }             // in 128-bit terms: IPv4 /16 is 112
  std::string to_string() const;

  friend bool operator==(const Cidr&, const Cidr&) = default;

 private:
  IpAddress first_, last_;
  int prefix_ = 0;
};

}  // namespace curfew

template <>
struct std::hash<curfew::IpAddress> {
  std::size_t operator()(const curfew::IpAddress& a) const noexcept {
    std::uint64_t h = 0x9e3779b97f4a7c15ULL;
    for (int i = 0; i < 16; i += 8) {
      std::uint64_t w = 0;
      for (int j = 0; j < 8; ++j) w = w << 8 | a.bytes()[static_cast<std::size_t>(i + j)];
      h = (h ^ w) * 0xff51afd7ed558ccdULL;
      h ^= h >> 32;
    }
    return h;
  }
};
