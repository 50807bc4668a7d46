// A realm as code: its policy, networks and detection rules in a TOML file.
//
//   realm = "production"
//   display_name = "Production"
//   networks = []                      # none; or [[networks]] with name, cidrs and trusted
//   [policy]                           # members as the API's, in snake_case; "none": no limit
//   idle_timeout = "PT30M"
//   [rules.new_device]
//   severity = "low"
//
// What a file leaves out stays as it is in the realm; networks, where they are given, are all there are. The rules and
// their members are those of the server's own document, so that a file can hold what a later server knows. Errors name
// the file and the line.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/result.h"

namespace curfew::cli {

struct RealmFile {
  std::string path;                            // for messages
  std::string realm;                           // may be empty
  std::optional<std::string> display_name;     // none: left as it is
  boost::json::object policy;                  // the API's members that the file gives
  std::optional<boost::json::array> networks;  // the API's, trusted always given
  boost::json::object rules;                   // by name, the API's members that the file gives
  // Where what the API calls policy.idleTimeout, networks[0].cidrs[1] or rules.new_device.severity stands.
  std::map<std::string, std::uint32_t, std::less<>> lines;

  // "production.toml, line 7: …" as an error; the line of the nearest that is known of the field.
  Error wrong(std::string_view field, std::string_view message) const;
};

inline constexpr std::size_t kMostRealmFileBytes = 1024 * 1024;

Result<RealmFile> parse_realm_file(std::string_view text, std::string path);

// Refuses rules and members that the server's document does not have, and values of another type. Without a document
// (the realm is yet to be made) rules are checked by their names alone.
Status check_rules(const RealmFile& file, const boost::json::object* known_rules);

// The whole file of the API's Realm and Detection.
std::string to_realm_file(const boost::json::value& realm, const boost::json::value& detection);

// "idleTimeout" → "idle_timeout", and back.
std::string snake_case(std::string_view camel);
std::string camel_case(std::string_view snake);

}  // namespace curfew::cli
