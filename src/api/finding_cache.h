// FindingCache: what was judged and written of users a moment ago, for the next page that they are on.
//
// What it is: by user, their findings as JSON, beside the grounds that they rest on (signal/watch.h). Invariants: what
// is found was kept with exactly these grounds, so it is what judging now would give, whatever has changed in between;
// at most `room` bytes are held, and what was asked for lately stays. Threads: any; each shard has a lock of its own,
// held for a look-up alone. Limits: a user whose entry would take more than a quarter of a shard is not kept.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "signal/finding.h"

namespace curfew::api {

// One finding of a user, as a page of sessions tells it.
struct FindingText {
  signal::Severity severity = signal::Severity::kLow;
  std::vector<signal::SessionNo> sessions;
  std::string json;
};
using FindingTexts = std::vector<FindingText>;

class FindingCache {
 public:
  // Some four thousand users' with two findings each.
  static constexpr std::size_t kRoom = 8 * 1024 * 1024;

  explicit FindingCache(std::size_t room = kRoom) : room_(room / kShards) {}

  std::shared_ptr<const FindingTexts> find(signal::RealmId realm, std::uint32_t user, std::string_view grounds);
  void keep(signal::RealmId realm, std::uint32_t user, std::string grounds, std::shared_ptr<const FindingTexts> texts);

  std::size_t bytes() const;  // held now

 private:
  static constexpr std::size_t kShards = 16;
  struct Entry {
    std::uint64_t user;  // realm and number
    std::string grounds;
    std::shared_ptr<const FindingTexts> texts;
    std::size_t bytes;
  };
  struct Shard {
    mutable std::mutex mutex;
    std::list<Entry> entries;  // what was asked for last comes first
    std::unordered_map<std::uint64_t, std::list<Entry>::iterator> at;
    std::size_t bytes = 0;
  };

  static std::uint64_t key(signal::RealmId realm, std::uint32_t user) {
    return std::uint64_t{realm.value} << 32U | user;
  }
  Shard& shard_of(std::uint64_t user) { return shards_[(user ^ user >> 32U) % kShards]; }
  static void drop(Shard& shard, std::list<Entry>::iterator entry);

  const std::size_t room_;  // of one shard
  std::array<Shard, kShards> shards_;
};

}  // namespace curfew::api
