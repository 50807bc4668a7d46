// Finders answer for a part what looking for it in the written text would.
#include "index/part_finder.h"

#include <gtest/gtest.h>

#include <random>

#include "index/session_id.h"

namespace curfew::index {
namespace {

using Uuid = std::array<std::uint8_t, 16>;

class PartFinderTest : public testing::Test {
 protected:
  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  // A piece of the text, or one with a character of it changed, or one that has little to do with it.
  std::string part_of(const std::string& text, std::string_view alphabet) {
    const std::size_t from = below(text.size()), longest = std::min<std::size_t>(text.size() - from, 1 + below(12));
    std::string part = text.substr(from, below(6) == 0 ? std::string::npos : longest);
    if (below(3) == 0) part[below(part.size())] = alphabet[below(alphabet.size())];
    if (below(8) == 0) {
      part.clear();
      for (std::size_t n = 1 + below(5); n > 0; --n) part.push_back(alphabet[below(alphabet.size())]);
    }
    return part;
  }
  // Digits that repeat, so that parts stand at several places and across dashes.
  Uuid uuid() {
    Uuid bytes{};
    const std::uint64_t few = 1 + below(16);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(below(few) << 4 | below(few));
    return bytes;
  }
  IpAddress v6() {
    Uuid bytes{};
    for (std::size_t i = 0; i < 16; i += 2) {
      const std::uint64_t group = below(3) == 0 ? 0 : below(4) == 0 ? below(16) : below(65'536) & (0xf0f >> below(5));
      bytes[i] = static_cast<std::uint8_t>(group >> 8);
      bytes[i + 1] = static_cast<std::uint8_t>(group);
    }
    bytes[0] |= 0x20;  // no IPv4
    return IpAddress::from_bytes(bytes);
  }
  std::mt19937_64 random_{7};
};

TEST_F(PartFinderTest, UuidsManyAtOnceAsInTheirTexts) {
  for (int round = 0; round < 3'000; ++round) {
    std::vector<Uuid> uuids(1 + below(UuidPart::kAtOnce));
    std::vector<std::string> texts;
    for (Uuid& one : uuids) {
      one = uuid();
      append_uuid(texts.emplace_back(), one);
    }
    const std::string part = part_of(texts[below(texts.size())], "0123456789abcdef-");
    const UuidPart finder(part);
    const std::uint64_t found = finder.among(uuids.front().data(), uuids.size());
    for (std::size_t i = 0; i < uuids.size(); ++i) {
      const bool expected = texts[i].find(part) != std::string::npos;
      ASSERT_EQ((found >> i & 1) != 0, expected) << part << " in " << texts[i];
      ASSERT_EQ(finder.in(uuids[i]), expected) << part << " in " << texts[i];
      ASSERT_TRUE(finder.possible() || !expected) << part;
    }
    ASSERT_TRUE(uuids.size() == 64 || found >> uuids.size() == 0) << part;
  }
}

TEST_F(PartFinderTest, Ipv6AddressesAsInTheirTexts) {
  std::size_t hits = 0;
  for (int round = 0; round < 60'000; ++round) {
    const IpAddress address = v6();
    const std::string text = address.to_string();
    const std::string part = part_of(text, "0123456789abcdef::");
    const Ipv6Part finder(part);
    const bool expected = text.find(part) != std::string::npos;
    ASSERT_EQ(finder.in(address), expected) << part << " in " << text;
    ASSERT_TRUE(finder.possible() || !expected) << part;
    hits += expected;
  }
  EXPECT_GT(hits, 20'000U);
}

TEST_F(PartFinderTest, Ipv4AddressesAsInTheirTexts) {
  for (int round = 0; round < 60'000; ++round) {
    const auto number = static_cast<std::uint32_t>(random_() & (below(2) == 0 ? 0xffffffff : 0x1f1f1f1f));
    const std::string text = IpAddress::v4(number).to_string();
    const std::string part = part_of(text, "0123456789..");
    const Ipv4Part finder(part);
    const bool expected = text.find(part) != std::string::npos;
    ASSERT_EQ(finder.in(number), expected) << part << " in " << text;
    ASSERT_TRUE(finder.possible() || !expected) << part;
  }
}

TEST_F(PartFinderTest, WhatCanStandInNoAddressIsNotPossible) {
  for (const char* part : {"12345", "g", "1.2", "0123", "1:2:3:4:5:6:7:8:9", "zz::"})
    EXPECT_FALSE(Ipv6Part(part).possible()) << part;
  for (const char* part : {"256", "1.2.3.4.5", "a", "1:2"}) EXPECT_FALSE(Ipv4Part(part).possible()) << part;
  for (const char* part : {"g", "0123456789abc", "f81d4fae-7dec-41d0-8765-00a0c91e6bf60", "--"})
    EXPECT_FALSE(UuidPart(part).possible()) << part;
}

}  // namespace
}  // namespace curfew::index
