// `curfew evaluate-detection`: the figures of evaluate/, from the command line.
#pragma once

#include "cli/command.h"

namespace curfew::app {

cli::Command evaluate_command();

}  // namespace curfew::app
