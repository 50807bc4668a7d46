#include "app/config.h"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string_view>

extern char** environ;

namespace curfew::app {
namespace {

using Texts = std::vector<std::string>;

// A value in the shape in which every source can give it.
struct Value {
  Texts texts;  // one for a scalar
  bool list = false;
  std::string where;
};

struct Setting {
  std::string_view name;                                   // "server.listen"
  std::function<Status(Config&, const std::string&)> set;  // one text
  std::function<Status(Config&, const Texts&)> set_list;   // instead, where it is a list
  bool restart = true;                                     // a reload can't change it
  std::function<bool(const Config&, const Config&)> same;
};

Status no(std::string message) {
  return fail(ErrorCode::kInvalidArgument, "invalid_configuration", std::move(message));
}

Result<std::int64_t> number(const std::string& text, std::int64_t least, std::int64_t most) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most)
    return fail(ErrorCode::kInvalidArgument, "invalid_configuration",
                "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return value;
}

Status set_listen(Config& config, const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return no("must be HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080");
  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string::npos)
    return no("must have an IPv6 address in brackets: [::1]:8080");
  CURFEW_TRY(const std::int64_t port, number(text.substr(colon + 1), 0, 65'535));
  config.host = host == "localhost" ? "127.0.0.1" : host;
  config.port = static_cast<std::uint16_t>(port);
  if (!IpAddress::parse(config.host)) return no("must name an IP address (0.0.0.0 or [::] for all)");
  return {};
}

template <std::int64_t Config::* Member>
auto integer(std::int64_t least, std::int64_t most) {
  return [least, most](Config& config, const std::string& text) -> Status {
    CURFEW_TRY(config.*Member, number(text, least, most));
    return {};
  };
}

template <Duration Config::* Member>
auto duration(Duration least, Duration most) {
  return [least, most](Config& config, const std::string& text) -> Status {
    const auto value = parse_duration(text);
    if (!value || *value < least || *value > most)
      return no("must be an ISO 8601 duration from " + format_duration(least) + " to " + format_duration(most) +
                ", such as PT30M or P90D");
    config.*Member = *value;
    return {};
  };
}

template <std::string Config::* Member>
Status text(Config& config, const std::string& value) {
  if (value.empty()) return no("must not be empty");
  config.*Member = value;
  return {};
}

Status set_bool(bool& target, const std::string& text) {
  if (text != "true" && text != "false") return no("must be true or false");
  target = text == "true";
  return {};
}

template <auto Member>
bool same(const Config& a, const Config& b) {
  return a.*Member == b.*Member;
}

const std::vector<Setting>& settings() {
  static const std::vector<Setting> all{
      {"server.listen",
       set_listen,
       {},
       true,
       [](const Config& a, const Config& b) { return a.host == b.host && a.port == b.port; }},
      {"server.tls_certificate", text<&Config::tls_certificate>, {}, true, same<&Config::tls_certificate>},
      {"server.tls_key", text<&Config::tls_key>, {}, true, same<&Config::tls_key>},
      {"server.trusted_proxies",
       {},
       [](Config& config, const Texts& texts) -> Status {
         config.trusted_proxies.clear();
         for (const std::string& one : texts) {
           const auto cidr = Cidr::parse(one);
           if (!cidr) return no("\"" + one + "\": " + cidr.error().message);
           config.trusted_proxies.push_back(*cidr);
         }
         return {};
       },
       true,
       same<&Config::trusted_proxies>},
      {"server.behind_tls_proxy",
       [](Config& c, const std::string& t) { return set_bool(c.behind_tls_proxy, t); },
       {},
       true,
       same<&Config::behind_tls_proxy>},
      {"server.max_connections",
       integer<&Config::max_connections>(1, 1'000'000),
       {},
       true,
       same<&Config::max_connections>},
      {"server.threads", integer<&Config::threads>(0, 256), {}, true, same<&Config::threads>},
      {"data.dir", text<&Config::data_dir>, {}, true, same<&Config::data_dir>},
      {"places.city", text<&Config::city_database>, {}, true, same<&Config::city_database>},
      {"places.asn", text<&Config::asn_database>, {}, true, same<&Config::asn_database>},
      {"places.anonymizer", text<&Config::anonymizer_database>, {}, true, same<&Config::anonymizer_database>},
      {"data.min_free_bytes",
       integer<&Config::min_free_bytes>(0, std::int64_t{1} << 50),
       {},
       true,
       same<&Config::min_free_bytes>},
      {"data.index_image",
       [](Config& c, const std::string& t) { return set_bool(c.index_image, t); },
       {},
       true,
       same<&Config::index_image>},
      {"log.level",
       [](Config& c, const std::string& t) -> Status {
         static constexpr std::array<std::string_view, 4> names{"debug", "info", "warn", "error"};
         const auto at = std::find(names.begin(), names.end(), t);
         if (at == names.end()) return no("must be debug, info, warn or error");
         c.log_level = static_cast<LogLevel>(at - names.begin());
         return {};
       },
       {},
       false,
       same<&Config::log_level>},
      {"log.format",
       [](Config& c, const std::string& t) -> Status {
         if (t != "json" && t != "text") return no("must be json or text");
         c.log_format = t == "json" ? LogFormat::kJson : LogFormat::kText;
         return {};
       },
       {},
       false,
       same<&Config::log_format>},
      {"retention.audit",
       duration<&Config::audit_retention>(Duration::days(1), Duration::days(36'500)),
       {},
       true,
       same<&Config::audit_retention>},
      {"retention.tombstones",
       duration<&Config::tombstone_retention>(Duration::days(1), Duration::days(36'500)),
       {},
       true,
       same<&Config::tombstone_retention>},
      {"retention.journal",
       integer<&Config::journal_retention>(1'000, 1'000'000'000),
       {},
       true,
       same<&Config::journal_retention>},
      {"engine.queue", integer<&Config::queue>(1'000, 10'000'000), {}, true, same<&Config::queue>},
      {"engine.touch_flush_interval",
       duration<&Config::touch_flush_interval>(Duration{10}, Duration::seconds(1)),
       {},
       true,
       same<&Config::touch_flush_interval>},
  };
  return all;
}

const Setting* find_setting(std::string_view name) {
  for (const Setting& setting : settings())
    if (setting.name == name) return &setting;
  return nullptr;
}

std::string environment_name(std::string_view setting) {
  std::string out = "CURFEW_";
  for (const char c : setting) out += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  return out;
}

Status apply(Config& config, const Setting& setting, const Value& value) {
  Status status;
  if (setting.set_list)
    status = setting.set_list(config, value.texts);
  else if (value.list)
    status = no("must be one value, not a list");
  else
    status = setting.set(config, value.texts.front());
  if (status) return status;
  return no(value.where + ": " + std::string(setting.name) + " " + status.error().message);
}

Status unknown(const std::string& where, const std::string& name) {
  return no(where + ": there is no setting \"" + name + "\"");
}

std::string scalar_text(const toml::node& node) {
  if (const auto* v = node.as_string()) return v->get();
  if (const auto* v = node.as_integer()) return std::to_string(v->get());
  if (const auto* v = node.as_boolean()) return v->get() ? "true" : "false";
  return {};
}

Status read_file(Config& config, const std::string& file) {
  std::ifstream in(file);
  if (!in) return no(file + ": can't be read (" + std::strerror(errno) + ")");
  std::string bytes;
  std::array<char, 4096> piece;
  while (in.read(piece.data(), piece.size()), in.gcount() > 0)
    bytes.append(piece.data(), static_cast<std::size_t>(in.gcount()));
  if (in.bad()) return no(file + ": can't be read (" + std::strerror(errno) + ")");  // a directory, say
  toml::table table;
  try {
    table = toml::parse(bytes, file);
  } catch (const toml::parse_error& error) {
    return no(file + ":" + std::to_string(error.source().begin.line) + ": " + std::string(error.description()));
  }
  const auto at = [&file](const toml::node& node) { return file + ":" + std::to_string(node.source().begin.line); };
  for (const auto& [section, node] : table) {
    const auto* settings_here = node.as_table();
    if (settings_here == nullptr) return unknown(at(node), std::string(section.str()));
    for (const auto& [key, item] : *settings_here) {
      const std::string name = std::string(section.str()) + "." + std::string(key.str());
      const Setting* setting = find_setting(name);
      if (setting == nullptr) return unknown(at(item), name);
      Value value{{}, false, at(item)};
      if (const auto* array = item.as_array()) {
        value.list = true;
        for (const auto& element : *array) value.texts.push_back(scalar_text(element));
      } else {
        value.texts.push_back(scalar_text(item));
      }
      CURFEW_TRY_STATUS(apply(config, *setting, value));
    }
  }
  return {};
}

Value from_text(const Setting& setting, const std::string& text_value, std::string where) {
  Value value{{text_value}, false, std::move(where)};
  if (setting.set_list) {
    value.texts.clear();
    std::stringstream parts(text_value);
    for (std::string part; std::getline(parts, part, ',');) value.texts.push_back(part);
  }
  return value;
}

bool loopback(const std::string& host) {
  const auto address = IpAddress::parse(host);
  return address && (Cidr::parse("127.0.0.0/8")->contains(*address) || host == "::1");
}

Status validate(const Config& config) {
  if (config.tls_certificate.empty() != config.tls_key.empty())
    return no("server.tls_certificate and server.tls_key belong together: set both or neither");
  if (config.tls_certificate.empty() && !config.behind_tls_proxy && !loopback(config.host))
    return no(
        "server.listen: " + config.host +
        " is reachable from other machines, and there is no TLS. Set server.tls_certificate and server.tls_key, or "
        "server.behind_tls_proxy = true if a proxy ends TLS in front of it");
  return {};
}

// Names of the environment that are not settings.
constexpr std::array<std::string_view, 9> kOtherNames{"CURFEW_BOOTSTRAP_ADMIN_PASSWORD",
                                                      "CURFEW_BOOTSTRAP_API_KEY",
                                                      "CURFEW_SERVER",
                                                      "CURFEW_API_KEY",
                                                      "CURFEW_PROFILE",
                                                      "CURFEW_CA_FILE",
                                                      "CURFEW_CONFIG",
                                                      "CURFEW_OUTPUT",
                                                      "CURFEW_REALM"};

}  // namespace

Result<Config> load_config(const std::string& file, const Environment& environment,
                           const std::vector<std::string>& set_names, const Flags& flags) {
  Config config;
  if (!file.empty()) CURFEW_TRY_STATUS(read_file(config, file));
  for (const Setting& setting : settings()) {
    const std::string name = environment_name(setting.name);
    if (const auto value = environment(name))
      CURFEW_TRY_STATUS(apply(config, setting, from_text(setting, *value, name)));
  }
  for (const std::string& name : set_names) {
    const bool known = std::any_of(settings().begin(), settings().end(),
                                   [&](const Setting& s) { return environment_name(s.name) == name; });
    // Only what looks like a setting of a section: other programs' CURFEW_… names are not ours to refuse.
    const bool looks = std::any_of(settings().begin(), settings().end(), [&](const Setting& s) {
      const std::string section = environment_name(s.name.substr(0, s.name.find('.'))) + "_";
      return name.starts_with(section);
    });
    if (!known && looks && std::find(kOtherNames.begin(), kOtherNames.end(), name) == kOtherNames.end())
      return tl::make_unexpected(unknown("environment", name).error());
  }
  for (const auto& [name, value] : flags) {
    const Setting* setting = find_setting(name);
    if (setting == nullptr) return tl::make_unexpected(unknown("command line", name).error());
    CURFEW_TRY_STATUS(apply(config, *setting, from_text(*setting, value, "command line")));
  }
  CURFEW_TRY_STATUS(validate(config));
  return config;
}

std::vector<std::string> needs_restart(const Config& now, const Config& next) {
  std::vector<std::string> out;
  for (const Setting& setting : settings())
    if (setting.restart && !setting.same(now, next)) out.emplace_back(setting.name);
  return out;
}

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

std::vector<std::string> curfew_names() {
  std::vector<std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view line(*entry);
    if (line.starts_with("CURFEW_")) out.emplace_back(line.substr(0, line.find('=')));
  }
  return out;
}

}  // namespace curfew::app
