#include "evaluate/evaluate.h"

#include <algorithm>
#include <fstream>

namespace curfew::evaluate {
namespace {

bool positive(const Verdict& verdict) {
  return verdict.attacker != Attacker::kNone;
}

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

RuleFigures rule_figures(signal::Rule rule, const std::vector<Verdict>& verdicts) {
  RuleFigures out{.rule = rule};
  std::vector<Scored> scored;
  std::uint64_t hits = 0, alarms = 0;
  for (const Verdict& verdict : verdicts) {
    const bool named = (verdict.rules & signal::mark_of(rule)) != 0;
    if (named) ++(positive(verdict) ? hits : alarms);
    scored.push_back({named ? 1U : 0U, positive(verdict)});
  }
  const Roc roc = roc_of(std::move(scored));
  out.area = roc.area;
  out.hits = share(hits, roc.positives);
  out.alarms = share(alarms, roc.negatives);
  return out;
}

}  // namespace

Figures figures_of(const Replay& replay) {
  Figures out;
  const std::vector<Verdict>& verdicts = replay.verdicts();
  out.logins = replay.logins();
  out.sessions = verdicts.size();
  out.users = replay.users();
  std::vector<Scored> sessions, users(out.users);
  for (const Verdict& verdict : verdicts) {
    ++out.by_attacker[static_cast<std::size_t>(verdict.attacker)];
    sessions.push_back({verdict.score, positive(verdict)});
    Scored& user = users[verdict.user];
    user.score = std::max(user.score, verdict.score);
    user.positive = user.positive || positive(verdict);
  }
  out.session = roc_of(std::move(sessions));
  out.user = roc_of(std::move(users));
  for (std::size_t i = 0; i < signal::kRules; ++i)
    if (static_cast<signal::Rule>(i) != signal::Rule::kIdle)  // no mark, and no sign of an attack
      out.rules.push_back(rule_figures(static_cast<signal::Rule>(i), verdicts));
  for (const signal::Severity least : {signal::Severity::kLow, signal::Severity::kMedium, signal::Severity::kHigh}) {
    SeverityFigures& row = out.severities.emplace_back();
    row.least = least;
    std::array<std::uint64_t, kAttackers> named{};
    for (const Verdict& verdict : verdicts)
      if (verdict.severity >= static_cast<std::uint8_t>(least)) ++named[static_cast<std::size_t>(verdict.attacker)];
    for (std::size_t i = 0; i < kAttackers; ++i) row.hits[i] = share(named[i], out.by_attacker[i]);
  }
  return out;
}

Status run(const Options& options, std::ostream& out) {
  Replay replay;
  if (options.csv.empty()) {
    for (const Login& login : generate(options.population)) replay.add(login);
  } else {
    std::ifstream file(options.csv);
    if (!file) return invalid("csv", "The file \"" + options.csv + "\" can't be read.");
    CURFEW_TRY_STATUS(read_logins(file, [&](Login&& login) { replay.add(login); }));
  }
  const Figures figures = figures_of(replay);
  if (options.output == Options::Output::kJson)
    write_json(out, options, figures);
  else
    write_markdown(out, options, figures);
  return {};
}

}  // namespace curfew::evaluate
