#include "peers_options.h"

#include <string_view>

#include "peers/peer.h"

namespace curfew::bench {

Options parse(int count, char** values) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string_view name = values[i];
    if (name == "--loaded") {
      options.loaded = true;
      continue;
    }
    if (name == "--no-writes" || name == "--load-only") {
      options.writes = false;
      options.load_only = options.load_only || name == "--load-only";
      continue;
    }
    if (i + 1 == count) die("{} needs a value", name);
    const std::string text = values[++i];
    if (name == "--sessions")
      options.sessions = std::stoull(text);
    else if (name == "--rounds")
      options.rounds = std::stoull(text);
    else if (name == "--seconds")
      options.seconds = std::stod(text);
    else if (name == "--seed")
      options.seed = std::stoull(text);
    else if (name == "--only")
      options.only = text;
    else if (name == "--backup")
      options.backup = text;
    else if (name == "--engine")
      options.engine = text;
    else if (name == "--curfew")
      options.curfew = text;
    else if (name == "--curfew-pid")
      options.curfew_pid = std::stoi(text);
    else if (name == "--api-key")
      options.api_key = text;
    else if (name == "--postgres")
      options.postgres = text;
    else if (name == "--sqlite")
      options.sqlite = text;
    else if (name == "--redis")
      options.redis = text;
    else
      die("unknown option {}", name);
  }
  return options;
}

}  // namespace curfew::bench
