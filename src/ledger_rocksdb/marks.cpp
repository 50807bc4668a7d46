#include "ledger_rocksdb/marks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium/crypto_shorthash.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "ledger_rocksdb/keys.h"

namespace curfew::ledger_rocksdb {
namespace {

constexpr std::string_view kMagic = "CFMARKS1";
constexpr std::size_t kChecked = 24;
constexpr std::size_t kBytes = 32;

std::string with_checksum(std::string bytes) {
  static constexpr unsigned char kKey[crypto_shorthash_KEYBYTES] = {};
  unsigned char sum[crypto_shorthash_BYTES];
  crypto_shorthash(sum, reinterpret_cast<const unsigned char*>(bytes.data()), kChecked, kKey);
  bytes.append(reinterpret_cast<const char*>(sum), sizeof(sum));
  return bytes;
}

}  // namespace

Marks::Marks(Marks&& other) noexcept
    : file_(std::exchange(other.file_, -1)), acknowledged_(other.acknowledged_), refused_(other.refused_) {}

Marks& Marks::operator=(Marks&& other) noexcept {
  std::swap(file_, other.file_);
  acknowledged_ = other.acknowledged_;
  refused_ = other.refused_;
  return *this;
}

Marks::~Marks() {
  if (file_ >= 0) ::close(file_);
}

Result<Marks> Marks::open(const std::string& path, bool writable) {
  Marks marks;
  marks.file_ = ::open(path.c_str(), (writable ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC, 0600);
  if (marks.file_ < 0 && errno == ENOENT) return marks;
  if (marks.file_ < 0) {
    return fail(ErrorCode::kUnavailable, "ledger_unavailable",
                fmt::format("{} can't be opened: {}.", path, std::strerror(errno)));
  }
  std::string bytes(kBytes, '\0');
  const ssize_t size = ::pread(marks.file_, bytes.data(), bytes.size(), 0);
  if (size == static_cast<ssize_t>(kBytes) && bytes.starts_with(kMagic) &&
      with_checksum(bytes.substr(0, kChecked)) == bytes) {
    marks.acknowledged_ = get_u64(bytes.data() + 8);
    marks.refused_ = get_u64(bytes.data() + 16);
  } else if (writable) {
    marks.write();  // takes its block now, while there is space
  }
  return marks;
}

void Marks::write() const {
  std::string bytes(kMagic);
  put_u64(bytes, acknowledged_);
  put_u64(bytes, refused_);
  bytes = with_checksum(std::move(bytes));
  [[maybe_unused]] const ssize_t written = ::pwrite(file_, bytes.data(), bytes.size(), 0);
}

void Marks::acknowledge(ledger::Position position) {
  acknowledged_ = position;
  write();
}

void Marks::refuse(std::uint64_t nonce) {
  refused_ = nonce;
  write();
  ::fdatasync(file_);
}

}  // namespace curfew::ledger_rocksdb
