#include "signal/rules.h"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include "device/networks.h"

namespace curfew::signal {
namespace {

// Reasons of one kind tend to come together for one harmless cause: only different kinds corroborate each other.
enum class Kind : std::uint8_t { kPlace, kDevice, kBehaviour, kNumber };

Kind kind_of(Rule rule) {
  switch (rule) {
    case Rule::kNewDevice:
    case Rule::kSharedDevice:
      return Kind::kDevice;
    case Rule::kTokenReplay:
    case Rule::kAwakened:
    case Rule::kIdle:
      return Kind::kBehaviour;
    case Rule::kManySessions:
    case Rule::kSharedAddress:
      return Kind::kNumber;
    default:
      return Kind::kPlace;
  }
}

bool matches(const Suppression& suppression, const Case& user, Rule rule, const CaseRow& row) {
  return user.now < suppression.expires && (!suppression.rule || *suppression.rule == rule) &&
         (suppression.user_id.empty() || suppression.user_id == user.user_id) &&
         (!suppression.network || suppression.network->contains(row.view.ip)) &&
         (suppression.device.empty() || suppression.device == row.device);
}

bool share_a_session(const Finding& a, const Finding& b) {
  return std::any_of(a.sessions.begin(), a.sessions.end(), [&](SessionNo no) {
    return std::find(b.sessions.begin(), b.sessions.end(), no) != b.sessions.end();
  });
}

}  // namespace

bool heeds(const Case& user, Rule rule, const CaseRow& row) {
  if (!user.settings.rules[rule].enabled) return false;
  return std::none_of(user.settings.suppressions.begin(), user.settings.suppressions.end(),
                      [&](const Suppression& suppression) { return matches(suppression, user, rule, row); });
}

Finding begin_finding(const Case& user, Rule rule) {
  Finding finding;
  finding.rule = rule;
  finding.severity = user.settings.rules[rule].severity;
  finding.since = user.now;
  return finding;
}

void add_row(Finding& finding, const CaseRow& row, Time at, std::string text) {
  if (std::find(finding.sessions.begin(), finding.sessions.end(), row.view.no) == finding.sessions.end())
    finding.sessions.push_back(row.view.no);
  finding.evidence.push_back({at, row.view.no, row.view.ip, std::move(text)});
}

std::string network_words(const CaseRow& row) {
  if (row.named != nullptr) return row.named->name;
  if (row.network.asn != 0) {
    std::string out = "AS" + std::to_string(row.network.asn);
    if (row.place && !row.place->organization.empty()) out += " (" + row.place->organization + ")";
    return out;
  }
  return device::network_of(row.view.ip).to_string();
}

UserFindings weigh(std::vector<Finding> findings) {
  // The same session new in two ways at once is more than either.
  for (Finding& device : findings) {
    if (device.rule != Rule::kNewDevice) continue;
    for (const Finding& place : findings)
      if ((place.rule == Rule::kNewNetwork || place.rule == Rule::kNewCountry) && share_a_session(device, place))
        device.severity = std::max(device.severity, Severity::kMedium);
  }
  std::set<Kind> kinds;
  for (const Finding& finding : findings)
    if (finding.severity >= Severity::kMedium) kinds.insert(kind_of(finding.rule));
  if (kinds.size() >= 2)
    for (Finding& finding : findings)
      if (finding.severity == Severity::kMedium) finding.severity = Severity::kHigh;
  for (Finding& finding : findings) {
    std::sort(finding.evidence.begin(), finding.evidence.end(), [](const Evidence& a, const Evidence& b) {
      return std::tie(b.at, b.session, a.text) < std::tie(a.at, a.session, b.text);
    });
    if (finding.evidence.size() > kMostEvidence) finding.evidence.resize(kMostEvidence);
  }
  std::sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return a.severity != b.severity ? a.severity > b.severity : a.rule < b.rule;
  });
  UserFindings out;
  out.findings = std::move(findings);
  if (out.findings.empty()) return out;
  out.severity = out.findings.front().severity;
  out.since = out.findings.front().since;
  for (const Finding& finding : out.findings) out.since = std::min(out.since, finding.since);
  return out;
}

std::vector<Finding> judge(const Case& user) {
  std::vector<Finding> out;
  if (user.rows.empty()) return out;
  judge_places(user, out);
  judge_devices(user, out);
  judge_numbers(user, out);
  judge_incidents(user, out);
  return out;
}

}  // namespace curfew::signal
