#include "device/place_database.h"

#include <fcntl.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "base/text.h"
#include "device/mmdb_check.h"
#include "device/places.h"

namespace curfew::device {
namespace {

constexpr std::size_t kPathParts = 4;
constexpr std::uint64_t kLatest = 253'402'300'799;  // the end of the year 9999

tl::unexpected<Error> unreadable(std::string_view doing) {
  return fail(ErrorCode::kUnavailable, "database_unreadable",
              "Can't " + std::string(doing) + ": " + std::strerror(errno) + ".");
}

// Memory that is a file, so that libmaxminddb, which opens nothing else, can map it.
class Memory {
 public:
  Memory() : descriptor_(memfd_create("places", MFD_CLOEXEC | MFD_ALLOW_SEALING)) {}
  ~Memory() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  int descriptor() const { return descriptor_; }
  bool seal() { return fcntl(descriptor_, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0; }

 private:
  int descriptor_;
};

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool copy_all(int to, int from, std::uint64_t size) {
  while (size > 0) {
    const ssize_t copied = sendfile(to, from, nullptr, size);
    if (copied < 0 && errno == EINTR) continue;
    if (copied == 0) errno = EIO;  // it has become shorter meanwhile
    if (copied <= 0) return false;
    size -= static_cast<std::uint64_t>(copied);
  }
  return true;
}

std::string shown(std::string_view text) {
  if (text.size() > kPlaceText) {
    text = text.substr(0, kPlaceText);
    for (int i = 0; i < 3 && !is_valid_utf8(text); ++i) text.remove_suffix(1);
  }
  return check_text("text", text, kPlaceText, true) ? std::string(text) : std::string();
}

}  // namespace

struct PlaceDatabase::Library {
  MMDB_s mmdb{};
  bool open = false;
  ~Library() {
    if (open) MMDB_close(&mmdb);
  }

  bool value(std::uint32_t offset, Entry::Path path, MMDB_entry_data_s& data) const {
    CURFEW_CHECK(path.size() < kPathParts, "a path is short");
    std::array<const char*, kPathParts> parts{};
    std::copy(path.begin(), path.end(), parts.begin());
    MMDB_entry_s entry{&mmdb, offset};
    return MMDB_aget_value(&entry, &data, parts.data()) == MMDB_SUCCESS && data.has_data;
  }
};

PlaceDatabase::PlaceDatabase() : library_(std::make_unique<Library>()) {}
PlaceDatabase::~PlaceDatabase() = default;

Result<std::shared_ptr<const PlaceDatabase>> PlaceDatabase::from_bytes(std::string_view bytes) {
  Memory memory;
  if (memory.descriptor() < 0 || !write_all(memory.descriptor(), bytes) || !memory.seal())
    return unreadable("hold the database in memory");
  return open(memory.descriptor(), bytes.size());
}

Result<std::shared_ptr<const PlaceDatabase>> PlaceDatabase::from_file(int descriptor, std::uint64_t size) {
  Memory memory;
  if (memory.descriptor() < 0) return unreadable("hold the database in memory");
  if (!copy_all(memory.descriptor(), descriptor, size) || !memory.seal()) return unreadable("read the file");
  return open(memory.descriptor(), size);
}

Result<std::shared_ptr<const PlaceDatabase>> PlaceDatabase::open(int memory, std::uint64_t size) {
  const auto broken = [] {
    return fail(ErrorCode::kDataLoss, "broken_database", "Not a sound MaxMind database: its metadata says too little.");
  };
  if (size == 0) return broken();
  void* const mapped = mmap(nullptr, size, PROT_READ, MAP_SHARED, memory, 0);
  if (mapped == MAP_FAILED) return unreadable("map the database");
  struct Unmap {
    void* at;
    std::size_t size;
    ~Unmap() { munmap(at, size); }
  } const unmap{mapped, size};
  const std::string_view bytes(static_cast<const char*>(mapped), size);
  CURFEW_TRY_STATUS(check_mmdb_metadata(bytes));

  std::shared_ptr<PlaceDatabase> database(new PlaceDatabase);
  MMDB_s& mmdb = database->library_->mmdb;
  if (MMDB_open(("/proc/self/fd/" + std::to_string(memory)).c_str(), MMDB_MODE_MMAP, &mmdb) != MMDB_SUCCESS)
    return broken();
  database->library_->open = true;
  const MMDB_metadata_s& metadata = mmdb.metadata;
  if ((metadata.ip_version != 4 && metadata.ip_version != 6) || metadata.database_type == nullptr) return broken();
  CURFEW_TRY_STATUS(check_mmdb_content(bytes, {metadata.node_count, metadata.record_size}));
  database->type_ = shown(metadata.database_type);
  database->built_s_ = static_cast<std::int64_t>(std::min(metadata.build_epoch, kLatest));
  return database;
}

std::optional<PlaceDatabase::Entry> PlaceDatabase::find(const IpAddress& address) const {
  int error = MMDB_SUCCESS;
  MMDB_lookup_result_s result{};
  const auto& bytes = address.bytes();
  if (address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    std::memcpy(&v4.sin_addr, bytes.data() + 12, 4);
    result = MMDB_lookup_sockaddr(&library_->mmdb, reinterpret_cast<const sockaddr*>(&v4), &error);
  } else {
    if (library_->mmdb.metadata.ip_version == 4) return std::nullopt;
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    std::memcpy(&v6.sin6_addr, bytes.data(), 16);
    result = MMDB_lookup_sockaddr(&library_->mmdb, reinterpret_cast<const sockaddr*>(&v6), &error);
  }
  if (error != MMDB_SUCCESS || !result.found_entry) return std::nullopt;
  return Entry(*this, result.entry.offset);
}

std::string PlaceDatabase::Entry::text(Path path) const {
  MMDB_entry_data_s data{};
  if (!database_->library_->value(offset_, path, data) || data.type != MMDB_DATA_TYPE_UTF8_STRING) return {};
  return shown({data.utf8_string, data.data_size});
}

std::optional<double> PlaceDatabase::Entry::number(Path path) const {
  MMDB_entry_data_s data{};
  if (!database_->library_->value(offset_, path, data)) return std::nullopt;
  double value = 0;
  switch (data.type) {
    case MMDB_DATA_TYPE_DOUBLE:
      value = data.double_value;
      break;
    case MMDB_DATA_TYPE_FLOAT:
      value = static_cast<double>(data.float_value);
      break;
    case MMDB_DATA_TYPE_UINT16:
      value = data.uint16;
      break;
    case MMDB_DATA_TYPE_UINT32:
      value = data.uint32;
      break;
    default:
      return std::nullopt;
  }
  if (!std::isfinite(value)) return std::nullopt;
  return value;
}

bool PlaceDatabase::Entry::flag(Path path) const {
  MMDB_entry_data_s data{};
  return database_->library_->value(offset_, path, data) && data.type == MMDB_DATA_TYPE_BOOLEAN && data.boolean;
}

}  // namespace curfew::device
