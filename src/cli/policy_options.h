// A policy's members as options, for the commands that change or try one. "none" removes a limit.
#pragma once

#include <optional>
#include <string>

#include <boost/json/object.hpp>

#include "cli/command.h"

namespace curfew::cli {

struct PolicyOptions {
  std::optional<std::string> idle_timeout, max_lifetime, remember_me_idle_timeout, remember_me_max_lifetime,
      offline_idle_timeout, offline_max_lifetime, max_sessions_per_user, session_limit_action;

  void add_to(Command& command);
  // The API's PolicyChange; empty when nothing was given.
  Result<boost::json::object> body() const;
};

}  // namespace curfew::cli
