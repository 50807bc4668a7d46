#include "app/control.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

namespace curfew::app {
namespace {

TEST(ControlSocketTest, CarriesTheRequestAndTheAnswer) {
  const std::string path = testing::TempDir() + "curfew-control-test.sock";
  std::string asked;
  ControlSocket socket(path, [&](const std::string& target) -> Status {
    asked = target;
    if (target == "/full") return fail(ErrorCode::kUnavailable, "disk_full", "The disk\nis full.");
    return {};
  });
  ASSERT_TRUE(socket.start());
  struct stat info{};
  ::stat(path.c_str(), &info);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  EXPECT_TRUE(ask_for_backup(path, "/somewhere with spaces"));
  EXPECT_EQ(asked, "/somewhere with spaces");
  const Status full = ask_for_backup(path, "/full");
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().message, "The disk is full.");
  EXPECT_FALSE(ask_for_backup(path, "relative"));
  socket.stop();
  EXPECT_EQ(ask_for_backup(path, "/x").error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace curfew::app
