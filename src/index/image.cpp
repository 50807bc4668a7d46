#include "index/image.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

#include "base/handover.h"
#include "index/ordinal_table.h"

namespace curfew::index {
namespace {

// To be raised with every change of a structure that lies in an image, or of what its bytes mean.
constexpr std::uint32_t kFormat = 3;
constexpr std::uint64_t kMagic = 0x3158494657465243ULL;  // its bytes tell the order of bytes, too
constexpr std::size_t kBlock = std::size_t{1} << 20;
constexpr std::size_t kSum = sizeof(std::uint64_t);
constexpr std::size_t kNameBytes = 256;
// What is written is on its way to the disk this often, so that the end has little left to wait for.
constexpr std::uint64_t kBlocksOnTheWay = 32;

struct Header {
  std::uint64_t magic = kMagic;
  std::uint64_t sum = 0;  // of all that follows
  std::uint32_t format = kFormat, block = kBlock;
  std::uint64_t hashing = 0, size = 0;  // size: of the structures, without checksums
  std::uint32_t program_size = 0, state_size = 0;
  char program[kNameBytes] = {}, state[kNameBytes] = {};

  std::uint64_t right_sum() const {
    const char* from = reinterpret_cast<const char*>(this) + 2 * kSum;
    return hash_bytes({from, sizeof(Header) - 2 * kSum});
  }
};
static_assert(std::has_unique_object_representations_v<Header>);

// The tables in the file are laid out by these hashes.
std::uint64_t hashing() {
  return mix(hash_bytes("a text of more than sixteen bytes", 1), hash_bytes("brief", 2));
}

// Blocks in another place, or of another image, don't fit.
std::uint64_t seed_of(const ImageName& name, std::uint64_t block) {
  return mix(hash_bytes(name.state, 3), block);
}

tl::unexpected<Error> no_image(std::string_view what, int error) {
  return fail(ErrorCode::kUnavailable, "image_io", std::string(what) + ": " + std::strerror(error));
}

tl::unexpected<Error> not_what_was_written() {
  return fail(ErrorCode::kDataLoss, "image_broken", "The index image is not what was written.");
}

}  // namespace

// --- Writing
// ------------------------------------------------------------------------------------------------------------------

ImageWriter::ImageWriter(std::string path, const ImageName& name, std::function<bool()> go_on)
    : path_(std::move(path)), name_(name), go_on_(std::move(go_on)), block_(new char[kSum + kBlock]) {}

Result<std::unique_ptr<ImageWriter>> ImageWriter::create(const std::string& path, const ImageName& name,
                                                         std::function<bool()> go_on) {
  if (name.program.size() > kNameBytes || name.state.size() > kNameBytes)
    return invalid("name", "The names of an image's program and state have at most 256 bytes.");
  std::unique_ptr<ImageWriter> writer(new ImageWriter(path, name, std::move(go_on)));
  const std::string unfinished = path + ".new";
  ::unlink(unfinished.c_str());
  writer->file_ = ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (writer->file_ < 0) return no_image(unfinished, errno);
  return writer;
}

ImageWriter::~ImageWriter() {
  if (file_ < 0) return;
  ::close(file_);
  ::unlink((path_ + ".new").c_str());
}

void ImageWriter::broken(std::string_view doing) {
  if (ok()) status_ = no_image(std::string(doing) + " " + path_, errno);
}

void ImageWriter::put(const void* from, std::size_t size, std::uint64_t at) {
  const char* bytes = static_cast<const char*>(from);
  while (ok() && size > 0) {
    const ssize_t written = ::pwrite(file_, bytes, size, static_cast<off_t>(at));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return broken("writing");
    bytes += written;
    at += static_cast<std::uint64_t>(written);
    size -= static_cast<std::size_t>(written);
  }
}

void ImageWriter::put_block() {
  if (filled_ == 0 || !ok()) return;
  const std::uint64_t sum = hash_bytes({block_.get() + kSum, filled_}, seed_of(name_, blocks_));
  std::memcpy(block_.get(), &sum, kSum);
  put(block_.get(), kSum + filled_, sizeof(Header) + blocks_ * (kSum + kBlock));
  total_ += filled_;
  filled_ = 0;
  // Waits for the piece before the last, so that the time it all takes shows here and not in the end.
  if (++blocks_ % kBlocksOnTheWay == 0) {
    constexpr auto piece = static_cast<off64_t>(kBlocksOnTheWay * (kSum + kBlock));
    const auto from = static_cast<off64_t>(sizeof(Header) + (blocks_ - kBlocksOnTheWay) * (kSum + kBlock));
    ::sync_file_range(file_, from, piece, SYNC_FILE_RANGE_WRITE);
    if (from >= piece)
      ::sync_file_range(file_, from - piece, piece,
                        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
  }
  if (ok() && !go_on_())
    status_ = fail(ErrorCode::kDeadlineExceeded, "image_too_slow", "Writing the index image took too long.");
}

void ImageWriter::bytes(const void* from, std::size_t size) {
  const char* next = static_cast<const char*>(from);
  while (size > 0 && ok()) {
    const std::size_t n = std::min(size, kBlock - filled_);
    std::memcpy(block_.get() + kSum + filled_, next, n);
    filled_ += n;
    next += n;
    size -= n;
    if (filled_ == kBlock) put_block();
  }
}

void ImageWriter::bitmap(const Roaring& rows) {
  scratch_.resize(rows.getSizeInBytes());
  rows.write(scratch_.data());
  text(scratch_);
}

Result<std::uint64_t> ImageWriter::finish() {
  put_block();
  Header header;
  header.hashing = hashing();
  header.size = total_;
  header.program_size = static_cast<std::uint32_t>(name_.program.size());
  header.state_size = static_cast<std::uint32_t>(name_.state.size());
  std::memcpy(header.program, name_.program.data(), name_.program.size());
  std::memcpy(header.state, name_.state.data(), name_.state.size());
  header.sum = header.right_sum();
  put(&header, sizeof header, 0);
  if (ok() && ::fsync(file_) != 0) broken("syncing");
  if (!ok()) return tl::make_unexpected(status_.error());
  ::close(file_);
  file_ = -1;
  const std::string unfinished = path_ + ".new";
  if (::rename(unfinished.c_str(), path_.c_str()) != 0) {
    broken("naming");
    ::unlink(unfinished.c_str());
    return tl::make_unexpected(status_.error());
  }
  const std::size_t slash = path_.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
  const int parent = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = parent >= 0 && ::fsync(parent) == 0;
  if (!synced) broken("syncing the directory of");
  if (parent >= 0) ::close(parent);
  if (!ok()) return tl::make_unexpected(status_.error());
  return sizeof(Header) + total_ + blocks_ * kSum;
}

// --- Reading
// ------------------------------------------------------------------------------------------------------------------

// Reads and checks blocks on a thread of its own, a few ahead of who takes them.
class ImageReader::Ahead {
 public:
  Ahead(int file, ImageName name) : file_(file), name_(std::move(name)) {}
  ~Ahead() {
    blocks_.close();
    if (thread_.joinable()) thread_.join();
    ::close(file_);
  }
  void start(std::uint64_t size) {
    thread_ = std::thread([this, size] { run(size); });
  }

  // The next block; what the last call gave is overwritten from now on. Empty: there is none, or it is broken.
  std::span<const char> next() {
    if (!blocks_.take(taken_)) return {};
    return {taken_.bytes.get() + kSum, taken_.size};
  }

 private:
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
  };

  void run(std::uint64_t left) {
    Block block;
    for (std::uint64_t n = 0; left > 0; ++n) {
      if (!block.bytes) block.bytes.reset(new char[kSum + kBlock]);
      block.size = static_cast<std::size_t>(std::min<std::uint64_t>(left, kBlock));
      left -= block.size;
      if (!read(block, n) || !blocks_.put(block)) break;
    }
    blocks_.close();
  }

  bool read(Block& block, std::uint64_t n) const {
    std::size_t have = 0;
    while (have < kSum + block.size) {
      const ssize_t got = ::pread(file_, block.bytes.get() + have, kSum + block.size - have,
                                  static_cast<off_t>(sizeof(Header) + n * (kSum + kBlock) + have));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return false;
      have += static_cast<std::size_t>(got);
    }
    std::uint64_t sum = 0;
    std::memcpy(&sum, block.bytes.get(), kSum);
    return sum == hash_bytes({block.bytes.get() + kSum, block.size}, seed_of(name_, n));
  }

  const int file_;
  const ImageName name_;
  Block taken_;
  Handover<Block> blocks_;
  std::thread thread_;
};

ImageReader::ImageReader(std::unique_ptr<Ahead> ahead, std::uint64_t size) : ahead_(std::move(ahead)), left_(size) {
  ahead_->start(size);
}
ImageReader::~ImageReader() = default;

Result<std::unique_ptr<ImageReader>> ImageReader::open(const std::string& path, const ImageName& name) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0 && errno == ENOENT) return fail(ErrorCode::kNotFound, "image_missing", "There is no index image.");
  if (file < 0) return no_image(path, errno);
  auto ahead = std::make_unique<Ahead>(file, name);  // closes it
  Header header;
  struct stat about{};
  if (::pread(file, &header, sizeof header, 0) != static_cast<ssize_t>(sizeof header) || ::fstat(file, &about) != 0 ||
      header.magic != kMagic || header.sum != header.right_sum() || header.program_size > kNameBytes ||
      header.state_size > kNameBytes)
    return not_what_was_written();
  if (header.format != kFormat || header.block != kBlock || header.hashing != hashing() ||
      std::string_view(header.program, header.program_size) != name.program)
    return fail(ErrorCode::kConflict, "image_of_other_program",
                "The index image is of another version of the program.");
  if (std::string_view(header.state, header.state_size) != name.state)
    return fail(ErrorCode::kConflict, "image_of_other_state", "The index image is of another state of the ledger.");
  const auto bytes = static_cast<std::uint64_t>(about.st_size) - sizeof header;
  if (header.size > bytes || bytes - header.size != (header.size + kBlock - 1) / kBlock * kSum)
    return not_what_was_written();
  ::posix_fadvise(file, 0, 0, POSIX_FADV_SEQUENTIAL);
  return std::unique_ptr<ImageReader>(new ImageReader(std::move(ahead), header.size));
}

bool ImageReader::next_block() {
  if (!failed_) block_ = ahead_->next();
  failed_ = failed_ || block_.empty();
  return !failed_;
}

void ImageReader::bytes(void* to, std::size_t size) {
  if (size > left_) failed_ = true;
  char* next = static_cast<char*>(to);
  while (size > 0 && !failed_) {
    if (block_.empty() && !next_block()) break;
    const std::size_t n = std::min(size, block_.size());
    std::memcpy(next, block_.data(), n);
    block_ = block_.subspan(n);
    left_ -= n;
    next += n;
    size -= n;
  }
  if (size > 0) std::memset(next, 0, size);
}

std::size_t ImageReader::count(std::size_t least_bytes) {
  const std::uint64_t n = number();
  if (n > left_ / least_bytes) failed_ = true;
  return failed_ ? 0 : static_cast<std::size_t>(n);
}

std::size_t ImageReader::count_of(std::size_t element, std::size_t most) {
  if (number() != element) failed_ = true;
  const std::size_t n = count(element);
  if (n > most) failed_ = true;
  return failed_ ? 0 : n;
}

std::string ImageReader::text() {
  std::string out(count(1), '\0');
  bytes(out.data(), out.size());
  return out;
}

Roaring ImageReader::bitmap() {
  const std::size_t size = count(1);
  const char* from = block_.data();
  const bool whole = size <= block_.size();  // most of them: no copy then
  if (!whole) {
    scratch_.resize(size);
    bytes(scratch_.data(), size);
    from = scratch_.data();
  }
  if (failed_ || size == 0) {
    failed_ = true;
    return {};
  }
  roaring_bitmap_t* read = roaring_bitmap_portable_deserialize_safe(from, size);
  if (whole) {
    block_ = block_.subspan(size);
    left_ -= size;
  }
  if (read != nullptr) return Roaring(read);
  failed_ = true;
  return {};
}

Status ImageReader::finish() const {
  if (failed_ || left_ != 0) return not_what_was_written();
  return {};
}

}  // namespace curfew::index
