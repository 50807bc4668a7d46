#include "client/sse.h"

#include <gtest/gtest.h>

#include <vector>

namespace curfew::client {
namespace {

struct Heard {
  std::vector<std::string> events;  // "id|type|data"
  SseParser parser;

  bool feed(std::string_view chunk) {
    return parser.feed(chunk, [&](const SseEvent& e) {
      events.push_back(e.id + "|" + e.type + "|" + e.data);
      return true;
    });
  }
};

const std::string kStream =
    ": hello\n\nid: 1\nevent: session.started\ndata: {\"a\":1}\n\ndata: one\ndata: two\n\nid: "
    "2\r\ndata:x\r\n\r\nevent: empty\n\nid: 3\rdata: y\r\rdata: cut";
const std::vector<std::string> kEvents{"1|session.started|{\"a\":1}", "1|message|one\ntwo", "2|message|x",
                                       "3|message|y"};

TEST(SseParser, ReadsAWholeStream) {
  Heard heard;
  EXPECT_TRUE(heard.feed(kStream));
  EXPECT_EQ(heard.events, kEvents);  // what the end leaves unfinished is dropped
  EXPECT_EQ(heard.parser.last_id(), "3");
}

TEST(SseParser, TheSameEventsComeOutHoweverTheStreamIsCut) {
  for (std::size_t size = 1; size < 40; ++size) {
    Heard heard;
    for (std::size_t at = 0; at < kStream.size(); at += size)
      EXPECT_TRUE(heard.feed(std::string_view(kStream).substr(at, size)));
    EXPECT_EQ(heard.events, kEvents) << size;
  }
  for (std::size_t cut = 0; cut <= kStream.size(); ++cut) {
    Heard heard;
    heard.feed(std::string_view(kStream).substr(0, cut));
    heard.feed(std::string_view(kStream).substr(cut));
    EXPECT_EQ(heard.events, kEvents) << cut;
  }
}

TEST(SseParser, AHandlerThatHasEnoughStopsIt) {
  SseParser parser;
  int count = 0;
  EXPECT_FALSE(parser.feed("data: 1\n\ndata: 2\n\n", [&](const SseEvent&) { return ++count < 1; }));
  EXPECT_EQ(count, 1);
}

TEST(SseParser, AnEventWithoutEndIsRefusedAtTheLimit) {
  Heard heard;
  const std::string piece = "data: " + std::string(100'000, 'x') + "\n";
  bool fine = true;
  for (int i = 0; i < 20 && fine; ++i) fine = heard.feed(piece);
  EXPECT_FALSE(fine);
  EXPECT_TRUE(heard.parser.overflowed());
  EXPECT_FALSE(heard.feed("data: 1\n\n"));
  heard.parser.restart();
  EXPECT_TRUE(heard.feed("data: 1\n\n"));
}

TEST(SseParser, RetryIsBoundedAndNonsenseIsIgnored) {
  Heard heard;
  heard.feed("retry: soon\nnonsense\nretry: -1\n");
  EXPECT_FALSE(heard.parser.retry());
  heard.feed("retry: 5000\n");
  EXPECT_EQ(heard.parser.retry(), Duration{5000});
  heard.feed("retry: 999999999\n");
  EXPECT_EQ(heard.parser.retry(), Duration{60'000});
}

TEST(SseParser, AnIdWithANulIsIgnored) {
  Heard heard;
  heard.feed(std::string_view("id: a\nid: b\0c\ndata: 1\n\n", 23));
  EXPECT_EQ(heard.parser.last_id(), "a");
}

}  // namespace
}  // namespace curfew::client
