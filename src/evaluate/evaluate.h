// How well the rules tell attackers from people: the figures, and how they are written.
//
// Input is a population from a seed, or a CSV with the fields of the RBA data set. docs/detection.md says what the
// figures mean, and what they do not.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "evaluate/generator.h"
#include "evaluate/replay.h"
#include "evaluate/roc.h"

namespace curfew::evaluate {

struct Options {
  Population population;
  std::string csv;  // a file; empty: the population
  enum class Output : std::uint8_t { kJson, kMarkdown } output = Output::kMarkdown;
};

struct RuleFigures {
  signal::Rule rule;
  double area = 0.5;            // by this rule alone
  double hits = 0, alarms = 0;  // shares of the takeovers and of the other sessions that it names
};
// What somebody sees who looks at this severity and above.
struct SeverityFigures {
  signal::Severity least;
  std::array<double, kAttackers> hits{};  // share of each attacker's sessions; of kNone the false alarms
};
struct Figures {
  std::uint64_t logins = 0, sessions = 0, users = 0;
  std::array<std::uint64_t, kAttackers> by_attacker{};  // sessions
  Roc session, user;  // of sessions by score; of users by their highest one, a user with any takeover being positive
  std::vector<RuleFigures> rules;
  std::vector<SeverityFigures> severities;
};

Figures figures_of(const Replay& replay);

void write_json(std::ostream& out, const Options& options, const Figures& figures);
void write_markdown(std::ostream& out, const Options& options, const Figures& figures);

// All of it, for the command. The error is that of the file.
Status run(const Options& options, std::ostream& out);

}  // namespace curfew::evaluate
