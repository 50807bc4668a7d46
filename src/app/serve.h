// `curfew serve`: the composition root. Opens the ledger, fills the engine, serves, and stops in order.
#pragma once

#include <string>
#include <vector>

#include "app/config.h"

namespace curfew::app {

struct ServeInput {
  std::string config_file;  // empty: none
  Flags flags;
  bool demo = false;
};

// Runs until SIGTERM or SIGINT. SIGHUP reads the configuration and the certificates again. Gives the exit status.
int serve(const ServeInput& input);

}  // namespace curfew::app
