#include "http/buffers.h"

#include <gtest/gtest.h>

namespace curfew::http {
namespace {

void put(InputBuffer& buffer, std::string_view text) {
  std::memcpy(buffer.tail(), text.data(), text.size());
  buffer.commit(text.size());
}

TEST(InputBuffer, KeepsWhatIsNotConsumedWhileItGrows) {
  InputBuffer buffer;
  ASSERT_TRUE(buffer.make_room(8, 16));
  put(buffer, "abcdefgh");
  buffer.consume(2);
  ASSERT_TRUE(buffer.make_room(8, 16));  // by moving
  EXPECT_EQ(buffer.view(), "cdefgh");
  EXPECT_EQ(buffer.capacity(), 8U);
  put(buffer, "ij");
  ASSERT_TRUE(buffer.make_room(8, 16));  // by growing
  EXPECT_EQ(buffer.view(), "cdefghij");
  EXPECT_EQ(buffer.capacity(), 16U);
  put(buffer, "klmnopqr");
  EXPECT_FALSE(buffer.make_room(8, 16));  // full
  buffer.consume(16);
  ASSERT_TRUE(buffer.make_room(8, 16));
  EXPECT_EQ(buffer.room(), 16U);
}

TEST(InputBuffer, GivesBackWhatOnlyALargeRequestNeeded) {
  InputBuffer buffer;
  ASSERT_TRUE(buffer.make_room(64, 64));
  buffer.release(64);
  EXPECT_EQ(buffer.capacity(), 64U);
  buffer.release(16);
  EXPECT_EQ(buffer.capacity(), 0U);
  EXPECT_TRUE(buffer.view().empty());
}

TEST(Output, SendsItsPartsInOrderFromAnyOffset) {
  Output output;
  output.head = "head";
  output.body = "body";
  output.tail = "tail";
  const std::string whole = "headbodytail";
  for (std::size_t sent = 0; sent <= whole.size(); ++sent) {
    std::array<iovec, Output::kParts> parts;
    const int count = output.parts(parts);
    std::string rest;
    for (int i = 0; i < count; ++i) {
      const iovec& part = parts[static_cast<std::size_t>(i)];
      rest.append(static_cast<const char*>(part.iov_base), part.iov_len);
    }
    EXPECT_EQ(rest, whole.substr(sent));
    EXPECT_EQ(output.pending(), sent < whole.size());
    output.advance(1);
  }
}

TEST(Output, SharedTextIsSentFromWhereItLiesAndLetGo) {
  const auto text = std::make_shared<const std::string>("shared");
  Output output;
  output.head = "6\r\n";
  output.shared = {text, *text};
  output.tail = "\r\n";
  std::array<iovec, Output::kParts> parts;
  ASSERT_EQ(output.parts(parts), 3);
  EXPECT_EQ(parts[1].iov_base, text->data());
  output.advance(5);
  ASSERT_EQ(output.parts(parts), 2);
  EXPECT_EQ(std::string_view(static_cast<const char*>(parts[0].iov_base), parts[0].iov_len), "ared");
  output.clear();
  EXPECT_EQ(text.use_count(), 1);
}

TEST(Output, KeepsNoMemoryOfALargeAnswer) {
  Output output;
  output.head.assign(10'000, 'x');
  output.body.assign(1'000'000, 'x');
  output.clear();
  EXPECT_FALSE(output.pending());
  EXPECT_LT(output.head.capacity() + output.body.capacity(), 4096U);
}

}  // namespace
}  // namespace curfew::http
