// Which sessions `curfew sessions watch` shows where it is given filters.
//
// Most events name a session without telling what it is used on, so the ids of those that match are kept: the server
// lists them when the watch begins and after a gap; a start tells by itself; and a raised signal has the sessions of
// its user listed anew. A session that comes to match in another way is not seen. Memory: the ids of at most
// kMostSessions; a wider filter is refused. Threads: one. Errors: those of the lists.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_set>

#include <boost/json/value.hpp>

#include "cli/filters.h"
#include "client/transport.h"

namespace curfew::cli {

class WatchMatches {
 public:
  static constexpr std::size_t kMostSessions = 200'000;

  // Both must outlive it. `api` is asked while events stream in: it must not be the transport of the stream.
  WatchMatches(client::Transport& api, const DetectionFilters& filters, std::string realm)
      : api_(api), filters_(filters), realm_(std::move(realm)) {}

  // Forgets all and lists those that match now.
  Status load();
  // Is the event of a session that matches, or a signal of a user who has one?
  Result<bool> wants(std::string_view type, const boost::json::value& event);

 private:
  Result<std::size_t> add_listed(const std::string& realm, client::Fields query);
  bool fits(const boost::json::value& session) const;

  client::Transport& api_;
  const DetectionFilters& filters_;
  const std::string realm_;
  std::unordered_set<std::string> known_;
};

}  // namespace curfew::cli
