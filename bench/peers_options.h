// What curfew_peers_bench is told on its command line:
//
//   curfew_peers_bench --sessions N [--rounds N] [--seconds S] [--seed N]
//                      [--engine DIR] [--curfew HOST:PORT --curfew-pid P --api-key KEY]
//                      [--postgres CONNINFO] [--sqlite FILE] [--redis SOCKET]
//                      [--no-writes | --load-only] [--backup DIR] [--loaded] [--only W1 | W2 | W3 | W4]
#pragma once

#include <cstdint>
#include <string>

namespace curfew::bench {

struct Options {
  std::uint64_t sessions = 10'000, rounds = 200, seed = 1;
  double seconds = 60;  // for the questions
  std::string only;     // one kind of write alone, without questions: for a profile
  std::string backup, engine, curfew, api_key, postgres, sqlite, redis;
  int curfew_pid = 0;
  bool writes = true, load_only = false, loaded = false;
};

// Ends the program with a message where an option is unknown or has no value.
Options parse(int count, char** values);

}  // namespace curfew::bench
