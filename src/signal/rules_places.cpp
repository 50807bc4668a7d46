// Where a user's sessions are.
#include <algorithm>

#include "signal/rules.h"
#include "signal/words.h"

namespace curfew::signal {
namespace {

// A network is new to the user if it is remembered as first seen after the learning period; a trusted one never is.
std::optional<Time> new_since(const Case& user, const CaseRow& row) {
  if (row.trusted()) return std::nullopt;
  const SeenNetwork* seen = find_network(user.profile, row.network);
  if (seen == nullptr || !is_new(user.profile, *seen, user.settings.rules[Rule::kNewNetwork], user.now))
    return std::nullopt;
  return seen->first;
}

struct ActiveNetwork {
  const CaseRow* sample;
  Time since;  // the earliest start among its active sessions
  bool fresh = false;
};

bool same_network(const CaseRow& a, const CaseRow& b) {
  // All that the realm trusts is one network: people walk from office to VPN.
  if (a.trusted() || b.trusted()) return a.trusted() && b.trusted();
  return a.network.same(b.network);
}

void many_networks(const Case& user, std::vector<Finding>& out) {
  const RuleSettings& rule = user.settings.rules[Rule::kManyNetworks];
  std::vector<ActiveNetwork> networks;
  Finding finding = begin_finding(user, Rule::kManyNetworks);
  for (const CaseRow& row : user.rows) {
    if (user.now - row.view.last_access > rule.window || !heeds(user, Rule::kManyNetworks, row)) continue;
    const bool fresh = new_since(user, row).has_value();
    add_row(finding, row, row.view.last_access,
            "active in " + network_words(row) + (fresh ? ", never seen before" : ""));
    const auto known = std::find_if(networks.begin(), networks.end(),
                                    [&](const ActiveNetwork& n) { return same_network(*n.sample, row); });
    if (known == networks.end())
      networks.push_back({&row, row.view.started, fresh});
    else
      known->since = std::min(known->since, row.view.started);
  }
  if (networks.size() < static_cast<std::size_t>(rule.threshold)) return;
  const auto fresh = std::count_if(networks.begin(), networks.end(), [](const ActiveNetwork& n) { return n.fresh; });
  finding.reason = std::to_string(networks.size()) + " networks at once";
  if (fresh > 0) finding.reason += ", " + std::to_string(fresh) + " of them never seen before";
  finding.threshold = counted(rule.threshold, "network") + " within " + span_words(rule.window);
  std::sort(networks.begin(), networks.end(),
            [](const ActiveNetwork& a, const ActiveNetwork& b) { return a.since < b.since; });
  finding.since = networks[static_cast<std::size_t>(rule.threshold) - 1].since;
  out.push_back(std::move(finding));
}

// "first time in A", "first time in A and B", "first time in A and 3 more".
std::string first_times(std::string_view how, const std::vector<std::string>& what) {
  std::string out = "first time " + std::string(how) + " " + what.front();
  if (what.size() == 2) out += " and " + what.back();
  if (what.size() > 2) out += " and " + std::to_string(what.size() - 1) + " more";
  return out;
}

std::string learning_words(const RuleSettings& rule) {
  return "not seen in the first " + span_words(rule.learning_period) + " or " +
         counted(rule.learning_sessions, "session") + ", for " + span_words(rule.raised_for);
}

void new_networks(const Case& user, std::vector<Finding>& out) {
  Finding finding = begin_finding(user, Rule::kNewNetwork);
  std::vector<std::string> names;
  for (const CaseRow& row : user.rows) {
    const auto since = new_since(user, row);
    if (!since || !heeds(user, Rule::kNewNetwork, row)) continue;
    std::string name = network_words(row);
    add_row(finding, row, *since, "first time in " + name);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
    finding.since = std::min(finding.since, *since);
  }
  if (names.empty()) return;
  finding.reason = first_times("in", names);
  finding.threshold = learning_words(user.settings.rules[Rule::kNewNetwork]);
  out.push_back(std::move(finding));
}

// No country is known of the time before there was a database: the first one that is told then is no news. Who was in
// trusted networks only, of which none is learnt, has no network from before either.
bool first_told(const Profile& profile, const SeenKey& country) {
  const auto before = [&](const auto& seen) { return seen.first < country.first; };
  return std::none_of(profile.countries.begin(), profile.countries.end(), before) &&
         std::any_of(profile.networks.begin(), profile.networks.end(), before);
}

void new_countries(const Case& user, std::vector<Finding>& out) {
  const RuleSettings& rule = user.settings.rules[Rule::kNewCountry];
  Finding finding = begin_finding(user, Rule::kNewCountry);
  std::vector<std::string> names;
  for (const CaseRow& row : user.rows) {
    if (!row.place || row.place->country.empty() || row.trusted()) continue;
    const SeenKey* seen = find_key(user.profile.countries, row.place->country);
    if (seen == nullptr || !is_new(user.profile, *seen, rule, user.now) || first_told(user.profile, *seen) ||
        !heeds(user, Rule::kNewCountry, row))
      continue;
    add_row(finding, row, seen->first, "first time from " + row.place->country);
    if (std::find(names.begin(), names.end(), row.place->country) == names.end()) names.push_back(row.place->country);
    finding.since = std::min(finding.since, seen->first);
  }
  if (names.empty()) return;
  finding.reason = first_times("from", names);
  finding.threshold = learning_words(rule);
  out.push_back(std::move(finding));
}

void unexpected_networks(const Case& user, std::vector<Finding>& out) {
  if (!user.settings.rules[Rule::kUnexpectedNetwork].enabled || user.settings.networks.empty()) return;
  Finding finding = begin_finding(user, Rule::kUnexpectedNetwork);
  for (const CaseRow& row : user.rows) {
    if (row.named != nullptr || !heeds(user, Rule::kUnexpectedNetwork, row)) continue;
    add_row(finding, row, row.view.started, "in " + network_words(row));
    finding.since = std::min(finding.since, row.view.started);
  }
  if (finding.sessions.empty()) return;
  finding.reason =
      counted(static_cast<std::int64_t>(finding.sessions.size()), "session") + " outside every named network";
  finding.threshold = "outside the " + counted(static_cast<std::int64_t>(user.settings.networks.size()), "network") +
                      " that the realm names";
  out.push_back(std::move(finding));
}

void anonymizers(const Case& user, std::vector<Finding>& out) {
  Finding finding = begin_finding(user, Rule::kAnonymizer);
  for (const CaseRow& row : user.rows) {
    if (!row.place || !row.place->anonymizer || row.named != nullptr || !heeds(user, Rule::kAnonymizer, row)) continue;
    add_row(finding, row, row.view.started, "through " + network_words(row));
    finding.since = std::min(finding.since, row.view.started);
  }
  if (finding.sessions.empty()) return;
  finding.reason =
      counted(static_cast<std::int64_t>(finding.sessions.size()), "session") + " through a VPN, proxy or Tor";
  finding.threshold = "by the database of anonymizers";
  out.push_back(std::move(finding));
}

}  // namespace

void judge_places(const Case& user, std::vector<Finding>& out) {
  many_networks(user, out);
  new_networks(user, out);
  new_countries(user, out);
  unexpected_networks(user, out);
  anonymizers(user, out);
}

}  // namespace curfew::signal
