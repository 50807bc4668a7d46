// The command tree as plain data: names, options, arguments, help, examples and what to run.
//
// One definition serves the parser, --help, the manual page and the shells' completion. Options are bound to variables,
// which the command's `run` owns (usually a shared_ptr captured by it); a tree is parsed once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"

namespace curfew::cli {

class Context;

// The exit statuses of every command.
enum Exit : int { kExitDone = 0, kExitFailed = 1, kExitUsage = 2, kExitPartly = 3 };

// Where a value goes. A flag sets its bool (or optional bool) to true; a vector takes an option again and again.
using Target = std::variant<bool*, std::optional<bool>*, std::string*, std::optional<std::string>*,
                            std::vector<std::string>*, std::int64_t*, std::optional<std::int64_t>*>;

struct Option {
  std::string name;   // "idle-for"
  char letter = 0;    // 'o' for -o; 0: none
  std::string value;  // what stands for the value in help: "DURATION"; empty: a flag
  std::string help;   // begins with a capital, ends with a full stop
  Target target;
  bool required = false;
  std::vector<std::string> choices;                  // the only values allowed, where there are any
  std::int64_t least = INT64_MIN, most = INT64_MAX;  // for numbers
  bool file = false;                                 // the value is a file's name: shells complete it
};

struct Argument {
  std::string name;  // "USER"
  std::string help;
  Target target;  // a string, an optional string, or a vector for the rest of the line
  bool required = true;
  bool file = false;
  std::vector<std::string> choices;
};

struct Example {
  std::string line;  // without the leading "curfew"
  std::string what;
};

struct Command {
  std::string name;
  std::string summary;      // one line for the list of commands, no full stop
  std::string description;  // paragraphs, separated by blank lines; may be empty
  std::vector<Option> options;
  std::vector<Argument> arguments;
  std::vector<Example> examples;
  std::vector<Command> commands;
  bool uses_server = false;  // takes the options of connection and output too
  // Gives an exit status, or an error: kInvalidArgument ends with kExitUsage, any other with kExitFailed. Empty for a
  // group.
  std::function<Result<int>(Context&)> run;

  // Each adds a piece and gives it back, so that its rarer members can be set.
  Option& flag(std::string option, Target target, std::string help);
  Option& option(std::string option, std::string value, Target target, std::string help);
  Argument& argument(std::string argument, Target target, std::string help);
  Command& example(std::string line, std::string what);
  Command& add(Command command);
};

Command make_command(std::string name, std::string summary, std::string description = {});

// The one of that name, or null.
const Command* find(const Command& group, std::string_view name);

}  // namespace curfew::cli
