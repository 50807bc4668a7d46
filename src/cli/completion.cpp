// Completion scripts: static text made from the command tree, so that pressing Tab never calls the server.
#include <algorithm>
#include <functional>

#include "cli/help.h"
#include "cli/parse.h"

namespace curfew::cli {

namespace {

using Visit = std::function<void(const std::vector<const Command*>&)>;

void walk(std::vector<const Command*>& path, const Visit& visit) {
  visit(path);
  for (const auto& child : path.back()->commands) {
    path.push_back(&child);
    walk(path, visit);
    path.pop_back();
  }
}

std::vector<const Option*> options_of(const Command& command, const std::vector<Option>& shared) {
  std::vector<const Option*> all;
  for (const auto& option : command.options) all.push_back(&option);
  if (command.uses_server)
    for (const auto& option : shared) all.push_back(&option);
  return all;
}

std::string words(const std::vector<std::string>& list) {
  std::string out;
  for (const auto& word : list) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::vector<std::string> values_of(const Option& option) {
  if (std::holds_alternative<std::optional<bool>*>(option.target)) return {"true", "false"};
  return option.choices;
}

// The text inside single quotes for the shells.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out + "'";
}

std::string bash(const Command& root, const std::vector<Option>& shared) {
  std::string tree, values;
  std::vector<const Command*> path{&root};
  walk(path, [&](const std::vector<const Command*>& at) {
    const Command& command = *at.back();
    std::vector<std::string> candidates;
    for (const auto& child : command.commands) candidates.push_back(child.name);
    for (const auto& argument : command.arguments)
      candidates.insert(candidates.end(), argument.choices.begin(), argument.choices.end());
    for (const auto* option : options_of(command, shared)) {
      candidates.push_back("--" + option->name);
      if (option->value.empty()) continue;
      const auto fixed = values_of(*option);
      std::string pattern = "'" + spelled(at) + " --" + option->name + "'";
      if (option->letter != 0) pattern += "|'" + spelled(at) + " -" + std::string(1, option->letter) + "'";
      values += "    " + pattern + ") " +
                (option->file ? "COMPREPLY=($(compgen -f -- \"$cur\"))"
                              : "COMPREPLY=($(compgen -W " + quoted(words(fixed)) + " -- \"$cur\"))") +
                "; return ;;\n";
    }
    candidates.push_back("--help");
    const bool files =
        std::any_of(command.arguments.begin(), command.arguments.end(), [](const Argument& a) { return a.file; });
    tree += "    '" + spelled(at) + "') COMPREPLY=($(compgen " + (files ? "-f " : "") + "-W " +
            quoted(words(candidates)) + " -- \"$cur\")) ;;\n";
  });
  std::string paths;
  path.assign(1, &root);
  walk(path, [&](const std::vector<const Command*>& at) {
    if (at.size() > 1) paths += (paths.empty() ? "'" : "|'") + spelled(at) + "'";
  });
  return "# bash completion for curfew\n"
         "_curfew() {\n"
         "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} path=curfew i\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    case \"$path ${COMP_WORDS[i]}\" in\n"
         "    " +
         paths +
         ") path=\"$path ${COMP_WORDS[i]}\" ;;\n"
         "    esac\n"
         "  done\n"
         "  case \"$path $prev\" in\n" +
         values +
         "  esac\n"
         "  case \"$path\" in\n" +
         tree +
         "  esac\n"
         "}\n"
         "complete -F _curfew curfew\n";
}

// In zsh's _arguments, brackets and colons have a meaning inside a specification.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string function_name(const std::vector<const Command*>& path) {
  std::string name = "_" + spelled(path);
  std::replace_if(name.begin(), name.end(), [](char c) { return c == ' ' || c == '-'; }, '_');
  return name;
}

std::string zsh(const Command& root, const std::vector<Option>& shared) {
  std::string out = "#compdef curfew\n# zsh completion for curfew\n";
  std::vector<const Command*> path{&root};
  walk(path, [&](const std::vector<const Command*>& at) {
    const Command& command = *at.back();
    out += "\n" + function_name(at) + "() {\n";
    std::string specs = " '(-h --help)'{-h,--help}'[Show help.]'";
    for (const auto* option : options_of(command, shared)) {
      const bool many = std::holds_alternative<std::vector<std::string>*>(option->target);
      std::string text = "[" + zsh_text(option->help) + "]";
      if (!option->value.empty()) {
        const auto fixed = values_of(*option);
        text += ":" + zsh_text(option->value) + ":" +
                (option->file    ? "_files"
                 : fixed.empty() ? " "
                                 : "(" + words(fixed) + ")");
      }
      const std::string star = many ? "*" : "";
      specs += " \\\n    " + quoted(star + "--" + option->name + text);
      if (option->letter != 0) specs += " \\\n    " + quoted(star + "-" + std::string(1, option->letter) + text);
    }
    if (command.commands.empty()) {
      for (const auto& argument : command.arguments) {
        const bool many = std::holds_alternative<std::vector<std::string>*>(argument.target);
        const std::string action = argument.file              ? "_files"
                                   : argument.choices.empty() ? " "
                                                              : "(" + words(argument.choices) + ")";
        specs += " \\\n    " + quoted((many ? "*:" : std::string(argument.required ? ":" : "::")) +
                                      zsh_text(argument.name) + ":" + action);
      }
      out += "  _arguments" + specs + "\n}\n";
      return;
    }
    out += "  local line state\n  _arguments -C" + specs +
           " '1: :->command' '*::arg:->args'\n  case $state in\n  command)\n    local -a list=(";
    for (const auto& child : command.commands) out += "\n      " + quoted(child.name + ":" + zsh_text(child.summary));
    out += "\n    )\n    _describe command list ;;\n  args)\n    case $line[1] in\n";
    for (const auto& child : command.commands) {
      auto deeper = at;
      deeper.push_back(&child);
      out += "    " + child.name + ") " + function_name(deeper) + " ;;\n";
    }
    out += "    esac ;;\n  esac\n}\n";
  });
  // Autoloaded, the file is the function's first call; sourced, it only says what completes what.
  return out + "\nif [ \"$funcstack[1]\" = \"_curfew\" ]; then\n  _curfew \"$@\"\nelse\n  compdef _curfew curfew\nfi\n";
}

std::string fish(const Command& root, const std::vector<Option>& shared) {
  std::string out =
      "# fish completion for curfew\n"
      "function __curfew_at\n"
      "  set -l words (commandline -opc)\n"
      "  set -e words[1]\n"
      "  set -l at (string match -v -- '-*' $words)\n"
      "  set -l n (count $argv)\n"
      "  if test $n -eq 0\n"
      "    test (count $at) -eq 0\n"
      "    return\n"
      "  end\n"
      "  test (count $at) -ge $n; and test \"$at[1..$n]\" = \"$argv\"\n"
      "end\n"
      "function __curfew_group\n"
      "  set -l words (commandline -opc)\n"
      "  set -e words[1]\n"
      "  test \"$words\" = \"$argv\"\n"
      "end\n"
      "complete -c curfew -f\n";
  std::vector<const Command*> path{&root};
  walk(path, [&](const std::vector<const Command*>& at) {
    const Command& command = *at.back();
    const std::string where = at.size() == 1 ? "" : spelled(at).substr(std::string_view("curfew").size());
    for (const auto& child : command.commands)
      out += "complete -c curfew -n '__curfew_group" + where + "' -a " + child.name + " -d " + quoted(child.summary) +
             "\n";
    const std::string condition = "complete -c curfew -n '__curfew_at" + where + "'";
    for (const auto& argument : command.arguments) {
      if (argument.file) out += condition + " -F\n";
      if (!argument.choices.empty()) out += condition + " -a " + quoted(words(argument.choices)) + "\n";
    }
    if (at.size() == 1) out += "complete -c curfew -s h -l help -d 'Show help.'\n";
    for (const auto* option : options_of(command, shared)) {
      out += condition + " -l " + option->name;
      if (option->letter != 0) out += std::string(" -s ") + option->letter;
      if (!option->value.empty()) out += option->file ? " -r -F" : " -x";
      if (const auto fixed = values_of(*option); !fixed.empty() && !option->value.empty())
        out += " -a " + quoted(words(fixed));
      out += " -d " + quoted(option->help) + "\n";
    }
  });
  return out;
}

}  // namespace

Result<std::string> completion_script(const Command& root, const std::vector<Option>& shared, std::string_view shell) {
  if (shell == "bash") return bash(root, shared);
  if (shell == "zsh") return zsh(root, shared);
  if (shell == "fish") return fish(root, shared);
  return invalid("shell", "there is completion for bash, zsh and fish.");
}

}  // namespace curfew::cli
