// UserDirectory: the users of one realm, their names and their sessions' rows.
//
// What it is: a record of 48 bytes a user and a block with the texts; a hash by id; an order by case-folded username
// and id; a trigram index over the usernames; for each user the rows of the sessions (row_lists.h), and a time after
// which none of them was used, in a column of its own, of which sixteen users share a cache line. Invariants: a user
// stays known until forget(). A new user comes into the order by settle(), many at once; who reads the order settles
// first. Threads: none of its own. Views of texts stay good until the next change of the directory.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "index/blob_arena.h"
#include "index/counted_tree.h"
#include "index/ordinal_table.h"
#include "index/part_finder.h"
#include "index/row_lists.h"
#include "index/session_id.h"
#include "index/trigram_index.h"

namespace curfew::index {

class UserDirectory;

// The order of users: by case-folded username, then by id.
struct UserKeys {
  static constexpr bool kByValue = false, kShort = false;
  const UserDirectory& users;
  Probe probe(std::uint32_t user) const;
  int compare(const Probe& probe, std::uint32_t user) const;
  bool marked(std::uint32_t) const { return false; }
  void prefetch(std::uint32_t user) const;
  void prefetch_deep(std::uint32_t) const {}
};

class UserDirectory {
 public:
  static constexpr std::uint32_t kNone = OrdinalTable::kNone;
  using OrderTree = CountedTree<UserKeys>;

  UserDirectory() : keys_{*this}, order_(keys_) {}

  // An id to look for; its text must outlive it.
  struct Key {
    explicit Key(std::string_view id) : text(id), probe(id, 0) {}
    std::string_view text;
    IdProbe probe;
  };
  std::uint32_t find(const Key& key) const;
  std::uint32_t find(std::string_view user_id) const { return find(Key(user_id)); }
  // A new user. In bulk the order and the trigrams are left out until index_all().
  std::uint32_t add(const Key& key, std::string_view username, std::string_view email, bool bulk);
  // Requires, where the folded username changes: the user's rows are out of every order that hangs on it.
  void set_names(std::uint32_t user, std::string_view username, std::string_view email, bool bulk);
  // Requires: no rows.
  void forget(std::uint32_t user);
  void index_all();
  bool settled() const { return arriving_.empty(); }
  void settle();

  std::size_t size() const { return table_.size(); }
  std::size_t with_rows() const { return with_rows_; }
  std::uint32_t slots() const { return users_.size(); }  // ordinals are below this

  std::string_view folded_name(std::uint32_t user) const { return texts(user).name; }
  std::string username(std::uint32_t user) const;
  std::string_view username_view(std::uint32_t user) const;
  std::string_view email_view(std::uint32_t user) const;
  std::pair<std::string_view, std::string_view> names(std::uint32_t user) const;  // both
  void append_id(std::uint32_t user, std::string& out) const;
  std::string id(std::uint32_t user) const;

  // The key of a user's rows in the order of usernames, without `no`.
  Probe name_probe(std::uint32_t user) const;
  static Probe name_probe(std::string_view folded_name);
  // Compares a key with the user's name: hi and lo first, the rest only if they can't decide.
  int compare_name(const Probe& probe, std::uint32_t user) const;

  const OrderTree& order() const { return order_; }
  // Users whose folded name is this.
  std::vector<std::uint32_t> named(std::string_view folded_name) const;
  // Users whose name holds the part, ascending ordinals. `any_text`: or whose email or id holds it.
  std::vector<std::uint32_t> matching(const TextPart& part, bool any_text) const;

  std::uint32_t rows(std::uint32_t user) const { return users_[user].rows.size(); }
  void add_row(std::uint32_t user, std::uint32_t row);
  void remove_row(std::uint32_t user, std::uint32_t row);
  template <class F>
  void for_each_row(std::uint32_t user, F f) const {
    lists_.for_each(users_[user].rows, f);
  }
  // No session of the user was used after this second, counted from 1970: the first one after the latest use that was
  // noted, whether its session is still there or not.
  std::uint32_t used_by(std::uint32_t user) const { return used_by_[user]; }
  static std::int64_t ms_of(std::uint32_t second) {
    return second == kLater ? std::numeric_limits<std::int64_t>::max() : std::int64_t{second} * 1000;
  }
  void note_use(std::uint32_t user, std::int64_t ms) {
    const std::int64_t second = std::min<std::int64_t>(ms / 1000 + 1, kLater);
    if (second > used_by_[user]) used_by_[user] = static_cast<std::uint32_t>(second);
  }
  bool known(std::uint32_t user) const { return user < users_.size() && (users_[user].flags & kKnown) != 0; }

  // A record of 48 bytes may lie in two cache lines: where its name begins and its id, and where its texts and rows
  // are.
  void prefetch(std::uint32_t user) const { index::prefetch(&users_[user]); }
  void prefetch_refs(std::uint32_t user) const { index::prefetch(&users_[user].texts); }
  void prefetch_name(std::uint32_t user) const {  // as far as most names go
    const char* text = texts_.at(users_[user].texts);
    index::prefetch(text);
    index::prefetch(text + sizeof(Lengths) + 16);
  }
  void prefetch_text(std::uint32_t user) const {
    const char* text = texts_.at(users_[user].texts);
    index::prefetch(text);
    index::prefetch(text + 64);
  }
  void prefetch_use(std::uint32_t user) const { index::prefetch(&used_by_[user]); }
  void prefetch_rows(std::uint32_t user) const { lists_.prefetch(users_[user].rows); }
  // For a lookup soon after, in three rounds.
  void prefetch_find(const Key& key) const { table_.prefetch(key.probe.hash()); }
  void prefetch_guess(const Key& key) const {
    const std::uint32_t user = table_.guess(key.probe.hash());
    if (user == kNone) return;
    index::prefetch(&users_[user].id);
    prefetch_refs(user);
    prefetch_use(user);
  }
  void prefetch_guess_deep(const Key& key) const {
    const std::uint32_t user = table_.guess(key.probe.hash());
    if (user == kNone) return;
    prefetch_text(user);
    prefetch_rows(user);
  }
  std::size_t memory_bytes() const;
  void save(ImageWriter& out);
  void load(ImageReader& in);

 private:
  enum Flag : std::uint16_t { kUuid = 1, kKnown = 4 };
  struct User {
    std::uint64_t hi, lo;  // the first 16 bytes of the folded name
    PackedId id;           // of a text: its hash
    std::uint32_t texts;
    RowLists::List rows;  // its posting, of an unknown user: the next free one
    std::uint16_t flags, texts_size;
  };
  static_assert(sizeof(User) == 48);
  // The texts' block: six lengths, then name, email and id in folded form, each but the last closed by a 0 so that one
  // search runs over all three; then those that differ from their folded form as they are.
  struct Lengths {
    std::uint16_t name, email, id, raw_name, raw_email, raw_id;
  };
  struct Texts {
    std::string_view name, email, id, raw_name, raw_email, raw_id, searched;
  };
  struct HashOf {
    const UserDirectory& directory;
    std::uint64_t operator()(std::uint32_t user) const;
    void prefetch(std::uint32_t user) const { directory.prefetch(user); }
  };
  Texts texts(std::uint32_t user) const;
  void write_texts(User& user, std::string_view id, std::string_view username, std::string_view email);

  static constexpr std::uint32_t kLater = 0xffffffffU;  // than seconds since 1970 in 32 bits can tell

  PagedArray<User> users_;
  PagedArray<std::uint32_t> used_by_;
  BlobArena texts_;
  RowLists lists_;
  OrdinalTable table_;
  UserKeys keys_;
  OrderTree order_;
  TrigramIndex trigrams_;
  std::vector<std::uint32_t> arriving_;  // not in the order yet
  std::uint32_t free_ = kNone;
  std::size_t with_rows_ = 0;
};

inline void UserKeys::prefetch(std::uint32_t user) const {
  users.prefetch(user);
}

}  // namespace curfew::index
