// DeviceDirectory: what the sessions of one realm are used with, and which rows with what.
//
// What it is: the distinct agent strings and the callers' device ids under ordinals, which the rows hold; each agent
// string's kind and family, found once; a compressed bitmap of rows for each kind and, over the rows without a device
// id, for each family; the rows of each device id (row_lists.h). So every device::device_key names a set that lies
// ready. Invariants: a family is known while an agent string in use belongs to it. Threads: none of its own.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <roaring/roaring.hh>

#include "device/device.h"
#include "index/row_lists.h"
#include "index/string_pool.h"

namespace curfew::index {

// How the two forms of device::device_key begin.
inline constexpr std::string_view kIdPrefix = "id:", kFamilyPrefix = "ua:";

class DeviceDirectory {
 public:
  struct Family {
    std::string name;
    std::uint64_t hash = 0;    // device_hash of its key
    std::uint32_t agents = 0;  // that belong to it; 0: a free slot
    Roaring rows;              // without a device id
  };
  static constexpr std::uint32_t kNone = OrdinalTable::kNone;

  explicit DeviceDirectory(const device::Classify& classify);

  std::uint32_t acquire_agent(std::string_view agent) { return acquire_agent(agent, hash_bytes(agent)); }
  std::uint32_t acquire_agent(std::string_view agent, std::uint64_t hash);  // requires: hash_bytes(agent)
  void release_agent(std::uint32_t agent);
  std::uint32_t acquire_id(std::string_view device_id) { return ids_.acquire(device_id); }
  void release_id(std::uint32_t id) { ids_.release(id); }
  std::string_view agent(std::uint32_t ordinal) const { return agents_[ordinal]; }
  std::string_view id(std::uint32_t ordinal) const { return ids_[ordinal]; }

  device::Kind kind_of(std::uint32_t agent) const { return static_cast<device::Kind>(facts_[agent].kind); }
  std::uint32_t family_of(std::uint32_t agent) const { return facts_[agent].family; }
  const Family& family(std::uint32_t ordinal) const { return families_[ordinal]; }
  std::uint32_t find_family(std::string_view name) const;   // or kNone
  std::uint32_t find_id(std::string_view device_id) const;  // or kNone
  const Roaring& rows_of(device::Kind kind) const { return kinds_[static_cast<std::size_t>(kind)]; }
  std::uint32_t rows_with_id(std::uint32_t id) const { return id_rows_[id].size(); }
  template <class F>
  void for_each_with_id(std::uint32_t id, F f) const {
    lists_->for_each(id_rows_[id], f);
  }
  std::array<std::uint64_t, device::kKinds> counts() const;  // rows by kind

  // The key of a row that has this agent and device id, and its hash.
  std::string key(std::uint32_t agent, std::uint32_t id) const;
  std::uint64_t key_hash(std::uint32_t agent, std::uint32_t id) const;

  void enter(std::uint32_t row, device::Kind kind, std::uint32_t agent, std::uint32_t id);
  void leave(std::uint32_t row, device::Kind kind, std::uint32_t agent, std::uint32_t id);
  // The same in bulk: the bitmaps wait for ascending rows in begin_bitmaps, enter_bitmaps, …, end_bitmaps; rows that
  // are in them already may come again.
  void enter_lists(std::uint32_t row, std::uint32_t id);
  void begin_bitmaps();
  void enter_bitmaps(std::uint32_t row, device::Kind kind, std::uint32_t agent, std::uint32_t id);
  void end_bitmaps();

  void prefetch(std::uint32_t agent, std::uint32_t id) const {
    agents_.prefetch(agent);
    ids_.prefetch(id);
  }
  void prefetch_text(std::uint32_t agent, std::uint32_t id) const {
    agents_.prefetch_text(agent);
    ids_.prefetch_text(id);
  }
  std::size_t memory_bytes() const;
  void save(ImageWriter& out) const;
  void load(ImageReader& in);              // refused where agent strings are told to be something else now
  std::uint64_t rows_of_families() const;  // these two for tests
  std::uint64_t rows_of_ids() const;
  void verify() const;  // stops the program unless the families count their agents; for tests

 private:
  struct AgentFacts {
    std::uint32_t family, kind;
  };
  void learn(std::uint32_t agent, const device::Device& device);
  bool described_alike() const;
  void flush(Roaring& rows, std::vector<std::uint32_t>& waiting);

  const device::Classify& classify_;
  StringPool agents_, ids_;
  PagedArray<AgentFacts> facts_;  // by agent; [0] is the session without one
  std::vector<Family> families_;
  std::vector<std::uint32_t> free_families_;
  std::map<std::string, std::uint32_t, std::less<>> by_name_;
  std::array<Roaring, device::kKinds> kinds_;
  PagedArray<RowLists::List> id_rows_;  // by device id
  std::unique_ptr<RowLists> lists_;     // made for the first of them: many realms have none
  std::array<std::vector<std::uint32_t>, device::kKinds> waiting_kinds_;
  std::vector<std::vector<std::uint32_t>> waiting_families_;
};

}  // namespace curfew::index
