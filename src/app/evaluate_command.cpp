#include "app/evaluate_command.h"

#include <memory>

#include "cli/context.h"
#include "evaluate/evaluate.h"

namespace curfew::app {

cli::Command evaluate_command() {
  struct Options {
    std::int64_t seed = 1, users = 2'000, days = 60;
    std::optional<std::string> csv, output;
  };
  const auto options = std::make_shared<Options>();
  cli::Command command = cli::make_command(
      "evaluate-detection", "Measure how well signals tell attackers from people",
      "Plays logins through the rules with their defaults, and writes how many takeovers and how many other sessions "
      "they name: by rule, by severity and as a ROC curve. Needs no server and changes nothing.\n\n"
      "The logins are a made-up population with attackers among it, the same for the same seed; or a CSV file with the "
      "fields of the RBA data set. What the figures say, and what not, is in docs/detection.md.");
  cli::Option& seed = command.option("seed", "N", &options->seed, "The population's seed. Default 1.");
  seed.least = 0;
  cli::Option& users = command.option("users", "N", &options->users, "So many people. Default 2000.");
  users.least = 1;
  users.most = 1'000'000;
  cli::Option& days = command.option("days", "N", &options->days, "For so many days. Default 60.");
  days.least = 1;
  days.most = 1'000;
  command.option("csv", "FILE", &options->csv, "Read logins from this file instead.").file = true;
  command.option("output", "FORMAT", &options->output, "The form of the figures. Default markdown.").choices = {
      "json", "markdown"};
  command.example("evaluate-detection --users 5000 --output json", "The figures of a larger population, for programs");
  command.run = [options](cli::Context& context) -> Result<int> {
    evaluate::Options chosen;
    chosen.population.seed = static_cast<std::uint64_t>(options->seed);
    chosen.population.users = static_cast<std::size_t>(options->users);
    chosen.population.days = static_cast<int>(options->days);
    chosen.csv = options->csv.value_or("");
    if (options->output == "json") chosen.output = evaluate::Options::Output::kJson;
    CURFEW_TRY_STATUS(evaluate::run(chosen, context.terminal.out));
    return cli::kExitDone;
  };
  return command;
}

}  // namespace curfew::app
