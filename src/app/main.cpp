// The program: its own commands and those of the API's client.
#include <cstdlib>

#include "app/commands.h"
#include "cli/cli.h"

int main(int argc, char** argv) {
  return curfew::cli::run(argc, argv, curfew::app::own_commands());
}
