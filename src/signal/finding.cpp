#include "signal/finding.h"

#include <algorithm>
#include <array>

#include "index/query.h"

namespace curfew::signal {
namespace {

constexpr std::array<std::string_view, kRules> kNames{
    "many_networks",      "new_device", "new_network",   "new_country",    "impossible_travel",
    "token_replay",       "awakened",   "many_sessions", "shared_address", "shared_device",
    "unexpected_network", "anonymizer", "idle"};

std::string listed() {
  std::string out;
  for (const std::string_view name : kNames) out.append(out.empty() ? "" : ", ").append(name);
  return out;
}

}  // namespace

std::string_view to_string(Rule rule) {
  return kNames[static_cast<std::size_t>(rule)];
}

Result<Rule> parse_rule(std::string_view text) {
  const auto at = std::find(kNames.begin(), kNames.end(), text);
  if (at == kNames.end()) return invalid("rule", "rule is one of " + listed() + ".");
  return static_cast<Rule>(at - kNames.begin());
}

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::kLow:
      return "low";
    case Severity::kMedium:
      return "medium";
    case Severity::kHigh:
      break;
  }
  return "high";
}

Result<Severity> parse_severity(std::string_view text) {
  for (const Severity severity : {Severity::kLow, Severity::kMedium, Severity::kHigh})
    if (text == to_string(severity)) return severity;
  return invalid("severity", "severity is low, medium or high.");
}

std::uint16_t mark_of(Severity severity) {
  switch (severity) {
    case Severity::kLow:
      return index::kLowSeverity;
    case Severity::kMedium:
      return index::kMediumSeverity;
    case Severity::kHigh:
      break;
  }
  return index::kHighSeverity;
}

Result<std::uint16_t> marks_of(std::string_view word) {
  if (word == "any")
    return static_cast<std::uint16_t>(index::kLowSeverity | index::kMediumSeverity | index::kHighSeverity);
  for (const Severity severity : {Severity::kLow, Severity::kMedium, Severity::kHigh})
    if (word == to_string(severity)) return mark_of(severity);
  const auto at = std::find(kNames.begin(), kNames.end(), word);
  if (at == kNames.end() || word == to_string(Rule::kIdle))
    return invalid("signal", "signal is any, low, medium, high, or one of " + listed() + ".");
  return mark_of(static_cast<Rule>(at - kNames.begin()));
}

}  // namespace curfew::signal
