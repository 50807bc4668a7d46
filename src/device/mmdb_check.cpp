#include "device/mmdb_check.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"

namespace curfew::device {
namespace {

constexpr std::string_view kMarker("\xAB\xCD\xEFMaxMind.com", 14);
constexpr std::size_t kMetadataAtMost = 128 * 1024;  // from the end of the file
constexpr std::size_t kSeparator = 16;               // zeros between the tree and the values
constexpr std::uint64_t kMetadataValues = 10'000;
constexpr std::size_t kLongestKey = 1'024;

enum Type : std::uint8_t {
  kExtended = 0,
  kPointer = 1,
  kString = 2,
  kDouble = 3,
  kBytes = 4,
  kUint16 = 5,
  kUint32 = 6,
  kMap = 7,
  kInt32 = 8,
  kUint64 = 9,
  kUint128 = 10,
  kArray = 11,
  kBoolean = 14,
  kFloat = 15,
};

tl::unexpected<Error> broken(std::string_view what) {
  return fail(ErrorCode::kDataLoss, "broken_database", "Not a sound MaxMind database: " + std::string(what) + ".");
}

// Walks values of one section. Each pointer's target is checked once, so that sharing costs nothing; `shared` false
// walks it each time, for sections that the library expands in full. A budget of values bounds what overlapping values
// could cost.
class Values {
 public:
  Values(std::string_view section, bool shared, std::uint64_t budget)
      : section_(section),
        shared_(shared),
        budget_(budget),
        begun_(shared ? section.size() : 0),
        done_(begun_.size()) {}

  bool check(std::size_t at) {
    if (!shared_) return walk(at, 0);
    return check_once(at, 0);
  }

 private:
  struct Head {
    Type type;
    std::uint64_t size;  // of a pointer: its target
  };

  bool check_once(std::size_t at, int depth) {
    if (at >= section_.size()) return false;
    if (done_[at]) return true;
    if (begun_[at]) return false;  // it contains itself
    begun_[at] = true;
    std::size_t walked = at;
    done_[at] = walk(walked, depth);
    return done_[at];
  }

  std::optional<std::uint64_t> number(std::size_t& at, std::size_t bytes) const {
    if (bytes > section_.size() - at) return std::nullopt;
    std::uint64_t value = 0;
    for (; bytes > 0; --bytes) value = value << 8 | static_cast<std::uint8_t>(section_[at++]);
    return value;
  }

  std::optional<Head> head(std::size_t& at) const {
    if (at >= section_.size()) return std::nullopt;
    const auto control = static_cast<std::uint8_t>(section_[at++]);
    auto type = static_cast<std::uint8_t>(control >> 5);
    if (type == kPointer) return pointer(at, control);
    if (type == kExtended) {
      const auto more = number(at, 1);
      if (!more || *more == 0 || *more > kFloat - 7) return std::nullopt;
      type = static_cast<std::uint8_t>(7 + *more);
    }
    std::uint64_t size = control & 0x1f;
    if (size >= 29) {
      constexpr std::uint64_t kAdded[]{29, 285, 65'821};
      const auto more = number(at, size - 28);
      if (!more) return std::nullopt;
      size = *more + kAdded[size - 29];
    }
    return Head{static_cast<Type>(type), size};
  }

  std::optional<Head> pointer(std::size_t& at, std::uint8_t control) const {
    const std::size_t bytes = 1 + (control >> 3 & 3);
    const auto low = number(at, bytes);
    if (!low) return std::nullopt;
    constexpr std::uint64_t kAdded[]{0, 2048, 526'336, 0};
    const std::uint64_t high = bytes == 4 ? 0 : control & 7;
    return Head{kPointer, (high << (8 * bytes) | *low) + kAdded[bytes - 1]};
  }

  bool follow(std::uint64_t target, int depth) {
    std::size_t at = target;
    if (target >= section_.size() || static_cast<std::uint8_t>(section_[at]) >> 5 == kPointer) return false;
    return shared_ ? check_once(at, depth + 1) : walk(at, depth + 1);
  }

  // A key: a string, or a pointer to one.
  bool key(std::size_t& at) {
    auto found = head(at);
    if (!found) return false;
    std::size_t text = at;
    // It may point right behind itself: then the same text is the key and, once more, the value.
    const bool elsewhere = found->type == kPointer;
    if (elsewhere) {
      text = found->size;
      found = head(text);
    }
    if (!found || found->type != kString || found->size > section_.size() - text) return false;
    // Many keys may share one text, which is looked at each time.
    if (found->size > kLongestKey) return false;
    if (!elsewhere) at += found->size;
    return is_valid_utf8(section_.substr(text, found->size));
  }

  static bool suits(Type type, std::uint64_t size) {
    switch (type) {
      case kUint16:
        return size <= 2;
      case kUint32:
      case kInt32:
        return size <= 4;
      case kUint64:
        return size <= 8;
      case kUint128:
        return size <= 16;
      case kDouble:
        return size == 8;
      case kFloat:
        return size == 4;
      case kString:
      case kBytes:
        return true;
      default:
        return false;  // the cache container and the end marker are for writers
    }
  }

  // The value at `at`, which moves behind it.
  bool walk(std::size_t& at, int depth) {
    if (depth > kDeepest || budget_ == 0) return false;
    --budget_;
    const auto found = head(at);
    if (!found) return false;
    if (found->type == kPointer) return follow(found->size, depth);
    if (found->type == kBoolean) return found->size <= 1;
    if (found->type == kMap || found->type == kArray) {
      for (std::uint64_t n = found->size; n > 0; --n)
        if ((found->type == kMap && !key(at)) || !walk(at, depth + 1)) return false;
      return true;
    }
    if (!suits(found->type, found->size) || found->size > section_.size() - at) return false;
    at += found->size;
    return true;
  }

  std::string_view section_;
  bool shared_;
  std::uint64_t budget_;
  std::vector<bool> begun_, done_;  // by offset
};

// Where the metadata begins, behind the last marker.
std::optional<std::size_t> metadata_at(std::string_view file) {
  const std::size_t marker = file.rfind(kMarker);
  if (marker == std::string_view::npos || file.size() - marker > kMetadataAtMost) return std::nullopt;
  return marker + kMarker.size();
}

// Record `which` (0 left, 1 right) of a node.
std::uint64_t record(const std::uint8_t* node, std::uint64_t bits, int which) {
  const auto number = [](const std::uint8_t* bytes, int count) {
    std::uint64_t value = 0;
    for (int i = 0; i < count; ++i) value = value << 8 | bytes[i];
    return value;
  };
  switch (bits) {
    case 24:
      return number(node + 3 * which, 3);
    case 28:
      // The middle byte holds the upper four bits of both.
      return which == 0 ? static_cast<std::uint64_t>(node[3] >> 4) << 24 | number(node, 3)
                        : static_cast<std::uint64_t>(node[3] & 0x0f) << 24 | number(node + 4, 3);
    default:
      return number(node + 4 * which, 4);
  }
}

// Whether no node is below itself. Branches may be shared: writers let 2002::/16 lead to the addresses of IPv4.
bool is_tree(const std::uint8_t* nodes, const MmdbShape& shape) {
  const auto child = [&](std::uint64_t node, int which) {
    return record(nodes + node * (shape.record_bits / 4), shape.record_bits, which);
  };
  std::vector<bool> begun(shape.nodes), done(shape.nodes);
  // From the root to where we are, with the side to go on with.
  std::vector<std::pair<std::uint64_t, int>> path{{0, 0}};
  begun[0] = true;
  while (!path.empty()) {
    auto& [node, side] = path.back();
    if (side == 2) {
      done[node] = true;
      path.pop_back();
      continue;
    }
    const std::uint64_t next = child(node, side++);
    if (next >= shape.nodes || done[next]) continue;
    if (begun[next]) return false;
    begun[next] = true;
    path.emplace_back(next, 0);
  }
  return true;
}

}  // namespace

Status check_mmdb_metadata(std::string_view file) {
  const auto begin = metadata_at(file);
  if (!begin) return broken("there is no metadata");
  const std::string_view metadata = file.substr(*begin);
  if (!Values(metadata, false, kMetadataValues).check(0)) return broken("its metadata is not well-formed");
  return {};
}

Status check_mmdb_content(std::string_view file, const MmdbShape& shape) {
  const auto begin = metadata_at(file);
  if (!begin) return broken("there is no metadata");
  if (shape.record_bits != 24 && shape.record_bits != 28 && shape.record_bits != 32)
    return broken("its records have an unknown size");
  const std::uint64_t node_bytes = shape.record_bits / 4, end = *begin - kMarker.size();
  if (shape.nodes == 0 || shape.nodes > end / node_bytes || end - shape.nodes * node_bytes < kSeparator)
    return broken("its tree is larger than the file");
  const std::uint64_t tree = shape.nodes * node_bytes;
  const std::string_view section = file.substr(tree + kSeparator, end - tree - kSeparator);
  Values values(section, true, 1'000 + 2 * section.size());
  const auto* const nodes = reinterpret_cast<const std::uint8_t*>(file.data());
  if (!is_tree(nodes, shape)) return broken("its tree contains itself");
  for (std::uint64_t at = 0; at < tree; at += node_bytes)
    for (int which = 0; which < 2; ++which) {
      const std::uint64_t target = record(nodes + at, shape.record_bits, which);
      if (target <= shape.nodes) continue;  // a node, or nothing
      if (target - shape.nodes < kSeparator || !values.check(target - shape.nodes - kSeparator))
        return broken("an address leads to a value that is not well-formed");
    }
  return {};
}

}  // namespace curfew::device
