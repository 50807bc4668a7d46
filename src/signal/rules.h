// The rules: pure functions from what is known of one user to findings.
//
// A case is that user at a moment: settings, profile, live sessions. judge() applies every rule that is on, leaves out
// what is suppressed, and weighs what is left: two independent kinds of reasons make a high severity.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "index/index.h"
#include "signal/profile.h"

namespace curfew::signal {

// How many users share an address or a device; 0: not too many.
struct SharedBy {
  std::uint64_t users = 0;
  bool more = false;  // there are more sessions than were counted
};

// A live session of the user.
struct CaseRow {
  index::Handle handle;
  index::RowView view;
  std::string device;                   // its key; empty: unknown
  std::optional<device::Place> place;   // absent: nothing is known of it
  const NamedNetwork* named = nullptr;  // the realm's own name for where it is
  NetworkId network;
  SharedBy at_address, with_device;
  bool trusted() const { return named != nullptr && named->trusted; }
};

struct Case {
  const Settings& settings;
  const Profile& profile;
  std::string user_id;
  Time now;
  std::vector<CaseRow> rows;     // ascending `no`
  std::uint64_t sessions = 0;    // all of the user's; rows may be fewer
  std::uint64_t usual_most = 0;  // sessions that are still usual in this realm
  std::uint64_t median = 0;      // of the realm's users
};

std::vector<Finding> judge(const Case& user);

// The rules by what they look at; each appends at most one finding a rule.
void judge_places(const Case& user, std::vector<Finding>& out);
void judge_devices(const Case& user, std::vector<Finding>& out);
void judge_numbers(const Case& user, std::vector<Finding>& out);
void judge_incidents(const Case& user, std::vector<Finding>& out);

// Whether findings of this rule about this session are wanted: the rule is on, and nothing suppresses it.
bool heeds(const Case& user, Rule rule, const CaseRow& row);
Finding begin_finding(const Case& user, Rule rule);
// Names the session, with one event behind it.
void add_row(Finding& finding, const CaseRow& row, Time at, std::string text);
std::string network_words(const CaseRow& row);  // "Corporate", "AS64500 (Example)", "203.0.113.0/24"

// Raises severities by corroboration, and puts the findings in order.
UserFindings weigh(std::vector<Finding> findings);

}  // namespace curfew::signal
