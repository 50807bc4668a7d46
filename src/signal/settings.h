// What counts as usual in a realm: its networks, its rules, and what is suppressed. Plain values; bytes in
// docs/formats/signals.md.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "signal/finding.h"

namespace curfew::signal {

struct NamedNetwork {
  std::string name;
  std::vector<Cidr> cidrs;
  bool trusted = false;  // its addresses are never new to anybody; all of it is one network
  bool contains(const IpAddress& ip) const;
  friend bool operator==(const NamedNetwork&, const NamedNetwork&) = default;
};

// One rule's settings; each rule heeds only those that members_of names.
struct RuleSettings {
  bool enabled = true;
  Severity severity = Severity::kLow;
  std::int64_t threshold = 0;
  Duration window{}, learning_period{}, raised_for{}, asleep_for{}, idle_for{}, offline_idle_for{};
  std::int64_t learning_sessions = 0, speed_kmh = 0, tolerance_km = 0;
  std::int64_t deviations_milli = 0;  // thousandths of a median absolute deviation
  friend bool operator==(const RuleSettings&, const RuleSettings&) = default;
};

// The numbers and durations that a rule has, under their names in the API, with their limits.
struct RuleNumber {
  std::string_view name;
  std::int64_t RuleSettings::* member;
  std::int64_t least, most;
  bool thousandths = false;  // the API gives it as a fraction
};
struct RuleDuration {
  std::string_view name;
  Duration RuleSettings::* member;
  Duration least, most;
};
std::span<const RuleNumber> numbers_of(Rule rule);
std::span<const RuleDuration> durations_of(Rule rule);

struct Rules {
  std::array<RuleSettings, kRules> by_rule;
  RuleSettings& operator[](Rule rule) { return by_rule[static_cast<std::size_t>(rule)]; }
  const RuleSettings& operator[](Rule rule) const { return by_rule[static_cast<std::size_t>(rule)]; }
  static Rules defaults();
  friend bool operator==(const Rules&, const Rules&) = default;
};

// What somebody knows about and does not want to hear of again: findings of `rule` (or of any) about sessions that
// match all that is given.
struct Suppression {
  std::string id;
  std::optional<Rule> rule;
  std::string user_id;          // empty: of any user
  std::optional<Cidr> network;  // absent: from anywhere
  std::string device;           // a device's key; empty: with any
  std::string reason, created_by;
  Time created, expires;
  friend bool operator==(const Suppression&, const Suppression&) = default;
};

struct Settings {
  std::vector<NamedNetwork> networks;
  Rules rules = Rules::defaults();
  std::vector<Suppression> suppressions;

  static Settings defaults() { return {}; }
  const NamedNetwork* find_network(std::string_view name) const;        // null: none is called so
  const NamedNetwork* network_at(const IpAddress& ip) const;            // the first that holds it; null: none
  std::optional<Duration> idle_after(session::SessionType type) const;  // absent: the rule is off
  friend bool operator==(const Settings&, const Settings&) = default;
};

inline constexpr std::size_t kMostNetworks = 64, kMostCidrs = 64, kMostSuppressions = 1'000;

// The error names the member as the API spells it: "networks[0].cidrs", "rules.many_networks.threshold".
Status validate(const Settings& settings);

void encode_settings(std::string& out, const Settings& settings);
Result<Settings> decode_settings(std::string_view bytes);

// Whether this session has been idle for long at `now`; nothing if not, if the rule is off, or if it is suppressed
// (suppressions by device are for rules that look at devices, and do not count here).
std::optional<Finding> idle_finding(const Settings& settings, session::SessionType type, SessionNo no,
                                    std::string_view user_id, const IpAddress& ip, Time last_access, Time now);

}  // namespace curfew::signal
