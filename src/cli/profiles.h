// Profiles: servers that one works with, and the keys for them, in ~/.config/curfew/config.toml.
//
// The file holds keys: it is written with mode 0600, in a directory of mode 0700, by replacing it whole. The bytes are
// TOML:
//   default = "production"
//   [profile.production]
//   server = "https://curfew.example.com"
//   api_key = "…"
//   ca_file, realm, plain_http: optional
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/terminal.h"

namespace curfew::cli {

struct Profile {
  std::string server;
  std::string api_key;  // may be empty
  std::string ca_file;  // may be empty
  std::string realm;    // may be empty
  bool plain_http = false;

  friend bool operator==(const Profile&, const Profile&) = default;
};

struct Profiles {
  std::string fallback;  // the default profile's name; may be empty
  std::map<std::string, Profile> by_name;

  friend bool operator==(const Profiles&, const Profiles&) = default;
};

// Letters, digits, '.', '_' and '-'; 1 to 64.
Status check_profile_name(std::string_view name);

// $CURFEW_CONFIG_FILE, $XDG_CONFIG_HOME/curfew/config.toml or ~/.config/curfew/config.toml; empty without a home.
std::string profiles_path(const Terminal& terminal);

// A file that does not exist holds no profiles. One that others can read is refused when it holds a key.
Result<Profiles> read_profiles(const std::string& path);
Status write_profiles(const std::string& path, const Profiles& profiles);

// The text of the file and back; exposed for tests.
std::string to_toml(const Profiles& profiles);
Result<Profiles> parse_profiles(std::string_view toml, std::string_view path);

}  // namespace curfew::cli
