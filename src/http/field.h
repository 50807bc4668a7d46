// Small readings of header field text (RFC 9110, 5.6): no allocation, no state. Threads: any.
#pragma once

#include <string_view>

namespace curfew::http {

// ASCII case-insensitive equality.
bool iequals(std::string_view a, std::string_view b);

// Without the spaces and tabs around it.
std::string_view trim(std::string_view text);

// One or more characters that may stand in a method, a field name or a cookie name.
bool is_token(std::string_view text);

// Cuts the next item of a list from its front and returns it trimmed; separators within "quotes" do not count.
// Call until `list` is empty; items may be empty.
std::string_view next_item(std::string_view& list, char separator = ',');

}  // namespace curfew::http
