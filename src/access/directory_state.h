// What a Directory holds. directory.cpp says who somebody is; directory_admin.cpp changes operators and keys.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "access/access.h"
#include "access/attempts.h"
#include "access/documents.h"

namespace curfew::access {

// Digests of secrets: spread by their first bytes, compared in constant time.
struct DigestHash {
  std::size_t operator()(const Digest& digest) const noexcept;
};
struct DigestEqual {
  bool operator()(const Digest& a, const Digest& b) const noexcept;
};

// Guarded by `mutex`, but for what says otherwise.
struct Directory::Impl {
  struct OperatorEntry {
    Operator one;
    Grants grants;
    Digest password_digest{};  // of the hash: what sign-ins are bound to
  };
  struct KeyEntry {
    ApiKey key;
    Grants grants;
  };
  struct SignInEntry {
    StoredSignIn stored;
    Time last_used;
  };
  using SignIns = std::unordered_map<Digest, SignInEntry, DigestHash, DigestEqual>;

  Impl(const Clock& the_clock, Random& the_random, Options the_options);

  const Clock& clock;
  const Options options;
  mutable std::shared_mutex mutex;
  std::map<std::string, OperatorEntry, std::less<>> operators;  // by id
  std::unordered_map<std::string, std::string> operator_ids;    // folded username → id
  std::map<std::string, KeyEntry, std::less<>> keys;            // by id
  std::unordered_map<Digest, const KeyEntry*, DigestHash, DigestEqual> keys_by_secret;
  SignIns sign_ins;           // by SHA-256 of the token
  std::vector<Digest> ended;  // sign-ins that are gone here and still stored
  std::uint64_t version = 1;  // moves with each adopted change

  mutable std::mutex attempts_mutex;  // guards the two below
  Attempts by_address, by_username;

  std::mutex random_mutex;
  Random& random;
  std::string make_token(std::size_t bytes);
  std::string make_id();

  Status put(std::string_view table, std::string_view key, std::string_view bytes);
  Status put_operator(Operator one);
  Status put_key(ApiKey key);
  void remove(std::string_view table, std::string_view key);
  bool holds(const DocumentChange& change) const;

  // Whether the operator whose sign-in this is would still be let in with it.
  const OperatorEntry* owner(const SignInEntry& entry, Time now) const;
  void end_sign_in(SignIns::iterator entry);
  void end_sign_ins_of(std::string_view operator_id);
  void end_invalid_sign_ins(Time now);
  // The removal of the documents of up to kMostDropped sign-ins that have ended.
  void take_ended(std::vector<DocumentChange>& documents);
  void make_room_for_sign_in(const std::string& operator_id);
  // Those of an operator's sign-ins, for a change that ends them.
  void append_removals(std::string_view operator_id, std::vector<DocumentChange>& documents) const;

  // True if an operator or key other than `without` administers the whole server, for good.
  bool administered(std::string_view without = {}) const;
  Status keep_administered(std::string_view id, bool administers_after) const;
  Status check_username_free(const std::string& username, std::string_view own_id) const;
  Status check_key_name_free(const std::string& name, std::string_view own_id) const;
  Result<Prepared<NewKey>> prepare_key(const KeyInput& input, std::string text);

  static constexpr std::size_t kMostDropped = 100;
};

Digest digest_of_hex(std::string_view hex);  // zero where it is none

}  // namespace curfew::access
