#include "http/chunk_decoder.h"

#include <gtest/gtest.h>

#include <string>

namespace curfew::http {
namespace {

using State = ChunkDecoder::State;

struct Decoded {
  std::string body;
  State state;
  std::size_t consumed = 0;
};

// In pieces of `step` bytes.
Decoded decode(std::string_view text, std::size_t step) {
  ChunkDecoder decoder;
  Decoded result{{}, State::kReading, 0};
  while (!text.empty() && decoder.state() == State::kReading) {
    std::string_view part = text.substr(0, step);
    while (!part.empty() && decoder.state() == State::kReading) {
      const auto piece = decoder.next(part);
      result.body += piece.body;
      result.consumed += piece.consumed;
      part.remove_prefix(piece.consumed);
      text.remove_prefix(piece.consumed);
    }
  }
  result.state = decoder.state();
  return result;
}

TEST(ChunkDecoder, ReadsChunksHoweverTheyAreCut) {
  const std::string chunks = "5\r\nhello\r\n6;name=\"a;b\"\r\n world\r\n000\r\nTrailer: x\r\nAnother: y\r\n\r\n";
  for (std::size_t step = 1; step <= chunks.size() + 1; ++step) {
    const Decoded decoded = decode(chunks + "GET", step);
    EXPECT_EQ(decoded.body, "hello world") << step;
    EXPECT_EQ(decoded.state, State::kDone);
    EXPECT_EQ(decoded.consumed, chunks.size());
  }
}

TEST(ChunkDecoder, AnEmptyBodyHasOneChunk) {
  for (std::size_t step = 1; step <= 5; ++step) EXPECT_EQ(decode("0\r\n\r\n", step).state, State::kDone);
}

TEST(ChunkDecoder, SizesAreHexadecimalInEitherCase) {
  EXPECT_EQ(decode("aB\r\n" + std::string(0xab, 'x') + "\r\n0\r\n\r\n", 1000).body.size(), 0xabU);
}

TEST(ChunkDecoder, AnIncompleteBodyIsNotDone) {
  const std::string chunks = "5;a=b\r\nhello\r\n0\r\nT: x\r\n\r\n";
  for (std::size_t size = 0; size < chunks.size(); ++size)
    EXPECT_EQ(decode(chunks.substr(0, size), 3).state, State::kReading) << size;
}

TEST(ChunkDecoder, RefusesWhatOthersReadOtherwise) {
  for (const char* chunks : {"x\r\n",
                             "\r\n",
                             "5\nhello\r\n0\r\n\r\n",
                             "5\r\nhelloX0\r\n\r\n",
                             "5\r\nhello\n0\r\n\r\n",
                             "-1\r\n",
                             "+1\r\n",
                             " 5\r\n",
                             "5 \r\n",
                             "5 5\r\n",
                             "0x5\r\n",
                             "5\rhello",
                             "5;a\nhello",
                             "5;a\r;b",
                             "5;\x01\r\n",
                             "0\r\n\n",
                             "0\r\nT: x\n\r\n",
                             "0\r\nT: x\r\r\n",
                             "0\r\nT: x\r\n folded\r\n\r\n",
                             "0\r\n\rx",
                             "0000000000000001\r\n",
                             "ffffffffffffffff\r\n"}) {
    EXPECT_EQ(decode(chunks, 1).state, State::kMalformed) << chunks;
    EXPECT_EQ(decode(chunks, 1000).state, State::kMalformed) << chunks;
  }
}

TEST(ChunkDecoder, ExtensionsAndTrailersAreBounded) {
  EXPECT_EQ(decode("5;" + std::string(kMaxChunkExtension, 'x') + "\r\n", 100).state, State::kReading);
  EXPECT_EQ(decode("5;" + std::string(kMaxChunkExtension + 1, 'x'), 100).state, State::kMalformed);
  std::string trailers = "0\r\n";
  for (std::size_t i = 0; i <= kMaxTrailers / 8; ++i) trailers += "trailer:\r\n";
  EXPECT_EQ(decode(trailers, 100).state, State::kMalformed);
}

}  // namespace
}  // namespace curfew::http
