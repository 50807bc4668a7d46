#include "base/text.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <array>
#include <cstdint>

namespace curfew {
namespace {

// The simple case foldings (status C and S of Unicode's CaseFolding.txt) of the Latin blocks up to U+024F, Greek and
// Coptic, Cyrillic and its Supplement: every `stride`-th code point of first…last moves by `delta`.
struct FoldRange {
  std::uint16_t first, last;
  std::uint8_t stride;
  std::int16_t delta;
};
constexpr FoldRange kFoldRanges[] = {
    {0x0B5, 0x0B5, 1, 775},  {0x0C0, 0x0D6, 1, 32},    {0x0D8, 0x0DE, 1, 32},    {0x100, 0x12E, 2, 1},
    {0x132, 0x136, 2, 1},    {0x139, 0x147, 2, 1},     {0x14A, 0x176, 2, 1},     {0x178, 0x178, 1, -121},
    {0x179, 0x17D, 2, 1},    {0x17F, 0x17F, 1, -268},  {0x181, 0x181, 1, 210},   {0x182, 0x184, 2, 1},
    {0x186, 0x186, 1, 206},  {0x187, 0x187, 1, 1},     {0x189, 0x18A, 1, 205},   {0x18B, 0x18B, 1, 1},
    {0x18E, 0x18E, 1, 79},   {0x18F, 0x18F, 1, 202},   {0x190, 0x190, 1, 203},   {0x191, 0x191, 1, 1},
    {0x193, 0x193, 1, 205},  {0x194, 0x194, 1, 207},   {0x196, 0x196, 1, 211},   {0x197, 0x197, 1, 209},
    {0x198, 0x198, 1, 1},    {0x19C, 0x19C, 1, 211},   {0x19D, 0x19D, 1, 213},   {0x19F, 0x19F, 1, 214},
    {0x1A0, 0x1A4, 2, 1},    {0x1A6, 0x1A6, 1, 218},   {0x1A7, 0x1A7, 1, 1},     {0x1A9, 0x1A9, 1, 218},
    {0x1AC, 0x1AC, 1, 1},    {0x1AE, 0x1AE, 1, 218},   {0x1AF, 0x1AF, 1, 1},     {0x1B1, 0x1B2, 1, 217},
    {0x1B3, 0x1B5, 2, 1},    {0x1B7, 0x1B7, 1, 219},   {0x1B8, 0x1B8, 1, 1},     {0x1BC, 0x1BC, 1, 1},
    {0x1C4, 0x1C4, 1, 2},    {0x1C5, 0x1C5, 1, 1},     {0x1C7, 0x1C7, 1, 2},     {0x1C8, 0x1C8, 1, 1},
    {0x1CA, 0x1CA, 1, 2},    {0x1CB, 0x1DB, 2, 1},     {0x1DE, 0x1EE, 2, 1},     {0x1F1, 0x1F1, 1, 2},
    {0x1F2, 0x1F4, 2, 1},    {0x1F6, 0x1F6, 1, -97},   {0x1F7, 0x1F7, 1, -56},   {0x1F8, 0x21E, 2, 1},
    {0x220, 0x220, 1, -130}, {0x222, 0x232, 2, 1},     {0x23A, 0x23A, 1, 10795}, {0x23B, 0x23B, 1, 1},
    {0x23D, 0x23D, 1, -163}, {0x23E, 0x23E, 1, 10792}, {0x241, 0x241, 1, 1},     {0x243, 0x243, 1, -195},
    {0x244, 0x244, 1, 69},   {0x245, 0x245, 1, 71},    {0x246, 0x24E, 2, 1},     {0x370, 0x372, 2, 1},
    {0x376, 0x376, 1, 1},    {0x37F, 0x37F, 1, 116},   {0x386, 0x386, 1, 38},    {0x388, 0x38A, 1, 37},
    {0x38C, 0x38C, 1, 64},   {0x38E, 0x38F, 1, 63},    {0x391, 0x3A1, 1, 32},    {0x3A3, 0x3AB, 1, 32},
    {0x3C2, 0x3C2, 1, 1},    {0x3CF, 0x3CF, 1, 8},     {0x3D0, 0x3D0, 1, -30},   {0x3D1, 0x3D1, 1, -25},
    {0x3D5, 0x3D5, 1, -15},  {0x3D6, 0x3D6, 1, -22},   {0x3D8, 0x3EE, 2, 1},     {0x3F0, 0x3F0, 1, -54},
    {0x3F1, 0x3F1, 1, -48},  {0x3F4, 0x3F4, 1, -60},   {0x3F5, 0x3F5, 1, -64},   {0x3F7, 0x3F7, 1, 1},
    {0x3F9, 0x3F9, 1, -7},   {0x3FA, 0x3FA, 1, 1},     {0x3FD, 0x3FF, 1, -130},  {0x400, 0x40F, 1, 80},
    {0x410, 0x42F, 1, 32},   {0x460, 0x480, 2, 1},     {0x48A, 0x4BE, 2, 1},     {0x4C0, 0x4C0, 1, 15},
    {0x4C1, 0x4CD, 2, 1},    {0x4D0, 0x52E, 2, 1},
};
constexpr std::size_t kFoldEnd = 0x530;

using FoldTable = std::array<std::uint16_t, kFoldEnd>;
constexpr FoldTable make_fold_table() {
  FoldTable table{};
  for (std::size_t c = 0; c < kFoldEnd; ++c) table[c] = static_cast<std::uint16_t>(c);
  for (const FoldRange& range : kFoldRanges) {
    for (unsigned c = range.first; c <= range.last; c += range.stride) {
      table[c] = static_cast<std::uint16_t>(static_cast<int>(c) + range.delta);
    }
  }
  return table;
}
constexpr FoldTable kFold = make_fold_table();

bool is_plain_ascii(std::string_view text) {
  unsigned char bad = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    bad = static_cast<unsigned char>(bad | (byte < 0x20) | (byte >= 0x7f));
  }
  return bad == 0;
}

bool has_control(std::string_view utf8) {
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    if (byte < 0x20 || byte == 0x7f) return true;
    if (byte == 0xc2 && i + 1 < utf8.size() && static_cast<unsigned char>(utf8[i + 1]) < 0xa0) return true;
  }
  return false;
}

tl::unexpected<Error> too_long(std::string_view field, std::size_t max_bytes) {
  return invalid(std::string(field), fmt::format("{} may have at most {} bytes", field, max_bytes));
}

void append_utf8(std::string& out, unsigned c) {
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out.push_back(static_cast<char>(0xc0 | c >> 6));
    out.push_back(static_cast<char>(0x80 | (c & 0x3f)));
  } else {
    out.push_back(static_cast<char>(0xe0 | c >> 12));
    out.push_back(static_cast<char>(0x80 | (c >> 6 & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3f)));
  }
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

Status check_text(std::string_view field, std::string_view text, std::size_t max_bytes, bool may_be_empty) {
  if (text.size() > max_bytes) return too_long(field, max_bytes);
  if (text.empty()) {
    if (may_be_empty) return {};
    return invalid(std::string(field), fmt::format("{} must not be empty", field));
  }
  if (is_plain_ascii(text)) return {};
  if (!is_valid_utf8(text)) return invalid(std::string(field), fmt::format("{} must be valid UTF-8", field));
  if (has_control(text)) {
    return invalid(std::string(field), fmt::format("{} must not hold control characters", field));
  }
  return {};
}

Status check_identifier(std::string_view field, std::string_view text, std::size_t max_bytes) {
  if (text.size() > max_bytes) return too_long(field, max_bytes);
  if (text.empty()) return invalid(std::string(field), fmt::format("{} must not be empty", field));
  for (const char c : text) {
    if (c < 0x21 || c > 0x7e) {
      return invalid(std::string(field),
                     fmt::format("{} may hold only visible ASCII characters, without spaces", field));
    }
  }
  return {};
}

std::string fold_case(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    if (byte < 0x80) {
      const bool upper = byte >= 'A' && byte <= 'Z';
      out.push_back(static_cast<char>(upper ? byte + ('a' - 'A') : byte));
      continue;
    }
    // Everything that folds has two bytes; the rest goes through byte by byte.
    const bool two = byte >= 0xc2 && byte <= 0xdf && i + 1 < utf8.size() && (utf8[i + 1] & 0xc0) == 0x80;
    const unsigned c = two ? (byte & 0x1fU) << 6 | (static_cast<unsigned char>(utf8[i + 1]) & 0x3fU) : 0xffffU;
    if (c < kFoldEnd) {
      append_utf8(out, kFold[c]);
      ++i;
    } else {
      out.push_back(utf8[i]);
    }
  }
  return out;
}

Result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  if (text.find('%') == std::string_view::npos && (!plus_is_space || text.find('+') == std::string_view::npos))
    return std::string(text);
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '+' && plus_is_space) {
      out.push_back(' ');
    } else if (c != '%') {
      out.push_back(c);
    } else {
      const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        return fail(ErrorCode::kInvalidArgument, "invalid_value",
                    "a '%' must be followed by two hexadecimal digits; write a percent sign itself as %25");
      }
      out.push_back(static_cast<char>(high << 4 | low));
      i += 2;
    }
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.push_back('%');
      out.push_back(kDigits[byte >> 4]);
      out.push_back(kDigits[byte & 15]);
    }
  }
  return out;
}

}  // namespace curfew
