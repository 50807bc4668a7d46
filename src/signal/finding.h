// Findings: why somebody should look at a user's sessions, with what it rests on. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "base/time.h"
#include "session/session.h"

namespace curfew::signal {

using session::RealmId;
using session::SessionNo;

// Stored, and the bits of a session's marks: numbers are never given anew.
enum class Rule : std::uint8_t {
  kManyNetworks = 0,        // active in several networks at once
  kNewDevice = 1,           // a device that this user never had before
  kNewNetwork = 2,          // a network that this user was never in before
  kNewCountry = 3,          // a country that this user was never in before
  kImpossibleTravel = 4,    // from one place to another faster than anybody travels
  kTokenReplay = 5,         // one session goes on in another network and on another device
  kAwakened = 6,            // used again after a long sleep
  kManySessions = 7,        // far more sessions than others have
  kSharedAddress = 8,       // many users on one address
  kSharedDevice = 9,        // many users on one device that the caller names
  kUnexpectedNetwork = 10,  // outside every network that the realm names
  kAnonymizer = 11,         // through a VPN, a proxy or Tor, by the database
  kIdle = 12,               // not used for long: by time alone, so never a mark
};
inline constexpr std::size_t kRules = 13;

std::string_view to_string(Rule rule);  // "many_networks", "new_device", …
Result<Rule> parse_rule(std::string_view text);

enum class Severity : std::uint8_t { kLow = 1, kMedium = 2, kHigh = 3 };
std::string_view to_string(Severity severity);  // "low", "medium", "high"
Result<Severity> parse_severity(std::string_view text);

constexpr std::uint16_t mark_of(Rule rule) {
  return static_cast<std::uint16_t>(1U << static_cast<unsigned>(rule));
}
std::uint16_t mark_of(Severity severity);  // index::kLowSeverity, …
// What a filter's word selects: a rule's name (but "idle", which is no mark), "any", or a severity.
Result<std::uint16_t> marks_of(std::string_view word);

// One event behind a finding.
struct Evidence {
  Time at;
  SessionNo session;
  IpAddress ip;
  std::string text;  // what happened, in words
  friend bool operator==(const Evidence&, const Evidence&) = default;
};

struct Finding {
  Rule rule = Rule::kManyNetworks;
  Severity severity = Severity::kLow;
  Time since;
  std::string reason;     // "4 networks at once, 3 of them never seen before"
  std::string threshold;  // "4 networks within 1 h"
  std::vector<SessionNo> sessions;
  std::vector<Evidence> evidence;  // at most kMostEvidence, the latest first
  friend bool operator==(const Finding&, const Finding&) = default;
};
inline constexpr std::size_t kMostEvidence = 10;

struct UserFindings {
  Severity severity = Severity::kLow;  // the highest of them
  Time since;                          // the earliest of them
  std::vector<Finding> findings;       // the most severe first, then by rule
  friend bool operator==(const UserFindings&, const UserFindings&) = default;
};

}  // namespace curfew::signal
