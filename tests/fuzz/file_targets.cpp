// Files that people write: a realm as TOML.
#include <boost/json/parse.hpp>

#include "cli/realm_changes.h"
#include "cli/realm_file.h"
#include "fuzz_target.h"

namespace curfew::fuzz {
namespace {

constexpr std::string_view kRealm =
    R"({"name":"production","displayName":"Production","policy":{"idleTimeout":"PT30M","maxLifetime":null,)"
    R"("rememberMeIdleTimeout":null,"rememberMeMaxLifetime":null,"offlineIdleTimeout":null,"offlineMaxLifetime":null,)"
    R"("maxSessionsPerUser":5,"sessionLimitAction":"end_oldest"}})";
constexpr std::string_view kDetection =
    R"({"networks":[{"name":"Corporate","cidrs":["10.20.0.0/16"],"trusted":true}],)"
    R"("rules":{"many_networks":{"enabled":true,"severity":"medium","threshold":3,"window":"PT1H"},)"
    R"("many_sessions":{"enabled":true,"severity":"low","threshold":10,"deviations":5.5}}})";

// A file that is taken, applied as its changes say, has nothing left to change; nor has the realm written anew.
void realm_file(std::string_view bytes) {
  auto realm = boost::json::parse(kRealm), detection = boost::json::parse(kDetection);
  const auto file = cli::parse_realm_file(bytes, "file");
  if (!file) {
    FUZZ_CHECK(!file.error().message.empty());
    return;
  }
  if (!cli::check_rules(*file, &detection.at("rules").as_object())) return;
  const auto changes = cli::changes_of(*file, realm, detection);
  for (const auto& [name, value] : changes.realm_patch) {
    if (name == "policy")
      for (const auto& [member, limit] : value.as_object()) realm.at("policy").as_object()[member] = limit;
    else
      realm.as_object()[name] = value;
  }
  if (!changes.detection.empty()) detection = changes.detection;
  FUZZ_CHECK(cli::changes_of(*file, realm, detection).list.empty());
  const auto again = cli::parse_realm_file(cli::to_realm_file(realm, detection), "again");
  FUZZ_CHECK(again && cli::changes_of(*again, realm, detection).list.empty());
}

}  // namespace

std::vector<Target> file_targets() {
  return {{"realm_file",
           realm_file,
           {cli::to_realm_file(boost::json::parse(kRealm), boost::json::parse(kDetection)),
            "realm = \"p\"\nnetworks = []\n[policy]\nidle_timeout = \"none\"\nmax_sessions_per_user = 3\n",
            "[[networks]]\nname = \"VPN \\\"a\\\"\"\ncidrs = [\"2001:db8::/32\", \"203.0.113.7\"]\n"
            "[rules.many_sessions]\nenabled = false\ndeviations = 1e3\n[rules.many_networks]\nwindow = \"PT90M\"\n"}}};
}

}  // namespace curfew::fuzz
