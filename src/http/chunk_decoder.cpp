#include "http/chunk_decoder.h"

#include <algorithm>

namespace curfew::http {
namespace {

constexpr int kMaxSizeDigits = 15;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_control(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

}  // namespace

ChunkDecoder::State ChunkDecoder::state() const {
  if (at_ == At::kDone) return State::kDone;
  return at_ == At::kMalformed ? State::kMalformed : State::kReading;
}

ChunkDecoder::Piece ChunkDecoder::next(std::string_view input) {
  Piece piece;
  while (piece.consumed < input.size() && state() == State::kReading) {
    if (at_ == At::kData) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size() - piece.consumed));
      piece.body = input.substr(piece.consumed, size);
      piece.consumed += size;
      left_ -= size;
      if (left_ == 0) at_ = At::kDataCr;
      return piece;
    }
    at_ = step(input[piece.consumed++]);
  }
  return piece;
}

ChunkDecoder::At ChunkDecoder::step(char c) {
  switch (at_) {
    case At::kSize:
      return size_digit(c);
    case At::kExtension:
      return in_line(c, At::kExtension, At::kSizeEnd, kMaxChunkExtension);
    case At::kSizeEnd:
      if (c != '\n') return At::kMalformed;
      digits_ = 0;
      extra_ = 0;
      return left_ == 0 ? At::kTrailerStart : At::kData;
    case At::kDataCr:
      return c == '\r' ? At::kDataLf : At::kMalformed;
    case At::kDataLf:
      return c == '\n' ? At::kSize : At::kMalformed;
    case At::kTrailerStart:
      if (c == '\r') return At::kLastLf;
      if (c == ' ' || c == '\t') return At::kMalformed;  // folded
      return in_line(c, At::kTrailer, At::kTrailerEnd, kMaxTrailers);
    case At::kTrailer:
      return in_line(c, At::kTrailer, At::kTrailerEnd, kMaxTrailers);
    case At::kTrailerEnd:
      return c == '\n' ? At::kTrailerStart : At::kMalformed;
    case At::kLastLf:
      return c == '\n' ? At::kDone : At::kMalformed;
    case At::kData:
    case At::kDone:
    case At::kMalformed:
      break;
  }
  return At::kMalformed;
}

ChunkDecoder::At ChunkDecoder::size_digit(char c) {
  const int value = hex_value(c);
  if (value >= 0) {
    if (++digits_ > kMaxSizeDigits) return At::kMalformed;
    left_ = left_ * 16 + static_cast<std::uint64_t>(value);
    return At::kSize;
  }
  if (digits_ == 0) return At::kMalformed;
  if (c == '\r') return At::kSizeEnd;
  return c == ';' ? At::kExtension : At::kMalformed;
}

ChunkDecoder::At ChunkDecoder::in_line(char c, At here, At line_end, std::size_t limit) {
  if (c == '\r') return line_end;
  if (is_control(c) || ++extra_ > limit) return At::kMalformed;
  return here;
}

}  // namespace curfew::http
