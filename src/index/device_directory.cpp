#include "index/device_directory.h"

#include "index/index.h"

namespace curfew::index {
namespace {

constexpr std::uint64_t kIdSeed = 1, kOtherSeed = 2;
constexpr std::size_t kWaiting = 1024;  // rows kept aside before they enter a bitmap together

std::uint64_t hash_of_family(std::string_view name) {
  return hash_bytes(name, kOtherSeed);
}

}  // namespace

std::uint64_t device_hash(std::string_view device_key) {
  if (device_key.starts_with(kIdPrefix)) return hash_bytes(device_key.substr(kIdPrefix.size()), kIdSeed);
  return hash_of_family(device_key.starts_with(kFamilyPrefix) ? device_key.substr(kFamilyPrefix.size()) : device_key);
}

DeviceDirectory::DeviceDirectory(const device::Classify& classify) : classify_(classify) {
  learn(0, device::Device{});
}

void DeviceDirectory::learn(std::uint32_t agent, const device::Device& device) {
  const auto known = by_name_.find(device.family);
  std::uint32_t family = 0;
  if (known != by_name_.end()) {
    family = known->second;
  } else {
    if (free_families_.empty()) {
      family = static_cast<std::uint32_t>(families_.size());
      families_.emplace_back();
    } else {
      family = free_families_.back();
      free_families_.pop_back();
    }
    families_[family] = {device.family, hash_of_family(device.family), 0, {}};
    by_name_.emplace(device.family, family);
  }
  ++families_[family].agents;
  facts_.grow(std::size_t{agent} + 1);
  facts_[agent] = {family, static_cast<std::uint32_t>(device.kind)};
}

std::uint32_t DeviceDirectory::acquire_agent(std::string_view agent, std::uint64_t hash) {
  const std::size_t before = agents_.size();
  const std::uint32_t ordinal = agents_.acquire(agent, hash);
  if (agents_.size() != before) learn(ordinal, *classify_(agent));
  return ordinal;
}

void DeviceDirectory::release_agent(std::uint32_t agent) {
  const std::size_t before = agents_.size();
  agents_.release(agent);
  if (agents_.size() == before) return;
  const std::uint32_t family = facts_[agent].family;
  if (--families_[family].agents > 0) return;
  by_name_.erase(families_[family].name);
  families_[family] = {};
  free_families_.push_back(family);
}

std::uint32_t DeviceDirectory::find_family(std::string_view name) const {
  const auto it = by_name_.find(name);
  return it == by_name_.end() ? kNone : it->second;
}

std::uint32_t DeviceDirectory::find_id(std::string_view device_id) const {
  return device_id.empty() ? kNone : ids_.find(device_id);
}

std::array<std::uint64_t, device::kKinds> DeviceDirectory::counts() const {
  std::array<std::uint64_t, device::kKinds> out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = kinds_[i].cardinality();
  return out;
}

std::string DeviceDirectory::key(std::uint32_t agent, std::uint32_t id) const {
  std::string out(id != 0 ? kIdPrefix : kFamilyPrefix);
  return out.append(id != 0 ? ids_[id] : std::string_view(families_[facts_[agent].family].name));
}

std::uint64_t DeviceDirectory::key_hash(std::uint32_t agent, std::uint32_t id) const {
  return id != 0 ? hash_bytes(ids_[id], kIdSeed) : families_[facts_[agent].family].hash;
}

void DeviceDirectory::enter(std::uint32_t row, device::Kind kind, std::uint32_t agent, std::uint32_t id) {
  kinds_[static_cast<std::size_t>(kind)].add(row);
  if (id == 0) families_[facts_[agent].family].rows.add(row);
  enter_lists(row, id);
}

void DeviceDirectory::leave(std::uint32_t row, device::Kind kind, std::uint32_t agent, std::uint32_t id) {
  kinds_[static_cast<std::size_t>(kind)].remove(row);
  if (id == 0)
    families_[facts_[agent].family].rows.remove(row);
  else
    lists_->remove(id_rows_[id], row);
}

void DeviceDirectory::enter_lists(std::uint32_t row, std::uint32_t id) {
  if (id == 0) return;
  id_rows_.grow(std::size_t{id} + 1);
  if (!lists_) lists_ = std::make_unique<RowLists>();
  lists_->add(id_rows_[id], row);
}

void DeviceDirectory::begin_bitmaps() {
  waiting_families_.resize(families_.size());
}

void DeviceDirectory::flush(Roaring& rows, std::vector<std::uint32_t>& waiting) {
  rows.addMany(waiting.size(), waiting.data());
  waiting.clear();
}

void DeviceDirectory::enter_bitmaps(std::uint32_t row, device::Kind kind, std::uint32_t agent, std::uint32_t id) {
  auto& of_kind = waiting_kinds_[static_cast<std::size_t>(kind)];
  of_kind.push_back(row);
  if (of_kind.size() >= kWaiting) flush(kinds_[static_cast<std::size_t>(kind)], of_kind);
  if (id != 0) return;
  const std::uint32_t family = facts_[agent].family;
  waiting_families_[family].push_back(row);
  if (waiting_families_[family].size() >= kWaiting) flush(families_[family].rows, waiting_families_[family]);
}

void DeviceDirectory::end_bitmaps() {
  const auto finish = [&](Roaring& rows, std::vector<std::uint32_t>& waiting) {
    flush(rows, waiting);
    rows.runOptimize();
    rows.shrinkToFit();
  };
  for (std::size_t i = 0; i < kinds_.size(); ++i) finish(kinds_[i], waiting_kinds_[i]);
  for (std::size_t i = 0; i < families_.size(); ++i) finish(families_[i].rows, waiting_families_[i]);
  waiting_kinds_ = {};
  waiting_families_ = {};
}

std::size_t DeviceDirectory::memory_bytes() const {
  std::size_t bytes = agents_.memory_bytes() + ids_.memory_bytes() + facts_.memory_bytes() + id_rows_.memory_bytes() +
                      (lists_ ? lists_->memory_bytes() : 0);
  for (const Roaring& rows : kinds_) bytes += rows.getSizeInBytes();
  for (const Family& family : families_) bytes += sizeof(Family) + family.rows.getSizeInBytes();
  return bytes;
}

std::uint64_t DeviceDirectory::rows_of_families() const {
  std::uint64_t n = 0;
  for (const Family& family : families_) n += family.rows.cardinality();
  return n;
}

std::uint64_t DeviceDirectory::rows_of_ids() const {
  std::uint64_t n = 0;
  for (std::uint32_t id = 0; id < id_rows_.size(); ++id) n += id_rows_[id].size();
  return n;
}

void DeviceDirectory::verify() const {
  std::size_t agents = 0;
  for (const auto& [name, ordinal] : by_name_) {
    CURFEW_CHECK(families_[ordinal].name == name && families_[ordinal].agents > 0, "a known family is in use");
    agents += families_[ordinal].agents;
  }
  CURFEW_CHECK(agents == agents_.size() + 1 && by_name_.size() + free_families_.size() == families_.size(),
               "every agent string has a family");
}

}  // namespace curfew::index
