#include "index/session_id.h"

#include <gtest/gtest.h>

#include <optional>
#include <random>

namespace curfew::index {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

std::optional<Bytes> parsed_naively(std::string_view text) {
  const std::string_view digits = "0123456789abcdef";
  if (text.size() != 36) return std::nullopt;
  Bytes out{};
  std::size_t digit = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const std::size_t value = digits.find(text[i]);
    if (value == std::string_view::npos) return std::nullopt;
    out[digit / 2] = static_cast<std::uint8_t>(out[digit / 2] << 4 | value);
    ++digit;
  }
  return out;
}

void expect_alike(std::string_view text) {
  Bytes out{};
  const auto expected = parsed_naively(text);
  ASSERT_EQ(parse_uuid(text, out), expected.has_value()) << text;
  if (expected) EXPECT_EQ(out, *expected) << text;
}

TEST(SessionIdTest, ReadsAUuidAsItIsWritten) {
  std::mt19937 dice(5);
  for (int round = 0; round < 1'000; ++round) {
    Bytes bytes{};
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(dice());
    std::string text;
    append_uuid(text, bytes);
    Bytes read{};
    ASSERT_TRUE(parse_uuid(text, read));
    EXPECT_EQ(read, bytes);
    expect_alike(text);
  }
}

// Every byte in every place, upper case and what lies beside the digits among them.
TEST(SessionIdTest, TakesNothingElseForAUuid) {
  const std::string right = "f81d4fae-7dec-41d0-8765-00a0c91e6bf6";
  for (std::size_t i = 0; i < right.size(); ++i)
    for (int byte = 0; byte < 256; ++byte) {
      std::string text = right;
      text[i] = static_cast<char>(byte);
      expect_alike(text);
    }
  for (std::size_t size = 0; size <= right.size(); ++size) expect_alike(std::string_view(right).substr(0, size));
  expect_alike(right + "0");
  expect_alike(right + std::string(right.size(), '0'));
}

}  // namespace
}  // namespace curfew::index
