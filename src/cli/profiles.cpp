#include "cli/profiles.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#define TOML_HEADER_ONLY 0
#include <toml++/toml.h>

namespace curfew::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMostBytes = 1024 * 1024;

Error broken(std::string_view path, std::string_view why) {
  return {ErrorCode::kInvalidArgument, "invalid_profiles", std::string(path) + ": " + std::string(why), {}};
}

Result<std::string> text_of(const toml::table& table, std::string_view name, std::string_view path) {
  const auto* node = table.get(name);
  if (node == nullptr) return std::string{};
  if (const auto value = node->value_exact<std::string>()) return *value;
  return tl::unexpected(broken(path, std::string(name) + " must be a text."));
}

Status known_names(const toml::table& table, std::initializer_list<std::string_view> names, std::string_view path) {
  for (const auto& [key, _] : table)
    if (std::find(names.begin(), names.end(), key.str()) == names.end())
      return tl::unexpected(broken(path, "\"" + std::string(key.str()) + "\" is not a setting that is known."));
  return {};
}

}  // namespace

Status check_profile_name(std::string_view name) {
  const bool fits = !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
  if (!fits) return invalid("profile", "a profile's name is 1 to 64 letters, digits, dots, underscores and hyphens.");
  return {};
}

std::string profiles_path(const Terminal& terminal) {
  if (const auto file = terminal.env("CURFEW_CONFIG_FILE"); file && !file->empty()) return *file;
  if (const auto base = terminal.env("XDG_CONFIG_HOME"); base && base->starts_with('/'))
    return *base + "/curfew/config.toml";
  if (const auto home = terminal.env("HOME"); home && !home->empty()) return *home + "/.config/curfew/config.toml";
  return {};
}

Result<Profiles> parse_profiles(std::string_view text, std::string_view path) {
  toml::table root;
  try {
    root = toml::parse(text, path);
  } catch (const toml::parse_error& e) {
    return tl::unexpected(
        broken(path, "line " + std::to_string(e.source().begin.line) + ": " + std::string(e.description()) + "."));
  }
  CURFEW_TRY_STATUS(known_names(root, {"default", "profile"}, path));
  Profiles profiles;
  CURFEW_TRY(profiles.fallback, text_of(root, "default", path));
  const auto* node = root.get("profile");
  if (node == nullptr) return profiles;
  const auto* table = node->as_table();
  if (table == nullptr) return tl::unexpected(broken(path, "\"profile\" must be a table."));
  for (const auto& [name, value] : *table) {
    const auto* settings = value.as_table();
    if (settings == nullptr || !check_profile_name(name.str()))
      return tl::unexpected(broken(path, "\"" + std::string(name.str()) + "\" is not a profile."));
    CURFEW_TRY_STATUS(known_names(*settings, {"server", "api_key", "ca_file", "realm", "plain_http"}, path));
    Profile profile;
    CURFEW_TRY(profile.server, text_of(*settings, "server", path));
    CURFEW_TRY(profile.api_key, text_of(*settings, "api_key", path));
    CURFEW_TRY(profile.ca_file, text_of(*settings, "ca_file", path));
    CURFEW_TRY(profile.realm, text_of(*settings, "realm", path));
    profile.plain_http = (*settings)["plain_http"].value_or(false);
    profiles.by_name.emplace(std::string(name.str()), std::move(profile));
  }
  return profiles;
}

std::string to_toml(const Profiles& profiles) {
  toml::table root, all;
  if (!profiles.fallback.empty()) root.insert("default", profiles.fallback);
  for (const auto& [name, profile] : profiles.by_name) {
    toml::table table;
    const auto put = [&](const char* key, const std::string& value) {
      if (!value.empty()) table.insert(key, value);
    };
    put("server", profile.server);
    put("api_key", profile.api_key);
    put("ca_file", profile.ca_file);
    put("realm", profile.realm);
    if (profile.plain_http) table.insert("plain_http", true);
    all.insert(name, std::move(table));
  }
  if (!all.empty()) root.insert("profile", std::move(all));
  std::ostringstream out;
  out << toml::toml_formatter(root) << "\n";
  return out.str();
}

Result<Profiles> read_profiles(const std::string& path) {
  if (path.empty()) return Profiles{};
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return Profiles{};
    return tl::unexpected(broken(path, std::string("it can't be read: ") + std::strerror(errno) + "."));
  }
  if (static_cast<std::size_t>(info.st_size) > kMostBytes)
    return tl::unexpected(broken(path, "it is larger than 1 MiB."));
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return tl::unexpected(broken(path, "it can't be read."));
  CURFEW_TRY(auto profiles, parse_profiles(text.str(), path));
  const bool holds_key = std::any_of(profiles.by_name.begin(), profiles.by_name.end(),
                                     [](const auto& p) { return !p.second.api_key.empty(); });
  if (holds_key && (info.st_mode & 077) != 0)
    return tl::unexpected(
        broken(path, "it holds API keys and others can read it; make it yours alone: chmod 600 " + path));
  return profiles;
}

Status write_profiles(const std::string& path, const Profiles& profiles) {
  if (path.empty())
    return fail(ErrorCode::kInvalidArgument, "no_home", "there is no home directory to keep profiles in: set HOME.");
  const auto failed = [&](const std::string& what) -> Status {
    return fail(ErrorCode::kUnavailable, "not_written", path + " can't be written: " + what + ".");
  };
  std::error_code wrong;
  const fs::path directory = fs::path(path).parent_path();
  if (!directory.empty() && !fs::exists(directory, wrong)) {
    fs::create_directories(directory, wrong);
    if (wrong) return failed(wrong.message());
    fs::permissions(directory, fs::perms::owner_all, wrong);
  }
  std::string temporary = path + ".XXXXXX";
  const int fd = mkstemp(temporary.data());  // mode 0600 from the first byte
  if (fd < 0) return failed(std::strerror(errno));
  const std::string text = to_toml(profiles);
  bool good = fchmod(fd, S_IRUSR | S_IWUSR) == 0;
  for (std::size_t at = 0; good && at < text.size();) {
    const auto wrote = write(fd, text.data() + at, text.size() - at);
    good = wrote > 0 || errno == EINTR;
    if (wrote > 0) at += static_cast<std::size_t>(wrote);
  }
  good = good && fsync(fd) == 0;
  const int error = errno;
  close(fd);
  if (!good || rename(temporary.c_str(), path.c_str()) != 0) {
    const std::string why = std::strerror(good ? errno : error);
    unlink(temporary.c_str());
    return failed(why);
  }
  return {};
}

}  // namespace curfew::cli
