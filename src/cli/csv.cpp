#include "cli/csv.h"

namespace curfew::cli {

std::string csv_cell(std::string_view text) {
  std::string cell;
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && std::string_view("=+-@").find(text[first]) != std::string_view::npos)
    cell += '\'';
  cell += text;
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string csv_line(const std::vector<std::string>& cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) line += ',';
    line += csv_cell(cells[i]);
  }
  return line + "\r\n";
}

}  // namespace curfew::cli
