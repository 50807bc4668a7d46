#include "base/ip.h"

#include <fmt/format.h>

#include <optional>

#include "base/check.h"

namespace curfew {
namespace {

using Bytes = std::array<std::uint8_t, 16>;
constexpr Bytes kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
constexpr std::size_t kLongestText = 45;  // "0000:0000:0000:0000:0000:ffff:255.255.255.255"

// Four decimal numbers, none with a leading zero: "010.0.0.1" means different addresses to different programs.
bool parse_v4(std::string_view text, std::uint8_t* out) {
  std::size_t at = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0) {
      if (at >= text.size() || text[at] != '.') return false;
      ++at;
    }
    const std::size_t start = at;
    unsigned value = 0;
    while (at < text.size() && at - start < 3 && text[at] >= '0' && text[at] <= '9') {
      value = value * 10 + static_cast<unsigned>(text[at++] - '0');
    }
    const std::size_t digits = at - start;
    if (digits == 0 || value > 255 || (digits > 1 && text[start] == '0')) return false;
    out[part] = static_cast<std::uint8_t>(value);
  }
  return at == text.size();
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The texts of RFC 4291, section 2.2, without zone indices.
bool parse_v6(std::string_view text, Bytes& out) {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t filled = 0;          // bytes written so far
  std::optional<std::size_t> gap;  // where "::" stands
  std::size_t at = 0;
  if (text.starts_with("::")) {
    gap = 0;
    at = 2;
  }
  while (at < text.size()) {
    if (filled == 16) return false;
    const std::size_t start = at;
    unsigned group = 0;
    while (at < text.size() && at - start < 4 && hex_digit(text[at]) >= 0) {
      group = group << 4 | static_cast<unsigned>(hex_digit(text[at++]));
    }
    if (at == start) return false;
    if (at < text.size() && text[at] == '.') {
      if (filled > 12 || !parse_v4(text.substr(start), bytes.data() + filled)) return false;
      filled += 4;
      break;
    }
    bytes[filled++] = static_cast<std::uint8_t>(group >> 8);
    bytes[filled++] = static_cast<std::uint8_t>(group);
    if (at == text.size()) break;
    if (text[at++] != ':') return false;
    if (at == text.size()) return false;  // a single colon at the end
    if (text[at] == ':') {
      if (gap) return false;
      gap = filled;
      ++at;
    }
  }
  if (!gap) {
    if (filled != 16) return false;
    out = bytes;
    return true;
  }
  if (filled == 16) return false;  // nothing left for "::" to stand for
  out = Bytes{};
  const std::size_t tail = filled - *gap;
  for (std::size_t i = 0; i < *gap; ++i) out[i] = bytes[i];
  for (std::size_t i = 0; i < tail; ++i) out[16 - tail + i] = bytes[*gap + i];
  return true;
}

void append_v4(std::string& out, const std::uint8_t* bytes) {
  for (int i = 0; i < 4; ++i) {
    if (i > 0) out.push_back('.');
    const fmt::format_int text(static_cast<unsigned>(bytes[i]));
    out.append(text.data(), text.size());
  }
}

void append_group(std::string& out, unsigned group) {
  constexpr char kDigits[] = "0123456789abcdef";
  bool started = false;
  for (int shift = 12; shift >= 0; shift -= 4) {
    const unsigned digit = group >> shift & 15;
    started = started || digit != 0 || shift == 0;
    if (started) out.push_back(kDigits[digit]);
  }
}

// Ones where the network stands: byte i of the mask of a prefix.
std::uint8_t mask_byte(int prefix, int i) {
  const int bits = prefix - i * 8;
  if (bits >= 8) return 0xff;
  if (bits <= 0) return 0;
  return static_cast<std::uint8_t>(0xff << (8 - bits));
}

std::optional<int> parse_prefix(std::string_view text, int max) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  if (value > max) return std::nullopt;
  return value;
}

tl::unexpected<Error> refused(std::string message) {
  return fail(ErrorCode::kInvalidArgument, "invalid_value", std::move(message));
}

}  // namespace

ZeroRun longest_zero_run(const std::array<unsigned, 8>& groups) {
  ZeroRun best;
  ZeroRun run;
  for (int i = 0; i < 8; ++i) {
    if (groups[static_cast<std::size_t>(i)] != 0) {
      run = ZeroRun{};
      continue;
    }
    if (run.length++ == 0) run.start = i;
    if (run.length > best.length) best = run;
  }
  return best.length >= 2 ? best : ZeroRun{};
}

IpAddress IpAddress::v4(std::uint32_t host_order) {
  Bytes bytes = kMappedPrefix;
  for (std::size_t i = 0; i < 4; ++i) bytes[12 + i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
  return IpAddress(bytes);
}

bool IpAddress::is_v4() const {
  for (std::size_t i = 0; i < 12; ++i) {
    if (bytes_[i] != kMappedPrefix[i]) return false;
  }
  return true;
}

Result<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.size() <= kLongestText) {
    if (text.find(':') == std::string_view::npos) {
      Bytes bytes = kMappedPrefix;
      if (parse_v4(text, bytes.data() + 12)) return IpAddress(bytes);
    } else {
      Bytes bytes{};
      if (parse_v6(text, bytes)) return IpAddress(bytes);
      if (text.find('%') != std::string_view::npos) {
        return refused("an IP address with a zone index ('%') is not accepted; leave the zone out");
      }
    }
  }
  return refused("not an IP address; write it as 203.0.113.7 or 2001:db8::7");
}

void IpAddress::append_to(std::string& out) const {
  if (is_v4()) {
    append_v4(out, bytes_.data() + 12);
    return;
  }
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i) groups[i] = static_cast<unsigned>(bytes_[2 * i] << 8 | bytes_[2 * i + 1]);
  const ZeroRun zeros = longest_zero_run(groups);
  for (int i = 0; i < 8; ++i) {
    if (i == zeros.start) {
      out.append("::");
      i += zeros.length - 1;
      continue;
    }
    if (i > 0 && i != zeros.start + zeros.length) out.push_back(':');
    append_group(out, groups[static_cast<std::size_t>(i)]);
  }
}

std::string IpAddress::to_string() const {
  std::string text;
  append_to(text);
  return text;
}

Cidr::Cidr(const IpAddress& address, int prefix128) : prefix_(prefix128) {
  CURFEW_CHECK(prefix128 >= 0 && prefix128 <= 128, "a prefix has 0 to 128 bits");
  Bytes first = address.bytes();
  Bytes last = first;
  for (int i = 0; i < 16; ++i) {
    const std::uint8_t mask = mask_byte(prefix128, i);
    const auto at = static_cast<std::size_t>(i);
    first[at] = static_cast<std::uint8_t>(first[at] & mask);
    last[at] = static_cast<std::uint8_t>(last[at] | static_cast<std::uint8_t>(~mask));
  }
  first_ = IpAddress::from_bytes(first);
  last_ = IpAddress::from_bytes(last);
}

Result<Cidr> Cidr::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) {
    if (slash == std::string_view::npos) return tl::make_unexpected(std::move(address).error());
    return refused("not a network; write it as 10.20.0.0/16 or 2001:db8::/32");
  }
  if (slash == std::string_view::npos) return Cidr(*address, 128);
  // An IPv4-mapped text counts its prefix in 128 bits.
  const bool dotted = text.substr(0, slash).find(':') == std::string_view::npos;
  const auto prefix = parse_prefix(text.substr(slash + 1), dotted ? 32 : 128);
  if (!prefix) {
    return refused(dotted ? "the prefix length of an IPv4 network is a number from 0 to 32"
                          : "the prefix length of an IPv6 network is a number from 0 to 128");
  }
  const Cidr network(*address, dotted ? 96 + *prefix : *prefix);
  if (network.first() != *address) {
    return refused(fmt::format("the address has bits set behind its prefix; the network is {}", network.to_string()));
  }
  return network;
}

std::string Cidr::to_string() const {
  const bool v4 = prefix_ >= 96 && first_.is_v4();
  std::string text;
  first_.append_to(text);
  text.push_back('/');
  text.append(fmt::format_int(v4 ? prefix_ - 96 : prefix_).str());
  return text;
}

}  // namespace curfew
