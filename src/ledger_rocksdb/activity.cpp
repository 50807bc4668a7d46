#include "ledger_rocksdb/activity.h"

#include <rocksdb/merge_operator.h>
#include <rocksdb/slice.h>

#include <algorithm>

namespace curfew::ledger_rocksdb {
namespace {

constexpr std::size_t kTimeBytes = 6;
constexpr std::size_t kHeader = 1 + kTimeBytes + 1;

std::string_view view(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

class ActivityMerge final : public rocksdb::MergeOperator {
 public:
  const char* Name() const override { return "curfew.activity"; }

  bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override {
    ActivityChunk chunk;
    if (in.existing_value != nullptr && !chunk.fold(view(*in.existing_value))) return false;
    for (const rocksdb::Slice& operand : in.operand_list) {
      if (!chunk.fold(view(operand))) return false;
    }
    out->new_value.clear();
    chunk.put(out->new_value);
    return true;
  }

  bool PartialMergeMulti(const rocksdb::Slice&, const std::deque<rocksdb::Slice>& operands, std::string* out,
                         rocksdb::Logger*) const override {
    ActivityChunk chunk;
    for (const rocksdb::Slice& operand : operands) {
      if (!chunk.fold(view(operand))) return false;
    }
    out->clear();
    chunk.put(*out);
    return true;
  }
};

}  // namespace

void ActivityChunk::fold(std::uint8_t low, Time last_access, const IpAddress& ip) {
  if (has(low) && slots_[low].last_access > last_access) return;
  present_[low / 64] |= 1ULL << low % 64;
  slots_[low] = {last_access, ip};
}

bool ActivityChunk::fold(std::string_view bytes) {
  while (!bytes.empty()) {
    if (bytes.size() < kHeader) return false;
    const auto low = static_cast<std::uint8_t>(bytes[0]);
    std::int64_t ms = 0;
    for (std::size_t i = 1; i <= kTimeBytes; ++i) ms = ms << 8 | static_cast<unsigned char>(bytes[i]);
    const auto size = static_cast<std::size_t>(static_cast<unsigned char>(bytes[kHeader - 1]));
    if ((size != 4 && size != 16) || bytes.size() < kHeader + size) return false;
    std::array<std::uint8_t, 16> ip{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
    std::copy_n(bytes.begin() + kHeader, size, ip.begin() + (16 - static_cast<std::ptrdiff_t>(size)));
    fold(low, Time{ms}, IpAddress::from_bytes(ip));
    bytes.remove_prefix(kHeader + size);
  }
  return true;
}

void ActivityChunk::put(std::string& out) const {
  for (std::size_t word = 0; word < present_.size(); ++word) {
    for (std::uint64_t bits = present_[word]; bits != 0; bits &= bits - 1) {
      const std::size_t low = word * 64 + static_cast<std::size_t>(__builtin_ctzll(bits));
      const Slot& slot = slots_[low];
      const std::size_t size = slot.ip.is_v4() ? 4 : 16;
      out.push_back(static_cast<char>(low));
      for (int shift = 40; shift >= 0; shift -= 8)
        out.push_back(static_cast<char>(slot.last_access.ms >> shift & 0xff));
      out.push_back(static_cast<char>(size));
      out.append(reinterpret_cast<const char*>(slot.ip.bytes().data()) + (16 - size), size);
    }
  }
}

std::shared_ptr<rocksdb::MergeOperator> activity_merge_operator() {
  return std::make_shared<ActivityMerge>();
}

}  // namespace curfew::ledger_rocksdb
