#include "index/part_finder.h"

#include <algorithm>
#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace curfew::index {
namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
constexpr std::uint64_t kHighs = 0x8080808080808080ULL;

bool any_byte_zero(std::uint64_t x) {
  return ((x - kOnes) & ~x & kHighs) != 0;
}

std::uint64_t big_endian(const std::uint8_t* bytes) {
  std::uint64_t v = 0;
  std::memcpy(&v, bytes, 8);
  return std::endian::native == std::endian::little ? __builtin_bswap64(v) : v;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool only(std::string_view text, std::string_view allowed) {
  return text.find_first_not_of(allowed) == std::string_view::npos;
}

// The longest stretch of hexadecimal digits.
std::string_view longest_digits(std::string_view part) {
  std::string_view best;
  for (std::size_t i = 0; i < part.size();) {
    std::size_t end = i;
    while (end < part.size() && hex_digit(part[end]) >= 0) ++end;
    if (end - i > best.size()) best = part.substr(i, end - i);
    i = end + 1;
  }
  return best;
}

constexpr std::size_t kUuidText = 36;
constexpr bool dash_at(std::size_t i) {
  return i == 8 || i == 13 || i == 18 || i == 23;
}

}  // namespace

bool TextPart::in(std::string_view text) const {
  const std::size_t n = part_.size();
  if (n == 0) return true;
  if (text.size() < n) return false;
  const char* p = text.data();
  const std::size_t places = text.size() - n + 1;
  std::size_t i = 0;
#if defined(__SSE2__)
  const __m128i first = _mm_set1_epi8(part_.front()), last = _mm_set1_epi8(part_.back());
  for (; i + 16 <= places; i += 16) {
    const __m128i a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + i));
    const __m128i b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + i + n - 1));
    auto hits =
        static_cast<unsigned>(_mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(a, first), _mm_cmpeq_epi8(b, last))));
    for (; hits != 0; hits &= hits - 1)
      if (std::memcmp(p + i + std::countr_zero(hits), part_.data(), n) == 0) return true;
  }
#endif
  for (; i < places; ++i)
    if (p[i] == part_.front() && p[i + n - 1] == part_.back() && std::memcmp(p + i, part_.data(), n) == 0) return true;
  return false;
}

bool TextPart::in_folded(std::string_view text) const {
  char folded[256];
  if (text.size() > sizeof folded) return false;  // limits.h keeps ids shorter
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    folded[i] = static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  }
  return in({folded, text.size()});
}

UuidPart::UuidPart(std::string_view part) {
  all_ = part.empty() || part == "-";
  if (all_ || part.size() > kUuidText || !only(part, "0123456789abcdef-")) return;
  for (std::size_t at = 0; at + part.size() <= kUuidText; ++at) {
    Place place{};
    bool fits = true;
    std::size_t nibble = 0;
    for (std::size_t i = 0; i < at; ++i) nibble += dash_at(i) ? 0 : 1;
    for (std::size_t i = 0; i < part.size() && fits; ++i) {
      const int digit = hex_digit(part[i]);
      fits = (digit < 0) == dash_at(at + i);
      if (digit < 0) continue;
      const unsigned shift = 60 - 4 * (nibble % 16);
      place.mask[nibble / 16] |= std::uint64_t{15} << shift;
      place.value[nibble / 16] |= static_cast<std::uint64_t>(digit) << shift;
      ++nibble;
    }
    if (fits) places_.push_back(place);
  }
  constexpr std::size_t few = 6;  // so many places are tried at once as fast as the test is
  if (places_.size() > few) set_quick_test(longest_digits(part));
}

// Three digits in a row always hold a whole byte: the first two of them or the last two; five hold two bytes either
// way.
void UuidPart::set_quick_test(std::string_view digits) {
  if (digits.size() < 3) return;
  ways_ = 2;
  for (std::size_t way = 0; way < 2; ++way) {
    std::uint64_t byte = 0;
    for (std::size_t k = 0; k < 2; ++k) {
      const std::size_t at = way + 2 * k;
      if (at + 2 <= digits.size())
        byte = static_cast<std::uint64_t>(hex_digit(digits[at]) << 4 | hex_digit(digits[at + 1]));
      bytes_[way][k] = byte * kOnes;
    }
  }
}

bool UuidPart::quick(std::uint64_t high, std::uint64_t low) const {
  for (const auto& way : bytes_) {
    if ((any_byte_zero(high ^ way[0]) || any_byte_zero(low ^ way[0])) &&
        (any_byte_zero(high ^ way[1]) || any_byte_zero(low ^ way[1])))
      return true;
  }
  return false;
}

bool UuidPart::in(const std::array<std::uint8_t, 16>& uuid) const {
  if (all_) return true;
  const std::uint64_t high = big_endian(uuid.data()), low = big_endian(uuid.data() + 8);
  if (ways_ > 0 && !quick(high, low)) return false;
  return std::any_of(places_.begin(), places_.end(), [&](const Place& place) {
    return (((high & place.mask[0]) ^ place.value[0]) | ((low & place.mask[1]) ^ place.value[1])) == 0;
  });
}

Ipv4Part::Ipv4Part(std::string_view part) {
  if (part.size() > 15 || !only(part, "0123456789.")) return;
  std::vector<std::string> pieces(1);
  for (const char c : part) {
    if (c == '.')
      pieces.emplace_back();
    else
      pieces.back().push_back(c);
  }
  if (pieces.size() > 4) return;
  for (std::size_t octet = 0; octet < 4; ++octet) {
    for (std::size_t value = 0; value < 256; ++value) {
      const std::string text = std::to_string(value);
      unsigned bits = 0;
      for (std::size_t start = 0; start + pieces.size() <= 4; ++start) {
        bool fits = true;
        if (octet >= start && octet < start + pieces.size()) {
          const std::string& piece = pieces[octet - start];
          const bool opens = octet == start, closes = octet + 1 == start + pieces.size();
          if (opens && closes)
            fits = text.find(piece) != std::string::npos;
          else if (opens)
            fits = text.ends_with(piece);
          else
            fits = closes ? text.starts_with(piece) : text == piece;
        }
        bits |= static_cast<unsigned>(fits) << start;
      }
      table_[octet][value] = static_cast<std::uint8_t>(bits);
    }
  }
  possible_ = std::all_of(table_.begin(), table_.end(), [](const auto& octet) {
    return std::any_of(octet.begin(), octet.end(), [](std::uint8_t bits) { return bits != 0; });
  });
}

Ipv6Part::Ipv6Part(std::string_view part) : part_(part) {
  constexpr std::size_t longest = 45;
  if (part.size() > longest || !only(part, "0123456789abcdef:")) return;
  const std::string_view digits = longest_digits(part);
  possible_ = digits.size() <= 4;
  if (digits.size() < 3) return;
  digits_ = static_cast<int>(digits.size());
  for (const char c : digits) value_ = value_ << 4 | static_cast<std::uint32_t>(hex_digit(c));
}

// A run of three or four digits stands within one group.
bool Ipv6Part::quick(const IpAddress& address) const {
  const auto& b = address.bytes();
  for (std::size_t i = 0; i < 16; i += 2) {
    const std::uint32_t group = std::uint32_t{b[i]} << 8 | b[i + 1];
    if (digits_ == 4 ? group == value_ : group >> 4 == value_ || (group & 0xfff) == value_) return true;
  }
  return false;
}

bool Ipv6Part::in(const IpAddress& address) const {
  if (!possible_ || (digits_ >= 3 && !quick(address))) return false;
  std::string text;
  address.append_to(text);
  return part_.in(text);
}

}  // namespace curfew::index
