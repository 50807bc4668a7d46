// The configuration: what may be set, from where, and what is wrong with it.
//
// Sources, later ones win: defaults, the TOML file, the environment (CURFEW_SECTION_NAME, such as
// CURFEW_SERVER_LISTEN), flags. Every setting stands in one table (config.cpp) with its check; an unknown one is
// refused with its line. Errors: kInvalidArgument; the message says where the value came from ("curfew.toml:12",
// "CURFEW_LOG_LEVEL", "--listen").
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ip.h"
#include "base/time.h"

namespace curfew::app {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError };
enum class LogFormat : std::uint8_t { kJson, kText };

struct Config {
  // [server]
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;
  std::string tls_certificate, tls_key;  // both or neither
  std::vector<Cidr> trusted_proxies;
  bool behind_tls_proxy = false;
  std::int64_t max_connections = 10'000;
  std::int64_t threads = 0;  // 0: one a core
  // [data]
  std::string data_dir = "data";
  std::int64_t min_free_bytes = 256LL * 1024 * 1024;
  bool index_image = true;
  // [places]: MaxMind databases; empty: none
  std::string city_database, asn_database, anonymizer_database;
  // [log]
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kJson;
  // [retention]
  Duration audit_retention = Duration::days(400);
  Duration tombstone_retention = Duration::days(400);
  std::int64_t journal_retention = 1'000'000;
  // [engine]
  std::int64_t queue = 200'000;
  Duration touch_flush_interval = Duration{500};

  friend bool operator==(const Config&, const Config&) = default;
};

// A value from the command line: "server.listen" → text.
using Flags = std::vector<std::pair<std::string, std::string>>;
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// `file` may be empty. `set_names`: the CURFEW_… names that are set, so that a misspelt one is noticed.
Result<Config> load_config(const std::string& file, const Environment& environment,
                           const std::vector<std::string>& set_names, const Flags& flags);

// The names of the settings that differ and only take effect after a restart; the others are taken over by a reload.
std::vector<std::string> needs_restart(const Config& now, const Config& next);

// The process's own environment, and the CURFEW_… names in it.
Environment process_environment();
std::vector<std::string> curfew_names();

}  // namespace curfew::app
