#include "access/password.h"

#include <sodium.h>

#include "base/check.h"

namespace curfew::access {
namespace {

constexpr unsigned long long kPasses = 2;
constexpr std::size_t kMemory = std::size_t{19} * 1024 * 1024;

void start_sodium() {
  static const int started = sodium_init();
  CURFEW_CHECK(started >= 0, "libsodium must start");
}

// A hash like any other; what it was made of is of no use, as the answer is no in any case.
const std::string& nobodys_hash() {
  static const std::string kHash = hash_password("nobody").value_or("");
  return kHash;
}

}  // namespace

Result<std::string> hash_password(std::string_view password) {
  start_sodium();
  char hash[crypto_pwhash_STRBYTES];
  if (crypto_pwhash_str(hash, password.data(), password.size(), kPasses, kMemory) != 0) {
    return fail(ErrorCode::kUnavailable, "", "there is not enough memory to hash a password; try again in a moment");
  }
  return std::string(hash);
}

bool verify_password(const std::string& hash, std::string_view password) {
  start_sodium();
  return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

bool verify_nobody(std::string_view password) {
  (void)verify_password(nobodys_hash(), password);
  return false;
}

void prepare_passwords() {
  (void)nobodys_hash();
}

}  // namespace curfew::access
