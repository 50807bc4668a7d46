#include "cli/context.h"

#include "cli/text_width.h"
#include "cli/when.h"

namespace curfew::cli {

namespace {

constexpr std::string_view kDefaultServer = "http://127.0.0.1:8080";

std::string without_slash(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  return text;
}

std::optional<std::string> set_env(const Terminal& terminal, const char* name) {
  auto value = terminal.env(name);
  if (value && value->empty()) value.reset();
  return value;
}

// The profile that was named, by flag or environment, or the default one; an empty one where there is none.
Result<Profile> chosen_profile(const Terminal& terminal, const std::optional<std::string>& flag) {
  const auto path = profiles_path(terminal);
  CURFEW_TRY(const auto profiles, read_profiles(path));
  auto name = flag ? flag : set_env(terminal, "CURFEW_PROFILE");
  const bool asked = name.has_value();
  if (!name) name = profiles.fallback;
  const auto it = profiles.by_name.find(*name);
  if (it != profiles.by_name.end()) return it->second;
  if (asked)
    return fail(ErrorCode::kInvalidArgument, "no_profile",
                "there is no profile \"" + safe_text(*name) + "\" in " + path +
                    "; `curfew profile list` shows those there are.",
                "profile");
  return Profile{};
}

}  // namespace

std::vector<Option> SharedOptions::options() {
  Command holder;
  holder.option("server", "URL", &server,
                "The server's address; CURFEW_SERVER, the profile's or http://127.0.0.1:8080 otherwise.");
  holder.option("profile", "NAME", &profile,
                "The profile that holds server and key; CURFEW_PROFILE or the default one otherwise.");
  holder.option("ca-file", "FILE", &ca_file, "PEM file of the authority to trust instead of the system's.").file = true;
  auto& timeout = holder.option("timeout", "SECONDS", &timeout_s, "How long an answer may take; 60 otherwise.");
  timeout.least = 1;
  timeout.most = 86'400;
  holder.flag("plain-http", &plain_http, "Send the key without TLS to a server that is not on this machine.");
  auto& output_option =
      holder.option("output", "FORMAT", &output, "How to print: a table for people, the others for programs.");
  output_option.letter = 'o';
  output_option.choices = {"table", "json", "csv", "jsonl"};
  holder.flag("absolute", &absolute, "Show times as they are, in UTC, instead of \"5 min ago\".");
  holder.flag("no-color", &no_color, "No colours; NO_COLOR does the same.");
  holder.flag("quiet", &quiet, "No notes and no progress bar on the error stream.").letter = 'q';
  return holder.options;
}

Result<client::ClientOptions> Context::connection() const {
  CURFEW_TRY(const auto profile, chosen_profile(terminal, shared.profile));
  client::ClientOptions options;
  // A profile that is named on the command line stands for its server too; the environment must not send its key
  // elsewhere.
  const auto server = shared.server    ? shared.server
                      : shared.profile ? std::nullopt
                                       : set_env(terminal, "CURFEW_SERVER");
  options.server = server ? *server : !profile.server.empty() ? profile.server : std::string(kDefaultServer);
  const bool of_profile = !profile.server.empty() && without_slash(options.server) == without_slash(profile.server);
  const auto key = shared.profile ? std::nullopt : set_env(terminal, "CURFEW_API_KEY");
  options.api_key = key ? *key : of_profile ? profile.api_key : std::string{};
  const auto ca = shared.ca_file ? shared.ca_file : set_env(terminal, "CURFEW_CA_FILE");
  options.ca_file = ca ? *ca : of_profile ? profile.ca_file : std::string{};
  options.allow_plain_http = shared.plain_http || (of_profile && profile.plain_http);
  if (shared.timeout_s) options.timeout = Duration::seconds(*shared.timeout_s);
  if (auto* flag = terminal.interrupted) options.interrupted = [flag] { return flag->load(); };
  options.pause = terminal.sleep;
  return options;
}

Result<client::Transport*> Context::api() {
  if (!transport_) {
    CURFEW_TRY(auto options, connection());
    CURFEW_TRY(transport_, connect_(std::move(options)));
  }
  return transport_.get();
}

Result<std::string> Context::realm(const std::optional<std::string>& flag, std::optional<std::string> otherwise) const {
  if (flag) return *flag;
  if (const auto env = set_env(terminal, "CURFEW_REALM")) return *env;
  CURFEW_TRY(const auto profile, chosen_profile(terminal, shared.profile));
  if (!profile.realm.empty()) return profile.realm;
  if (otherwise) return *otherwise;
  return invalid("--realm", "name the realm with --realm; `curfew realms list` shows those there are.");
}

Format Context::format() const {
  if (shared.output == "json") return Format::kJson;
  if (shared.output == "csv") return Format::kCsv;
  if (shared.output == "jsonl") return Format::kJsonLines;
  return Format::kTable;
}

std::string Context::shown_time(std::string_view rfc3339) const {
  return cli::shown_time(rfc3339, terminal.clock.now(), shared.absolute);
}

void Context::note(std::string_view text) {
  if (!shared.quiet) terminal.err << text << "\n" << std::flush;
}

Result<std::string> Context::ask(std::string_view question) {
  if (!terminal.in_tty)
    return fail(ErrorCode::kInvalidArgument, "nobody_to_ask",
                "this asks before it acts, and standard input is not a terminal: look first with --dry-run where there "
                "is one, then add --yes.");
  terminal.err << question << std::flush;
  std::string line;
  if (!std::getline(terminal.in, line)) {
    terminal.err << "\n";
    return std::string{};
  }
  return line;
}

Result<bool> Context::confirm(std::string_view question) {
  CURFEW_TRY(const auto line, ask(std::string(question) + " [y/N] "));
  return line == "y" || line == "Y" || line == "yes" || line == "Yes";
}

Result<bool> Context::confirm_by_typing(std::string_view question, std::string_view expected) {
  CURFEW_TRY(const auto line, ask(std::string(question) + " Type \"" + std::string(expected) + "\" to go on: "));
  return line == expected;
}

std::string realm_path(std::string_view realm, std::initializer_list<std::string_view> segments) {
  return client::path_of(client::path_of(std::string(kApi) + "/realms", {realm}), segments);
}

}  // namespace curfew::cli
