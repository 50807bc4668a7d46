// ClientDirectory: the clients of one realm, the sets of clients that sessions have, and each client's sessions.
//
// What it is: clients under ordinals with their names and a compressed bitmap of rows; and each distinct sequence of
// clients once, under an ordinal that the rows hold (few sequences serve millions of sessions). Set 0 is the empty one.
// Invariants: a client is known while it has a name or a set holds it; a set, while a session has it.
// Threads: none of its own. Limits: limits::kClientsPerSession clients a set.
#pragma once

#include <array>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <roaring/roaring.hh>

#include "index/blob_arena.h"
#include "index/ordinal_table.h"
#include "session/session.h"

namespace curfew::index {

class ClientDirectory {
 public:
  struct Client {
    std::string id, name;  // a name may be empty
    Roaring regular_rows, offline_rows;
    std::uint64_t sessions = 0, offline = 0;
    std::uint32_t sets = 0;  // that hold it
    bool known = false;

    const Roaring& rows(bool of_offline) const { return of_offline ? offline_rows : regular_rows; }
    bool contains(std::uint32_t row, bool is_offline) const { return rows(is_offline).contains(row); }
  };

  ClientDirectory() { sets_.grow(1); }

  void name_client(std::string_view client_id, std::string_view name);  // an empty name takes it away
  const Client* find(std::string_view client_id) const;
  const Client& client(std::uint32_t ordinal) const { return clients_[ordinal]; }
  std::uint32_t ordinal(const Client& client) const { return static_cast<std::uint32_t>(&client - clients_.data()); }
  std::uint32_t slots() const { return static_cast<std::uint32_t>(clients_.size()); }  // ordinals are below it
  // By client id.
  const std::map<std::string, std::uint32_t, std::less<>>& by_id() const { return by_id_; }

  // The set of these clients, in this order, with one use more. Requires: the hash is theirs.
  std::uint32_t acquire(const std::vector<session::ClientLink>& clients, std::uint64_t hash);
  static std::uint64_t hash(const std::vector<session::ClientLink>& clients);
  void release(std::uint32_t set);
  std::span<const std::uint32_t> members(std::uint32_t set) const;
  // For an acquire soon after, in three rounds.
  void prefetch_acquire(std::uint64_t hash) const { index::prefetch(&guess(hash)); }
  void prefetch_guess(std::uint64_t hash) const { prefetch(guess(hash)); }
  void prefetch_guess_deep(std::uint64_t hash) const { prefetch_members(guess(hash)); }
  void prefetch(std::uint32_t set) const { index::prefetch(&sets_[set]); }
  void prefetch_members(std::uint32_t set) const {
    if (sets_[set].size > 1) index::prefetch(arena_.at(sets_[set].ref));
  }

  // Enters a row into the bitmaps of its set's clients, or takes it out.
  void enter(std::uint32_t row, std::uint32_t set, bool offline);
  void leave(std::uint32_t row, std::uint32_t set, bool offline);
  // The same for many rows, which come in ascending order: kept aside until finish_entering().
  void enter_later(std::uint32_t row, std::uint32_t set, bool offline);
  void finish_entering();
  std::size_t memory_bytes() const;
  void save(ImageWriter& out) const;
  void load(ImageReader& in);

 private:
  struct Set {
    std::uint32_t ref, uses, size;  // one member: ref is its ordinal; of a free one: ref names the next
  };
  struct HashOf {
    const ClientDirectory& directory;
    std::uint64_t operator()(std::uint32_t set) const { return hash_of_members(directory.members(set)); }
    void prefetch(std::uint32_t set) const { directory.prefetch(set); }
  };
  struct ClientHashOf {
    const ClientDirectory& directory;
    std::uint64_t operator()(std::uint32_t client) const { return hash_bytes(directory.clients_[client].id); }
    void prefetch(std::uint32_t) const {}
  };
  static std::uint64_t hash_of_members(std::span<const std::uint32_t> members);
  const std::uint32_t& guess(std::uint64_t hash) const { return guesses_[hash & (guesses_.size() - 1)]; }
  bool is(std::uint32_t set, const std::vector<session::ClientLink>& clients) const;
  std::uint32_t find_or_add(const std::vector<session::ClientLink>& clients);
  std::uint32_t client_ordinal(std::string_view client_id);
  void forget_if_unused(std::uint32_t ordinal);

  std::vector<Client> clients_;
  std::map<std::string, std::uint32_t, std::less<>> by_id_;
  std::vector<std::uint32_t> free_clients_;
  PagedArray<Set> sets_;
  BlobArena arena_;
  OrdinalTable table_, by_text_;  // of sets; of clients
  std::uint32_t free_set_ = 0;
  std::vector<std::uint32_t> scratch_;
  // By the hash of the clients' texts: the set that had it last, as a guess. Few sets serve most sessions. As many as
  // there are sets, a power of two.
  static constexpr std::size_t kMostGuesses = 4096;
  std::vector<std::uint32_t> guesses_ = std::vector<std::uint32_t>(1);
  std::vector<std::array<std::vector<std::uint32_t>, 2>> waiting_;  // by client: regular and offline rows to enter
};

}  // namespace curfew::index
