// Changes to operators and keys: checked here, made durable by others, then adopted.
#include <fmt/format.h>

#include <algorithm>

#include "access/directory_state.h"
#include "access/password.h"
#include "base/limits.h"
#include "base/text.h"

namespace curfew::access {
namespace {

constexpr std::size_t kSecretBytes = 32;
constexpr std::string_view kKeyPrefix = "cfk_";
constexpr std::size_t kShortestGivenKey = 20;
constexpr std::size_t kLongestGivenKey = 200;

bool administers(const Operator& one) {
  return !one.disabled && Grants(one.grants).administrator();
}

// One that expires cannot be counted on.
bool administers(const ApiKey& key) {
  return !key.expires && Grants(key.grants).administrator();
}

Status check_own_user(const std::optional<std::optional<UserRef>>& own) {
  if (!own || !*own) return {};
  CURFEW_TRY_STATUS(check_identifier("ownUser", (*own)->realm, limits::kRealmName));
  return check_text("ownUser", (*own)->user_id, limits::kUserId);
}

Status check_password(std::string_view password, std::size_t minimum) {
  if (password.size() < minimum || password.size() > Directory::kMostPassword) {
    return invalid("password", fmt::format("password must have {} to {} bytes", minimum, Directory::kMostPassword));
  }
  if (!is_valid_utf8(password)) return invalid("password", "password must be valid UTF-8");
  return {};
}

Status check_input(const OperatorInput& input, std::size_t minimum_password) {
  if (input.username) CURFEW_TRY_STATUS(check_text("username", *input.username, limits::kUsername));
  if (input.display_name) CURFEW_TRY_STATUS(check_text("displayName", *input.display_name, limits::kDisplayName));
  if (input.password) CURFEW_TRY_STATUS(check_password(*input.password, minimum_password));
  if (input.grants) CURFEW_TRY_STATUS(validate_grants(*input.grants));
  return check_own_user(input.own_user);
}

Status check_input(const KeyInput& input, Time now) {
  if (input.name) CURFEW_TRY_STATUS(check_text("name", *input.name, limits::kDisplayName));
  if (input.grants) {
    CURFEW_TRY_STATUS(validate_grants(*input.grants));
    if (input.grants->empty())
      return invalid("grants", "grants must hold at least one realm: a key without is useless");
  }
  if (input.expires && *input.expires && (**input.expires <= now || **input.expires > kMaxTime)) {
    return invalid("expiresAt", "expiresAt must lie in the future, in the years to 9999");
  }
  return check_own_user(input.own_user);
}

Status check_password_is_not_name(const OperatorInput& input, const std::string& username) {
  if (input.password && fold_case(*input.password) == fold_case(username)) {
    return invalid("password", "password must not be the username");
  }
  return {};
}

// In the order in which Grants keeps them, so that what is shown is what is stored.
std::vector<Grant> in_order(const std::vector<Grant>& grants) {
  return Grants(grants).list();
}

void fill(Operator& one, const OperatorInput& input) {
  if (input.username) one.username = *input.username;
  if (input.display_name) one.display_name = *input.display_name;
  if (input.grants) one.grants = in_order(*input.grants);
  if (input.own_user) one.own_user = *input.own_user;
  if (input.disabled) one.disabled = *input.disabled;
}

void fill(ApiKey& key, const KeyInput& input) {
  if (input.name) key.name = *input.name;
  if (input.grants) key.grants = in_order(*input.grants);
  if (input.own_user) key.own_user = *input.own_user;
  if (input.expires) key.expires = *input.expires;
}

Operator without_secret(Operator one) {
  one.password_hash.clear();
  return one;
}

ApiKey without_secret(ApiKey key) {
  key.secret_hash = Digest{};
  return key;
}

DocumentChange document(std::string_view table, const std::string& key, std::optional<std::string> bytes) {
  return {std::string(table), key, std::move(bytes)};
}

tl::unexpected<Error> no_such(std::string_view what) {
  return fail(ErrorCode::kNotFound, "", fmt::format("There is no {} with this id.", what), "id");
}

}  // namespace

bool Directory::Impl::administered(std::string_view without) const {
  return std::any_of(operators.begin(), operators.end(),
                     [&](const auto& entry) { return entry.first != without && administers(entry.second.one); }) ||
         std::any_of(keys.begin(), keys.end(),
                     [&](const auto& entry) { return entry.first != without && administers(entry.second.key); });
}

Status Directory::Impl::keep_administered(std::string_view id, bool administers_after) const {
  if (administers_after || administered(id) || !administered()) return {};
  return fail(
      ErrorCode::kConflict, "last_administrator",
      "Nobody would be left to administer the server; give ADMIN:* on all realms to another operator, or to a key "
      "that does not expire, first.");
}

Status Directory::Impl::check_username_free(const std::string& username, std::string_view own_id) const {
  const auto found = operator_ids.find(fold_case(username));
  if (found == operator_ids.end() || found->second == own_id) return {};
  return fail(ErrorCode::kAlreadyExists, "username_taken", "Another operator has this username.", "username");
}

Status Directory::Impl::check_key_name_free(const std::string& name, std::string_view own_id) const {
  for (const auto& [id, entry] : keys) {
    if (entry.key.name == name && id != own_id) {
      return fail(ErrorCode::kAlreadyExists, "name_taken", "Another key has this name.", "name");
    }
  }
  return {};
}

void Directory::Impl::append_removals(std::string_view operator_id, std::vector<DocumentChange>& documents) const {
  for (const auto& [digest, entry] : sign_ins) {
    if (entry.stored.operator_id == operator_id) documents.push_back(document(kSignInsTable, to_hex(digest), {}));
  }
}

std::vector<Operator> Directory::operators() const {
  const std::shared_lock lock(impl_->mutex);
  std::vector<Operator> all;
  all.reserve(impl_->operators.size());
  for (const auto& [id, entry] : impl_->operators) all.push_back(without_secret(entry.one));
  std::sort(all.begin(), all.end(),
            [](const Operator& a, const Operator& b) { return fold_case(a.username) < fold_case(b.username); });
  return all;
}

std::optional<Operator> Directory::find_operator(std::string_view id) const {
  const std::shared_lock lock(impl_->mutex);
  const auto found = impl_->operators.find(id);
  if (found == impl_->operators.end()) return std::nullopt;
  return without_secret(found->second.one);
}

std::vector<ApiKey> Directory::keys() const {
  const std::shared_lock lock(impl_->mutex);
  std::vector<ApiKey> all;
  all.reserve(impl_->keys.size());
  for (const auto& [id, entry] : impl_->keys) all.push_back(without_secret(entry.key));
  std::sort(all.begin(), all.end(), [](const ApiKey& a, const ApiKey& b) { return a.name < b.name; });
  return all;
}

std::optional<ApiKey> Directory::find_key(std::string_view id) const {
  const std::shared_lock lock(impl_->mutex);
  const auto found = impl_->keys.find(id);
  if (found == impl_->keys.end()) return std::nullopt;
  return without_secret(found->second.key);
}

Result<Prepared<Operator>> Directory::prepare_operator(const OperatorInput& input) {
  if (!input.username) return invalid("username", "username is missing");
  if (!input.password) return invalid("password", "password is missing");
  CURFEW_TRY_STATUS(check_input(input, impl_->options.minimum_password));
  CURFEW_TRY_STATUS(check_password_is_not_name(input, *input.username));

  Operator one;
  one.id = impl_->make_id();
  one.created = impl_->clock.now();
  one.display_name = *input.username;
  fill(one, input);
  CURFEW_TRY(one.password_hash, hash_password(*input.password));

  const std::shared_lock lock(impl_->mutex);
  if (impl_->operators.size() >= kMostOperators) {
    return fail(ErrorCode::kTooLarge, "too_many_operators",
                fmt::format("There are {} operators, which is the limit; remove one first.", kMostOperators));
  }
  CURFEW_TRY_STATUS(impl_->check_username_free(one.username, {}));
  Prepared<Operator> prepared;
  prepared.documents.push_back(document(kOperatorsTable, one.id, encode_operator(one)));
  prepared.value = without_secret(std::move(one));
  prepared.version = impl_->version;
  return prepared;
}

Result<Prepared<Operator>> Directory::prepare_operator_update(std::string_view id, const OperatorInput& input) {
  CURFEW_TRY_STATUS(check_input(input, impl_->options.minimum_password));
  const auto known = find_operator(id);
  if (!known) return no_such("operator");
  CURFEW_TRY_STATUS(check_password_is_not_name(input, input.username.value_or(known->username)));
  std::string hash;
  if (input.password) {
    CURFEW_TRY(hash, hash_password(*input.password));
  }

  const std::shared_lock lock(impl_->mutex);
  const auto found = impl_->operators.find(id);
  if (found == impl_->operators.end()) return no_such("operator");
  Operator one = found->second.one;
  fill(one, input);
  if (!hash.empty()) one.password_hash = std::move(hash);
  CURFEW_TRY_STATUS(impl_->check_username_free(one.username, id));
  CURFEW_TRY_STATUS(impl_->keep_administered(id, administers(one)));

  Prepared<Operator> prepared;
  prepared.documents.push_back(document(kOperatorsTable, one.id, encode_operator(one)));
  if (input.password || one.disabled) impl_->append_removals(id, prepared.documents);
  prepared.value = without_secret(std::move(one));
  prepared.version = impl_->version;
  return prepared;
}

Result<Prepared<Operator>> Directory::prepare_operator_removal(std::string_view id) {
  const std::shared_lock lock(impl_->mutex);
  const auto found = impl_->operators.find(id);
  if (found == impl_->operators.end()) return no_such("operator");
  CURFEW_TRY_STATUS(impl_->keep_administered(id, false));
  Prepared<Operator> prepared;
  prepared.value = without_secret(found->second.one);
  prepared.documents.push_back(document(kOperatorsTable, found->first, {}));
  impl_->append_removals(id, prepared.documents);
  prepared.version = impl_->version;
  return prepared;
}

Result<Prepared<Directory::NewKey>> Directory::Impl::prepare_key(const KeyInput& input, std::string text) {
  if (!input.name) return invalid("name", "name is missing");
  if (!input.grants) return invalid("grants", "grants are missing");
  const Time now = clock.now();
  CURFEW_TRY_STATUS(check_input(input, now));

  ApiKey key;
  key.id = make_id();
  key.created = now;
  fill(key, input);
  key.secret_hash = sha256(text);

  const std::shared_lock lock(mutex);
  if (keys.size() >= kMostKeys) {
    return fail(ErrorCode::kTooLarge, "too_many_keys",
                fmt::format("There are {} keys, which is the limit; remove one first.", kMostKeys));
  }
  CURFEW_TRY_STATUS(check_key_name_free(key.name, {}));
  if (keys_by_secret.contains(key.secret_hash)) {
    return fail(ErrorCode::kAlreadyExists, "key_taken", "Another key has this text; choose another.", "key");
  }
  Prepared<NewKey> prepared;
  prepared.documents.push_back(document(kKeysTable, key.id, encode_key(key)));
  prepared.value = NewKey{without_secret(std::move(key)), std::move(text)};
  prepared.version = version;
  return prepared;
}

Result<Prepared<Directory::NewKey>> Directory::prepare_key(const KeyInput& input) {
  return impl_->prepare_key(input, std::string(kKeyPrefix) + impl_->make_token(kSecretBytes));
}

Result<Prepared<Directory::NewKey>> Directory::prepare_key_with_text(const KeyInput& input, std::string_view text) {
  CURFEW_TRY_STATUS(check_identifier("key", text, kLongestGivenKey));
  if (text.size() < kShortestGivenKey) {
    return invalid("key", fmt::format("key must have {} to {} characters", kShortestGivenKey, kLongestGivenKey));
  }
  return impl_->prepare_key(input, std::string(text));
}

Result<Prepared<ApiKey>> Directory::prepare_key_update(std::string_view id, const KeyInput& input) {
  CURFEW_TRY_STATUS(check_input(input, impl_->clock.now()));
  const std::shared_lock lock(impl_->mutex);
  const auto found = impl_->keys.find(id);
  if (found == impl_->keys.end()) return no_such("key");
  ApiKey key = found->second.key;
  fill(key, input);
  CURFEW_TRY_STATUS(impl_->check_key_name_free(key.name, id));
  CURFEW_TRY_STATUS(impl_->keep_administered(id, administers(key)));
  Prepared<ApiKey> prepared;
  prepared.documents.push_back(document(kKeysTable, key.id, encode_key(key)));
  prepared.value = without_secret(std::move(key));
  prepared.version = impl_->version;
  return prepared;
}

Result<Prepared<ApiKey>> Directory::prepare_key_removal(std::string_view id) {
  const std::shared_lock lock(impl_->mutex);
  const auto found = impl_->keys.find(id);
  if (found == impl_->keys.end()) return no_such("key");
  CURFEW_TRY_STATUS(impl_->keep_administered(id, false));
  Prepared<ApiKey> prepared;
  prepared.value = without_secret(found->second.key);
  prepared.documents.push_back(document(kKeysTable, found->first, {}));
  prepared.version = impl_->version;
  return prepared;
}

bool Directory::Impl::holds(const DocumentChange& change) const {
  if (change.table == kOperatorsTable) {
    const auto found = operators.find(change.key);
    if (found == operators.end()) return !change.bytes;
    return change.bytes && encode_operator(found->second.one) == *change.bytes;
  }
  if (change.table == kKeysTable) {
    const auto found = keys.find(change.key);
    if (found == keys.end()) return !change.bytes;
    return change.bytes && encode_key(found->second.key) == *change.bytes;
  }
  const auto found = sign_ins.find(digest_of_hex(change.key));
  if (found == sign_ins.end()) return !change.bytes;
  return change.bytes && encode_sign_in(found->second.stored) == *change.bytes;
}

Status Directory::adopt(const std::vector<DocumentChange>& documents, std::uint64_t version) {
  const std::unique_lock lock(impl_->mutex);
  if (std::all_of(documents.begin(), documents.end(), [&](const auto& change) { return impl_->holds(change); })) {
    return {};
  }
  if (version != impl_->version) {
    return fail(ErrorCode::kConflict, "directory_changed",
                "Operators or keys have changed meanwhile; look at them again, then repeat the change.");
  }
  ++impl_->version;
  for (const DocumentChange& change : documents) {
    if (change.bytes) {
      CURFEW_TRY_STATUS(impl_->put(change.table, change.key, *change.bytes));
    } else {
      impl_->remove(change.table, change.key);
    }
  }
  return {};
}

}  // namespace curfew::access
