#include "index/part_finder.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace curfew::index {
namespace {

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

// How many digits an IPv6 address's group is written with.
unsigned written(std::uint32_t group) {
  return group == 0 ? 1 : (static_cast<unsigned>(std::bit_width(group)) + 3) / 4;
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
  const std::string_view run = longest_digits(part);
  digits_ = std::min<std::size_t>(run.size(), 5);
  exact_ = digits_ == part.size();
  for (std::size_t i = 0; i < digits_; ++i) {
    const auto digit = static_cast<unsigned>(hex_digit(run[i]));
    const auto put = [&](Test& test, std::size_t nibble) {
      const unsigned shift = nibble % 2 == 0 ? 4 : 0;
      test.mask[nibble / 2] = static_cast<std::uint8_t>(test.mask[nibble / 2] | 15U << shift);
      test.value[nibble / 2] = static_cast<std::uint8_t>(test.value[nibble / 2] | digit << shift);
    };
    put(even_, i);
    put(odd_, i + 1);
  }
}

bool UuidPart::at_a_place(const std::uint8_t* uuid) const {
  const std::uint64_t high = big_endian(uuid), low = big_endian(uuid + 8);
  return std::any_of(places_.begin(), places_.end(), [&](const Place& place) {
    return (((high & place.mask[0]) ^ place.value[0]) | ((low & place.mask[1]) ^ place.value[1])) == 0;
  });
}

#if defined(__SSE2__)
// Each byte of a UUID at once: do the digits begin there, in the first half or in the second? Those behind lie in the
// next bytes, unless a dash stands between: behind the bytes 3, 5, 7 and 9.
template <int kEven, int kOdd>
std::uint64_t UuidPart::tested(const std::uint8_t* uuids, std::size_t count) const {
  static_assert(kEven >= 1 && kEven <= 3 && kOdd >= kEven && kOdd <= 3);
  const __m128i joined =
      _mm_setr_epi8(-1, -1, -1, 0, -1, 0, -1, 0, -1, 0, -1, -1, -1, -1, -1, 0);  // with the byte behind
  const auto splat = [](std::uint8_t byte) { return _mm_set1_epi8(static_cast<char>(byte)); };
  const auto begins = [&]<int kBytes>(const Test& test, __m128i uuid, std::integral_constant<int, kBytes>) {
    const auto fits = [&](std::size_t i) {
      return _mm_cmpeq_epi8(_mm_and_si128(uuid, splat(test.mask[i])), splat(test.value[i]));
    };
    __m128i hits = fits(0);
    if constexpr (kBytes >= 2) hits = _mm_and_si128(hits, _mm_and_si128(joined, _mm_srli_si128(fits(1), 1)));
    if constexpr (kBytes >= 3) {
      const __m128i further = _mm_and_si128(_mm_srli_si128(joined, 1), _mm_srli_si128(fits(2), 2));
      hits = _mm_and_si128(hits, further);
    }
    return hits;
  };
  std::uint64_t found = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const __m128i uuid = _mm_loadu_si128(reinterpret_cast<const __m128i*>(uuids + 16 * i));
    const __m128i hits = _mm_or_si128(begins(even_, uuid, std::integral_constant<int, kEven>()),
                                      begins(odd_, uuid, std::integral_constant<int, kOdd>()));
    found |= static_cast<std::uint64_t>(_mm_movemask_epi8(hits) != 0) << i;
  }
  return found;
}
#endif

std::uint64_t UuidPart::among(const std::uint8_t* uuids, std::size_t count) const {
  std::uint64_t found = count < 64 ? (std::uint64_t{1} << count) - 1 : ~std::uint64_t{0};
  if (all_ || places_.empty()) return all_ ? found : 0;
  bool exact = false;
#if defined(__SSE2__)
  switch (digits_) {
    case 1:
      found = tested<1, 1>(uuids, count);
      break;
    case 2:
      found = tested<1, 2>(uuids, count);
      break;
    case 3:
      found = tested<2, 2>(uuids, count);
      break;
    case 4:
      found = tested<2, 3>(uuids, count);
      break;
    default:
      found = tested<3, 3>(uuids, count);
  }
  exact = exact_;
#endif
  for (std::uint64_t left = exact ? 0 : found; left != 0; left &= left - 1) {
    const auto i = static_cast<std::size_t>(std::countr_zero(left));
    if (!at_a_place(uuids + 16 * i)) found &= ~(std::uint64_t{1} << i);
  }
  return found;
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
  unsigned starts = 15;
  for (const auto& octet : table_) {
    unsigned any = 0;
    for (const std::uint8_t bits : octet) any |= bits;
    starts &= any;
  }
  possible_ = starts != 0;
}

Ipv6Part::Ipv6Part(std::string_view part) : part_(part) {
  constexpr std::size_t longest = 45, most_pieces = 8;
  if (part.size() > longest || !only(part, "0123456789abcdef:")) return;
  pieces_.emplace_back();
  for (const char c : part) {
    if (c == ':') {
      pieces_.emplace_back();
      continue;
    }
    Piece& piece = pieces_.back();
    if (++piece.digits > 4) return;
    piece.value = piece.value << 4 | static_cast<std::uint32_t>(hex_digit(c));
  }
  twice_ = part.find("::") != std::string_view::npos;
  possible_ = twice_ || pieces_.size() <= most_pieces;
  set_places(*std::max_element(pieces_.begin(), pieces_.end(),
                               [](const Piece& a, const Piece& b) { return a.digits < b.digits; }));
}

// A run that begins with a 0 has other digits before it: no group is written with a 0 in front. A lone 0 may be a group
// that is 0, which may be left out.
void Ipv6Part::set_places(const Piece& longest) {
  const auto in_bytes = [](std::uint32_t v) {
    const auto low = static_cast<std::uint16_t>(v);
    return std::endian::native == std::endian::little ? static_cast<std::uint16_t>(low << 8 | low >> 8) : low;
  };
  const unsigned bits = 4 * longest.digits;
  if (bits == 0 || (bits == 4 && longest.value == 0)) return;
  const bool from_zero = longest.value >> (bits - 4) == 0;
  for (unsigned shift = 0; shift + bits + (from_zero ? 4 : 0) <= 16; shift += 4) {
    const std::uint32_t before = from_zero ? 0xffffU << (shift + bits) : 0;
    places_.push_back({in_bytes(((1U << bits) - 1) << shift), in_bytes(longest.value << shift), in_bytes(before)});
  }
  possible_ = possible_ && !places_.empty();
  exact_ = pieces_.size() == 1;
}

bool Ipv6Part::may_be_in(const IpAddress& address) const {
#if defined(__SSE2__)
  const __m128i groups = _mm_loadu_si128(reinterpret_cast<const __m128i*>(address.bytes().data()));
  const auto part = [&](std::uint16_t bits) {
    return _mm_and_si128(groups, _mm_set1_epi16(static_cast<std::int16_t>(bits)));
  };
  __m128i hits = _mm_setzero_si128();
  for (const Place& place : places_) {
    __m128i fits = _mm_cmpeq_epi16(part(place.mask), _mm_set1_epi16(static_cast<std::int16_t>(place.value)));
    if (place.before != 0) fits = _mm_andnot_si128(_mm_cmpeq_epi16(part(place.before), _mm_setzero_si128()), fits);
    hits = _mm_or_si128(hits, fits);
  }
  return _mm_movemask_epi8(hits) != 0;
#else
  for (std::size_t i = 0; i < 16; i += 2) {
    std::uint16_t group = 0;
    std::memcpy(&group, address.bytes().data() + i, 2);
    for (const Place& place : places_)
      if ((group & place.mask) == place.value && (place.before == 0 || (group & place.before) != 0)) return true;
  }
  return false;
#endif
}

bool Ipv6Part::Piece::ends(std::uint32_t group) const {
  return digits <= written(group) && (group & ((1U << 4 * digits) - 1)) == value;
}
bool Ipv6Part::Piece::begins(std::uint32_t group) const {
  const unsigned all = written(group);
  return digits <= all && group >> 4 * (all - digits) == value;
}
bool Ipv6Part::Piece::within(std::uint32_t group) const {
  for (unsigned all = written(group); digits <= all; --all, group >>= 4)
    if ((group & ((1U << 4 * digits) - 1)) == value) return true;
  return false;
}
bool Ipv6Part::Piece::is(std::uint32_t group) const {
  return group == value && digits == written(group);
}

// Groups within the zeros that "::" stands for are not written, and only groups of zeros are in it. An empty piece at
// either end asks for a colon beside the group next to it, and that is there whatever it stands for.
bool Ipv6Part::stands_at(std::size_t first, const Groups& groups) const {
  const std::size_t last = first + pieces_.size() - 1;
  bool zeros = false;
  for (std::size_t i = first; i <= last; ++i) {
    const Piece& piece = pieces_[i - first];
    if (piece.digits == 0) continue;
    const bool fits = first == last ? piece.within(groups[i])
                      : i == first  ? piece.ends(groups[i])
                      : i == last   ? piece.begins(groups[i])
                                    : piece.is(groups[i]);
    if (!fits) return false;
    zeros = zeros || groups[i] == 0;
  }
  if (!zeros) return true;
  const ZeroRun left_out = longest_zero_run(groups);
  for (std::size_t i = first; i <= last; ++i) {
    const int behind = static_cast<int>(i) - left_out.start;
    if (pieces_[i - first].digits > 0 && behind >= 0 && behind < left_out.length) return false;
  }
  return true;
}

bool Ipv6Part::in(const IpAddress& address) const {
  if (!possible_) return false;
  if (!places_.empty()) {
    const bool may = may_be_in(address);
    if (!may || exact_) return may;
  }
  if (twice_) {
    std::string text;
    address.append_to(text);
    return part_.in(text);
  }
  const auto& b = address.bytes();
  Groups groups{};
  for (std::size_t i = 0; i < groups.size(); ++i) groups[i] = std::uint32_t{b[2 * i]} << 8 | b[2 * i + 1];
  for (std::size_t first = 0; first + pieces_.size() <= groups.size(); ++first)
    if (stands_at(first, groups)) return true;
  return false;
}

}  // namespace curfew::index
