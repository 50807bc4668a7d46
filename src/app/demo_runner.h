// Runs the demo against the server's own address, on a thread of its own, with an API key that lives as long as it
// does.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "access/access.h"
#include "app/log.h"
#include "engine/engine.h"

namespace curfew::app {

class DemoRunner {
 public:
  DemoRunner(access::Directory& directory, engine::Engine& engine, const Clock& clock, Log& log, std::string address);
  ~DemoRunner();

  Status start();
  void stop();  // idempotent

 private:
  void run(std::string key);
  bool pause();  // false: stop now

  access::Directory& directory_;
  engine::Engine& engine_;
  const Clock& clock_;
  Log& log_;
  const std::string address_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace curfew::app
