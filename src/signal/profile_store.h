// ProfileStore: the profiles of a realm's users in memory, by user number, each in some fifty bytes.
//
// What it is: a block a user in an arena, in a form of its own: networks as their three or six bytes, families of
// devices and countries as ordinals of a dictionary that all users share, times as seconds between two. What it gives
// is what was put, exactly. Invariants: the dictionary holds what profiles name. Threads: none of its own. Limits: a
// profile of more than BlobArena::kMaxBytes is not kept.
#pragma once

#include <optional>

#include "index/blob_arena.h"
#include "index/paged_array.h"
#include "index/string_pool.h"
#include "signal/profile.h"

namespace curfew::signal {

class ProfileStore {
 public:
  std::optional<Profile> get(std::uint32_t user) const;
  void prefetch(std::uint32_t user) const {
    if (user < refs_.size()) index::prefetch(&refs_[user]);
  }
  bool put(std::uint32_t user, const Profile& profile);  // false: it is the one that was there
  void remove(std::uint32_t user);
  // Appends bytes that are the same only as long as get() gives the same.
  void append_state(std::uint32_t user, std::string& out) const;
  std::size_t texts() const { return texts_.size(); }  // in the dictionary
  void save(index::ImageWriter& out) const;            // index/image.h
  void load(index::ImageReader& in);                   // into an empty one
  std::size_t memory_bytes() const { return refs_.memory_bytes() + arena_.memory_bytes() + texts_.memory_bytes(); }

 private:
  std::string_view block(std::uint32_t user) const;  // without its length; empty: none
  void pack(const Profile& profile);                 // into packed_; what it names is in use once more
  void pack_key(const std::string& key);
  void release(std::string_view packed);
  void clear(std::uint32_t user);

  index::PagedArray<std::uint32_t> refs_;  // 0: none
  index::BlobArena arena_;
  index::StringPool texts_;
  std::string packed_;
};

}  // namespace curfew::signal
