#include "cli/realm_changes.h"

#include <algorithm>
#include <set>

#include "base/ip.h"
#include "cli/json_view.h"
#include "cli/text_width.h"

namespace curfew::cli {

namespace {

bool same(const boost::json::value& a, const boost::json::value& b) {
  if (a == b) return true;
  if (a.is_number() && b.is_number()) return a.to_number<double>() == b.to_number<double>();
  if (!a.is_string() || !b.is_string()) return false;
  const auto one = parse_duration(text_at(a, "")), other = parse_duration(text_at(b, ""));
  return one && other && *one == *other;
}

// A value for people.
std::string shown(const boost::json::value& value) {
  if (value.is_null()) return "none";
  if (value.is_bool()) return value.get_bool() ? "yes" : "no";
  const auto text = text_at(value, "");
  if (value.is_double()) {
    auto digits = std::to_string(value.get_double());
    while (digits.ends_with('0')) digits.pop_back();
    if (digits.ends_with('.')) digits.pop_back();
    return digits;
  }
  if (const auto duration = parse_duration(text); value.is_string() && duration) return duration_text(*duration);
  return safe_text(text);
}

std::string words(std::string_view member) {
  auto out = snake_case(member);
  std::replace(out.begin(), out.end(), '_', ' ');
  return out;
}

// "severity from low to high"; of a realm that is yet to be made, "severity low".
std::string member_text(std::string_view member, const boost::json::value& from, const boost::json::value& to,
                        bool is_new) {
  if (member == "enabled" && to.is_bool()) return to.get_bool() ? "switched on" : "switched off";
  return words(member) + (is_new ? " " : " from " + shown(from) + " to ") + shown(to);
}

std::string canonical(std::string_view cidr) {
  const auto parsed = Cidr::parse(cidr);
  return parsed ? parsed->to_string() : std::string(cidr);
}

std::set<std::string> cidrs_of(const boost::json::value& network) {
  std::set<std::string> out;
  for (const auto& text : array_at(network, "cidrs")) out.insert(canonical(text_at(text, "")));
  return out;
}

std::string listed(const std::vector<std::string>& texts) {
  std::string out;
  for (const auto& text : texts) out += (out.empty() ? "" : ", ") + safe_text(text);
  return out;
}

const boost::json::value* named(const boost::json::array& networks, const std::string& name) {
  const auto it =
      std::find_if(networks.begin(), networks.end(), [&](const auto& n) { return text_at(n, "name") == name; });
  return it == networks.end() ? nullptr : &*it;
}

// What differs between two networks of one name; empty: nothing.
std::string network_difference(const boost::json::value& from, const boost::json::value& to) {
  const auto before = cidrs_of(from), after = cidrs_of(to);
  std::vector<std::string> gained, lost;
  std::set_difference(after.begin(), after.end(), before.begin(), before.end(), std::back_inserter(gained));
  std::set_difference(before.begin(), before.end(), after.begin(), after.end(), std::back_inserter(lost));
  std::string out;
  if (!gained.empty()) out += "gains " + listed(gained);
  if (!lost.empty()) out += (out.empty() ? "" : ", ") + std::string("loses ") + listed(lost);
  if (is_true(from, "trusted") != is_true(to, "trusted"))
    out += (out.empty() ? "" : ", ") + std::string(is_true(to, "trusted") ? "becomes trusted" : "is no longer trusted");
  return out;
}

class Comparison {
 public:
  explicit Comparison(bool is_new) : is_new_(is_new) {}
  RealmChanges take() { return std::move(changes_); }

  void realm(const RealmFile& file, const boost::json::value& now) {
    const auto name = text_at(now, "displayName");
    if (file.display_name && *file.display_name != name) {
      add("displayName",
          "display name" + (is_new_ ? " " : " from \"" + safe_text(name) + "\" to ") +
              ("\"" + safe_text(*file.display_name)) + "\"",
          boost::json::value(name), boost::json::value(*file.display_name));
      changes_.realm_patch["displayName"] = *file.display_name;
    }
    boost::json::object policy;
    for (const auto& [member, value] : file.policy) {
      const auto* found = at(now, "policy." + std::string(member));
      const boost::json::value from = found == nullptr ? boost::json::value(nullptr) : *found;
      if (same(from, value)) continue;
      add("policy." + std::string(member), "policy: " + member_text(member, from, value, is_new_), from, value);
      policy[member] = value;
    }
    if (!policy.empty()) changes_.realm_patch["policy"] = std::move(policy);
  }

  void detection(const RealmFile& file, const boost::json::value& now) {
    const auto before = changes_.list.size();
    const auto& networks_now = array_at(now, "networks");
    if (file.networks) networks(networks_now, *file.networks);
    boost::json::object rules;
    if (const auto* found = at(now, "rules"); found != nullptr && found->is_object()) rules = found->get_object();
    for (const auto& [name, members] : file.rules) rule(std::string(name), rules[name], members.as_object());
    if (changes_.list.size() == before) return;
    changes_.detection["networks"] = file.networks ? *file.networks : networks_now;
    changes_.detection["rules"] = std::move(rules);
  }

 private:
  void add(std::string field, std::string text, boost::json::value from, boost::json::value to) {
    changes_.list.push_back({std::move(field), std::move(text), std::move(from), std::move(to)});
  }

  void networks(const boost::json::array& from, const boost::json::array& to) {
    for (const auto& network : to) {
      const auto name = text_at(network, "name");
      const std::string label = "network " + safe_text(name) + ": ";
      const auto* now = named(from, name);
      if (now == nullptr) {
        const auto cidrs = cidrs_of(network);
        add("networks." + name,
            label + "added, " + listed({cidrs.begin(), cidrs.end()}) + (is_true(network, "trusted") ? ", trusted" : ""),
            nullptr, network);
      } else if (const auto difference = network_difference(*now, network); !difference.empty()) {
        add("networks." + name, label + difference, *now, network);
      }
    }
    for (const auto& network : from)
      if (const auto name = text_at(network, "name"); named(to, name) == nullptr)
        add("networks." + name, "network " + safe_text(name) + ": removed", network, nullptr);
  }

  // Changes the members of `now` to those that are given.
  void rule(const std::string& name, boost::json::value& now, const boost::json::object& given) {
    if (!now.is_object()) now.emplace_object();
    for (const auto& [member, value] : given) {
      auto& here = now.get_object()[member];
      if (same(here, value)) continue;
      add("rules." + name + "." + std::string(member),
          "rule " + name + ": " + member_text(member, here, value, is_new_), here, value);
      here = value;
    }
  }

  const bool is_new_;
  RealmChanges changes_;
};

}  // namespace

std::string duration_text(Duration duration) {
  constexpr std::pair<std::int64_t, const char*> kUnits[] = {
      {86'400'000, " d"}, {3'600'000, " h"}, {60'000, " min"}, {1000, " s"}, {1, " ms"}};
  std::string out;
  for (const auto& [ms, unit] : kUnits) {
    if (duration.ms < ms) continue;
    out += (out.empty() ? "" : " ") + std::to_string(duration.ms / ms) + unit;
    duration.ms %= ms;
  }
  return out.empty() ? "0 s" : out;
}

RealmChanges changes_of(const RealmFile& file, const boost::json::value& realm, const boost::json::value& detection) {
  Comparison comparison(realm.is_null());
  comparison.realm(file, realm);
  comparison.detection(file, detection);
  return comparison.take();
}

}  // namespace curfew::cli
