// Who is it? Loading, keys, cookies, signing in and out.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "access/directory_state.h"
#include "access/password.h"
#include "base/limits.h"
#include "base/text.h"

namespace curfew::access {
namespace {

constexpr std::size_t kLongestSecret = 256;
constexpr std::size_t kTokenBytes = 32;

std::string_view as_text(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// Of one /64 an attacker has every address.
std::string address_subject(const IpAddress& from) {
  return from.is_v4() ? from.to_string() : Cidr(from, 64).to_string();
}

// Of a fixed size, whatever was typed.
std::string username_subject(std::string_view username) {
  return std::string(as_text(sha256(fold_case(username))));
}

// Derived from the cookie's token, so that it needs no store of its own; the token cannot be found from it.
std::string csrf_of(std::string_view token) {
  return base64url(as_text(hmac_sha256(token, "csrf")));
}

Caller caller_of(const Operator& one, const Grants& grants, std::string_view token, Time signed_in) {
  Caller caller;
  caller.kind = Caller::Kind::kOperator;
  caller.id = one.id;
  caller.name = one.username;
  caller.grants = grants;
  caller.own_user = one.own_user;
  caller.csrf_token = csrf_of(token);
  caller.signed_in = signed_in;
  return caller;
}

tl::unexpected<Error> unknown_table(std::string_view table) {
  return fail(ErrorCode::kDataLoss, "corrupt_record", fmt::format("there is no table of documents named {}", table));
}

}  // namespace

std::size_t DigestHash::operator()(const Digest& digest) const noexcept {
  std::size_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof hash);
  return hash;
}

bool DigestEqual::operator()(const Digest& a, const Digest& b) const noexcept {
  return constant_time_equal(as_text(a), as_text(b));
}

Digest digest_of_hex(std::string_view hex) {
  Digest digest{};
  const auto bytes = from_hex(hex);
  if (bytes && bytes->size() == digest.size()) std::copy(bytes->begin(), bytes->end(), digest.begin());
  return digest;
}

Directory::Impl::Impl(const Clock& the_clock, Random& the_random, Options the_options)
    : clock(the_clock),
      options(the_options),
      by_address(the_options.attempts_per_address, the_options.attempt_window),
      by_username(the_options.attempts_per_username, the_options.attempt_window),
      random(the_random) {}

std::string Directory::Impl::make_token(std::size_t bytes) {
  const std::lock_guard lock(random_mutex);
  return random_token(random, bytes);
}

std::string Directory::Impl::make_id() {
  const std::lock_guard lock(random_mutex);
  return random_uuid(random);
}

Status Directory::Impl::put(std::string_view table, std::string_view key, std::string_view bytes) {
  if (table == kOperatorsTable) {
    CURFEW_TRY(auto one, decode_operator(key, bytes));
    return put_operator(std::move(one));
  }
  if (table == kKeysTable) {
    CURFEW_TRY(auto read, decode_key(key, bytes));
    return put_key(std::move(read));
  }
  if (table != kSignInsTable) return unknown_table(table);
  CURFEW_TRY(auto stored, decode_sign_in(bytes));
  const Time signed_in = stored.signed_in;
  sign_ins.insert_or_assign(digest_of_hex(key), SignInEntry{std::move(stored), signed_in});
  return {};
}

Status Directory::Impl::put_operator(Operator one) {
  const std::string folded = fold_case(one.username);
  const auto [named, fresh] = operator_ids.try_emplace(folded, one.id);
  if (!fresh && named->second != one.id) {
    return fail(ErrorCode::kDataLoss, "corrupt_record", "two stored operators have one username");
  }
  OperatorEntry entry;
  entry.grants = Grants(one.grants);
  entry.password_digest = sha256(one.password_hash);
  entry.one = std::move(one);
  const auto found = operators.find(entry.one.id);
  if (found == operators.end()) {
    operators.emplace(entry.one.id, std::move(entry));
    return {};
  }
  const std::string before = fold_case(found->second.one.username);
  if (before != folded) operator_ids.erase(before);
  const bool ends = entry.one.disabled || entry.password_digest != found->second.password_digest;
  found->second = std::move(entry);
  if (ends) end_sign_ins_of(found->first);
  return {};
}

Status Directory::Impl::put_key(ApiKey key) {
  const auto found = keys.find(key.id);
  const auto taken = keys_by_secret.find(key.secret_hash);
  if (taken != keys_by_secret.end() && taken->second->key.id != key.id) {
    return fail(ErrorCode::kDataLoss, "corrupt_record", "two stored keys have one secret");
  }
  if (found != keys.end()) keys_by_secret.erase(found->second.key.secret_hash);
  KeyEntry& held = found != keys.end() ? found->second : keys[key.id];
  held = KeyEntry{key, Grants(key.grants)};
  keys_by_secret.emplace(key.secret_hash, &held);
  return {};
}

void Directory::Impl::remove(std::string_view table, std::string_view key) {
  if (table == kOperatorsTable) {
    const auto found = operators.find(key);
    if (found == operators.end()) return;
    end_sign_ins_of(key);
    operator_ids.erase(fold_case(found->second.one.username));
    operators.erase(found);
  } else if (table == kKeysTable) {
    const auto found = keys.find(key);
    if (found == keys.end()) return;
    keys_by_secret.erase(found->second.key.secret_hash);
    keys.erase(found);
  } else if (table == kSignInsTable) {
    const Digest digest = digest_of_hex(key);
    sign_ins.erase(digest);
    std::erase(ended, digest);  // this very change removes its document
  }
}

const Directory::Impl::OperatorEntry* Directory::Impl::owner(const SignInEntry& entry, Time now) const {
  if (now - entry.stored.signed_in >= options.sign_in_lifetime) return nullptr;
  if (now - entry.last_used >= options.sign_in_idle) return nullptr;
  const auto found = operators.find(entry.stored.operator_id);
  if (found == operators.end() || found->second.one.disabled) return nullptr;
  return found->second.password_digest == entry.stored.password_digest ? &found->second : nullptr;
}

void Directory::Impl::end_sign_in(SignIns::iterator entry) {
  ended.push_back(entry->first);
  sign_ins.erase(entry);
}

void Directory::Impl::end_sign_ins_of(std::string_view operator_id) {
  for (auto entry = sign_ins.begin(); entry != sign_ins.end();) {
    const auto next = std::next(entry);
    if (entry->second.stored.operator_id == operator_id) end_sign_in(entry);
    entry = next;
  }
}

void Directory::Impl::end_invalid_sign_ins(Time now) {
  for (auto entry = sign_ins.begin(); entry != sign_ins.end();) {
    const auto next = std::next(entry);
    if (owner(entry->second, now) == nullptr) end_sign_in(entry);
    entry = next;
  }
}

void Directory::Impl::take_ended(std::vector<DocumentChange>& documents) {
  for (std::size_t i = 0; i < kMostDropped && !ended.empty(); ++i) {
    documents.push_back({std::string(kSignInsTable), to_hex(ended.back()), std::nullopt});
    ended.pop_back();
  }
}

void Directory::Impl::make_room_for_sign_in(const std::string& operator_id) {
  std::size_t count = 0;
  auto oldest = sign_ins.end();
  for (auto entry = sign_ins.begin(); entry != sign_ins.end(); ++entry) {
    if (entry->second.stored.operator_id != operator_id) continue;
    ++count;
    if (oldest == sign_ins.end() || entry->second.last_used < oldest->second.last_used) oldest = entry;
  }
  if (count >= kSignInsPerOperator) end_sign_in(oldest);
}

Directory::Directory(const Clock& clock, Random& random, Options options)
    : impl_(std::make_unique<Impl>(clock, random, options)) {
  prepare_passwords();
}
Directory::~Directory() = default;

Status Directory::load(std::string_view table, std::string_view key, std::string_view bytes) {
  const std::unique_lock lock(impl_->mutex);
  return impl_->put(table, key, bytes);
}

bool Directory::empty() const {
  const std::shared_lock lock(impl_->mutex);
  return impl_->operators.empty() && impl_->keys.empty();
}

Result<Caller> Directory::authenticate_key(std::string_view key_text) const {
  const auto refused = [] {
    return fail(ErrorCode::kUnauthenticated, "", "The API key is not known, or has expired.");
  };
  if (key_text.empty() || key_text.size() > kLongestSecret) return refused();
  const Digest digest = sha256(key_text);
  const std::shared_lock lock(impl_->mutex);
  const auto found = impl_->keys_by_secret.find(digest);
  if (found == impl_->keys_by_secret.end()) return refused();
  const auto& [key, grants] = *found->second;
  if (key.expires && impl_->clock.now() >= *key.expires) return refused();
  Caller caller;
  caller.kind = Caller::Kind::kApiKey;
  caller.id = key.id;
  caller.name = key.name;
  caller.grants = grants;
  caller.own_user = key.own_user;
  return caller;
}

Result<Caller> Directory::authenticate_cookie(std::string_view token) {
  const auto refused = [] { return fail(ErrorCode::kUnauthenticated, "", "The sign-in has ended; sign in again."); };
  if (token.empty() || token.size() > kLongestSecret) return refused();
  const Digest digest = sha256(token);
  const Time now = impl_->clock.now();
  const std::unique_lock lock(impl_->mutex);
  const auto found = impl_->sign_ins.find(digest);
  if (found == impl_->sign_ins.end()) return refused();
  const Impl::OperatorEntry* owner = impl_->owner(found->second, now);
  if (owner == nullptr) {
    impl_->end_sign_in(found);
    return refused();
  }
  found->second.last_used = std::max(found->second.last_used, now);
  return caller_of(owner->one, owner->grants, token, found->second.stored.signed_in);
}

bool Directory::signed_in(std::string_view token) const {
  if (token.empty() || token.size() > kLongestSecret) return false;
  const Digest digest = sha256(token);
  const Time now = impl_->clock.now();
  const std::unique_lock lock(impl_->mutex);
  const auto found = impl_->sign_ins.find(digest);
  return found != impl_->sign_ins.end() && impl_->owner(found->second, now) != nullptr;
}

Result<SignIn> Directory::sign_in(std::string_view username, std::string_view password, const IpAddress& from) {
  const std::string address = address_subject(from);
  const std::string name = username_subject(username);
  {
    const std::int64_t now_ns = impl_->clock.monotonic_ns();
    const std::lock_guard lock(impl_->attempts_mutex);
    if (impl_->by_address.blocked_s(address, now_ns) || impl_->by_username.blocked_s(name, now_ns)) {
      return fail(ErrorCode::kResourceExhausted, "too_many_attempts",
                  "Too many sign-ins failed; wait a few minutes, then try again.");
    }
    impl_->by_address.count(address, now_ns);
    impl_->by_username.count(name, now_ns);
  }

  std::string id, hash;
  {
    const std::shared_lock lock(impl_->mutex);
    const auto found = impl_->operator_ids.find(fold_case(username));
    if (found != impl_->operator_ids.end()) {
      const Operator& one = impl_->operators.find(found->second)->second.one;
      if (!one.disabled) {
        id = one.id;
        hash = one.password_hash;
      }
    }
  }
  const bool short_enough = password.size() <= kMostPassword;
  const bool right = hash.empty() || !short_enough ? verify_nobody(password.substr(0, kMostPassword))
                                                   : verify_password(hash, password);

  const Time now = impl_->clock.now();
  SignIn made;
  if (right) made.token = impl_->make_token(kTokenBytes);
  {
    const std::unique_lock lock(impl_->mutex);
    const auto found = impl_->operators.find(id);
    // Between the two locks the operator may have been removed, disabled, or given another password.
    if (!right || found == impl_->operators.end() || found->second.one.disabled ||
        found->second.one.password_hash != hash) {
      return fail(ErrorCode::kUnauthenticated, "wrong_credentials", "The username or the password is wrong.");
    }
    const Digest digest = sha256(made.token);
    const StoredSignIn stored{id, now, found->second.password_digest};
    impl_->end_invalid_sign_ins(now);
    impl_->make_room_for_sign_in(id);
    impl_->take_ended(made.documents);
    impl_->sign_ins.emplace(digest, Impl::SignInEntry{stored, now});
    made.documents.push_back({std::string(kSignInsTable), to_hex(digest), encode_sign_in(stored)});
    made.caller = caller_of(found->second.one, found->second.grants, made.token, now);
  }
  const std::lock_guard lock(impl_->attempts_mutex);
  impl_->by_address.take_back(address);
  impl_->by_username.take_back(name);
  return made;
}

std::vector<DocumentChange> Directory::sign_out(std::string_view token) {
  if (token.empty() || token.size() > kLongestSecret) return {};
  const Digest digest = sha256(token);
  const std::unique_lock lock(impl_->mutex);
  if (impl_->sign_ins.erase(digest) == 0) return {};
  return {{std::string(kSignInsTable), to_hex(digest), std::nullopt}};
}

std::optional<std::int64_t> Directory::retry_after_s(std::string_view username, const IpAddress& from) const {
  const std::int64_t now_ns = impl_->clock.monotonic_ns();
  const std::lock_guard lock(impl_->attempts_mutex);
  const auto address = impl_->by_address.blocked_s(address_subject(from), now_ns);
  const auto name = impl_->by_username.blocked_s(username_subject(username), now_ns);
  if (!address && !name) return std::nullopt;
  return std::max(address.value_or(0), name.value_or(0));
}

}  // namespace curfew::access
