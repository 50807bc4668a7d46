// Checks and small transformations of text that came from outside.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace curfew {

bool is_valid_utf8(std::string_view text);

// A text that people will see: valid UTF-8, 1 (or 0 if may_be_empty) to max_bytes bytes, no C0/C1 controls or DEL, no
// lone surrogates. The error names the field and the limit.
Status check_text(std::string_view field, std::string_view text, std::size_t max_bytes, bool may_be_empty = false);

// An identifier that stands in URLs and keys: 1 to max_bytes visible ASCII characters (0x21–0x7E).
Status check_identifier(std::string_view field, std::string_view text, std::size_t max_bytes);

// The form in which usernames are compared and searched: ASCII and Latin letters lowered (simple case folding of U+0000
// to U+024F, of Greek U+0370 to U+03FF and Cyrillic U+0400 to U+052F); every other code point is kept. A text may grow
// by half.
std::string fold_case(std::string_view utf8);

// "a%20b" → "a b"; an error on a broken escape. In query strings '+' is a space too.
Result<std::string> percent_decode(std::string_view text, bool plus_is_space = false);
std::string percent_encode(std::string_view text);  // all but unreserved characters of RFC 3986

}  // namespace curfew
