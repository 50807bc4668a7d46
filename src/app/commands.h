// The program's own commands: serve, backup, restore, check-data. The others are the API's client (cli/).
#pragma once

#include <vector>

#include "cli/command.h"

namespace curfew::app {

std::vector<cli::Command> own_commands();

}  // namespace curfew::app
