#include "cli/help.h"

#include <algorithm>

#include "cli/parse.h"
#include "cli/text_width.h"

namespace curfew::cli {

namespace {

constexpr std::size_t kWidestHelp = 100;
constexpr std::size_t kIndent = 2;

using Rows = std::vector<std::pair<std::string, std::string>>;

std::string option_names(const Option& option) {
  std::string text = option.letter != 0 ? std::string("-") + option.letter + ", " : "    ";
  text += "--" + option.name;
  if (!option.value.empty()) text += " " + option.value;
  return text;
}

std::string option_help(const Option& option) {
  std::string text = option.help;
  if (option.required) text += " Required.";
  if (std::holds_alternative<std::vector<std::string>*>(option.target)) text += " Repeatable.";
  if (!option.choices.empty()) {
    text += " One of ";
    for (std::size_t i = 0; i < option.choices.size(); ++i) text += (i == 0 ? "" : ", ") + option.choices[i];
    text += ".";
  }
  return text;
}

Rows rows_of(const std::vector<Option>& options) {
  Rows rows;
  for (const auto& option : options) rows.emplace_back(option_names(option), option_help(option));
  return rows;
}

void append_rows(std::string& out, std::string_view title, const Rows& rows, std::size_t width, const Style& style) {
  if (rows.empty()) return;
  constexpr std::size_t kWidestName = 34;
  std::size_t names = 0;
  for (const auto& row : rows)
    if (row.first.size() <= kWidestName) names = std::max(names, row.first.size());
  out += "\n" + style.bold(title) + "\n";
  for (const auto& [name, text] : rows) {
    std::string line = std::string(kIndent, ' ') + pad_right(name, names);
    const auto column = kIndent + names + 2;
    if (name.size() > names) {
      out += line + "\n";
      line.assign(column, ' ');
    } else {
      line += "  ";
    }
    const auto lines = wrap(text, width > column + 20 ? width - column : 20);
    for (std::size_t i = 0; i < lines.size(); ++i) out += (i == 0 ? line : std::string(column, ' ')) + lines[i] + "\n";
  }
}

void append_paragraphs(std::string& out, std::string_view text, std::size_t width) {
  while (!text.empty()) {
    const auto end = text.find("\n\n");
    out += "\n";
    for (const auto& line : wrap(text.substr(0, end), width)) out += line + "\n";
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
  }
}

}  // namespace

std::string synopsis(const std::vector<const Command*>& path) {
  const Command& command = *path.back();
  std::string text = spelled(path);
  if (!command.commands.empty()) text += " COMMAND";
  if (!command.options.empty() || command.uses_server) text += " [OPTIONS]";
  for (const auto& argument : command.arguments) {
    std::string name = argument.name;
    if (std::holds_alternative<std::vector<std::string>*>(argument.target)) name += "...";
    text += argument.required ? " " + name : " [" + name + "]";
  }
  return text;
}

std::string help_text(const std::vector<const Command*>& path, const std::vector<Option>& shared, std::size_t width,
                      const Style& style) {
  width = std::min(width, kWidestHelp);
  const Command& command = *path.back();
  std::string out = command.summary + ".\n\n" + style.bold("Usage:") + " " + synopsis(path) + "\n";
  append_paragraphs(out, command.description, width);
  Rows rows;
  for (const auto& child : command.commands) rows.emplace_back(child.name, child.summary);
  append_rows(out, "Commands", rows, width, style);
  rows.clear();
  for (const auto& argument : command.arguments) rows.emplace_back(argument.name, argument.help);
  append_rows(out, "Arguments", rows, width, style);
  append_rows(out, "Options", rows_of(command.options), width, style);
  if (command.uses_server) append_rows(out, "Connection and output", rows_of(shared), width, style);
  if (!command.examples.empty()) {
    out += "\n" + style.bold("Examples") + "\n";
    for (const auto& example : command.examples) {
      for (const auto& line : wrap(example.what, width - kIndent)) out += "  " + style.dim("# " + line) + "\n";
      out += "  curfew " + example.line + "\n";
    }
  }
  if (!command.commands.empty()) out += "\n`" + spelled(path) + " COMMAND --help` tells more of a command.\n";
  return out;
}

}  // namespace curfew::cli
