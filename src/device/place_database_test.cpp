#include "device/place_database.h"

#include <gtest/gtest.h>

#include <string>

#include "base/crypto.h"
#include "device/mmdb_check.h"
#include "device/testing.h"

namespace curfew::device {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the writer's words

IpAddress address(std::string_view text) {
  return *IpAddress::parse(text);
}

Database cities(int record_bits = 24, int ip_version = 6) {
  Database database("Test-City", record_bits, ip_version);
  database.add("203.0.113.0/24", city_value("DE", "Berlin", 52.52, 13.405, 20));
  database.add("198.51.100.64/26", city_value("FR", "Paris", 48.8566, 2.3522, 5));
  return database;
}

// How a database is refused; empty: it is taken.
std::string refusal(const std::string& bytes) {
  const auto database = PlaceDatabase::from_bytes(bytes);
  if (database) return {};
  EXPECT_EQ(database.error().code, ErrorCode::kDataLoss);
  return database.error().message;
}

TEST(PlaceDatabase, EveryFormOfTheTreeGivesTheSameAnswers) {
  for (const int bits : {24, 28, 32})
    for (const int version : {4, 6}) {
      Database made = cities(bits, version);
      if (version == 6) made.add("2001:db8:1::/48", city_value("NL", "Utrecht", 52.1, 5.1, 1));
      const auto database = PlaceDatabase::from_bytes(made.bytes());
      ASSERT_TRUE(database) << database.error().message;
      EXPECT_EQ((*database)->type(), "Test-City");
      EXPECT_EQ((*database)->built_s(), 1'767'225'600);
      const auto berlin = (*database)->find(address("203.0.113.77"));
      ASSERT_TRUE(berlin);
      EXPECT_EQ(berlin->text({"city", "names", "en"}), "Berlin");
      EXPECT_EQ(berlin->number({"location", "latitude"}), 52.52);
      EXPECT_EQ(berlin->number({"location", "accuracy_radius"}), 20);
      EXPECT_EQ(berlin->text({"location", "latitude"}), "");
      EXPECT_EQ(berlin->number({"nothing"}), std::nullopt);
      EXPECT_FALSE(berlin->flag({"country"}));
      EXPECT_EQ((*database)->find(address("198.51.100.65"))->text({"country", "iso_code"}), "FR");
      EXPECT_FALSE((*database)->find(address("198.51.100.1")));
      EXPECT_EQ((*database)->find(address("2001:db8:1::7")).has_value(), version == 6);
      EXPECT_FALSE((*database)->find(address("2001:db8:2::7")));
    }
}

TEST(PlaceDatabase, PointersToSharedValuesAreFollowed) {
  Database made("Test");
  const std::uint32_t shared = made.next();
  made.value(text("Berlin"));
  const std::uint32_t key = made.next();
  made.value(text("city"));
  made.add("203.0.113.0/24", head(7, 1) + pointer(key) + pointer(shared));
  const auto database = PlaceDatabase::from_bytes(made.bytes());
  ASSERT_TRUE(database) << database.error().message;
  EXPECT_EQ((*database)->find(address("203.0.113.1"))->text({"city"}), "Berlin");
}

TEST(PlaceDatabase, AKeyMayPointToTheValueBehindIt) {
  Database made("Test");
  made.add("203.0.113.0/24", head(7, 1) + pointer(6) + text("city"));
  const auto database = PlaceDatabase::from_bytes(made.bytes());
  ASSERT_TRUE(database) << database.error().message;
  EXPECT_EQ((*database)->find(address("203.0.113.1"))->text({"city"}), "city");
}

TEST(PlaceDatabase, KeysAreShort) {
  for (const std::size_t size : {1'024, 1'025})
    EXPECT_EQ(refusal(Database("Test").add("203.0.113.0/24", map({{std::string(size, 'k'), u16(1)}})).bytes()).empty(),
              size == 1'024);
}

TEST(PlaceDatabase, TruncatedFilesAreRefused) {
  const std::string bytes = cities().bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_NE(refusal(bytes.substr(0, size)), "") << "cut off at " << size << " of " << bytes.size();
}

TEST(PlaceDatabase, ValuesThatAreNotWellFormedAreRefused) {
  const auto with = [](const Encoded& value) { return refusal(Database("Test").add("203.0.113.0/24", value).bytes()); };
  EXPECT_EQ(with(map({})), "");
  EXPECT_NE(with(map({{"a", head(2, 100)}})), "") << "a text beyond the section";
  EXPECT_NE(with(head(4, 70'000) + "x"), "") << "bytes beyond the section";
  EXPECT_NE(with(head(7, 16'000'000)), "") << "a map of more members than there are bytes";
  EXPECT_NE(with(head(11, 16'000'000)), "") << "an array likewise";
  EXPECT_NE(with(head(7, 1) + text("\xFF\xFE") + u16(1)), "") << "a key that is not UTF-8";
  EXPECT_NE(with(head(7, 1) + u16(1) + u16(1)), "") << "a key that is no text";
  EXPECT_NE(with(head(3, 4) + "1234"), "") << "a double of four bytes";
  EXPECT_NE(with(head(5, 3) + "123"), "") << "a short number of three bytes";
  EXPECT_NE(with(head(14, 2)), "") << "neither true nor false";
  EXPECT_NE(with(head(12, 0)), "") << "the writers' cache container";
  EXPECT_NE(with(head(13, 0)), "") << "an end marker";
  EXPECT_NE(with(std::string("\0\0", 2)), "") << "an extended type that needs no extending";
  EXPECT_NE(with(std::string("\0\x20", 2)), "") << "a type that there isn't";
  EXPECT_NE(with(pointer(0xFFFFFFFF)), "") << "a pointer out of the section";
}

TEST(PlaceDatabase, PointersToPointersAndCirclesAreRefused) {
  Database to_pointer("Test");
  to_pointer.value(text("x")).value(pointer(0)).add("203.0.113.0/24", map({{"a", pointer(2)}}));
  EXPECT_NE(refusal(to_pointer.bytes()), "");
  Database circle("Test");
  circle.add("203.0.113.0/24", map({{"a", pointer(0)}}));
  EXPECT_NE(refusal(circle.bytes()), "");
  Database two("Test");
  const std::uint32_t second = static_cast<std::uint32_t>(array({pointer(0)}).size());
  two.add("203.0.113.0/24", array({pointer(second)})).add("198.51.100.0/24", array({pointer(0)}));
  EXPECT_NE(refusal(two.bytes()), "");
}

TEST(PlaceDatabase, DeepNestingIsRefused) {
  const auto nested = [](int depth) {
    Encoded value = u16(1);
    for (int i = 0; i < depth; ++i) value = array({value});
    return value;
  };
  EXPECT_EQ(refusal(Database("Test").add("203.0.113.0/24", nested(kDeepest)).bytes()), "");
  EXPECT_NE(refusal(Database("Test").add("203.0.113.0/24", nested(kDeepest + 1)).bytes()), "");
  EXPECT_NE(refusal(Database("Test").add("203.0.113.0/24", nested(5000)).bytes()), "");
}

TEST(PlaceDatabase, MetadataThatWouldUnfoldWithoutEndIsRefused) {
  Database made("Test");
  made.add("203.0.113.0/24", map({}));
  const Encoded whole = made.metadata();
  // A description of arrays, each of two pointers to the one before: two to the power of `levels` texts.
  const auto with = [&](int levels) {
    const auto nodes = static_cast<std::uint32_t>(made.bytes().find(std::string(16, '\0') + head(7, 0)) / 6);
    const std::size_t begin = made.metadata(nodes, Encoded()).size();
    Encoded description = head(7, static_cast<std::size_t>(levels) + 1) + text("a");
    std::size_t before = begin + description.size();
    description += text("x");
    for (int i = 0; i < levels; ++i) {
      description += text("a");
      const std::size_t here = begin + description.size();
      const Encoded same = pointer(static_cast<std::uint32_t>(before));
      description += array({same, same});
      before = here;
    }
    return made.bytes(made.metadata(nodes, description));
  };
  EXPECT_EQ(refusal(made.bytes(whole)), "");
  EXPECT_EQ(refusal(with(0)), "");
  EXPECT_NE(refusal(with(14)), "");
}

TEST(PlaceDatabase, MetadataThatContradictsTheFileIsRefused) {
  const Database made = cities();
  EXPECT_NE(refusal(made.bytes(made.metadata(0))), "") << "no nodes";
  EXPECT_NE(refusal(made.bytes(made.metadata(0x7FFFFFFF))), "") << "more nodes than bytes";
  EXPECT_NE(refusal(made.bytes(made.metadata(3))), "") << "a tree that is cut off";
  EXPECT_NE(refusal(made.bytes(text("metadata"))), "") << "no map";
  EXPECT_NE(refusal(made.bytes(map({{"node_count", u32(1)}}))), "") << "hardly any";
  EXPECT_NE(refusal(Database("Test", 16).bytes()), "") << "records of an unknown size";
  EXPECT_NE(refusal(Database("Test", 24, 5).bytes()), "") << "an unknown version of the protocol";
  EXPECT_NE(refusal("\xAB\xCD\xEFMaxMind.com"), "") << "nothing else";
}

TEST(PlaceDatabase, AddressesThatLeadNowhereAreRefused) {
  EXPECT_NE(refusal(cities().lead("192.0.2.0/24", 1'000'000).bytes()), "");
  EXPECT_NE(refusal(cities().lead("192.0.2.0/24", static_cast<std::size_t>(-10)).bytes()), "") << "into the separator";
}

TEST(PlaceDatabase, ATreeThatContainsItselfIsRefused) {
  // Both records of the seventh node, three bytes each, lead back to the first.
  EXPECT_NE(refusal(cities().bytes().replace(std::size_t{6} * 6, 6, 6, '\0')), "");
}

TEST(PlaceDatabase, ChangedBytesCrashNothing) {
  constexpr std::uint64_t kSeed = 3;
  SeededRandom random(kSeed);
  const std::string good = cities().bytes();
  int taken = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string bytes = good;
    for (std::uint64_t n = 1 + random.next() % 3; n > 0; --n)
      bytes[random.next() % bytes.size()] = static_cast<char>(random.next());
    const auto database = PlaceDatabase::from_bytes(bytes);
    if (!database) continue;
    ++taken;
    for (const char* const text : {"203.0.113.1", "198.51.100.65", "2001:db8::1"})
      if (const auto entry = (*database)->find(address(text)))
        static_cast<void>(entry->text({"city", "names", "en"}) + entry->text({"country", "iso_code"}));
  }
  EXPECT_GT(taken, 0) << "seed " << kSeed;
}

}  // namespace
}  // namespace curfew::device
