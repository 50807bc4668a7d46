// With what, how many, and what happened at a moment.
#include <algorithm>

#include "signal/rules.h"
#include "signal/words.h"

namespace curfew::signal {
namespace {

std::string_view device_words(std::string_view key) {
  return key.substr(std::min<std::size_t>(3, key.size()));
}

void new_devices(const Case& user, std::vector<Finding>& out) {
  const RuleSettings& rule = user.settings.rules[Rule::kNewDevice];
  Finding finding = begin_finding(user, Rule::kNewDevice);
  std::vector<std::string> names;
  for (const CaseRow& row : user.rows) {
    if (row.device.empty()) continue;
    const SeenKey* seen = find_key(user.profile.devices, row.device);
    if (seen == nullptr || !is_new(user.profile, *seen, rule, user.now) || !heeds(user, Rule::kNewDevice, row))
      continue;
    std::string name(device_words(row.device));
    add_row(finding, row, seen->first, "first time with " + name);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
    finding.since = std::min(finding.since, seen->first);
  }
  if (names.empty()) return;
  finding.reason = "first time with " + names.front();
  if (names.size() == 2) finding.reason += " and " + names.back();
  if (names.size() > 2) finding.reason += " and " + std::to_string(names.size() - 1) + " more";
  finding.threshold = "not seen in the first " + span_words(rule.learning_period) + " or " +
                      counted(rule.learning_sessions, "session") + ", for " + span_words(rule.raised_for);
  out.push_back(std::move(finding));
}

// Addresses and devices that too many users share.
void shared(const Case& user, Rule rule, SharedBy CaseRow::* by, std::string_view what, std::vector<Finding>& out) {
  Finding finding = begin_finding(user, rule);
  SharedBy most;
  std::string where;
  const auto words = [](const SharedBy& of) {
    return std::to_string(of.users) + (of.more ? " or more users" : " users");
  };
  for (const CaseRow& row : user.rows) {
    const SharedBy& here = row.*by;
    if (here.users == 0 || row.trusted() || !heeds(user, rule, row)) continue;
    const std::string name =
        rule == Rule::kSharedAddress ? row.view.ip.to_string() : std::string(device_words(row.device));
    add_row(finding, row, row.view.started, words(here) + " on " + name);
    finding.since = std::min(finding.since, row.view.started);
    if (here.users > most.users) {
      most = here;
      where = name;
    }
  }
  if (most.users == 0) return;
  finding.reason = words(most) + " on " + std::string(what) + " " + where;
  finding.threshold = counted(user.settings.rules[rule].threshold, "user") + " on one " + std::string(what);
  out.push_back(std::move(finding));
}

void many_sessions(const Case& user, std::vector<Finding>& out) {
  if (user.usual_most == 0 || user.sessions <= user.usual_most) return;
  Finding finding = begin_finding(user, Rule::kManySessions);
  std::vector<Time> starts;
  for (const CaseRow& row : user.rows) {
    if (!heeds(user, Rule::kManySessions, row)) continue;
    add_row(finding, row, row.view.started, "started");
    starts.push_back(row.view.started);
  }
  if (starts.empty()) return;
  std::sort(starts.begin(), starts.end());
  // When the first one too many came, as far as those looked at tell.
  const std::uint64_t beyond = user.sessions - user.usual_most;
  finding.since = starts[starts.size() > beyond ? starts.size() - beyond : 0];
  finding.reason = counted(static_cast<std::int64_t>(user.sessions), "session") + ", where half of the users have " +
                   std::to_string(user.median) + " or fewer";
  finding.threshold = "more than " + counted(static_cast<std::int64_t>(user.usual_most), "session");
  out.push_back(std::move(finding));
}

std::string incident_threshold(Rule rule, const RuleSettings& settings) {
  switch (rule) {
    case Rule::kImpossibleTravel:
      return "faster than " + std::to_string(settings.speed_kmh) + " km/h";
    case Rule::kAwakened:
      return "used again after " + span_words(settings.asleep_for);
    default:
      return "another network and another device in one session";
  }
}

}  // namespace

void judge_devices(const Case& user, std::vector<Finding>& out) {
  new_devices(user, out);
  shared(user, Rule::kSharedDevice, &CaseRow::with_device, "device", out);
}

void judge_numbers(const Case& user, std::vector<Finding>& out) {
  many_sessions(user, out);
  shared(user, Rule::kSharedAddress, &CaseRow::at_address, "address", out);
}

void judge_incidents(const Case& user, std::vector<Finding>& out) {
  for (const Rule rule : {Rule::kImpossibleTravel, Rule::kTokenReplay, Rule::kAwakened}) {
    const RuleSettings& settings = user.settings.rules[rule];
    Finding finding = begin_finding(user, rule);
    for (const Incident& incident : user.profile.incidents) {
      if (incident.rule != rule || user.now - incident.at > settings.raised_for) continue;
      const auto row = std::find_if(user.rows.begin(), user.rows.end(),
                                    [&](const CaseRow& r) { return r.view.no == incident.session; });
      if (row == user.rows.end() || !heeds(user, rule, *row)) continue;
      if (std::find(finding.sessions.begin(), finding.sessions.end(), incident.session) == finding.sessions.end())
        finding.sessions.push_back(incident.session);
      finding.evidence.push_back({incident.at, incident.session, incident.ip, incident.text});
      finding.since = std::min(finding.since, incident.at);
      finding.reason = incident.text;  // the latest one's
    }
    if (finding.sessions.empty()) continue;
    finding.threshold = incident_threshold(rule, settings);
    out.push_back(std::move(finding));
  }
}

}  // namespace curfew::signal
