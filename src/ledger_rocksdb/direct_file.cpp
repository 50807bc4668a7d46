#include "ledger_rocksdb/direct_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace curfew::ledger_rocksdb {
namespace {

bool write_all(int file, const char* bytes, std::size_t count, std::uint64_t offset) {
  while (count > 0) {
    const ssize_t written = ::pwrite(file, bytes, count, static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    // A part of a block can't be begun again: what is left would not be aligned.
    if (written <= 0 || written % static_cast<ssize_t>(DirectFile::kAlign) != 0) return false;
    bytes += written;
    count -= static_cast<std::size_t>(written);
    offset += static_cast<std::uint64_t>(written);
  }
  return true;
}

}  // namespace

void DirectFile::Free::operator()(char* memory) const {
  std::free(memory);
}

std::unique_ptr<DirectFile> DirectFile::open(const std::string& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_DIRECT | O_CLOEXEC);
  if (file < 0) return nullptr;
  auto* memory = static_cast<char*>(std::aligned_alloc(kAlign, kPiece));
  if (memory == nullptr) {
    ::close(file);
    return nullptr;
  }
  return std::unique_ptr<DirectFile>(new DirectFile(file, memory));
}

DirectFile::~DirectFile() {
  ::close(file_);
}

std::optional<std::uint64_t> DirectFile::write(std::uint64_t offset, std::string_view before, std::string_view data,
                                               std::size_t block) {
  std::uint64_t at = offset - before.size();
  const std::uint64_t end = (offset + data.size() + block - 1) / block * block;
  std::memcpy(memory_.get(), before.data(), before.size());
  for (std::size_t filled = before.size(); at < end; filled = 0) {
    const std::size_t piece = std::min<std::uint64_t>(end - at, kPiece);
    const std::size_t bytes = std::min(data.size(), piece - filled);
    std::memcpy(memory_.get() + filled, data.data(), bytes);
    std::memset(memory_.get() + filled + bytes, 0, piece - filled - bytes);
    if (!write_all(file_, memory_.get(), piece, at)) return std::nullopt;
    data.remove_prefix(bytes);
    at += piece;
  }
  return end;
}

}  // namespace curfew::ledger_rocksdb
