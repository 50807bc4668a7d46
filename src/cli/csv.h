// CSV as RFC 4180: CRLF, quotes where needed. A cell that a spreadsheet would take for a formula is led by an
// apostrophe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace curfew::cli {

// One cell. The leading = + - @ may stand after blanks.
std::string csv_cell(std::string_view text);
std::string csv_line(const std::vector<std::string>& cells);

}  // namespace curfew::cli
