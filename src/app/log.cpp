#include "app/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>

#include "base/json_writer.h"

namespace curfew::app {
namespace {

constexpr std::array<std::string_view, 4> kNames{"debug", "info", "warn", "error"};

}  // namespace

Log::Log(LogLevel level, LogFormat format, const Clock& clock)
    : clock_(clock),
      logger_(std::make_shared<spdlog::logger>("curfew", std::make_shared<spdlog::sinks::stderr_sink_mt>())),
      level_(level),
      format_(format) {
  logger_->set_pattern("%v");
  logger_->set_level(spdlog::level::trace);
  logger_->flush_on(spdlog::level::trace);
}

Log::~Log() = default;

void Log::reconfigure(LogLevel level, LogFormat format) {
  level_ = level;
  format_ = format;
}

bool Log::enabled(LogLevel level) const {
  return level >= level_;
}

void Log::write(LogLevel level, std::string_view event, std::initializer_list<Field> fields) {
  if (!enabled(level)) return;
  const std::string_view name = kNames[static_cast<std::size_t>(level)];
  std::string line;
  if (format_ == LogFormat::kJson) {
    JsonWriter json(line);
    json.begin_object().field("time", clock_.now()).field("level", name).field("event", event);
    for (const auto& [key, value] : fields) {
      json.key(key);
      if (const auto* number = std::get_if<std::int64_t>(&value))
        json.number(*number);
      else
        json.string(std::get<std::string>(value));
    }
    json.end_object();
  } else {
    append_time(line, clock_.now());
    line.append(" ").append(name).append(" ").append(event);
    for (const auto& [key, value] : fields) {
      line.append(" ").append(key).append("=");
      if (const auto* number = std::get_if<std::int64_t>(&value)) {
        line += std::to_string(*number);
      } else {
        line += '"';
        JsonWriter::append_escaped(line, std::get<std::string>(value));
        line += '"';
      }
    }
  }
  logger_->log(spdlog::level::info, "{}", line);
}

}  // namespace curfew::app
