// Text on a terminal: made harmless, measured and cut in columns.
//
// Everything that a server or a file told us goes through safe_text() before it is shown: an escape sequence in a
// username must not move the cursor, retitle the window or hide a row. Widths are in terminal columns: East Asian wide
// characters and emoji take two, combining marks none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace curfew::cli {

// Without C0 and C1 controls, DEL, line separators and bidirectional overrides; tabs and line ends become one space;
// bytes that are not UTF-8 become U+FFFD.
std::string safe_text(std::string_view text);

// True for code points that safe_text() removes or replaces.
bool is_unsafe(char32_t code_point);

// Reads one code point and moves on; malformed bytes give U+FFFD, one byte at a time.
char32_t next_code_point(std::string_view text, std::size_t& at);

std::size_t display_width(std::string_view text);

// At most `columns` wide: cut at the end, the last column an ellipsis ("jane.d…"); middle: "3f2a…9c".
std::string shorten(std::string_view text, std::size_t columns);
std::string shorten_middle(std::string_view text, std::size_t columns);

// With spaces up to `columns`.
std::string pad_right(std::string text, std::size_t columns);
std::string pad_left(std::string text, std::size_t columns);

// Broken at spaces into lines of at most `columns`; a longer word stands alone.
std::vector<std::string> wrap(std::string_view text, std::size_t columns);

// 1234567 → "1,234,567".
std::string grouped(long long number);
// "1 session", "2 sessions", "0 sessions".
std::string counted(long long number, std::string_view noun);

}  // namespace curfew::cli
