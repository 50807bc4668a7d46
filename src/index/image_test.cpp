// Images of an index: what was written is read, and whatever is not exactly that is refused.
#include "index/image.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "index/index.h"

namespace curfew::index {
namespace {

const ImageName kName{"0.1.0 build", "ledger at 7"};

session::Session make(std::uint64_t no) {
  session::Session s;
  s.no = session::SessionNo{no};
  s.key.realm = RealmId{static_cast<std::uint32_t>(no % 2 + 1)};
  s.key.type = no % 7 == 0 ? session::SessionType::kOffline : session::SessionType::kRegular;
  s.key.id = no % 3 == 0 ? "a session whose id is longer than sixteen bytes, number " + std::to_string(no)
                         : "short" + std::to_string(no);
  s.user_id = "user-" + std::to_string(no % 5 == 0 ? 0 : no / 4);  // one of them has very many
  s.username = "Jane.Doe" + std::to_string(no / 4);
  s.ip = *IpAddress::parse(no % 4 == 0 ? "2001:db8::" + std::to_string(no % 50) : "10.0.0." + std::to_string(no % 250));
  s.user_agent = "agent " + std::to_string(no % 9);
  if (no % 6 == 0) s.device_id = "phone " + std::to_string(no % 40);
  s.started = s.last_access = Time{1'772'000'000'000 + static_cast<std::int64_t>(no) * 1'000};
  for (std::uint64_t i = 0; i < no % 4; ++i) s.clients.push_back({"client " + std::to_string(i), s.started});
  if (no % 5 == 0) s.token_hash = session::hash_token(std::to_string(no));
  return s;
}

// Every agent string is a family of its own, "`prefix` agent".
device::Classify classifier(const std::string& prefix) {
  return [prefix](std::string_view agent) {
    device::Device device;
    if (!agent.empty()) device.family = prefix + std::string(agent);
    return std::make_shared<const device::Device>(std::move(device));
  };
}

struct ImageTest : testing::Test {
  ~ImageTest() override { ::unlink(path.c_str()); }

  void fill(Index& index, std::uint64_t sessions) const {
    Index::WriteLock lock(index);
    index.begin_load();
    for (std::uint64_t no = 1; no <= sessions; ++no) index.load_row(make(no));
    index.end_load();
    for (std::uint64_t no = 3; no <= sessions; no += 11) index.erase(*index.find(make(no).key));
  }
  Status write(const Index& index, const std::function<bool()>& go_on = [] { return true; }) const {
    CURFEW_TRY(const auto writer, ImageWriter::create(path, kName, go_on));
    index.save(*writer);
    CURFEW_TRY(const std::uint64_t size, writer->finish());
    EXPECT_EQ(size, std::filesystem::file_size(path));
    return {};
  }
  Status read(Index& index, const ImageName& name = kName) const {
    CURFEW_TRY(const auto reader, ImageReader::open(path, name));
    if (!index.load(*reader)) return fail(ErrorCode::kDataLoss, "refused", "");
    return reader->finish();
  }
  std::string bytes() const {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void put(const std::string& content) const { std::ofstream(path, std::ios::binary) << content; }
  // And what is left of it holds sessions as ever.
  void expect_refused(const std::string& what) const {
    Index index;
    EXPECT_FALSE(read(index)) << what;
    index.clear();
    EXPECT_EQ(index.size(), 0U);
    fill(index, 30);
    index.verify();
    EXPECT_EQ(index.size(), 27U);
  }

  const std::string path = testing::TempDir() + "curfew_image_test_" + std::to_string(::getpid());
};

TEST_F(ImageTest, WhatWasWrittenIsRead) {
  constexpr std::uint64_t sessions = 20'000;  // several blocks
  Index index;
  fill(index, sessions);
  ASSERT_TRUE(write(index));
  struct stat about{};
  ASSERT_EQ(::stat(path.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));

  Index again;
  ASSERT_TRUE(read(again));
  again.verify();
  EXPECT_EQ(again.size(), index.size());
  EXPECT_EQ(again.realms(), index.realms());
  for (std::uint64_t no = 1; no <= sessions; ++no) {
    const auto there = index.find(make(no).key), here = again.find(make(no).key);
    ASSERT_EQ(here, there) << no;
    if (here) ASSERT_EQ(again.get(*here), index.get(*there)) << no;
  }
  // Not more memory than before, but for what a vector may hold in reserve.
  EXPECT_LT(again.memory_bytes(), index.memory_bytes() + index.memory_bytes() / 50);

  Index::WriteLock lock(again);
  for (std::uint64_t no = 1; no <= sessions; no += 3)
    if (const auto handle = again.find(make(no).key)) again.erase(*handle);
  for (std::uint64_t no = sessions + 1; no <= sessions + 3'000; ++no) again.insert(make(no));
  again.verify();
}

TEST_F(ImageTest, EmptyIndexHasAnImage) {
  Index index, again;
  ASSERT_TRUE(write(index));
  ASSERT_TRUE(read(again));
  EXPECT_EQ(again.size(), 0U);
}

TEST_F(ImageTest, MarksAreNoPartOfIt) {
  Index index, again;
  fill(index, 30);
  const auto handle = *index.find(make(1).key);
  {
    const Index::WriteLock lock(index);
    index.set_marks(handle, kHighSeverity | 1);
  }
  ASSERT_TRUE(write(index));
  ASSERT_TRUE(read(again));
  EXPECT_EQ(again.marks(handle), 0);
  again.verify();
}

TEST_F(ImageTest, AnyByteThatIsAnotherIsFound) {
  Index index;
  fill(index, 300);
  ASSERT_TRUE(write(index));
  const std::string good = bytes();
  std::mt19937_64 random(7);
  for (int i = 0; i < 250; ++i) {
    // Half of them at the beginning, where the header is.
    const std::size_t at = random() % (i % 2 == 0 ? 700 : good.size());
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1 << random() % 8));
    put(bad);
    expect_refused("a bit of byte " + std::to_string(at));
  }
}

TEST_F(ImageTest, AnyOtherLengthIsFound) {
  Index index;
  fill(index, 300);
  ASSERT_TRUE(write(index));
  const std::string good = bytes();
  std::mt19937_64 random(8);
  for (int i = 0; i < 100; ++i) {
    const std::size_t size = i < 10 ? static_cast<std::size_t>(i) : random() % good.size();
    put(good.substr(0, size));
    expect_refused("the first " + std::to_string(size) + " bytes");
  }
  put(good + "x");
  expect_refused("a byte more");
}

TEST_F(ImageTest, BlocksThatChangedPlacesAreFound) {
  Index index;
  fill(index, 20'000);
  ASSERT_TRUE(write(index));
  const std::string good = bytes();
  constexpr std::size_t header = 560, block = (1U << 20) + 8;
  ASSERT_GT(good.size(), header + 2 * block);
  put(good.substr(0, header) + good.substr(header + block, block) + good.substr(header, block) +
      good.substr(header + 2 * block));
  expect_refused("two blocks in each other's place");
}

TEST_F(ImageTest, AnImageOfSomethingElseIsNotRead) {
  Index index;
  fill(index, 300);
  ASSERT_TRUE(write(index));
  Index again;
  EXPECT_EQ(read(again, {"0.1.1 build", kName.state}).error().reason, "image_of_other_program");
  EXPECT_EQ(read(again, {kName.program, "ledger at 8"}).error().reason, "image_of_other_state");
  EXPECT_EQ(read(again, {kName.program, "ledger at 77"}).error().reason, "image_of_other_state");
  EXPECT_EQ(again.size(), 0U);
  EXPECT_TRUE(read(again));
  ::unlink(path.c_str());
  EXPECT_EQ(read(again).error().code, ErrorCode::kNotFound);
}

TEST_F(ImageTest, DevicesThatAreToldApartOtherwiseRefuseIt) {
  Index index(classifier("old ")), same(classifier("old ")), other(classifier("new "));
  fill(index, 300);
  ASSERT_TRUE(write(index));
  EXPECT_TRUE(read(same));
  EXPECT_FALSE(read(other));
}

TEST_F(ImageTest, WritingThatIsGivenUpLeavesNothing) {
  Index index;
  fill(index, 20'000);
  EXPECT_EQ(write(index, [] { return false; }).error().reason, "image_too_slow");
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
  EXPECT_EQ(ImageWriter::create("/nowhere/image", kName, [] { return true; }).error().code, ErrorCode::kUnavailable);
}

// Whoever writes rightly summed nonsense gets no memory for it.
TEST_F(ImageTest, CountsBeyondTheFileAreRefused) {
  for (const std::uint64_t n : {std::uint64_t{1} << 62, std::uint64_t{0xffffffff}, std::uint64_t{17}}) {
    const auto writer = ImageWriter::create(path, kName, [] { return true; });
    writer.value()->number(8);
    writer.value()->number(n);
    for (int i = 0; i < 16; ++i) writer.value()->number(0);
    ASSERT_TRUE(writer.value()->finish());
    {
      const auto reader = ImageReader::open(path, kName);
      PagedArray<std::uint64_t> out;
      reader.value()->pages(out);
      EXPECT_FALSE(reader.value()->ok());
      EXPECT_EQ(out.size(), 0U);
      EXPECT_EQ(reader.value()->number(), 0U);
    }
    const auto reader = ImageReader::open(path, kName);
    EXPECT_EQ(reader.value()->number(), 8U);
    EXPECT_EQ(reader.value()->text().size(), n == 17 ? 17 : 0);
    EXPECT_EQ(reader.value()->ok(), n == 17);
    expect_refused("a count of " + std::to_string(n));
  }
}

}  // namespace
}  // namespace curfew::index
