#include "cli/command.h"

#include <algorithm>

namespace curfew::cli {

Command make_command(std::string name, std::string summary, std::string description) {
  Command command;
  command.name = std::move(name);
  command.summary = std::move(summary);
  command.description = std::move(description);
  return command;
}

Option& Command::flag(std::string option_name, Target target, std::string help) {
  return option(std::move(option_name), {}, target, std::move(help));
}

Option& Command::option(std::string option_name, std::string value, Target target, std::string help) {
  Option added;
  added.name = std::move(option_name);
  added.value = std::move(value);
  added.help = std::move(help);
  added.target = target;
  return options.emplace_back(std::move(added));
}

Argument& Command::argument(std::string argument_name, Target target, std::string help) {
  Argument added;
  added.name = std::move(argument_name);
  added.help = std::move(help);
  added.target = target;
  return arguments.emplace_back(std::move(added));
}

Command& Command::example(std::string line, std::string what) {
  examples.push_back({std::move(line), std::move(what)});
  return *this;
}

Command& Command::add(Command command) {
  return commands.emplace_back(std::move(command));
}

const Command* find(const Command& group, std::string_view name) {
  const auto it =
      std::find_if(group.commands.begin(), group.commands.end(), [&](const Command& c) { return c.name == name; });
  return it == group.commands.end() ? nullptr : &*it;
}

}  // namespace curfew::cli
