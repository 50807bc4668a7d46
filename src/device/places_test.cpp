#include "device/places.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "device/testing.h"

namespace curfew::device {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the writer's words

namespace fs = std::filesystem;

class PlacesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "curfew-places-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { fs::remove_all(directory_); }

  std::string path(const std::string& name) const { return (directory_ / name).string(); }

  // As programs that update such files do it: written beside, then renamed.
  void replace(const std::string& name, const std::string& bytes) const {
    std::ofstream(path(name + ".new"), std::ios::binary) << bytes;
    fs::rename(path(name + ".new"), path(name));
  }

  PlaceFiles files() const { return {path("city.mmdb"), path("asn.mmdb"), path("anonymizer.mmdb")}; }

  fs::path directory_;
};

IpAddress address(std::string_view text) {
  return *IpAddress::parse(text);
}

std::string city(std::string_view name) {
  return Database("Test-City").add("203.0.113.0/24", city_value("DE", name, 52.52, 13.405, 20)).bytes();
}

TEST_F(PlacesTest, WithoutDatabasesEveryPlaceIsEmpty) {
  Places places({});
  EXPECT_TRUE(places.reload().empty());
  EXPECT_EQ(places.lookup(address("203.0.113.7")), Place{});
  EXPECT_TRUE(places.sources().empty());
}

TEST_F(PlacesTest, ThreeDatabasesMakeOnePlace) {
  replace("city.mmdb", city("Berlin"));
  replace("asn.mmdb", Database("Test-ASN").add("203.0.0.0/16", asn_value(64500, "Example Networks")).bytes());
  replace("anonymizer.mmdb",
          Database("Test-Anonymous").add("203.0.113.7", anonymizer_value("is_tor_exit_node")).bytes());
  Places places(files());
  EXPECT_EQ(places.lookup(address("203.0.113.7")), Place{}) << "nothing is read before reload";
  EXPECT_TRUE(places.reload().empty());
  EXPECT_EQ(places.lookup(address("203.0.113.7")),
            (Place{"DE", "Berlin", 52.52, 13.405, 20, 64500, "Example Networks", true}));
  EXPECT_FALSE(places.lookup(address("203.0.113.8")).anonymizer);
  EXPECT_EQ(places.lookup(address("203.0.1.1")), (Place{"", "", {}, {}, {}, 64500, "Example Networks", false}));
  EXPECT_EQ(places.lookup(address("2001:db8::1")), Place{});
  ASSERT_EQ(places.sources().size(), 3U);
  EXPECT_EQ(places.sources()[1].type, "Test-ASN");
}

TEST_F(PlacesTest, FlatDatabasesAreReadToo) {
  replace("city.mmdb", Database("DBIP-City")
                           .add("203.0.113.0/24", map({{"country_code", text("JP")},
                                                       {"city", text("Osaka")},
                                                       {"latitude", head(15, 4) + big_endian(0x420B3333, 4)},
                                                       {"longitude", number(135.5)}}))
                           .bytes());
  Places places({.city = path("city.mmdb"), .asn = {}, .anonymizer = {}});
  EXPECT_TRUE(places.reload().empty());
  const Place place = places.lookup(address("203.0.113.7"));
  EXPECT_EQ(place.country, "JP");
  EXPECT_EQ(place.city, "Osaka");
  EXPECT_NEAR(place.latitude.value_or(0), 34.8, 0.001);
  EXPECT_EQ(place.longitude, 135.5);
}

TEST_F(PlacesTest, WhatMakesNoSenseIsLeftOut) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Database made("Test");
  made.add("203.0.113.0/24", city_value("Germany", "Ber\nlin", 91, 13, 20));
  made.add("198.51.100.0/24", city_value("de", std::string(300, 'x'), nan, 13, 20));
  replace("city.mmdb", made.bytes());
  Places places({.city = path("city.mmdb"), .asn = {}, .anonymizer = {}});
  EXPECT_TRUE(places.reload().empty());
  EXPECT_EQ(places.lookup(address("203.0.113.7")), Place{});
  Place cut;
  cut.city = std::string(kPlaceText, 'x');
  EXPECT_EQ(places.lookup(address("198.51.100.7")), cut);
}

TEST_F(PlacesTest, AReplacedFileIsReadAndAnUnchangedOneIsNot) {
  replace("city.mmdb", city("Berlin"));
  Places places({.city = path("city.mmdb"), .asn = {}, .anonymizer = {}});
  EXPECT_TRUE(places.reload().empty());
  const auto before = places.version();
  EXPECT_TRUE(places.reload().empty());
  EXPECT_EQ(places.version(), before);
  replace("city.mmdb", city("Bonn"));
  EXPECT_TRUE(places.reload().empty());
  EXPECT_NE(places.version(), before);
  EXPECT_EQ(places.lookup(address("203.0.113.7")).city, "Bonn");
}

TEST_F(PlacesTest, ABrokenReplacementIsToldOnceAndTheOldDatabaseStays) {
  replace("city.mmdb", city("Berlin"));
  Places places({.city = path("city.mmdb"), .asn = {}, .anonymizer = {}});
  EXPECT_TRUE(places.reload().empty());
  const std::string whole = city("Bonn");
  replace("city.mmdb", whole.substr(0, whole.size() / 2));
  const auto errors = places.reload();
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].code, ErrorCode::kDataLoss);
  EXPECT_EQ(errors[0].field, "city");
  EXPECT_TRUE(errors[0].message.ends_with("The database that was read before stays in use."));
  EXPECT_TRUE(places.reload().empty());
  EXPECT_EQ(places.lookup(address("203.0.113.7")).city, "Berlin");
  replace("city.mmdb", whole);
  EXPECT_TRUE(places.reload().empty());
  EXPECT_EQ(places.lookup(address("203.0.113.7")).city, "Bonn");
}

TEST_F(PlacesTest, AFileThatIsCutOffOrRemovedInUseDoesNoHarm) {
  replace("city.mmdb", city("Berlin"));
  Places places({.city = path("city.mmdb"), .asn = {}, .anonymizer = {}});
  EXPECT_TRUE(places.reload().empty());
  fs::resize_file(path("city.mmdb"), 0);
  EXPECT_EQ(places.lookup(address("203.0.113.7")).city, "Berlin");
  EXPECT_EQ(places.reload().size(), 1U);
  fs::remove(path("city.mmdb"));
  EXPECT_EQ(places.reload().size(), 1U);
  EXPECT_TRUE(places.reload().empty());
  EXPECT_EQ(places.lookup(address("203.0.113.7")).city, "Berlin");
}

TEST_F(PlacesTest, WhatIsMissingOrNoFileIsToldAndTheOthersAreRead) {
  replace("asn.mmdb", Database("Test-ASN").add("203.0.0.0/16", asn_value(64500, "Example")).bytes());
  fs::create_directory(path("city.mmdb"));
  ASSERT_EQ(mkfifo(path("anonymizer.mmdb").c_str(), 0600), 0);
  Places places(files());
  const auto errors = places.reload();
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_EQ(errors[0].reason, "not_a_file");
  EXPECT_EQ(errors[1].field, "anonymizer");
  EXPECT_EQ(places.lookup(address("203.0.113.7")).asn, 64500U);

  Places missing({.city = path("nowhere.mmdb"), .asn = {}, .anonymizer = {}});
  EXPECT_EQ(missing.reload().size(), 1U);
  EXPECT_TRUE(missing.reload().empty());
}

TEST_F(PlacesTest, LookUpsGoOnWhileADatabaseIsReplaced) {
  replace("city.mmdb", city("Berlin"));
  Places places({.city = path("city.mmdb"), .asn = {}, .anonymizer = {}});
  EXPECT_TRUE(places.reload().empty());
  std::atomic<bool> done = false;
  std::thread reader([&] {
    while (!done) {
      const std::string name = places.lookup(address("203.0.113.7")).city;
      EXPECT_TRUE(name == "Berlin" || name == "Bonn") << name;
    }
  });
  for (int i = 0; i < 50; ++i) {
    replace("city.mmdb", city(i % 2 == 0 ? "Bonn" : "Berlin"));
    EXPECT_TRUE(places.reload().empty());
  }
  done = true;
  reader.join();
}

}  // namespace
}  // namespace curfew::device
