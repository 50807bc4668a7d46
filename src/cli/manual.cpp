// The manual page. roff: a dot or an apostrophe at the start of a line and every backslash and hyphen need care.
#include "cli/help.h"
#include "cli/parse.h"

namespace curfew::cli {

namespace {

std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n'))
      out += std::string("\\&") + c;
    else
      out += c;
  }
  return out;
}

void append_paragraphs(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const auto end = text.find("\n\n");
    out += ".PP\n" + roff(text.substr(0, end)) + "\n";
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
  }
}

void append_option(std::string& out, const Option& option) {
  out += ".TP\n";
  if (option.letter != 0) out += "\\fB\\-" + std::string(1, option.letter) + "\\fR, ";
  out += "\\fB\\-\\-" + roff(option.name) + "\\fR";
  if (!option.value.empty()) out += " \\fI" + roff(option.value) + "\\fR";
  out += "\n" + roff(option.help);
  if (option.required) out += " Required.";
  if (std::holds_alternative<std::vector<std::string>*>(option.target)) out += " Repeatable.";
  for (std::size_t i = 0; i < option.choices.size(); ++i) out += (i == 0 ? " One of " : ", ") + roff(option.choices[i]);
  out += option.choices.empty() ? "\n" : ".\n";
}

void append_examples(std::string& out, const Command& command) {
  for (const auto& example : command.examples)
    out += ".PP\n" + roff(example.what) + "\n.PP\n.RS\n.nf\ncurfew " + roff(example.line) + "\n.fi\n.RE\n";
}

void append_command(std::string& out, std::vector<const Command*>& path) {
  const Command& command = *path.back();
  if (command.run) {
    out += ".SS \"" + roff(spelled(path)) + "\"\n.PP\n\\fB" + roff(synopsis(path)) + "\\fR\n.PP\n" +
           roff(command.summary) + ".\n";
    append_paragraphs(out, command.description);
    for (const auto& argument : command.arguments)
      out += ".TP\n\\fI" + roff(argument.name) + "\\fR\n" + roff(argument.help) + "\n";
    for (const auto& option : command.options) append_option(out, option);
    append_examples(out, command);
  }
  for (const auto& child : command.commands) {
    path.push_back(&child);
    append_command(out, path);
    path.pop_back();
  }
}

constexpr std::string_view kEnvironment =
    ".SH ENVIRONMENT\n"
    ".TP\n\\fBCURFEW_SERVER\\fR\nThe server's address, where \\fB\\-\\-server\\fR is not given.\n"
    ".TP\n\\fBCURFEW_API_KEY\\fR\nThe API key. It is never shown, and never sent to another server in place of a "
    "profile's.\n"
    ".TP\n\\fBCURFEW_PROFILE\\fR\nThe profile, where \\fB\\-\\-profile\\fR is not given.\n"
    ".TP\n\\fBCURFEW_REALM\\fR\nThe realm, where \\fB\\-\\-realm\\fR is not given. Ending sessions always needs the "
    "option itself.\n"
    ".TP\n\\fBCURFEW_CA_FILE\\fR\nThe authority to trust, where \\fB\\-\\-ca\\-file\\fR is not given.\n"
    ".TP\n\\fBNO_COLOR\\fR\nIf set and not empty, nothing is coloured.\n";

constexpr std::string_view kFilesAndStatus =
    ".SH FILES\n"
    ".TP\n\\fI~/.config/curfew/config.toml\\fR\nThe profiles, readable by their owner only. \\fBXDG_CONFIG_HOME\\fR is "
    "honoured.\n"
    ".SH EXIT STATUS\n"
    ".TP\n\\fB0\\fR\nAll was done.\n"
    ".TP\n\\fB1\\fR\nIt failed; nothing, or nothing more than was said, was done.\n"
    ".TP\n\\fB2\\fR\nThe command was not used rightly.\n"
    ".TP\n\\fB3\\fR\nIt was done in part.\n";

}  // namespace

std::string manual(const Command& root, const std::vector<Option>& shared, std::string_view version) {
  std::string out = ".TH CURFEW 1 \"\" \"curfew " + roff(version) + "\" \"User Commands\"\n";
  out += ".SH NAME\ncurfew \\- " + roff(root.summary) + "\n";
  out += ".SH SYNOPSIS\n.B curfew\n\\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n";
  out += ".SH DESCRIPTION\n";
  append_paragraphs(out, root.description);
  out += ".SH COMMANDS\n";
  std::vector<const Command*> path{&root};
  append_command(out, path);
  out += ".SH \"CONNECTION AND OUTPUT\"\n.PP\nTaken by every command that talks to a server.\n";
  for (const auto& option : shared) append_option(out, option);
  out += kEnvironment;
  out += kFilesAndStatus;
  if (!root.examples.empty()) {
    out += ".SH EXAMPLES\n";
    append_examples(out, root);
  }
  return out;
}

}  // namespace curfew::cli
