// What is made of the command tree for people and shells: --help, the manual page, completion scripts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/command.h"
#include "cli/terminal.h"

namespace curfew::cli {

// The help of the last command of `path`, at most `width` columns wide.
std::string help_text(const std::vector<const Command*>& path, const std::vector<Option>& shared, std::size_t width,
                      const Style& style);

// "curfew sessions list [OPTIONS] USER…".
std::string synopsis(const std::vector<const Command*>& path);

// The whole manual as roff (man macros), section 1.
std::string manual(const Command& root, const std::vector<Option>& shared, std::string_view version);

// "bash", "zsh" or "fish".
Result<std::string> completion_script(const Command& root, const std::vector<Option>& shared, std::string_view shell);

}  // namespace curfew::cli
