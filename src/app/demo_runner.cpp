#include "app/demo_runner.h"

#include <chrono>

#include "app/bootstrap.h"
#include "client/client.h"
#include "demo/demo.h"

namespace curfew::app {
namespace {
constexpr const char* kKeyName = "demo";
}

DemoRunner::DemoRunner(access::Directory& directory, engine::Engine& engine, const Clock& clock, Log& log,
                       std::string address)
    : directory_(directory), engine_(engine), clock_(clock), log_(log), address_(std::move(address)) {}

DemoRunner::~DemoRunner() {
  stop();
}

Status DemoRunner::start() {
  CURFEW_TRY(auto key, renew_own_key(directory_, engine_, kKeyName,
                                     {{std::string(access::kAllRealms), {access::Permission::kAdmin}}}));
  thread_ = std::thread([this, key = std::move(key)] { run(key); });
  return {};
}

void DemoRunner::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || !thread_.joinable()) return;
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  (void)remove_own_key(directory_, engine_, kKeyName);
}

bool DemoRunner::pause() {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, std::chrono::seconds(1), [this] { return stopping_; });
}

void DemoRunner::run(std::string key) {
  client::ClientOptions options;
  options.server = address_;
  options.api_key = std::move(key);
  options.interrupted = [this] {
    const std::lock_guard lock(mutex_);
    return stopping_;
  };
  auto transport = client::Client::open(std::move(options));
  if (!transport) {
    log_.write(LogLevel::kError, "the demo can't run", {{"problem", transport.error().message}});
    return;
  }
  demo::Demo demo(**transport, clock_);
  while (true) {
    const Status prepared = demo.prepare();
    if (prepared) break;
    log_.write(LogLevel::kWarn, "the demo could not be prepared", {{"problem", prepared.error().message}});
    if (!pause()) return;
  }
  log_.write(LogLevel::kInfo, "the demo is ready", {{"sessions", static_cast<std::int64_t>(engine_.index().size())}});
  while (pause())
    if (const Status lived = demo.run_round(); !lived && lived.error().code != ErrorCode::kCancelled)
      log_.write(LogLevel::kWarn, "the demo stumbled", {{"problem", lived.error().message}});
}

}  // namespace curfew::app
