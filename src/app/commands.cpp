#include "app/commands.h"

#include <algorithm>
#include <filesystem>
#include <memory>

#include "app/control.h"
#include "app/evaluate_command.h"
#include "app/serve.h"
#include "audit/record.h"
#include "cli/context.h"
#include "engine/audit_log.h"
#include "ledger_rocksdb/maintenance.h"
#include "session/codec.h"

namespace curfew::app {
namespace {

using cli::Command;
using cli::Context;

struct DataOptions {
  std::optional<std::string> config, data_dir;
  std::string directory;
};

void add_data_options(Command& command, const std::shared_ptr<DataOptions>& options) {
  command.option("config", "FILE", &options->config, "Read this configuration file.").file = true;
  command.option("data-dir", "DIR", &options->data_dir, "The data directory; otherwise the configuration's.").file =
      true;
}

Result<std::string> data_dir_of(const DataOptions& options) {
  Flags flags;
  if (options.data_dir) flags.emplace_back("data.dir", *options.data_dir);
  const std::string file = options.config ? *options.config : process_environment()("CURFEW_CONFIG").value_or("");
  CURFEW_TRY(const Config config, load_config(file, process_environment(), curfew_names(), flags));
  return config.data_dir;
}

Command serve_command() {
  struct Options {
    std::optional<std::string> config, data_dir, listen, level;
    bool demo = false;
  };
  const auto options = std::make_shared<Options>();
  Command command = cli::make_command(
      "serve", "Run the server",
      "Serves the API and the console from an embedded store. Settings come from the configuration file, then the "
      "environment "
      "(CURFEW_SERVER_LISTEN for server.listen, and so on), then these options; the later wins.\n\n"
      "On an empty data directory it makes the operator admin. The password comes from "
      "CURFEW_BOOTSTRAP_ADMIN_PASSWORD, or is "
      "made, printed once and written to DIR/initial-admin-password (mode 0600). CURFEW_BOOTSTRAP_API_KEY, if set, "
      "becomes an API "
      "key with every permission.\n\n"
      "SIGTERM ends it after the requests under way; SIGHUP reads the configuration and the certificates again.");
  command.option("config", "FILE", &options->config, "Read this configuration file (CURFEW_CONFIG).").file = true;
  command.option("data-dir", "DIR", &options->data_dir, "Keep everything in this directory.").file = true;
  command.option("listen", "HOST:PORT", &options->listen,
                 "Listen here; port 0 is any free one. Default 127.0.0.1:8080.");
  command.option("log-level", "LEVEL", &options->level, "Log from this level on.").choices = {"debug", "info", "warn",
                                                                                              "error"};
  command.flag("demo", &options->demo, "Fill two realms with an incident and a live, simulated population.");
  command.example("serve --demo --data-dir data/demo", "Try it, with people who come and go");
  command.example("serve --config /etc/curfew/curfew.toml", "Serve for good");
  command.run = [options](Context&) -> Result<int> {
    ServeInput input;
    input.config_file = options->config ? *options->config : process_environment()("CURFEW_CONFIG").value_or("");
    if (options->data_dir) input.flags.emplace_back("data.dir", *options->data_dir);
    if (options->listen) input.flags.emplace_back("server.listen", *options->listen);
    if (options->level) input.flags.emplace_back("log.level", *options->level);
    input.demo = options->demo;
    return serve(input);
  };
  return command;
}

Command backup_command() {
  const auto options = std::make_shared<DataOptions>();
  Command command = cli::make_command("backup", "Copy the data into a new directory",
                                      "Copies everything up to one moment, while the server runs or when it is "
                                      "stopped. The directory must not exist or be empty. "
                                      "A directory that holds the file SHA256SUMS is a whole backup.");
  add_data_options(command, options);
  command.argument("DIR", &options->directory, "Where the backup goes.").file = true;
  command.example("backup --data-dir /var/lib/curfew /backup/curfew-2026-03-01", "Back up a running server");
  command.run = [options](Context& context) -> Result<int> {
    CURFEW_TRY(const std::string data_dir, data_dir_of(*options));
    const std::string target = std::filesystem::absolute(options->directory).string();
    const Status asked = ask_for_backup(data_dir + "/control.sock", target);
    if (asked) {
      context.terminal.out << "Backed up to " << options->directory << "\n";
      return cli::kExitDone;
    }
    if (asked.error().code != ErrorCode::kNotFound) return tl::make_unexpected(asked.error());
    CURFEW_TRY(const auto report, ledger_rocksdb::backup(data_dir + "/ledger", target));
    context.terminal.out << "Backed up to " << options->directory << ": position " << report.position << ", "
                         << report.files << " files, " << report.bytes << " bytes\n";
    return cli::kExitDone;
  };
  return command;
}

Command restore_command() {
  const auto options = std::make_shared<DataOptions>();
  Command command = cli::make_command("restore", "Make a data directory from a backup",
                                      "Every file is compared with the backup's SHA256SUMS before anything is written. "
                                      "The data directory must not hold data.");
  add_data_options(command, options);
  command.argument("DIR", &options->directory, "The backup.").file = true;
  command.example("restore --data-dir /var/lib/curfew /backup/curfew-2026-03-01", "Bring a backup back");
  command.run = [options](Context& context) -> Result<int> {
    CURFEW_TRY(const std::string data_dir, data_dir_of(*options));
    std::error_code error;
    std::filesystem::create_directories(data_dir, error);
    if (error) return fail(ErrorCode::kUnavailable, "data_dir", data_dir + ": " + error.message());
    CURFEW_TRY(const auto report, ledger_rocksdb::restore(options->directory, data_dir + "/ledger"));
    context.terminal.out << "Restored to " << data_dir << ": position " << report.position << "\n";
    return cli::kExitDone;
  };
  return command;
}

// Verifies the chain while the ledger's entries pass by, and says under which keys each must be found.
class ChainCheck {
 public:
  Result<std::vector<ledger::AuditIndexKey>> operator()(std::uint64_t seq, std::string_view bytes) {
    CURFEW_TRY(const auto sealed, audit::unseal(bytes));
    // What was trimmed before the first entry can't be told from here; from the second on the chain must hold.
    if (!verifier_)
      verifier_.emplace(audit::ChainHead{seq, sealed.record.time, sealed.hash});
    else
      verifier_->feed(seq, bytes);
    if (verifier_->broken()) return fail(ErrorCode::kDataLoss, "audit_chain_broken", verifier_->broken()->detail);
    return engine::AuditLog::keys_of(sealed.record);
  }

 private:
  std::optional<audit::Verifier> verifier_;
};

Command check_data_command() {
  const auto options = std::make_shared<DataOptions>();
  Command command = cli::make_command(
      "check-data", "Read and verify everything in a data directory",
      "For a server that is stopped. Changes nothing. Every row, tombstone, document and audit record must decode, the "
      "indexes must "
      "agree with them, and the audit log's hash chain must hold; the first thing that is wrong is named.");
  add_data_options(command, options);
  Command& with_argument = command;
  const auto directory = std::make_shared<std::optional<std::string>>();
  with_argument.argument("DIR", directory.get(), "The data directory.").file = true;
  command.arguments.back().required = false;
  command.example("check-data /var/lib/curfew", "After a crash of the machine, or before an upgrade");
  command.run = [options, directory](Context& context) -> Result<int> {
    if (*directory) options->data_dir = **directory;
    CURFEW_TRY(const std::string data_dir, data_dir_of(*options));
    CURFEW_TRY(const auto report, ledger_rocksdb::check_data(data_dir + "/ledger", ChainCheck()));
    auto& out = context.terminal.out;
    out << "Position          " << report.position << "\nSessions          " << report.rows << "\nEnded sessions    "
        << report.tombstones << "\nDocuments         " << report.documents << "\nJournal entries   "
        << report.journal_entries << "\nAudit records     " << report.audit_entries << " (" << report.first_audit_seq
        << " to " << report.last_audit_seq << ")\nIndex entries     " << report.index_postings << "\n";
    if (report.broken) {
      out << "BROKEN            " << *report.broken << "\n";
      return cli::kExitFailed;
    }
    out << "Everything is whole.\n";
    return cli::kExitDone;
  };
  return command;
}

}  // namespace

std::vector<Command> own_commands() {
  std::vector<Command> out;
  out.push_back(serve_command());
  out.push_back(backup_command());
  out.push_back(restore_command());
  out.push_back(check_data_command());
  out.push_back(evaluate_command());
  return out;
}

}  // namespace curfew::app
