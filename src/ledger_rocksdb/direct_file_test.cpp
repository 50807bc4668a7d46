#include "ledger_rocksdb/direct_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "ledger_rocksdb/test_support.h"

namespace curfew::ledger_rocksdb {
namespace {

struct DirectFileTest : testing::Test {
  void SetUp() override {
    if (!file) GTEST_SKIP() << "The file system of the temporary directory has no direct writes.";
  }
  DirectFileTest() {
    std::ofstream(path, std::ios::binary) << "as it was";
    file = DirectFile::open(path);
  }
  TempDir temp;
  const std::string path = temp.path("file");
  std::unique_ptr<DirectFile> file;
};

TEST_F(DirectFileTest, WritesFromWithinABlockToWithinAnother) {
  for (const std::size_t size : {1U, 4'087U, 8'183U, 8'184U, 100'000U, 1U << 20, (3U << 20) + 5}) {
    const std::string data(size, 'x');
    const auto end = file->write(9, "as it was", data, 8'192);
    ASSERT_TRUE(end.has_value());
    EXPECT_EQ(*end, (9 + size + 8'191) / 8'192 * 8'192);
    std::string expected = "as it was" + data;
    expected.resize(*end, '\0');
    EXPECT_EQ(bytes_of(path), expected) << size;
  }
}

TEST_F(DirectFileTest, IsNotThereForWhatTakesNoSuchWrites) {
  EXPECT_EQ(DirectFile::open("/dev/full"), nullptr);
  EXPECT_EQ(DirectFile::open(temp.path("no such file")), nullptr);
}

// A block that lies otherwise than on the disk can't be written.
TEST_F(DirectFileTest, SaysWhatCouldNotBeWritten) {
  EXPECT_FALSE(file->write(9, "as", "data", 8'192).has_value());
  EXPECT_EQ(bytes_of(path), "as it was");
}

}  // namespace
}  // namespace curfew::ledger_rocksdb
