// The filters of the list of sessions as options: the API's names in kebab-case. Checked here as far as that needs no
// server, so that a slip of the pen is told before anything is asked.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "base/time.h"
#include "cli/command.h"
#include "client/transport.h"

namespace curfew::cli {

// What sessions are used on, from where, and what is odd about them.
struct DetectionFilters {
  std::vector<std::string> devices, signals, networks, networks_not;

  void add_to(Command& command);
  bool empty() const { return devices.empty() && signals.empty() && networks.empty() && networks_not.empty(); }
  Status check() const;
  void append_to(client::Fields& query) const;
};

// The rules that raise signals, by the API's names.
const std::vector<std::string>& rule_names();
// "unknown", "desktop", …: the kinds of devices.
const std::vector<std::string>& device_kinds();

struct SessionFilters {
  std::optional<std::string> search, type, user, idle_for, started_after, started_before, last_access_after,
      last_access_before;
  std::vector<std::string> clients, ip, ip_not;
  DetectionFilters detection;
  std::optional<bool> remember_me;

  void add_to(Command& command);
  bool empty() const;
  // Checks all of them, and turns times like "-PT2H" into times.
  Status settle(Time now);
  void append_to(client::Fields& query) const;
  boost::json::object body() const;  // the same as the API's SessionFilter
};

// "regular/ID": the type and the id.
struct SessionName {
  std::string type, id;
};
Result<SessionName> parse_session_name(std::string_view text);

// The server's texts for times and durations, checked. Besides RFC 3339, `now` minus a duration: "-PT2H" is two hours
// ago.
Result<std::string> time_option(std::string_view name, std::string_view text, Time now);
Status check_duration(std::string_view name, std::string_view text);

}  // namespace curfew::cli
