#include "device/device.h"

#include <gtest/gtest.h>

#include <set>

namespace curfew::device {
namespace {

TEST(Device, EveryKindHasANameOfItsOwnThatIsReadAgain) {
  std::set<std::string_view> names;
  for (std::size_t number = 0; number < kKinds; ++number) {
    const auto kind = static_cast<Kind>(number);
    names.insert(to_string(kind));
    EXPECT_EQ(parse_kind(to_string(kind)), kind);
  }
  EXPECT_EQ(names.size(), kKinds);
}

TEST(Device, AnUnknownKindIsRefusedWithThoseThereAre) {
  const auto kind = parse_kind("phone");
  ASSERT_FALSE(kind);
  EXPECT_EQ(kind.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(kind.error().field, "device");
  EXPECT_NE(kind.error().message.find("unknown, desktop, mobile, tablet, tv, bot and tool"), std::string::npos);
}

TEST(Device, TheCallersNameOfADeviceGoesBeforeItsFamily) {
  Device device;
  device.family = "Firefox on Windows";
  EXPECT_EQ(device_key("laptop-7", device), "id:laptop-7");
  EXPECT_EQ(device_key("", device), "ua:Firefox on Windows");
  EXPECT_EQ(device_key("", Device{}), "ua:Unknown device");
}

TEST(Device, TheUnknownClassifierGivesOneUnknownDevice) {
  const Classify classify = unknown_classifier();
  EXPECT_EQ(*classify("Mozilla/5.0"), Device{});
  EXPECT_EQ(classify("Mozilla/5.0"), classify(""));
}

}  // namespace
}  // namespace curfew::device
