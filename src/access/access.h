// Who may do what: operators, API keys, permissions, sign-ins.
//
// What it is: the Directory holds every operator, key and sign-in in memory, answers "who is this?" and "may they?"
// without any I/O, and gives each change as documents for somebody else to make durable (the engine's ledger) before it
// is adopted here.
//
// Invariants: secrets are held as hashes only (argon2id for passwords; SHA-256 for keys and sign-in tokens, which are
// 256 random bits); compares are constant-time; an unknown username costs as much time as a wrong password; there is
// always at least one operator or key that administers the whole server, once there has been one. Threads: every
// function may be called from any thread; hashing a password (some 20 ms) happens outside the lock. Errors: input by
// kInvalidArgument with the field; sign-in by kUnauthenticated or kResourceExhausted (with retry_after_s).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "access/permission.h"
#include "base/crypto.h"
#include "base/ip.h"
#include "base/result.h"
#include "base/time.h"

namespace curfew::access {

// A user of a monitored realm who is the same person as the operator: their sessions are the caller's own.
struct UserRef {
  std::string realm;
  std::string user_id;
  friend bool operator==(const UserRef&, const UserRef&) = default;
};

struct Operator {
  std::string id;        // made here
  std::string username;  // distinct by its folded form; 1–255 bytes
  std::string display_name;
  std::vector<Grant> grants;
  std::optional<UserRef> own_user;
  std::string password_hash;  // argon2id in PHC form; never leaves this module but as stored bytes
  Time created;
  bool disabled = false;
};

struct ApiKey {
  std::string id;
  std::string name;  // distinct
  std::vector<Grant> grants;
  std::optional<UserRef> own_user;
  Digest secret_hash{};
  Time created;
  std::optional<Time> expires;
};

// Somebody whom we know, and what they may. A value: it is what held at the time of authenticate().
struct Caller {
  enum class Kind : std::uint8_t { kOperator, kApiKey };
  Kind kind = Kind::kOperator;
  std::string id, name;
  Grants grants;
  std::optional<UserRef> own_user;
  std::string csrf_token;         // cookie sign-ins only
  std::optional<Time> signed_in;  // cookie sign-ins only
};

// A change to make durable: (table, key) → bytes, or deleted. Tables: "operators", "keys", "sign_ins".
struct DocumentChange {
  std::string table, key;
  std::optional<std::string> bytes;
};

// What an administrator asks for; absent fields stay as they are on an update.
struct OperatorInput {
  std::optional<std::string> username, display_name, password;
  std::optional<std::vector<Grant>> grants;
  std::optional<std::optional<UserRef>> own_user;
  std::optional<bool> disabled;
};
struct KeyInput {
  std::optional<std::string> name;
  std::optional<std::vector<Grant>> grants;
  std::optional<std::optional<UserRef>> own_user;
  std::optional<std::optional<Time>> expires;
};

// A change that has been checked but not adopted: make `documents` durable, then adopt() it. Changes are made one at a
// time (the engine's order); one that was prepared before another was adopted is refused by adopt with kConflict.
template <class T>
struct Prepared {
  T value;
  std::vector<DocumentChange> documents;
  std::uint64_t version = 0;
};

struct SignIn {
  std::string token;  // for the cookie, once
  Caller caller;
  std::vector<DocumentChange> documents;
};

struct Options {
  Duration sign_in_idle = Duration::hours(1);
  Duration sign_in_lifetime = Duration::hours(12);
  int attempts_per_address = 10;  // failed ones in the window
  int attempts_per_username = 10;
  Duration attempt_window = Duration::minutes(5);
  std::size_t minimum_password = 12;
};

class Directory {
 public:
  static constexpr std::size_t kMostOperators = 10'000;
  static constexpr std::size_t kMostKeys = 10'000;
  static constexpr std::size_t kMostPassword = 1'024;  // bytes
  static constexpr std::size_t kSignInsPerOperator = 100;

  Directory(const Clock& clock, Random& random, Options options = {});
  ~Directory();

  // At start-up, each stored document; kDataLoss when one can't be read.
  Status load(std::string_view table, std::string_view key, std::string_view bytes);
  bool empty() const;  // neither operators nor keys

  // --- Who is it?
  // ------------------------------------------------------------------------------------------------------------
  Result<Caller> authenticate_key(std::string_view key_text) const;
  // Moves the sign-in's idle deadline.
  Result<Caller> authenticate_cookie(std::string_view token);
  // Whether a sign-in is still good, without counting as use of it: for streams that outlive their request.
  bool signed_in(std::string_view token) const;
  // Slow on purpose. Rate limited by address and by username, in bounded memory.
  Result<SignIn> sign_in(std::string_view username, std::string_view password, const IpAddress& from);
  std::vector<DocumentChange> sign_out(std::string_view token);
  std::optional<std::int64_t> retry_after_s(std::string_view username, const IpAddress& from) const;

  // --- Administration
  // ------------------------------------------------------------------------------------------------------
  std::vector<Operator> operators() const;  // by username; password_hash empty
  std::optional<Operator> find_operator(std::string_view id) const;
  std::vector<ApiKey> keys() const;  // by name; secret_hash zero
  std::optional<ApiKey> find_key(std::string_view id) const;

  Result<Prepared<Operator>> prepare_operator(const OperatorInput& input);  // create
  Result<Prepared<Operator>> prepare_operator_update(
      std::string_view id, const OperatorInput& input);  // a new password or disabling ends their sign-ins
  Result<Prepared<Operator>> prepare_operator_removal(std::string_view id);
  struct NewKey {
    ApiKey key;
    std::string text;  // shown once
  };
  Result<Prepared<NewKey>> prepare_key(const KeyInput& input);
  Result<Prepared<NewKey>> prepare_key_with_text(
      const KeyInput& input, std::string_view text);  // the bootstrap key; any 20–200 visible ASCII characters
  Result<Prepared<ApiKey>> prepare_key_update(std::string_view id, const KeyInput& input);
  Result<Prepared<ApiKey>> prepare_key_removal(std::string_view id);
  // Makes a durable change effective here. Idempotent for the same documents.
  Status adopt(const std::vector<DocumentChange>& documents, std::uint64_t version);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace curfew::access
