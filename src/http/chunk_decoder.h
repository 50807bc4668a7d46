// ChunkDecoder: takes the chunked transfer coding (RFC 9112, 7.1) off a body, in pieces of any size, without a buffer.
//
// Stricter than the grammar where readers are known to disagree: lines end with CR LF, a size is followed by ';' or the
// line's end, sizes have at most 15 digits. Extensions and trailers are read past, up to limits, and mean nothing.
// Threads: one at a time. Errors: kMalformed is final.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace curfew::http {

inline constexpr std::size_t kMaxChunkExtension = 1024;  // a chunk
inline constexpr std::size_t kMaxTrailers = 8 * 1024;    // all of them

class ChunkDecoder {
 public:
  enum class State : std::uint8_t { kReading, kDone, kMalformed };

  struct Piece {
    std::size_t consumed = 0;
    std::string_view body;  // within the input; empty: more input is needed, or the state has changed
  };
  // Consumes up to the end of the next piece of the body. Takes nothing more once the state is not kReading.
  Piece next(std::string_view input);
  State state() const;

 private:
  enum class At : std::uint8_t {
    kSize,
    kExtension,
    kSizeEnd,
    kData,
    kDataCr,
    kDataLf,
    kTrailerStart,
    kTrailer,
    kTrailerEnd,
    kLastLf,
    kDone,
    kMalformed
  };
  At step(char c);
  At size_digit(char c);
  At in_line(char c, At here, At line_end, std::size_t limit);

  At at_ = At::kSize;
  std::uint64_t left_ = 0;  // of the chunk's data; while its size is read: the size
  int digits_ = 0;
  std::size_t extra_ = 0;  // bytes of extension or trailers so far
};

}  // namespace curfew::http
