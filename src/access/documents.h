// The bytes of operators, keys and sign-ins (docs/formats/access.md). Reading answers kDataLoss on anything else than
// what was written.
#pragma once

#include <string>
#include <string_view>

#include "access/access.h"

namespace curfew::access {

inline constexpr std::string_view kOperatorsTable = "operators";  // key: the operator's id
inline constexpr std::string_view kKeysTable = "keys";            // key: the key's id
inline constexpr std::string_view kSignInsTable = "sign_ins";     // key: SHA-256 of the token, in hex

// What is stored of a sign-in. It is good only while the operator's password hash has this digest.
struct StoredSignIn {
  std::string operator_id;
  Time signed_in;
  Digest password_digest{};
  friend bool operator==(const StoredSignIn&, const StoredSignIn&) = default;
};

std::string encode_operator(const Operator& one);
Result<Operator> decode_operator(std::string_view id, std::string_view bytes);
std::string encode_key(const ApiKey& key);
Result<ApiKey> decode_key(std::string_view id, std::string_view bytes);
std::string encode_sign_in(const StoredSignIn& sign_in);
Result<StoredSignIn> decode_sign_in(std::string_view bytes);

}  // namespace curfew::access
