// Tables of text, fitted to a terminal.
//
// Columns are separated by two spaces. On a tty (width > 0) columns that may shrink give way, the widest first, never
// below their minimum; texts that do not fit are cut with an ellipsis. Without a width (a pipe, a file) nothing is ever
// cut. Texts must be safe already (safe_text).
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal.h"

namespace curfew::cli {

struct TableColumn {
  std::string title = {};
  std::size_t least = 4;  // columns that it keeps when it shrinks
  bool shrinks = true;
  bool cut_in_the_middle = false;  // for ids, whose ends tell them apart
  bool right = false;              // numbers
};

inline constexpr std::size_t kColumnGap = 2;

// The widths for these rows within `width`; 0: as wide as they are.
std::vector<std::size_t> fit(const std::vector<TableColumn>& columns, const std::vector<std::vector<std::string>>& rows,
                             std::size_t width);

// Colours a padded cell; `text` is the cell's own text.
using Paint = std::function<std::string(std::size_t column, const std::string& text, const std::string& padded)>;

std::string header_line(const std::vector<TableColumn>& columns, const std::vector<std::size_t>& widths,
                        const Style& style);
std::string row_line(const std::vector<TableColumn>& columns, const std::vector<std::size_t>& widths,
                     const std::vector<std::string>& row, bool cut, const Paint& paint = {});

// A whole table, header and rows, each line ended by LF.
std::string table(const std::vector<TableColumn>& columns, const std::vector<std::vector<std::string>>& rows,
                  std::size_t width, const Style& style, const Paint& paint = {});

// Two columns without a header: names and values, for one thing shown in full. Values are wrapped, never cut.
std::string facts(const std::vector<std::pair<std::string, std::string>>& pairs, std::size_t width, const Style& style);

}  // namespace curfew::cli
