// The figures as JSON and as Markdown.
#include <fmt/format.h>

#include <cmath>
#include <ostream>

#include "base/json_writer.h"
#include "evaluate/evaluate.h"

namespace curfew::evaluate {
namespace {

double rounded(double value) {
  return std::round(value * 10'000) / 10'000;
}

std::string percent(double share) {
  return fmt::format("{:.1f} %", share * 100);
}

void write_roc(JsonWriter& json, std::string_view name, const Roc& roc) {
  json.key(name).begin_object().field("auc", rounded(roc.area));
  json.field("positives", roc.positives).field("negatives", roc.negatives);
  json.key("roc").begin_array();
  for (const RocPoint& point : roc.points) {
    json.begin_object().field("threshold", std::uint64_t{point.threshold});
    json.field("truePositiveRate", rounded(point.true_positive_rate));
    json.field("falsePositiveRate", rounded(point.false_positive_rate)).end_object();
  }
  json.end_array().end_object();
}

std::string source_words(const Options& options) {
  if (!options.csv.empty()) return "the CSV file given";
  const Population& p = options.population;
  return fmt::format("seed {}, {} users, {} days", p.seed, p.users, p.days);
}

void write_roc(std::ostream& out, std::string_view title, const Roc& roc) {
  out << fmt::format("\n**{}: AUC {:.3f}** ({} of {} positive)\n\n", title, roc.area, roc.positives,
                     roc.positives + roc.negatives);
  out << "| score at least | true positives | false positives |\n|--:|--:|--:|\n";
  for (const RocPoint& point : roc.points)
    if (point.threshold > 0)
      out << fmt::format("| {} | {} | {} |\n", point.threshold, percent(point.true_positive_rate),
                         percent(point.false_positive_rate));
}

}  // namespace

void write_json(std::ostream& out, const Options& options, const Figures& figures) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().key("input").begin_object().field("source",
                                                        std::string_view(options.csv.empty() ? "generated" : "csv"));
  if (options.csv.empty())
    json.field("seed", options.population.seed)
        .field("users", static_cast<std::uint64_t>(options.population.users))
        .field("days", std::int64_t{options.population.days});
  json.field("logins", figures.logins).field("sessions", figures.sessions).key("takeovers").begin_object();
  for (std::size_t i = 1; i < kAttackers; ++i) json.field(to_string(static_cast<Attacker>(i)), figures.by_attacker[i]);
  json.end_object().end_object();
  write_roc(json, "sessions", figures.session);
  write_roc(json, "users", figures.user);
  json.key("rules").begin_array();
  for (const RuleFigures& rule : figures.rules)
    json.begin_object()
        .field("rule", signal::to_string(rule.rule))
        .field("auc", rounded(rule.area))
        .field("truePositiveRate", rounded(rule.hits))
        .field("falsePositiveRate", rounded(rule.alarms))
        .end_object();
  json.end_array().key("severities").begin_array();
  for (const SeverityFigures& row : figures.severities) {
    json.begin_object().field("least", signal::to_string(row.least)).field("falsePositiveRate", rounded(row.hits[0]));
    json.key("truePositiveRate").begin_object();
    for (std::size_t i = 1; i < kAttackers; ++i)
      if (figures.by_attacker[i] > 0) json.field(to_string(static_cast<Attacker>(i)), rounded(row.hits[i]));
    json.end_object().end_object();
  }
  json.end_array().end_object();
  out << text << '\n';
}

void write_markdown(std::ostream& out, const Options& options, const Figures& figures) {
  out << fmt::format("Input: {}. {} logins, {} sessions of {} users, takeovers:", source_words(options), figures.logins,
                     figures.sessions, figures.users);
  for (std::size_t i = 1; i < kAttackers; ++i)
    if (figures.by_attacker[i] > 0)
      out << fmt::format(" {} {}", figures.by_attacker[i], to_string(static_cast<Attacker>(i)));
  out << ".\n\n| severity at least | false alarms |";
  for (std::size_t i = 1; i < kAttackers; ++i)
    if (figures.by_attacker[i] > 0) out << " " << to_string(static_cast<Attacker>(i)) << " |";
  out << "\n|---|--:|";
  for (std::size_t i = 1; i < kAttackers; ++i)
    if (figures.by_attacker[i] > 0) out << "--:|";
  out << "\n";
  for (const SeverityFigures& row : figures.severities) {
    out << fmt::format("| {} | {} |", signal::to_string(row.least), percent(row.hits[0]));
    for (std::size_t i = 1; i < kAttackers; ++i)
      if (figures.by_attacker[i] > 0) out << " " << percent(row.hits[i]) << " |";
    out << "\n";
  }
  out << "\n| rule alone | AUC | true positives | false positives |\n|---|--:|--:|--:|\n";
  for (const RuleFigures& rule : figures.rules)
    out << fmt::format("| `{}` | {:.3f} | {} | {} |\n", signal::to_string(rule.rule), rule.area, percent(rule.hits),
                       percent(rule.alarms));
  write_roc(out, "Sessions, all rules together", figures.session);
  write_roc(out, "Users, all rules together", figures.user);
}

}  // namespace curfew::evaluate
