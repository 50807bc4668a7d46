#include "cli/text_width.h"

#include <algorithm>
#include <array>

namespace curfew::cli {

namespace {

struct Range {
  char32_t first, last;
};

// Marks that take no column of their own.
constexpr std::array kZero{
    Range{0x0300, 0x036f}, Range{0x0483, 0x0489}, Range{0x0591, 0x05bd},   Range{0x05bf, 0x05c7},
    Range{0x0610, 0x061a}, Range{0x064b, 0x065f}, Range{0x0670, 0x0670},   Range{0x06d6, 0x06dc},
    Range{0x06df, 0x06e4}, Range{0x06e7, 0x06ed}, Range{0x0900, 0x0902},   Range{0x093a, 0x093a},
    Range{0x093c, 0x093c}, Range{0x0941, 0x0948}, Range{0x094d, 0x094d},   Range{0x0e31, 0x0e31},
    Range{0x0e34, 0x0e3a}, Range{0x0e47, 0x0e4e}, Range{0x1ab0, 0x1aff},   Range{0x1dc0, 0x1dff},
    Range{0x200b, 0x200d}, Range{0x2060, 0x2060}, Range{0x20d0, 0x20ff},   Range{0xfe00, 0xfe0f},
    Range{0xfe20, 0xfe2f}, Range{0xfeff, 0xfeff}, Range{0x1f3fb, 0x1f3ff}, Range{0xe0100, 0xe01ef},
};

// East Asian wide and fullwidth, and emoji.
constexpr std::array kWide{
    Range{0x1100, 0x115f},   Range{0x231a, 0x231b},   Range{0x2329, 0x232a},   Range{0x23e9, 0x23ec},
    Range{0x23f0, 0x23f0},   Range{0x25fd, 0x25fe},   Range{0x2614, 0x2615},   Range{0x2648, 0x2653},
    Range{0x26a1, 0x26a1},   Range{0x26bd, 0x26be},   Range{0x26d4, 0x26d4},   Range{0x2705, 0x2705},
    Range{0x270a, 0x270b},   Range{0x2728, 0x2728},   Range{0x274c, 0x274c},   Range{0x2753, 0x2755},
    Range{0x2757, 0x2757},   Range{0x2795, 0x2797},   Range{0x2b50, 0x2b50},   Range{0x2e80, 0x303e},
    Range{0x3041, 0x33ff},   Range{0x3400, 0x4dbf},   Range{0x4e00, 0x9fff},   Range{0xa000, 0xa4cf},
    Range{0xa960, 0xa97c},   Range{0xac00, 0xd7a3},   Range{0xf900, 0xfaff},   Range{0xfe30, 0xfe6f},
    Range{0xff00, 0xff60},   Range{0xffe0, 0xffe6},   Range{0x1f004, 0x1f004}, Range{0x1f0cf, 0x1f0cf},
    Range{0x1f18e, 0x1f18e}, Range{0x1f191, 0x1f19a}, Range{0x1f200, 0x1f320}, Range{0x1f32d, 0x1f335},
    Range{0x1f337, 0x1f37c}, Range{0x1f37e, 0x1f393}, Range{0x1f3a0, 0x1f3ca}, Range{0x1f3cf, 0x1f3d3},
    Range{0x1f3e0, 0x1f3f0}, Range{0x1f3f4, 0x1f3f4}, Range{0x1f3f8, 0x1f43e}, Range{0x1f440, 0x1f440},
    Range{0x1f442, 0x1f4fc}, Range{0x1f4ff, 0x1f53d}, Range{0x1f54b, 0x1f567}, Range{0x1f57a, 0x1f57a},
    Range{0x1f595, 0x1f596}, Range{0x1f5a4, 0x1f5a4}, Range{0x1f5fb, 0x1f64f}, Range{0x1f680, 0x1f6d7},
    Range{0x1f6dc, 0x1f6ec}, Range{0x1f6f4, 0x1f6fc}, Range{0x1f7e0, 0x1f7eb}, Range{0x1f90c, 0x1f9ff},
    Range{0x1fa70, 0x1faff}, Range{0x20000, 0x3fffd},
};

template <std::size_t N>
bool within(const std::array<Range, N>& ranges, char32_t c) {
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), c, [](char32_t v, const Range& r) { return v < r.first; });
  return after != ranges.begin() && c <= std::prev(after)->last;
}

std::size_t width_of(char32_t c) {
  if (c < 0x300) return 1;
  if (within(kZero, c)) return 0;
  return within(kWide, c) ? 2 : 1;
}

// The bytes of `text` that fit into `columns`, from the front.
std::size_t prefix_bytes(std::string_view text, std::size_t columns) {
  std::size_t used = 0, at = 0;
  while (at < text.size()) {
    std::size_t next = at;
    const auto width = width_of(next_code_point(text, next));
    if (used + width > columns) break;
    used += width;
    at = next;
  }
  return at;
}

}  // namespace

char32_t next_code_point(std::string_view text, std::size_t& at) {
  constexpr char32_t kReplacement = 0xfffd;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(at++);
  if (first < 0x80) return first;
  const int more = first >= 0xf0 && first < 0xf5   ? 3
                   : first >= 0xe0 && first < 0xf0 ? 2
                   : first >= 0xc2 && first < 0xe0 ? 1
                                                   : 0;
  if (more == 0 || at + static_cast<std::size_t>(more) > text.size()) return kReplacement;
  char32_t c = first & (0x3fU >> more);
  for (int i = 0; i < more; ++i) {
    const unsigned b = byte(at + static_cast<std::size_t>(i));
    if ((b & 0xc0) != 0x80) return kReplacement;
    c = c << 6 | (b & 0x3f);
  }
  const bool overlong = (more == 2 && c < 0x800) || (more == 3 && c < 0x10000);
  if (overlong || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) return kReplacement;
  at += static_cast<std::size_t>(more);
  return c;
}

bool is_unsafe(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x061c || c == 0x200e || c == 0x200f ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

std::string safe_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto start = at;
    const char32_t c = next_code_point(text, at);
    if (c == '\t' || c == '\n' || c == '\r') {
      if (!out.ends_with(' ')) out += ' ';
    } else if (is_unsafe(c)) {
      continue;
    } else if (c == 0xfffd) {
      out += "\xef\xbf\xbd";
    } else {
      out += text.substr(start, at - start);
    }
  }
  return out;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) width += width_of(next_code_point(text, at));
  return width;
}

std::string shorten(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  return std::string(text.substr(0, prefix_bytes(text, columns - 1))) + "…";
}

std::string shorten_middle(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  if (columns < 5) return shorten(text, columns);
  const std::size_t tail = (columns - 1) / 3, head = columns - 1 - tail;
  std::string out(text.substr(0, prefix_bytes(text, head)));
  out += "…";
  // The shortest suffix that still fits, found from the front: code points can't be read backwards safely.
  std::size_t at = 0;
  while (at < text.size() && display_width(text.substr(at)) > tail) next_code_point(text, at);
  return out += text.substr(at);
}

std::string pad_right(std::string text, std::size_t columns) {
  const auto width = display_width(text);
  if (width < columns) text.append(columns - width, ' ');
  return text;
}

std::string pad_left(std::string text, std::size_t columns) {
  const auto width = display_width(text);
  if (width < columns) text.insert(0, columns - width, ' ');
  return text;
}

std::vector<std::string> wrap(std::string_view text, std::size_t columns) {
  std::vector<std::string> lines(1);
  while (!text.empty()) {
    const auto space = text.find(' ');
    const auto word = text.substr(0, space);
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
    if (word.empty()) continue;
    if (!lines.back().empty() && display_width(lines.back()) + 1 + display_width(word) > columns) lines.emplace_back();
    if (!lines.back().empty()) lines.back() += ' ';
    lines.back() += word;
  }
  return lines;
}

std::string grouped(long long number) {
  std::string digits = std::to_string(number);
  const std::size_t sign = number < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > 3 + sign; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string counted(long long number, std::string_view noun) {
  return grouped(number) + " " + std::string(noun) + (number == 1 ? "" : "s");
}

}  // namespace curfew::cli
