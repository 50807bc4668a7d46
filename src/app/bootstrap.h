// The first start: an empty server gets an administrator, so that somebody can sign in.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "access/access.h"
#include "engine/engine.h"

namespace curfew::app {

struct BootstrapInput {
  std::optional<std::string> admin_password;  // CURFEW_BOOTSTRAP_ADMIN_PASSWORD; absent: one is made
  std::optional<std::string> api_key;         // CURFEW_BOOTSTRAP_API_KEY; absent: no key
  // Keeps a password that was made, before anything depends on it: should the process end in between, nobody is locked
  // out of a server whose only operator has a password that no one has seen.
  std::function<Status(const std::string&)> keep_password;
};

struct BootstrapResult {
  std::optional<std::string> made_password;  // to be shown once
};

// Does nothing unless the directory has neither operators nor keys. Operator and key come together or not at all,
// durable and audited before it returns.
Result<BootstrapResult> bootstrap(access::Directory& directory, engine::Engine& engine, Random& random,
                                  const BootstrapInput& input);

// A key for the process itself (the demo), in the place of an earlier one of that name. Gives its text.
Result<std::string> renew_own_key(access::Directory& directory, engine::Engine& engine, const std::string& name,
                                  const std::vector<access::Grant>& grants);
Status remove_own_key(access::Directory& directory, engine::Engine& engine, const std::string& name);

}  // namespace curfew::app
