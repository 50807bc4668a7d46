// The demo: a realm with an incident, a second realm, and people who come and go. It uses the public API as everybody
// does.
//
// Production holds jane.doe's incident; the partners' realm shows isolation. An empty server is filled once; later
// starts go on from what is there. jane.doe's sessions are neither ended nor begun again by the simulation, but a
// refused touch of one of them is sent now and then: what has been ended stays ended. Threads: run_round() from one
// thread. Errors: those of the API; the caller logs them and tries again.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "client/transport.h"
#include "demo/population.h"

namespace curfew::demo {

struct DemoOptions {
  std::uint64_t seed = 4711;
  std::size_t people = 420;
  std::size_t sessions = 1'200;  // live ones that it keeps about
  std::size_t partner_people = 60;
  std::size_t partner_sessions = 150;
};

class Demo {
 public:
  Demo(client::Transport& transport, const Clock& clock, DemoOptions options = {});

  // Makes the realms and fills them where they are empty.
  Status prepare();
  // A second of life: some sign in, many are active, some sign out.
  Status run_round();

 private:
  struct Town {
    std::string realm, display_name;
    std::size_t sessions;  // live ones wanted
    Population population;
    struct Live {
      bool offline;
      std::string id;
    };
    std::vector<Live> live;
  };

  Status make_realm(const Town& town);
  Status read_live(Town& town);
  Status fill(Town& town);
  Status begin_incident();
  Status link_admin();
  Status ingest(const std::string& realm, const std::string& lines);
  void live_a_second(Town& town, std::string& lines);

  client::Transport& transport_;
  const Clock& clock_;
  std::vector<Town> towns_;
  std::string office_admin_;  // the session of the operator admin
};

}  // namespace curfew::demo
