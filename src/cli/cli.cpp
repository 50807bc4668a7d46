#include "cli/cli.h"

#include <memory>

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/parse.h"
#include "cli/text_width.h"
#include "client/client.h"

namespace curfew::cli {

namespace {

int status_of(const Error& error) {
  return error.code == ErrorCode::kInvalidArgument ? kExitUsage : kExitFailed;
}

void print_error(Terminal& terminal, const Error& error, const Style& style) {
  std::string text = safe_text(error.message.empty() ? to_string(error.code) : std::string_view(error.message));
  // The API names its fields as JSON does; its sentence may not repeat the name.
  const auto field = safe_text(error.field);
  if (!field.empty() && !field.starts_with("-") && text.find(field) == std::string::npos) text = field + ": " + text;
  terminal.err << style.red("curfew:") << " " << text;
  if (error.code == ErrorCode::kUnauthenticated)
    terminal.err << " Give an API key with CURFEW_API_KEY, or keep one with `curfew login`.";
  terminal.err << "\n" << std::flush;
}

}  // namespace

Command completion_command() {
  auto shell = std::make_shared<std::string>();
  auto c = make_command(
      "completion", "Print the completion script for a shell",
      "bash: put it into ~/.local/share/bash-completion/completions/curfew. zsh: into a file _curfew in a directory of "
      "$fpath. fish: into ~/.config/fish/completions/curfew.fish.");
  c.argument("SHELL", shell.get(), "bash, zsh or fish.").choices = {"bash", "zsh", "fish"};
  c.example("completion bash > ~/.local/share/bash-completion/completions/curfew", "For bash:");
  c.run = [shell](Context& context) -> Result<int> {
    CURFEW_TRY(const auto script, completion_script(context.root, context.shared_options, *shell));
    context.terminal.out << script;
    return kExitDone;
  };
  return c;
}

Command man_command() {
  auto c = make_command("man", "Print the manual page");
  c.example("man | man -l -", "Read it:");
  c.run = [](Context& context) -> Result<int> {
    context.terminal.out << manual(context.root, context.shared_options, CURFEW_VERSION);
    return kExitDone;
  };
  return c;
}

Command root_command(std::vector<Command> extra) {
  auto root = make_command(
      "curfew", "Know every session, end any of them",
      "Shows the live sessions of every realm of an identity platform and ends any of them, at once and for good; "
      "each end is in the audit log.\n\n"
      "Commands that talk to a server take its address from --server, CURFEW_SERVER or a profile, and the API key "
      "from CURFEW_API_KEY or a profile; `curfew login` makes one.");
  for (auto& command : extra) root.add(std::move(command));
  root.add(sessions_command());
  root.add(signals_command());
  root.add(users_command());
  root.add(clients_command());
  root.add(audit_command());
  root.add(revocations_command());
  root.add(stats_command());
  root.add(realms_command());
  root.add(keys_command());
  root.add(operators_command());
  root.add(ingest_command());
  root.add(me_command());
  root.add(login_command());
  root.add(profile_command());
  root.add(completion_command());
  root.add(man_command());
  root.example("login --username admin", "Sign in to the server on this machine:");
  root.example("sessions list --realm production --search jane", "Look at sessions:");
  root.example("sessions revoke --realm production --user jane.doe --ip-not 10.20.0.0/16 --reason INC-4711",
               "End those of a user that are not from the office:");
  return root;
}

int run(const std::vector<std::string>& words, Terminal& terminal, Connect connect, std::vector<Command> extra) {
  const Command root = root_command(std::move(extra));
  SharedOptions shared;
  const auto shared_options = shared.options();
  Style err_style{terminal.colour(terminal.err_tty)};

  const auto parsed = parse(root, shared_options, words);
  if (!parsed) {
    print_error(terminal, parsed.error().error, err_style);
    terminal.err << "See `" << spelled(parsed.error().path) << " --help`.\n";
    return kExitUsage;
  }
  const bool asked_for_help = parsed->wish == Wish::kHelp;
  const std::size_t help_width = terminal.out_tty ? terminal.width : 100;
  if (asked_for_help) {
    // A group named alone is a question too, but not one that a script should take for success.
    const bool by_flag = std::find(words.begin(), words.end(), "--help") != words.end() ||
                         std::find(words.begin(), words.end(), "-h") != words.end();
    auto& out = by_flag ? terminal.out : terminal.err;
    out << help_text(parsed->path, shared_options, help_width,
                     {terminal.colour(by_flag ? terminal.out_tty : terminal.err_tty)});
    return by_flag ? kExitDone : kExitUsage;
  }
  if (parsed->wish == Wish::kVersion) {
    terminal.out << "curfew " << CURFEW_VERSION << "\n";
    return kExitDone;
  }
  err_style.on = err_style.on && !shared.no_color;
  Context context(terminal, shared, std::move(connect), root, shared_options);
  const auto status = parsed->path.back()->run(context);
  terminal.out.flush();
  if (!status) {
    print_error(terminal, status.error(), err_style);
    return status_of(status.error());
  }
  if (!terminal.out && *status == kExitDone) {
    print_error(terminal, {ErrorCode::kUnavailable, "not_written", "the output can't be written to its end.", {}},
                err_style);
    return kExitFailed;
  }
  return *status;
}

int run(int argc, char** argv, std::vector<Command> extra) {
  std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  const Connect connect = [](client::ClientOptions options) -> Result<std::unique_ptr<client::Transport>> {
    CURFEW_TRY(auto opened, client::Client::open(std::move(options)));
    return std::unique_ptr<client::Transport>(std::move(opened));
  };
  return run(words, system_terminal(), connect, std::move(extra));
}

}  // namespace curfew::cli
