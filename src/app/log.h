// Structured logs to standard error: one line an event, JSON or text. Never a token, a key, a password or a query
// string. Threads: any.
#pragma once

#include <atomic>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "app/config.h"

namespace spdlog {
class logger;
}

namespace curfew::app {

class Log {
 public:
  using Field = std::pair<std::string_view, std::variant<std::string, std::int64_t>>;

  Log(LogLevel level, LogFormat format, const Clock& clock);
  ~Log();
  void reconfigure(LogLevel level, LogFormat format);
  bool enabled(LogLevel level) const;
  void write(LogLevel level, std::string_view event, std::initializer_list<Field> fields = {});

 private:
  const Clock& clock_;
  std::shared_ptr<spdlog::logger> logger_;
  std::atomic<LogLevel> level_;
  std::atomic<LogFormat> format_;
};

}  // namespace curfew::app
