#include "cli/parse.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>
#include <optional>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "cli/text_width.h"

namespace curfew::cli {

namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : std::string(between)) + word;
  return out;
}

Result<std::int64_t> number_of(const std::string& what, const std::string& text, std::int64_t least,
                               std::int64_t most) {
  std::int64_t value = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (bad != std::errc{} || end != text.data() + text.size() || text.empty())
    return invalid(what, what + " takes a whole number, not \"" + safe_text(text) + "\".");
  if (value < least || value > most)
    return invalid(what, what + " takes a number from " + std::to_string(least) + " to " + std::to_string(most) + ".");
  return value;
}

Status assign(const std::string& what, const Target& target, const std::vector<std::string>& choices,
              std::int64_t least, std::int64_t most, const std::vector<std::string>& values) {
  for (const auto& value : values)
    if (!choices.empty() && std::find(choices.begin(), choices.end(), value) == choices.end())
      return invalid(what, what + " takes one of " + joined(choices, ", ") + ", not \"" + safe_text(value) + "\".");
  const bool many = std::holds_alternative<std::vector<std::string>*>(target);
  if (!many && values.size() > 1) return invalid(what, what + " is given more than once.");
  const auto to_number = [&](auto* out) -> Status {
    CURFEW_TRY(const auto value, number_of(what, values.front(), least, most));
    *out = value;
    return {};
  };
  return std::visit(Overloaded{
                        [&](bool* out) -> Status { return *out = true, Status{}; },
                        [&](std::optional<bool>* out) -> Status {
                          const auto& v = values.front();
                          if (v != "true" && v != "false") return invalid(what, what + " takes true or false.");
                          *out = v == "true";
                          return {};
                        },
                        [&](std::string* out) -> Status { return *out = values.front(), Status{}; },
                        [&](std::optional<std::string>* out) -> Status { return *out = values.front(), Status{}; },
                        [&](std::vector<std::string>* out) -> Status { return *out = values, Status{}; },
                        [&](std::int64_t* out) -> Status { return to_number(out); },
                        [&](std::optional<std::int64_t>* out) -> Status { return to_number(out); },
                    },
                    target);
}

// What CLI11 reads for one command. The values stay text until the words are known to be right as a whole; only then
// are they converted and written.
struct Level {
  const Command* command = nullptr;
  CLI::App app;
  std::vector<std::pair<const Option*, CLI::Option*>> options;
  std::vector<std::pair<const Argument*, CLI::Option*>> arguments;
  CLI::Option* help = nullptr;
};

void add_option(Level& level, const Option& option) {
  std::string names = "--" + option.name;
  if (option.letter != 0) names = std::string("-") + option.letter + "," + names;
  CLI::Option* added = nullptr;
  if (option.value.empty()) {
    added = level.app.add_flag(names)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  } else {
    added = level.app.add_option(names)->type_size(1)->expected(1)->allow_extra_args(false);
    added->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
  level.options.emplace_back(&option, added);
}

void build(Level& level, const Command& command, const std::vector<Option>& shared) {
  level.command = &command;
  level.app.set_help_flag();
  level.app.allow_extras();
  level.help = level.app.add_flag("-h,--help");
  for (const auto& option : command.options) add_option(level, option);
  if (command.uses_server)
    for (const auto& option : shared) add_option(level, option);
  for (const auto& argument : command.arguments) {
    const bool many = std::holds_alternative<std::vector<std::string>*>(argument.target);
    auto* added = level.app.add_option("argument" + std::to_string(level.arguments.size()))
                      ->type_size(1)
                      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    if (many) {
      added->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args();
    } else {
      added->expected(1);
    }
    level.arguments.emplace_back(&argument, added);
  }
}

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t before = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t here = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, here + 1, before + (a[i] == b[j] ? 0U : 1U)});
      before = here;
    }
  }
  return row.back();
}

// The first word that nothing took. "--" only says that no options follow, and is kept among these.
std::optional<std::string> unread_word(const CLI::App& app) {
  const auto words = app.remaining();
  const auto it = std::find_if(words.begin(), words.end(), [](const std::string& word) { return word != "--"; });
  if (it == words.end()) return std::nullopt;
  return *it;
}

Error usage(std::string message) {
  return {ErrorCode::kInvalidArgument, "usage", std::move(message), {}};
}

Error unknown_option(const std::vector<std::string>& known, const std::string& word, const std::string& where) {
  const auto name = word.substr(0, word.find('='));
  return usage(where + " has no option " + safe_text(name) + "." + suggestion(name, known));
}

Error unexpected_word(const Level& level, const std::string& word, const std::string& where) {
  if (!word.starts_with("-") || word.size() == 1)
    return usage(where + " takes no further argument: \"" + safe_text(word) + "\" is one too many.");
  std::vector<std::string> known;
  for (const auto& [option, _] : level.options) known.push_back("--" + option->name);
  return unknown_option(known, word, where);
}

Error unknown_command(const Command& group, const std::string& word, const std::string& where) {
  std::vector<std::string> known;
  for (const auto& command : group.commands) known.push_back(command.name);
  return usage(where + " has no command \"" + safe_text(word) + "\"." + suggestion(word, known));
}

Status take_values(const Level& level, const std::string& where) {
  for (const auto& [option, read] : level.options) {
    const auto values = read->results();
    if (option->value.empty()) {  // CLI11 would take --yes=false for a yes that was said once
      if (std::any_of(values.begin(), values.end(), [](const std::string& value) { return value != "true"; }))
        return invalid("--" + option->name, "--" + option->name + " takes no value; leave it out to mean no.");
      if (!values.empty()) CURFEW_TRY_STATUS(assign("--" + option->name, option->target, {}, 0, 0, {"true"}));
    } else if (!values.empty()) {
      CURFEW_TRY_STATUS(
          assign("--" + option->name, option->target, option->choices, option->least, option->most, values));
    }
    if (option->required && read->count() == 0)
      return invalid("--" + option->name, where + " needs --" + option->name + " " + option->value + ".");
  }
  for (const auto& [argument, read] : level.arguments) {
    if (argument->required && read->count() == 0)
      return invalid(argument->name, where + " needs " + argument->name + ".");
    if (read->count() > 0)
      CURFEW_TRY_STATUS(
          assign(argument->name, argument->target, argument->choices, INT64_MIN, INT64_MAX, read->results()));
  }
  return {};
}

}  // namespace

std::string suggestion(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = 3;
  for (const auto& candidate : candidates)
    if (const auto d = distance(word, candidate); d < best_distance) best_distance = d, best = candidate;
  return best.empty() ? "" : " Did you mean " + best + "?";
}

std::string spelled(const std::vector<const Command*>& path) {
  std::string out;
  for (const auto* command : path) out += (out.empty() ? "" : " ") + command->name;
  return out;
}

tl::expected<Parsed, ParseFailure> parse(const Command& root, const std::vector<Option>& shared,
                                         const std::vector<std::string>& words) {
  Parsed parsed;
  parsed.path.push_back(&root);
  const auto failed = [&](Error error) { return tl::unexpected(ParseFailure{std::move(error), parsed.path}); };

  // Groups have no options but --help: the words up to the command that runs are read here, the rest by CLI11.
  auto word = words.begin();
  while (!parsed.path.back()->run) {
    const Command& group = *parsed.path.back();
    const bool asks = word == words.end() || *word == "-h" || *word == "--help";
    const bool version = !asks && *word == "--version" && &group == &root;
    if (asks || version) {
      parsed.wish = asks ? Wish::kHelp : Wish::kVersion;
      return parsed;
    }
    const Command* child = find(group, *word);
    if (child == nullptr && word->starts_with("-"))
      return failed(unknown_option({"--help"}, *word, spelled(parsed.path)));
    if (child == nullptr) return failed(unknown_command(group, *word, spelled(parsed.path)));
    parsed.path.push_back(child);
    ++word;
  }

  Level level;
  build(level, *parsed.path.back(), shared);
  std::optional<Error> refused;
  try {
    level.app.parse(
        std::vector<std::string>(std::make_reverse_iterator(words.end()), std::make_reverse_iterator(word)));
  } catch (const CLI::ParseError& e) {
    refused = usage(safe_text(e.what()) + ".");
  }
  if (level.help->count() > 0) {
    parsed.wish = Wish::kHelp;
    return parsed;
  }
  if (refused) return failed(std::move(*refused));
  const auto where = spelled(parsed.path);
  if (const auto extra = unread_word(level.app)) return failed(unexpected_word(level, *extra, where));
  if (auto status = take_values(level, where); !status) return failed(std::move(status).error());
  return parsed;
}

}  // namespace curfew::cli
