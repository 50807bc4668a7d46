#include "api/gzip_join.h"

#include <zlib.h>

#include <algorithm>
#include <new>

namespace curfew::api {
namespace {

constexpr int kLevel = 4;                // an event's text repeats its names: more effort gains little
constexpr int kRawWindow = -15;          // no header of its own
constexpr int kMemory = 8;               // zlib's default
constexpr std::size_t kStored = 65'535;  // the longest stored block

std::uint32_t checksum(std::string_view text) {
  return static_cast<std::uint32_t>(
      ::crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())));
}

void put_le(std::string& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

}  // namespace

engine::PackedText pack_part(std::string_view text) {
  z_stream stream{};
  if (::deflateInit2(&stream, kLevel, Z_DEFLATED, kRawWindow, kMemory, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
  engine::PackedText packed;
  packed.check = checksum(text);
  // The bound is of a stream that is finished; a flush ends with five bytes at most.
  packed.bytes.resize(::deflateBound(&stream, static_cast<uLong>(text.size())) + 16);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.bytes.data());
  stream.avail_out = static_cast<uInt>(packed.bytes.size());
  ::deflate(&stream, Z_SYNC_FLUSH);
  packed.bytes.resize(stream.total_out);
  packed.bytes.shrink_to_fit();
  ::deflateEnd(&stream);
  return packed;
}

void GzipJoin::begin(std::string& out) const {
  out.append("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);  // deflate, no name, no time, unknown system
}

void GzipJoin::add_plain(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, kStored);
    const auto size = static_cast<std::uint32_t>(piece.size());
    out += '\0';
    put_le(out, size, 2);
    put_le(out, ~size, 2);
    out += piece;
    add_part(checksum(piece), piece.size());
    text.remove_prefix(piece.size());
  }
}

void GzipJoin::end(std::string& out) const {
  out.append("\x03\0", 2);  // an empty last block
  put_le(out, check_, 4);
  put_le(out, size_, 4);
}

void GzipJoin::add_part(std::uint32_t check, std::size_t plain) {
  check_ = static_cast<std::uint32_t>(::crc32_combine(check_, check, static_cast<z_off_t>(plain)));
  size_ += static_cast<std::uint32_t>(plain);
}

}  // namespace curfew::api
