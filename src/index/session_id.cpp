#include "index/session_id.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace curfew::index {
namespace {

constexpr std::size_t kUuidText = 36;
// Where each byte's two digits stand in the text.
constexpr std::array<std::uint8_t, 16> kDigitsAt{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};

#if defined(__SSE2__)
__m128i four(const char* from) {
  int bytes = 0;
  std::memcpy(&bytes, from, sizeof bytes);
  return _mm_cvtsi32_si128(bytes);
}

// The digits' values, two to a lane of 16 bits; false: something else is among them.
bool digits(__m128i text, __m128i& out) {
  const auto between = [&](char first, char last) {
    return _mm_and_si128(_mm_cmpgt_epi8(text, _mm_set1_epi8(static_cast<char>(first - 1))),
                         _mm_cmplt_epi8(text, _mm_set1_epi8(static_cast<char>(last + 1))));
  };
  const __m128i letters = between('a', 'f');
  if (_mm_movemask_epi8(_mm_or_si128(letters, between('0', '9'))) != 0xffff) return false;
  const __m128i values = _mm_add_epi8(_mm_and_si128(text, _mm_set1_epi8(15)), _mm_and_si128(letters, _mm_set1_epi8(9)));
  out = _mm_and_si128(_mm_or_si128(_mm_slli_epi16(values, 4), _mm_srli_epi16(values, 8)), _mm_set1_epi16(255));
  return true;
}

bool parse_digits(const char* text, std::array<std::uint8_t, 16>& out) {
  const __m128i first = _mm_unpacklo_epi64(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(text)),
                                           _mm_unpacklo_epi32(four(text + 9), four(text + 14)));
  const __m128i last_twelve =
      _mm_and_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(text + 20)), _mm_set_epi32(-1, -1, -1, 0));
  __m128i a, b;
  if (!digits(first, a) || !digits(_mm_or_si128(last_twelve, four(text + 19)), b)) return false;
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out.data()), _mm_packus_epi16(a, b));
  return true;
}
#else
// A digit's value; 0x80 in anything else, so that one test at the end finds any fault.
constexpr std::array<std::uint8_t, 256> kHexDigit = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(0x80);
  for (unsigned i = 0; i < 10; ++i) table['0' + i] = static_cast<std::uint8_t>(i);
  for (unsigned i = 0; i < 6; ++i) table['a' + i] = static_cast<std::uint8_t>(10 + i);
  return table;
}();

bool parse_digits(const char* text, std::array<std::uint8_t, 16>& out) {
  unsigned fault = 0;
  for (std::size_t i = 0; i < 16; ++i) {
    const unsigned high = kHexDigit[static_cast<std::uint8_t>(text[kDigitsAt[i]])];
    const unsigned low = kHexDigit[static_cast<std::uint8_t>(text[kDigitsAt[i] + 1U])];
    fault |= high | low;
    out[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return (fault & 0x80) == 0;
}
#endif

std::uint32_t ref_of(const PackedId& id) {
  std::uint32_t ref = 0;
  std::memcpy(&ref, id.bytes.data(), 4);
  return ref;
}
std::uint32_t length_of(const PackedId& id) {
  std::uint32_t length = 0;
  std::memcpy(&length, id.bytes.data() + 4, 4);
  return length;
}

}  // namespace

bool parse_uuid(std::string_view text, std::array<std::uint8_t, 16>& out) {
  return text.size() == kUuidText && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-' &&
         parse_digits(text.data(), out);
}

void append_uuid(std::string& out, const std::array<std::uint8_t, 16>& bytes) {
  constexpr char digits[] = "0123456789abcdef";
  char text[kUuidText];
  for (const std::size_t dash : {8U, 13U, 18U, 23U}) text[dash] = '-';
  for (std::size_t i = 0; i < 16; ++i) {
    text[kDigitsAt[i]] = digits[bytes[i] >> 4];
    text[kDigitsAt[i] + 1U] = digits[bytes[i] & 15];
  }
  out.append(text, kUuidText);
}

namespace {

// ASCII only: what else an id may hold has no case.
std::string_view lowered(std::string_view text, std::array<char, 256>& buffer) {
  if (text.size() > buffer.size()) return text;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    buffer[i] = static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  }
  return {buffer.data(), text.size()};
}

}  // namespace

std::uint64_t short_id_hash(const PackedId& id, std::uint64_t seed) {
  std::array<char, 256> buffer;
  PackedId low = id;
  const std::string_view text = lowered({reinterpret_cast<const char*>(id.bytes.data()) + 1, id.bytes[0]}, buffer);
  std::memcpy(low.bytes.data() + 1, text.data(), text.size());
  return mix(low.half(0) ^ static_cast<std::uint64_t>(IdKind::kShort), low.half(1) + seed);
}

bool IdProbe::same_but_for_case(IdKind kind, const PackedId& id, const BlobArena& arena) const {
  if (kind == IdKind::kUuid) return equals(kind, id, arena);
  if (kind != kind_) return false;
  std::string mine;
  append_id(mine, kind, id, arena);
  std::array<char, 256> a, b;
  return lowered(mine, a) == lowered(text_, b);
}

std::size_t id_length(IdKind kind, const PackedId& id) {
  return kind == IdKind::kUuid ? kUuidText : kind == IdKind::kShort ? id.bytes[0] : length_of(id);
}

IdProbe::IdProbe(std::string_view text, std::uint64_t seed, bool uuids) : text_(text) {
  if (uuids && parse_uuid(text, id_.bytes)) {
    kind_ = IdKind::kUuid;
  } else if (text.size() < 16) {
    kind_ = IdKind::kShort;
    id_ = PackedId{};
    id_.bytes[0] = static_cast<std::uint8_t>(text.size());
    if (!text.empty()) std::memcpy(id_.bytes.data() + 1, text.data(), text.size());
  } else {
    kind_ = IdKind::kLong;
    std::array<char, 256> buffer;
    const std::uint64_t h = hash_bytes(lowered(text, buffer));
    const auto length = static_cast<std::uint32_t>(text.size());
    id_ = PackedId{};
    std::memcpy(id_.bytes.data() + 4, &length, 4);
    std::memcpy(id_.bytes.data() + 8, &h, 8);
  }
  hash_ = id_hash(kind_, id_, seed);
}

PackedId IdProbe::store(BlobArena& arena) const {
  PackedId id = id_;
  if (kind_ == IdKind::kLong) {
    const std::uint32_t ref = arena.store(text_);
    std::memcpy(id.bytes.data(), &ref, 4);
  }
  return id;
}

bool IdProbe::equals_long(const PackedId& id, const BlobArena& arena) const {
  return id.half(1) == id_.half(1) && length_of(id) == text_.size() && long_id(id, arena) == text_;
}

std::string_view long_id(const PackedId& id, const BlobArena& arena) {
  return arena.view(ref_of(id), length_of(id));
}

void append_id(std::string& out, IdKind kind, const PackedId& id, const BlobArena& arena) {
  switch (kind) {
    case IdKind::kUuid:
      append_uuid(out, id.bytes);
      return;
    case IdKind::kShort:
      out.append(reinterpret_cast<const char*>(id.bytes.data()) + 1, id.bytes[0]);
      return;
    case IdKind::kLong:
      out.append(long_id(id, arena));
      return;
  }
}

void release_id(IdKind kind, const PackedId& id, BlobArena& arena) {
  if (kind == IdKind::kLong) arena.release(ref_of(id), length_of(id));
}

}  // namespace curfew::index
