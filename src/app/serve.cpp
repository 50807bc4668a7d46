#include "app/serve.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <thread>

#include "api/application.h"
#include "app/bootstrap.h"
#include "app/build_id.h"
#include "app/console_files.h"
#include "app/control.h"
#include "app/demo_runner.h"
#include "app/log.h"
#include "base/spare_memory.h"
#include "device/agents.h"
#include "device/places.h"
#include "http/server.h"
#include "ledger_rocksdb/rocksdb_ledger.h"

namespace curfew::app {
namespace {

constexpr std::string_view kPasswordFile = "initial-admin-password";

int complain(const Error& error) {
  std::fprintf(stderr, "curfew: %s\n", error.message.c_str());
  return 1;
}

// The password lies on disk until the operator removes it, readable by nobody else, never half written.
Status write_password(const std::string& directory, const std::string& password) {
  const std::string path = directory + "/" + std::string(kPasswordFile);
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return fail(ErrorCode::kUnavailable, "cannot_write", path + ": " + std::strerror(errno));
  ::fchmod(file, 0600);
  const std::string line = password + "\n";
  const bool written =
      ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && ::fsync(file) == 0;
  ::close(file);
  if (!written) return fail(ErrorCode::kUnavailable, "cannot_write", path + ": " + std::strerror(errno));
  return {};
}

engine::Options engine_options(const Config& config, const device::Agents& agents, const device::Places& places) {
  engine::Options options;
  options.classify = [&agents](std::string_view user_agent) { return agents.classify(user_agent); };
  if (!config.city_database.empty() || !config.asn_database.empty() || !config.anonymizer_database.empty()) {
    options.place = [&places](const IpAddress& ip) { return places.lookup(ip); };
    options.places_version = [&places] { return places.version(); };
  }
  options.queue_limit = static_cast<std::size_t>(config.queue);
  options.touch_flush = config.touch_flush_interval;
  options.audit_retention = config.audit_retention;
  options.tombstone_retention = config.tombstone_retention;
  options.journal_retention = static_cast<std::uint64_t>(config.journal_retention);
  if (config.index_image) options.image.path = config.data_dir + "/index.image";
  options.image.program = std::string(CURFEW_VERSION) + " " + build_id();
  options.image.reserve_bytes = static_cast<std::uint64_t>(config.min_free_bytes);
  return options;
}

http::ServerOptions server_options(const Config& config) {
  http::ServerOptions options;
  options.host = config.host;
  options.port = config.port;
  options.threads = static_cast<unsigned>(config.threads);
  if (!config.tls_certificate.empty()) options.tls = http::TlsFiles{config.tls_certificate, config.tls_key};
  options.trusted_proxies = config.trusted_proxies;
  options.max_connections = static_cast<std::size_t>(config.max_connections);
  return options;
}

void append_metric(std::string& out, std::string_view name, std::string_view type, std::string_view help,
                   std::uint64_t value) {
  out.append("# HELP ").append(name).append(" ").append(help).append("\n# TYPE ").append(name).append(" ").append(type);
  out.append("\n").append(name).append(" ").append(std::to_string(value)).append("\n");
}

std::string transport_metrics(const http::ServerCounters& c, std::uint64_t disk_bytes) {
  std::string out;
  append_metric(out, "curfew_http_connections_open", "gauge", "Connections open now.", c.connections_open);
  append_metric(out, "curfew_http_connections_total", "counter", "Connections accepted.", c.connections_accepted);
  append_metric(out, "curfew_http_connections_refused_total", "counter", "Connections over the limit.",
                c.connections_refused);
  append_metric(out, "curfew_http_bad_requests_total", "counter", "Requests that were not HTTP, or over a limit.",
                c.bad_requests);
  append_metric(out, "curfew_http_timeouts_total", "counter", "Connections cut at a deadline.", c.timeouts);
  append_metric(out, "curfew_http_received_bytes_total", "counter", "Bytes received.", c.bytes_in);
  append_metric(out, "curfew_http_sent_bytes_total", "counter", "Bytes sent.", c.bytes_out);
  append_metric(out, "curfew_ledger_disk_bytes", "gauge", "Bytes of the ledger on disk.", disk_bytes);
  return out;
}

sigset_t our_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  return set;
}

// What serve() holds, in the order in which it must be taken down: from the last to the first.
class Process {
 public:
  Process(ServeInput input, Config config)
      : input_(std::move(input)),
        config_(std::move(config)),
        log_(config_.log_level, config_.log_format, clock_),
        places_({config_.city_database, config_.asn_database, config_.anonymizer_database}) {}

  Status open();
  void wait();
  void close();
  void announce(const std::optional<std::string>& made_password);

 private:
  Status open_ledger();
  Status start_server();
  void reload();
  void read_places();
  void tell_image(const engine::ImageReport& image);
  std::string address() const;

  const ServeInput input_;
  Config config_;
  SystemClock clock_;
  SystemRandom random_;
  Log log_;
  ConsoleFiles console_{embedded_console()};
  device::Agents agents_;
  device::Places places_;
  std::unique_ptr<ledger_rocksdb::RocksDbLedger> ledger_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<access::Directory> directory_;
  std::unique_ptr<api::Api> api_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<ControlSocket> control_;
  std::unique_ptr<DemoRunner> demo_;
  std::atomic<bool> draining_{false};
};

Status Process::open_ledger() {
  std::error_code error;
  std::filesystem::create_directories(config_.data_dir, error);
  if (error) return fail(ErrorCode::kUnavailable, "data_dir", config_.data_dir + ": " + error.message());
  ::chmod(config_.data_dir.c_str(), 0700);
  ledger_rocksdb::Options options;
  options.directory = config_.data_dir + "/ledger";
  options.reserve_bytes = static_cast<std::uint64_t>(config_.min_free_bytes);
  CURFEW_TRY(ledger_, ledger_rocksdb::RocksDbLedger::open(std::move(options)));
  // One from before it was turned off would lie there for ever, with people's names in it.
  if (!config_.index_image) std::filesystem::remove(config_.data_dir + "/index.image", error);
  return {};
}

Status Process::open() {
  const std::int64_t began = clock_.monotonic_ns();
  read_places();
  CURFEW_TRY_STATUS(open_ledger());
  engine_ = std::make_unique<engine::Engine>(*ledger_, clock_, random_, engine_options(config_, agents_, places_));
  directory_ = std::make_unique<access::Directory>(clock_, random_);
  CURFEW_TRY_STATUS(engine_->open([this](std::string_view table, std::string_view key, std::string_view bytes) {
    return directory_->load(table, key, bytes);
  }));
  release_spare_memory();
  const engine::ImageReport& image = engine_->image();
  if (image.outcome == engine::ImageReport::Outcome::kRefused)
    log_.write(LogLevel::kWarn, "index image not used", {{"problem", image.problem}});
  log_.write(LogLevel::kInfo, "sessions loaded",
             {{"sessions", static_cast<std::int64_t>(engine_->index().size())},
              {"ms", (clock_.monotonic_ns() - began) / 1'000'000},
              {"from", image.outcome == engine::ImageReport::Outcome::kTaken ? "image" : "ledger"}});
  api::Options options;
  options.files = [this](const http::RequestHead& head) { return console_.serve(head); };
  options.metrics = [this] { return transport_metrics(server_->counters(), ledger_->disk_bytes()); };
  options.draining = [this] { return draining_.load(); };
  api_ = std::make_unique<api::Api>(*engine_, *directory_, clock_, std::move(options));
  engine_->start();

  const Environment environment = process_environment();
  BootstrapInput first;
  first.admin_password = environment("CURFEW_BOOTSTRAP_ADMIN_PASSWORD");
  first.api_key = environment("CURFEW_BOOTSTRAP_API_KEY");
  first.keep_password = [this](const std::string& password) { return write_password(config_.data_dir, password); };
  CURFEW_TRY(const BootstrapResult made, bootstrap(*directory_, *engine_, random_, first));
  audit::Record record;
  record.action = audit::action::kServerStarted;
  record.origin = {session::ActorKind::kSystem, "system", "system", {}, {}};
  record.target = CURFEW_VERSION;
  engine_->record(std::move(record));
  CURFEW_TRY_STATUS(start_server());
  control_ = std::make_unique<ControlSocket>(config_.data_dir + "/control.sock",
                                             [this](const std::string& target) { return ledger_->backup_to(target); });
  if (const Status listening = control_->start(); !listening)
    log_.write(LogLevel::kWarn, "no backup while running", {{"problem", listening.error().message}});
  announce(made.made_password);
  if (input_.demo) {
    demo_ = std::make_unique<DemoRunner>(*directory_, *engine_, clock_, log_, address());
    CURFEW_TRY_STATUS(demo_->start());
  }
  return {};
}

Status Process::start_server() {
  server_ = std::make_unique<http::Server>(server_options(config_), *api_, [this](const http::AccessEntry& entry) {
    const LogLevel level = entry.status >= 500 ? LogLevel::kWarn : LogLevel::kDebug;
    if (!log_.enabled(level)) return;
    log_.write(level, "request",
               {{"method", std::string(http::to_string(entry.method))},
                {"path", std::string(entry.path)},
                {"status", std::int64_t{entry.status}},
                {"bytes", static_cast<std::int64_t>(entry.bytes_out)},
                {"us", entry.duration_us},
                {"remote", entry.head->remote.to_string()},
                {"requestId", entry.head->request_id}});
  });
  CURFEW_TRY_STATUS(server_->start());
  log_.write(LogLevel::kInfo, "listening", {{"address", address()}, {"version", CURFEW_VERSION}});
  return {};
}

std::string Process::address() const {
  const bool six = config_.host.find(':') != std::string::npos;
  return std::string(config_.tls_certificate.empty() ? "http" : "https") + "://" +
         (six ? "[" + config_.host + "]" : config_.host) + ":" + std::to_string(server_->port());
}

// For the person who started it, on standard output; the log goes to standard error.
void Process::announce(const std::optional<std::string>& made_password) {
  const std::string file = config_.data_dir + "/" + std::string(kPasswordFile);
  std::printf("\n  Curfew %s is ready at %s\n", CURFEW_VERSION, address().c_str());
  if (made_password) {
    std::printf("  Sign in as \"admin\" with the password  %s\n", made_password->c_str());
    std::printf("  It is shown this once, and kept in %s (mode 0600): remove that file when you have it.\n",
                file.c_str());
  } else if (std::filesystem::exists(file)) {
    std::printf("  Sign in as \"admin\"; the first password is in %s.\n", file.c_str());
  } else {
    std::printf("  Sign in as \"admin\" with the password that you set.\n");
  }
  std::printf("  The API is described at %s/docs\n\n", address().c_str());
  std::fflush(stdout);
}

// A database that can't be read is no reason not to serve: it is said, and what was there before stays.
void Process::read_places() {
  for (const Error& problem : places_.reload())
    log_.write(LogLevel::kError, "places not read", {{"database", problem.field}, {"problem", problem.message}});
}

void Process::reload() {
  read_places();
  auto next = load_config(input_.config_file, process_environment(), curfew_names(), input_.flags);
  if (!next) {
    log_.write(LogLevel::kError, "configuration not reloaded", {{"problem", next.error().message}});
  } else {
    log_.reconfigure(next->log_level, next->log_format);
    for (const std::string& name : needs_restart(config_, *next))
      log_.write(LogLevel::kWarn, "setting changes at the next start", {{"setting", name}});
    log_.write(LogLevel::kInfo, "configuration reloaded");
  }
  if (config_.tls_certificate.empty()) return;
  const Status tls = server_->reload_tls();
  if (tls)
    log_.write(LogLevel::kInfo, "certificate reloaded");
  else
    log_.write(LogLevel::kError, "certificate not reloaded: the old one stays", {{"problem", tls.error().message}});
}

void Process::wait() {
  const sigset_t signals = our_signals();
  constexpr timespec minute{60, 0};
  for (;;) {
    const int signal = sigtimedwait(&signals, nullptr, &minute);
    if (signal == SIGHUP)
      reload();
    else if (signal > 0)
      return;
    else if (errno == EAGAIN)
      read_places();  // those that were replaced meanwhile
  }
}

void Process::tell_image(const engine::ImageReport& image) {
  if (image.outcome == engine::ImageReport::Outcome::kWritten)
    log_.write(LogLevel::kInfo, "index image written",
               {{"bytes", static_cast<std::int64_t>(image.bytes)}, {"ms", image.ms}});
  else if (image.outcome == engine::ImageReport::Outcome::kNotWritten)
    log_.write(LogLevel::kWarn, "index image not written", {{"problem", image.problem}});
}

void Process::close() {
  draining_ = true;
  if (server_) log_.write(LogLevel::kInfo, "stopping");
  if (demo_) demo_->stop();
  if (control_) control_->stop();
  if (server_) server_->stop();
  if (api_) api_->stop();
  if (engine_) {
    engine_->stop();
    tell_image(engine_->image());
  }
  if (server_) log_.write(LogLevel::kInfo, "stopped");
}

}  // namespace

int serve(const ServeInput& input) {
  auto config = load_config(input.config_file, process_environment(), curfew_names(), input.flags);
  if (!config) return complain(config.error());
  // Before any thread begins, so that every one inherits it; wait() takes them.
  const sigset_t signals = our_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  Process process(input, *std::move(config));
  if (const Status opened = process.open(); !opened) {
    process.close();
    return complain(opened.error());
  }
  process.wait();
  process.close();
  return 0;
}

}  // namespace curfew::app
