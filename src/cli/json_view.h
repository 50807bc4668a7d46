// Reading the server's JSON, and writing JSON that is safe to show.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json/value.hpp>

namespace curfew::cli {

// The value at a path of member names, "sessions.total"; null where there is none.
const boost::json::value* at(const boost::json::value& value, std::string_view path);

// Strings as they are, numbers and booleans as text, null and what is missing as nothing. Not yet safe to show.
std::string text_at(const boost::json::value& value, std::string_view path);
std::int64_t number_at(const boost::json::value& value, std::string_view path, std::int64_t otherwise = 0);
bool is_true(const boost::json::value& value, std::string_view path);
const boost::json::array& array_at(const boost::json::value& value,
                                   std::string_view path);  // empty where there is none

// One line. Characters that a terminal might obey are \u-escaped: the value stays the same, the bytes become harmless.
std::string safe_json(const boost::json::value& value);
// The same over several lines, indented by two.
std::string pretty_json(const boost::json::value& value);

}  // namespace curfew::cli
