#include "base/json_writer.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "base/check.h"

namespace curfew {
namespace {

constexpr int kMaxDepth = 32;

// What a byte needs: 0 nothing, 'u' a \u00XX, 'x' a look at what follows (U+2028 and U+2029 begin with E2), else \ and
// itself.
constexpr std::array<char, 256> make_escapes() {
  std::array<char, 256> table{};
  for (std::size_t c = 0; c < 0x20; ++c) table[c] = 'u';
  table['\b'] = 'b';
  table['\t'] = 't';
  table['\n'] = 'n';
  table['\f'] = 'f';
  table['\r'] = 'r';
  table['"'] = '"';
  table['\\'] = '\\';
  table[0xe2] = 'x';
  return table;
}
constexpr std::array<char, 256> kEscapes = make_escapes();
constexpr char kHexDigits[] = "0123456789abcdef";

}  // namespace

void JsonWriter::append_escaped(std::string& out, std::string_view text) {
  const char* run = text.data();
  const char* const end = run + text.size();
  for (const char* p = run; p != end; ++p) {
    const auto byte = static_cast<unsigned char>(*p);
    const char escape = kEscapes[byte];
    if (__builtin_expect(escape == 0, 1)) continue;
    if (escape == 'x') {
      const bool separator = end - p >= 3 && p[1] == '\x80' && (p[2] == '\xa8' || p[2] == '\xa9');
      if (!separator) continue;
      out.append(run, p);
      out.append(p[2] == '\xa8' ? "\\u2028" : "\\u2029");
      p += 2;
    } else {
      out.append(run, p);
      out.push_back('\\');
      if (escape == 'u') {
        out.append("u00");
        out.push_back(kHexDigits[byte >> 4]);
        out.push_back(kHexDigits[byte & 15]);
      } else {
        out.push_back(escape);
      }
    }
    run = p + 1;
  }
  out.append(run, end);
}

void JsonWriter::value_starts() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (depth_ == 0) return;
  const std::uint32_t bit = 1U << (depth_ - 1);
  if (has_items_ & bit) out_.push_back(',');
  has_items_ |= bit;
}

JsonWriter& JsonWriter::begin_object() {
  value_starts();
  CURFEW_CHECK(depth_ < kMaxDepth, "JSON is written at most 32 deep");
  has_items_ &= ~(1U << depth_);
  ++depth_;
  out_.push_back('{');
  return *this;
}

JsonWriter& JsonWriter::begin_array() {
  value_starts();
  CURFEW_CHECK(depth_ < kMaxDepth, "JSON is written at most 32 deep");
  has_items_ &= ~(1U << depth_);
  ++depth_;
  out_.push_back('[');
  return *this;
}

JsonWriter& JsonWriter::end_object() {
  CURFEW_CHECK(depth_ > 0 && !after_key_, "an object ends after its last value");
  --depth_;
  out_.push_back('}');
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  CURFEW_CHECK(depth_ > 0 && !after_key_, "an array ends after its last value");
  --depth_;
  out_.push_back(']');
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  value_starts();
  out_.push_back('"');
  out_.append(name);
  out_.append("\":");
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view text) {
  value_starts();
  out_.push_back('"');
  append_escaped(out_, text);
  out_.push_back('"');
  return *this;
}

JsonWriter& JsonWriter::number(std::int64_t value) {
  value_starts();
  const fmt::format_int text(value);
  out_.append(text.data(), text.size());
  return *this;
}

JsonWriter& JsonWriter::number(std::uint64_t value) {
  value_starts();
  const fmt::format_int text(value);
  out_.append(text.data(), text.size());
  return *this;
}

JsonWriter& JsonWriter::number(double value) {
  if (!std::isfinite(value)) return null();  // JSON has no name for these
  value_starts();
  fmt::format_to(std::back_inserter(out_), "{}", value);
  return *this;
}

JsonWriter& JsonWriter::boolean(bool value) {
  value_starts();
  out_.append(value ? "true" : "false");
  return *this;
}

JsonWriter& JsonWriter::null() {
  value_starts();
  out_.append("null");
  return *this;
}

JsonWriter& JsonWriter::time(Time value) {
  value_starts();
  out_.push_back('"');
  append_time(out_, value);
  out_.push_back('"');
  return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  value_starts();
  out_.append(json);
  return *this;
}

}  // namespace curfew
