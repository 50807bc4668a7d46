// From words to a command: reads argv by the command tree. The one user of CLI11.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace curfew::cli {

enum class Wish : std::uint8_t { kRun, kHelp, kVersion };

struct Parsed {
  std::vector<const Command*> path;  // from the root to the command; never empty
  Wish wish = Wish::kRun;
};

// A refusal, and the command that the words had led to: whose help is of use.
struct ParseFailure {
  Error error;
  std::vector<const Command*> path;
};

// `words` are without the program's name. Writes the values through the options' targets. `shared` are the options that
// every command with uses_server takes as well. A group that is named alone asks for its help. A command
// either runs or holds commands.
tl::expected<Parsed, ParseFailure> parse(const Command& root, const std::vector<Option>& shared,
                                         const std::vector<std::string>& words);

// " Did you mean …?", or nothing when no candidate is near.
std::string suggestion(std::string_view word, const std::vector<std::string>& candidates);

// "curfew sessions list".
std::string spelled(const std::vector<const Command*>& path);

}  // namespace curfew::cli
