#include "cli/realm_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <vector>

#define TOML_HEADER_ONLY 0
#include <toml++/toml.h>

#include "base/ip.h"
#include "base/limits.h"
#include "cli/filters.h"
#include "cli/json_view.h"
#include "cli/parse.h"
#include "cli/text_width.h"

namespace curfew::cli {

namespace {

constexpr std::array<std::string_view, 8> kPolicyMembers{
    "idleTimeout",        "maxLifetime",        "rememberMeIdleTimeout", "rememberMeMaxLifetime",
    "offlineIdleTimeout", "offlineMaxLifetime", "maxSessionsPerUser",    "sessionLimitAction"};

std::uint32_t line_of(const toml::node& node) {
  return node.source().begin.line;
}

// Reads one file; notes the lines on the way.
class Reader {
 public:
  explicit Reader(std::string path) { file_.path = std::move(path); }

  Result<RealmFile> read(const toml::table& root) {
    CURFEW_TRY_STATUS(known_keys(root, "the file", {"realm", "display_name", "policy", "networks", "rules"}));
    if (root.contains("realm")) {
      CURFEW_TRY(file_.realm, text_of(root, "realm"));
      file_.lines["realm"] = line_of(*root.get("realm"));
    }
    if (root.contains("display_name")) {
      CURFEW_TRY(file_.display_name, text_of(root, "display_name"));
      file_.lines["displayName"] = line_of(*root.get("display_name"));
    }
    CURFEW_TRY_STATUS(read_policy(root));
    CURFEW_TRY_STATUS(read_networks(root));
    CURFEW_TRY_STATUS(read_rules(root));
    return std::move(file_);
  }

 private:
  tl::unexpected<Error> wrong(std::uint32_t line, const std::string& message) const {
    return fail(ErrorCode::kInvalidArgument, "invalid_realm_file",
                file_.path + ", line " + std::to_string(line) + ": " + message);
  }

  Status known_keys(const toml::table& table, const std::string& where, const std::vector<std::string>& known) const {
    for (const auto& [key, _] : table) {
      const std::string name(key.str());
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      std::string all;
      for (const auto& one : known) all += (all.empty() ? "" : ", ") + one;
      return wrong(key.source().begin.line, "\"" + safe_text(name) + "\" is not known in " + where + "." +
                                                suggestion(name, known) + " There are " + all + ".");
    }
    return {};
  }

  Result<std::string> text_of(const toml::table& table, std::string_view key) const {
    const auto* node = table.get(key);
    if (const auto text = node->value_exact<std::string>()) return *text;
    return wrong(line_of(*node), std::string(key) + " must be a text in quotes.");
  }

  Result<const toml::table*> table_of(const toml::node& node, const std::string& name) const {
    if (const auto* table = node.as_table()) return table;
    return wrong(line_of(node), name + " must be a table: [" + name + "].");
  }

  // A policy's or rule's value: "none" is the API's null.
  Result<boost::json::value> value_of(const std::string& name, const toml::node& node) const {
    if (const auto text = node.value_exact<std::string>())
      return *text == "none" ? boost::json::value(nullptr) : boost::json::value(*text);
    if (const auto number = node.value_exact<std::int64_t>()) return boost::json::value(*number);
    if (const auto yes = node.value_exact<bool>()) return boost::json::value(*yes);
    if (const auto number = node.value_exact<double>(); number && std::isfinite(*number))
      return boost::json::value(*number);
    return wrong(line_of(node), name + " must be a text, a number, true or false.");
  }

  Status read_policy(const toml::table& root) {
    const auto* node = root.get("policy");
    if (node == nullptr) return {};
    CURFEW_TRY(const auto* table, table_of(*node, "policy"));
    std::vector<std::string> known;
    for (const auto member : kPolicyMembers) known.push_back(snake_case(member));
    CURFEW_TRY_STATUS(known_keys(*table, "[policy]", known));
    file_.lines["policy"] = line_of(*node);
    for (const auto member : kPolicyMembers) {
      const auto name = snake_case(member);
      const auto* given = table->get(name);
      if (given == nullptr) continue;
      CURFEW_TRY(auto value, value_of(name, *given));
      const bool is_limit = member != "maxSessionsPerUser" && member != "sessionLimitAction";
      if (is_limit && !value.is_null() && (!value.is_string() || !parse_duration(text_at(value, ""))))
        return wrong(line_of(*given), name + " must be an ISO 8601 duration such as \"PT30M\", or \"none\".");
      if (member == "maxSessionsPerUser" && !value.is_null() && !value.is_int64())
        return wrong(line_of(*given), name + " must be a number from 1 to 10,000, or \"none\".");
      if (member == "sessionLimitAction" && !value.is_string())
        return wrong(line_of(*given), name + " must be \"end_oldest\" or \"end_least_recently_used\".");
      file_.lines["policy." + std::string(member)] = line_of(*given);
      file_.policy[std::string(member)] = std::move(value);
    }
    return {};
  }

  Status read_networks(const toml::table& root) {
    const auto* node = root.get("networks");
    if (node == nullptr) return {};
    const auto* list = node->as_array();
    if (list == nullptr) return wrong(line_of(*node), "networks must be a list: [[networks]] for each of them.");
    file_.lines["networks"] = line_of(*node);
    file_.networks.emplace();
    for (const auto& item : *list) {
      const auto* table = item.as_table();
      if (table == nullptr) return wrong(line_of(item), "a network must be a table with name and cidrs.");
      CURFEW_TRY_STATUS(read_network(*table));
    }
    return {};
  }

  Status read_network(const toml::table& table) {
    CURFEW_TRY_STATUS(known_keys(table, "[[networks]]", {"name", "cidrs", "trusted"}));
    const std::string path = "networks[" + std::to_string(file_.networks->size()) + "]";
    file_.lines[path] = line_of(table);
    if (!table.contains("name")) return wrong(line_of(table), "a network needs a name.");
    CURFEW_TRY(const auto name, text_of(table, "name"));
    file_.lines[path + ".name"] = line_of(*table.get("name"));
    for (const auto& other : *file_.networks)
      if (text_at(other, "name") == name)
        return wrong(line_of(*table.get("name")), "there is a network \"" + safe_text(name) +
                                                      "\" already: give one of them another name, or both one entry.");
    const auto* cidrs = table.get("cidrs");
    if (cidrs == nullptr || !cidrs->is_array())
      return wrong(line_of(cidrs == nullptr ? static_cast<const toml::node&>(table) : *cidrs),
                   "network \"" + safe_text(name) + "\" needs cidrs, a list such as [\"10.20.0.0/16\"].");
    file_.lines[path + ".cidrs"] = line_of(*cidrs);
    boost::json::array texts;
    for (const auto& item : *cidrs->as_array()) {
      const auto text = item.value_exact<std::string>();
      if (!text) return wrong(line_of(item), "an address or network must be a text in quotes.");
      if (const auto cidr = Cidr::parse(*text); !cidr) return wrong(line_of(item), cidr.error().message);
      file_.lines[path + ".cidrs[" + std::to_string(texts.size()) + "]"] = line_of(item);
      texts.emplace_back(*text);
    }
    bool trusted = false;
    if (const auto* given = table.get("trusted")) {
      const auto yes = given->value_exact<bool>();
      if (!yes) return wrong(line_of(*given), "trusted must be true or false.");
      trusted = *yes;
      file_.lines[path + ".trusted"] = line_of(*given);
    }
    file_.networks->push_back({{"name", name}, {"cidrs", std::move(texts)}, {"trusted", trusted}});
    return {};
  }

  Status read_rules(const toml::table& root) {
    const auto* node = root.get("rules");
    if (node == nullptr) return {};
    CURFEW_TRY(const auto* rules, table_of(*node, "rules"));
    file_.lines["rules"] = line_of(*node);
    for (const auto& [key, rule] : *rules) {
      const std::string name(key.str());
      CURFEW_TRY(const auto* table, table_of(rule, "rules." + name));
      file_.lines["rules." + name] = key.source().begin.line;
      auto& members = file_.rules[name].emplace_object();
      for (const auto& [member, given] : *table) {
        const std::string spelled(member.str());
        CURFEW_TRY(auto value, value_of(spelled, given));
        const auto camel = camel_case(spelled);
        if (snake_case(camel) != spelled)  // two spellings of one member would hide each other
          return wrong(member.source().begin.line, "\"" + safe_text(spelled) +
                                                       "\" is not spelled as names are here: write " +
                                                       safe_text(snake_case(camel)) + ".");
        file_.lines["rules." + name + "." + camel] = member.source().begin.line;
        members[camel] = std::move(value);
      }
    }
    return {};
  }

  RealmFile file_;
};

std::string_view kind_of(const boost::json::value& value) {
  if (value.is_bool()) return "true or false";
  if (value.is_number()) return "a number";
  return value.is_string() ? "a text in quotes" : "none";
}

// --- Out
// --------------------------------------------------------------------------------------------------------------------

std::string toml_value(const boost::json::value& value) {
  if (value.is_null()) return "\"none\"";
  if (value.is_double()) {  // JSON writes 5E0
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, value.get_double()).ptr;
    return {text, end};
  }
  if (!value.is_array()) return safe_json(value);  // JSON's escapes are TOML's too
  std::string out;
  for (const auto& item : value.get_array()) out += (out.empty() ? "" : ", ") + toml_value(item);
  return "[" + out + "]";
}

void append_member(std::string& out, std::string_view name, const boost::json::value& value) {
  out += snake_case(name) + " = " + toml_value(value) + "\n";
}

}  // namespace

std::string snake_case(std::string_view camel) {
  std::string out;
  for (const char c : camel) {
    if (c >= 'A' && c <= 'Z')
      out += {'_', static_cast<char>(c | 0x20)};
    else
      out += c;
  }
  return out;
}

std::string camel_case(std::string_view snake) {
  std::string out;
  bool up = false;
  for (const char c : snake) {
    if (c == '_')
      up = true;
    else
      out += std::exchange(up, false) && c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c;
  }
  return out;
}

Error RealmFile::wrong(std::string_view field, std::string_view message) const {
  Error error{ErrorCode::kInvalidArgument, "invalid_realm_file", {}, {}};
  for (std::string_view near = field; !near.empty();) {
    if (const auto it = lines.find(near); it != lines.end()) {
      error.message = path + ", line " + std::to_string(it->second) + ": " + std::string(message);
      return error;
    }
    const auto cut = near.find_last_of(".[");
    near = near.substr(0, cut == std::string_view::npos ? 0 : cut);
  }
  error.message = path + ": " + std::string(message);
  return error;
}

Result<RealmFile> parse_realm_file(std::string_view text, std::string path) {
  path = safe_text(path);
  if (text.size() > kMostRealmFileBytes)
    return fail(ErrorCode::kInvalidArgument, "invalid_realm_file", path + " is larger than 1 MiB.");
  try {
    return Reader(path).read(toml::parse(text, path));
  } catch (const toml::parse_error& e) {
    return fail(ErrorCode::kInvalidArgument, "invalid_realm_file",
                path + ", line " + std::to_string(e.source().begin.line) + ": " +
                    safe_text(std::string_view(e.description())) + ".");
  }
}

Status check_rules(const RealmFile& file, const boost::json::object* known_rules) {
  std::vector<std::string> names = rule_names();
  if (known_rules != nullptr) {
    names.clear();
    for (const auto& [name, _] : *known_rules) names.emplace_back(name);
  }
  for (const auto& [name, members] : file.rules) {
    const std::string rule(name);
    if (std::find(names.begin(), names.end(), rule) == names.end())
      return tl::unexpected(
          file.wrong("rules." + rule, "there is no rule \"" + safe_text(rule) + "\"." + suggestion(rule, names)));
    if (known_rules == nullptr) continue;
    const auto& known = known_rules->at(name).as_object();
    std::vector<std::string> spelled;
    for (const auto& [member, _] : known) spelled.push_back(snake_case(member));
    for (const auto& [member, value] : members.as_object()) {
      const std::string field = "rules." + rule + "." + std::string(member), given = snake_case(member);
      const auto* now = known.if_contains(member);
      if (now == nullptr)
        return tl::unexpected(
            file.wrong(field, "rule " + rule + " has no \"" + safe_text(given) + "\"." + suggestion(given, spelled)));
      if (!now->is_null() && !value.is_null() && kind_of(*now) != kind_of(value))
        return tl::unexpected(file.wrong(field, given + " must be " + std::string(kind_of(*now)) + "."));
    }
  }
  return {};
}

std::string to_realm_file(const boost::json::value& realm, const boost::json::value& detection) {
  std::string out =
      "# A realm's policy, networks and detection rules. To apply it: curfew realms apply FILE\n"
      "# What is left out stays as it is. Durations are ISO 8601; \"none\" stands for no limit.\n";
  out += "realm = " + toml_value(boost::json::value(text_at(realm, "name"))) + "\n";
  out += "display_name = " + toml_value(boost::json::value(text_at(realm, "displayName"))) + "\n";
  const auto& networks = array_at(detection, "networks");
  if (networks.empty()) out += "networks = []\n";
  out += "\n[policy]\n";
  for (const auto member : kPolicyMembers)
    if (const auto* value = at(realm, "policy." + std::string(member))) append_member(out, member, *value);
  for (const auto& network : networks) {
    out += "\n[[networks]]\nname = " + toml_value(boost::json::value(text_at(network, "name"))) + "\n";
    out += "cidrs = " + toml_value(array_at(network, "cidrs")) + "\n";
    out += std::string("trusted = ") + (is_true(network, "trusted") ? "true" : "false") + "\n";
  }
  const auto* rules = at(detection, "rules");
  if (rules == nullptr || !rules->is_object()) return out;
  for (const auto& [name, members] : rules->get_object()) {
    out += "\n[rules." + std::string(name) + "]\n";
    if (members.is_object())
      for (const auto& [member, value] : members.get_object()) append_member(out, member, value);
  }
  return out;
}

}  // namespace curfew::cli
