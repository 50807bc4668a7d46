// Passwords as argon2id hashes (19 MiB, two passes; some 20 ms each) in PHC form.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace curfew::access {

// Makes what verify_nobody compares with, so that its first call takes no longer than the others.
void prepare_passwords();
// kUnavailable when there is no memory for it.
Result<std::string> hash_password(std::string_view password);
bool verify_password(const std::string& hash, std::string_view password);
// Takes as long as verify_password, and says no: for those whom we do not know.
bool verify_nobody(std::string_view password);

}  // namespace curfew::access
