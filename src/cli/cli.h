// The command line: from argv to an exit status.
//
// The program adds its own commands (serve, backup, …) as plain Commands (command.h); everything here is a client of
// the HTTP API. Threads: one.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/context.h"
#include "cli/terminal.h"

namespace curfew::cli {

// The tree: the commands of the API's client, after `extra` ones.
Command root_command(std::vector<Command> extra = {});

// Runs what the words (without the program's name) ask for. Gives the exit status: see Exit.
int run(const std::vector<std::string>& words, Terminal& terminal, Connect connect, std::vector<Command> extra = {});

// On the process's own terminal, with libcurl. main() of the program.
int run(int argc, char** argv, std::vector<Command> extra = {});

}  // namespace curfew::cli
