// DirectFile: writes a file past the page cache, wherever in it, from memory of its own.
//
// What it is: what is long, and read again at most once, costs the page cache a page for each four kilobytes, and the
// processor a copy into memory that was never touched: more than the disk takes for it. Such writes begin and end at
// multiples of kAlign: the bytes that lie before the offset in its block are given along, and behind the data come
// zeros.
//
// Invariants: of the file it keeps nothing; who writes it otherwise, too, must give what lies before. Threads: one at a
// time. Limits: memory for kPiece, held as long as the object. What was written is durable when the file is synced.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace curfew::ledger_rocksdb {

class DirectFile {
 public:
  static constexpr std::size_t kAlign = 4096;
  static constexpr std::size_t kPiece = 1 << 20;

  // An existing file. Null where its file system has no such writes, or there is no memory.
  static std::unique_ptr<DirectFile> open(const std::string& path);
  ~DirectFile();
  DirectFile(const DirectFile&) = delete;
  DirectFile& operator=(const DirectFile&) = delete;

  // `before`: the offset % kAlign bytes that lie before it. Zeros follow the data to a multiple of `block`, which is
  // one of kAlign. Where they end; nothing if it could not be written, and then what follows the offset is undefined.
  std::optional<std::uint64_t> write(std::uint64_t offset, std::string_view before, std::string_view data,
                                     std::size_t block);

 private:
  struct Free {
    void operator()(char* memory) const;
  };

  explicit DirectFile(int file, char* memory) : file_(file), memory_(memory) {}

  const int file_;
  const std::unique_ptr<char, Free> memory_;
};

}  // namespace curfew::ledger_rocksdb
