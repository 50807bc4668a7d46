// ImageWriter and ImageReader: the memory of the index in one file, as it is, so that a start need not build it anew.
//
// What it is: a header and the structures' pages one after another, in blocks of 1 MiB that each carry a checksum
// (hash_bytes, 64 bits). It is no format for exchange: the program that wrote it reads it, once, and no other does
// (docs/formats/image.md; why: docs/adr/0008-index-image.md).
// Invariants: the file has its name only when it is whole and on the disk. A reader gives bytes only of blocks whose
// checksum is right, and takes memory only for what the file is long enough to hold. Threads: one at a time; the reader
// has one of its own, which reads and checks ahead. Ownership: what is read is copied out. Errors: the first one is
// kept; after it a writer ignores what comes, a reader gives zeros, and finish() tells it. Limits: what the disk holds;
// the names of program and state 256 bytes each.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <roaring/roaring.hh>

#include "base/result.h"
#include "index/paged_array.h"

namespace curfew::index {

// What an image must agree with, byte for byte, to be read at all: the program, since its structures are what lies in
// the file, and the state of whatever the index is a fold of.
struct ImageName {
  std::string program, state;
};

// Bytes that are the same for equal values: what may lie in a file as it lies in memory.
template <class T>
concept ImagePlain = std::is_trivially_copyable_v<T> && std::has_unique_object_representations_v<T>;

class ImageWriter {
 public:
  // Begins `path`.new, mode 0600, in place of one that is there. `go_on` is asked after each block; false gives up with
  // kDeadlineExceeded.
  static Result<std::unique_ptr<ImageWriter>> create(const std::string& path, const ImageName& name,
                                                     std::function<bool()> go_on);
  ~ImageWriter();  // removes what was not finished
  ImageWriter(const ImageWriter&) = delete;
  ImageWriter& operator=(const ImageWriter&) = delete;

  void bytes(const void* from, std::size_t size);
  void number(std::uint64_t value) { bytes(&value, sizeof value); }
  void text(std::string_view value) {
    number(value.size());
    bytes(value.data(), value.size());
  }
  template <ImagePlain T>
  void array(std::span<const T> values) {
    head(sizeof(T), values.size());
    bytes(values.data(), values.size_bytes());
  }
  template <ImagePlain T>
  void pages(const PagedArray<T>& values) {
    head(sizeof(T), values.size());
    for (std::uint32_t i = 0; i < values.size(); i += static_cast<std::uint32_t>(values.run(i)))
      bytes(&values[i], values.run(i) * sizeof(T));
  }
  void bitmap(const Roaring& rows);
  bool ok() const { return status_.has_value(); }

  // Makes it durable under its name; gives its size.
  Result<std::uint64_t> finish();

 private:
  ImageWriter(std::string path, const ImageName& name, std::function<bool()> go_on);
  void head(std::size_t element, std::size_t count) {
    number(element);
    number(count);
  }
  void put_block();
  void put(const void* from, std::size_t size, std::uint64_t at);
  void broken(std::string_view doing);

  const std::string path_;
  const ImageName name_;
  const std::function<bool()> go_on_;
  int file_ = -1;
  std::unique_ptr<char[]> block_;  // the checksum, then what it is of
  std::size_t filled_ = 0;
  std::uint64_t blocks_ = 0, total_ = 0;
  std::string scratch_;
  Status status_;
};

class ImageReader {
 public:
  // kNotFound: there is none. kConflict "image_of_other_program" or "image_of_other_state". kDataLoss "image_broken":
  // it is not what was written. The file may be removed once it is open.
  static Result<std::unique_ptr<ImageReader>> open(const std::string& path, const ImageName& name);
  ~ImageReader();
  ImageReader(const ImageReader&) = delete;
  ImageReader& operator=(const ImageReader&) = delete;

  void bytes(void* to, std::size_t size);
  std::uint64_t number() {
    std::uint64_t value = 0;
    bytes(&value, sizeof value);
    return value;
  }
  std::uint32_t number32() { return static_cast<std::uint32_t>(number()); }
  std::string text();
  // How many things follow that take at least so many bytes each.
  std::size_t count(std::size_t least_bytes);
  template <ImagePlain T>
  void array(std::vector<T>& out) {
    out.resize(count_of(sizeof(T), ~std::uint32_t{0}));
    bytes(out.data(), out.size() * sizeof(T));
  }
  template <ImagePlain T, std::size_t kSize>
  void array(std::array<T, kSize>& out) {
    if (count_of(sizeof(T), kSize) != kSize) return refuse();
    bytes(out.data(), sizeof out);
  }
  template <ImagePlain T>
  void pages(PagedArray<T>& out) {
    const std::size_t n = count_of(sizeof(T), ~std::uint32_t{0});
    out.clear();
    out.grow(n);
    for (std::uint32_t i = 0; i < out.size(); i += static_cast<std::uint32_t>(out.run(i)))
      bytes(&out[i], out.run(i) * sizeof(T));
  }
  Roaring bitmap();

  bool ok() const { return !failed_; }
  void refuse() { failed_ = true; }  // what was read makes no sense
  Status finish() const;             // whether all was read, and nothing is left

 private:
  class Ahead;
  explicit ImageReader(std::unique_ptr<Ahead> ahead, std::uint64_t size);
  std::size_t count_of(std::size_t element, std::size_t most);
  bool next_block();

  std::unique_ptr<Ahead> ahead_;
  std::span<const char> block_;  // what is left of it
  std::uint64_t left_;           // bytes not given yet, of all blocks
  std::vector<char> scratch_;
  bool failed_ = false;
};

}  // namespace curfew::index
