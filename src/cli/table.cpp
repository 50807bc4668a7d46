#include "cli/table.h"

#include <algorithm>
#include <utility>

#include "cli/text_width.h"

namespace curfew::cli {

std::vector<std::size_t> fit(const std::vector<TableColumn>& columns, const std::vector<std::vector<std::string>>& rows,
                             std::size_t width) {
  std::vector<std::size_t> widths;
  widths.reserve(columns.size());
  for (const auto& column : columns) widths.push_back(display_width(column.title));
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i)
      widths[i] = std::max(widths[i], display_width(row[i]));
  if (width == 0 || columns.empty()) return widths;

  const auto total = [&] {
    std::size_t sum = kColumnGap * (widths.size() - 1);
    for (const auto w : widths) sum += w;
    return sum;
  };
  for (auto over = total(); over > width; over = total()) {
    std::size_t widest = columns.size();
    for (std::size_t i = 0; i < columns.size(); ++i)
      if (columns[i].shrinks && widths[i] > columns[i].least &&
          (widest == columns.size() || widths[i] > widths[widest]))
        widest = i;
    if (widest == columns.size()) break;  // all are as narrow as they may be: the lines will wrap
    --widths[widest];
  }
  return widths;
}

std::string header_line(const std::vector<TableColumn>& columns, const std::vector<std::size_t>& widths,
                        const Style& style) {
  std::string line;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) line.append(kColumnGap, ' ');
    auto title = shorten(columns[i].title, widths[i]);
    if (columns[i].right)
      title = pad_left(std::move(title), widths[i]);
    else if (i + 1 < columns.size())
      title = pad_right(std::move(title), widths[i]);
    line += style.bold(title);
  }
  return line + "\n";
}

std::string row_line(const std::vector<TableColumn>& columns, const std::vector<std::size_t>& widths,
                     const std::vector<std::string>& row, bool cut, const Paint& paint) {
  std::string line;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) line.append(kColumnGap, ' ');
    std::string text = i < row.size() ? row[i] : std::string{};
    if (cut) text = columns[i].cut_in_the_middle ? shorten_middle(text, widths[i]) : shorten(text, widths[i]);
    std::string padded = text;
    if (columns[i].right)
      padded = pad_left(std::move(padded), widths[i]);
    else if (i + 1 < columns.size())
      padded = pad_right(std::move(padded), widths[i]);
    line += paint ? paint(i, i < row.size() ? row[i] : text, padded) : padded;
  }
  while (line.ends_with(' ')) line.pop_back();
  return line + "\n";
}

std::string table(const std::vector<TableColumn>& columns, const std::vector<std::vector<std::string>>& rows,
                  std::size_t width, const Style& style, const Paint& paint) {
  const auto widths = fit(columns, rows, width);
  std::string out = header_line(columns, widths, style);
  for (const auto& row : rows) out += row_line(columns, widths, row, width != 0, paint);
  return out;
}

std::string facts(const std::vector<std::pair<std::string, std::string>>& pairs, std::size_t width,
                  const Style& style) {
  std::size_t names = 0;
  for (const auto& pair : pairs) names = std::max(names, display_width(pair.first));
  const std::size_t room = width == 0
                               ? static_cast<std::size_t>(-1)
                               : std::max<std::size_t>(20, width > names + kColumnGap ? width - names - kColumnGap : 0);
  std::string out;
  for (const auto& [name, value] : pairs) {
    out += style.bold(pad_right(name, names)) + std::string(kColumnGap, ' ');
    const auto lines = wrap(value, room);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (i > 0) out.append(names + kColumnGap, ' ');
      out += lines[i] + "\n";
    }
  }
  return out;
}

}  // namespace curfew::cli
