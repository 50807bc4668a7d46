// Which kind of device an agent string speaks of.
#pragma once

#include <string_view>

#include "device/agent.h"

namespace curfew::device {

// `name` is what the program calls itself, as describe() found it; empty if it doesn't.
Kind kind_of(const Agent& agent, std::string_view user_agent, std::string_view name);

}  // namespace curfew::device
