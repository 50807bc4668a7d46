#include "api/finding_cache.h"

#include <utility>

namespace curfew::api {
namespace {

constexpr std::size_t kOfAnEntry = 256;  // the nodes of list and table, and what the allocator adds

std::size_t bytes_of(std::string_view grounds, const FindingTexts& texts) {
  std::size_t bytes = kOfAnEntry + grounds.size();
  for (const FindingText& text : texts)
    bytes += sizeof text + text.json.capacity() + text.sessions.capacity() * sizeof(signal::SessionNo);
  return bytes;
}

}  // namespace

std::shared_ptr<const FindingTexts> FindingCache::find(signal::RealmId realm, std::uint32_t user,
                                                       std::string_view grounds) {
  Shard& shard = shard_of(key(realm, user));
  const std::lock_guard lock(shard.mutex);
  const auto known = shard.at.find(key(realm, user));
  if (known == shard.at.end() || known->second->grounds != grounds) return nullptr;
  shard.entries.splice(shard.entries.begin(), shard.entries, known->second);
  return known->second->texts;
}

void FindingCache::keep(signal::RealmId realm, std::uint32_t user, std::string grounds,
                        std::shared_ptr<const FindingTexts> texts) {
  const std::uint64_t whose = key(realm, user);
  const std::size_t bytes = bytes_of(grounds, *texts);
  Shard& shard = shard_of(whose);
  const std::lock_guard lock(shard.mutex);
  if (const auto known = shard.at.find(whose); known != shard.at.end()) drop(shard, known->second);
  if (bytes > room_ / 4) return;
  while (shard.bytes + bytes > room_) drop(shard, std::prev(shard.entries.end()));
  shard.entries.push_front({whose, std::move(grounds), std::move(texts), bytes});
  shard.at.emplace(whose, shard.entries.begin());
  shard.bytes += bytes;
}

void FindingCache::drop(Shard& shard, std::list<Entry>::iterator entry) {
  shard.bytes -= entry->bytes;
  shard.at.erase(entry->user);
  shard.entries.erase(entry);
}

std::size_t FindingCache::bytes() const {
  std::size_t bytes = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    bytes += shard.bytes;
  }
  return bytes;
}

}  // namespace curfew::api
