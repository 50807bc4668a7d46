#include "api/detection_json.h"

#include <array>
#include <cmath>

#include "base/limits.h"
#include "base/text.h"

namespace curfew::api {
namespace {

using signal::Rule;
using signal::RuleSettings;

constexpr std::array<std::string_view, 2> kFields{"networks", "rules"};
constexpr std::array<std::string_view, 3> kNetworkFields{"name", "cidrs", "trusted"};
constexpr std::array<std::string_view, 6> kSuppressionFields{"rule", "user", "network", "device", "reason", "expires"};

Rule rule_at(std::size_t i) {
  return static_cast<Rule>(i);
}

void append_rule(JsonWriter& json, Rule rule, const RuleSettings& settings) {
  json.key(signal::to_string(rule)).begin_object().field("enabled", settings.enabled);
  json.field("severity", signal::to_string(settings.severity));
  for (const signal::RuleNumber& number : signal::numbers_of(rule)) {
    const std::int64_t value = settings.*number.member;
    if (number.thousandths)
      json.key(number.name).number(static_cast<double>(value) / 1'000);
    else
      json.field(number.name, static_cast<std::uint64_t>(value));
  }
  for (const signal::RuleDuration& duration : signal::durations_of(rule))
    json.field(duration.name, std::string_view(format_duration(settings.*duration.member)));
  json.end_object();
}

Result<Cidr> read_cidr(std::string_view text, const std::string& path) {
  auto cidr = Cidr::parse(text);
  if (cidr) return *cidr;
  Error error = std::move(cidr).error();
  error.field = path;
  return tl::make_unexpected(std::move(error));
}

Result<signal::NamedNetwork> read_network(const JsonValue& value, const std::string& place) {
  CURFEW_TRY(const auto fields, Fields::open(value, kNetworkFields, place + "."));
  signal::NamedNetwork network;
  CURFEW_TRY(network.name, fields.text("name", limits::kDisplayName));
  CURFEW_TRY(const auto trusted, fields.optional_boolean("trusted"));
  network.trusted = trusted.value_or(false);
  CURFEW_TRY(const auto cidrs, fields.optional_array("cidrs", signal::kMostCidrs));
  if (!cidrs) return fields.missing("cidrs");
  std::size_t i = 0;
  for (const JsonValue item : *cidrs) {
    const std::string path = place + ".cidrs[" + std::to_string(i++) + "]";
    std::string_view text;
    if (item.get(text) != simdjson::SUCCESS) return invalid(path, path + " is a string.");
    CURFEW_TRY(const Cidr cidr, read_cidr(text, path));
    network.cidrs.push_back(cidr);
  }
  return network;
}

Status read_number(const Fields& fields, const signal::RuleNumber& number, RuleSettings& settings) {
  const JsonValue* value = fields.find(number.name);
  if (value == nullptr) return {};
  const double scale = number.thousandths ? 1'000 : 1;
  const std::string path = fields.path(number.name);
  double given = 0;
  if (value->get(given) != simdjson::SUCCESS || !(given * scale >= static_cast<double>(number.least)) ||
      given * scale > static_cast<double>(number.most) || (!number.thousandths && given != std::floor(given)))
    return invalid(path, path + " is a " + (number.thousandths ? "number" : "whole number") + " from " +
                             std::to_string(number.least / static_cast<std::int64_t>(scale)) + " to " +
                             std::to_string(number.most / static_cast<std::int64_t>(scale)) + ".");
  settings.*number.member = std::llround(given * scale);
  return {};
}

Status read_duration(const Fields& fields, const signal::RuleDuration& duration, RuleSettings& settings) {
  CURFEW_TRY(const auto text, fields.raw_text(duration.name));
  if (!text) return {};
  auto value = parse_duration(*text);
  const std::string path = fields.path(duration.name);
  if (!value) {
    Error error = std::move(value).error();
    error.field = path;
    return tl::make_unexpected(std::move(error));
  }
  if (*value < duration.least || *value > duration.most)
    return invalid(
        path, path + " is from " + format_duration(duration.least) + " to " + format_duration(duration.most) + ".");
  settings.*duration.member = *value;
  return {};
}

Status read_rule(const JsonValue& value, Rule rule, RuleSettings& settings) {
  std::vector<std::string_view> allowed{"enabled", "severity"};
  for (const signal::RuleNumber& number : signal::numbers_of(rule)) allowed.push_back(number.name);
  for (const signal::RuleDuration& duration : signal::durations_of(rule)) allowed.push_back(duration.name);
  CURFEW_TRY(const auto fields, Fields::open(value, allowed, "rules." + std::string(signal::to_string(rule)) + "."));
  CURFEW_TRY(const auto enabled, fields.optional_boolean("enabled"));
  settings.enabled = enabled.value_or(settings.enabled);
  CURFEW_TRY(const auto severity, fields.raw_text("severity"));
  if (severity) {
    const auto parsed = signal::parse_severity(*severity);
    if (!parsed) return fields.wrong("severity", fields.path("severity") + " is low, medium or high.");
    settings.severity = *parsed;
  }
  for (const signal::RuleNumber& number : signal::numbers_of(rule))
    CURFEW_TRY_STATUS(read_number(fields, number, settings));
  for (const signal::RuleDuration& duration : signal::durations_of(rule))
    CURFEW_TRY_STATUS(read_duration(fields, duration, settings));
  return {};
}

Result<signal::Rules> read_rules(const JsonValue& value) {
  std::array<std::string_view, signal::kRules> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = signal::to_string(rule_at(i));
  CURFEW_TRY(const auto fields, Fields::open(value, names, "rules."));
  signal::Rules rules = signal::Rules::defaults();
  for (std::size_t i = 0; i < names.size(); ++i)
    if (const JsonValue* rule = fields.find(names[i]))
      CURFEW_TRY_STATUS(read_rule(*rule, rule_at(i), rules.by_rule[i]));
  return rules;
}

}  // namespace

void append_detection(JsonWriter& json, const signal::Settings& settings) {
  json.begin_object().key("networks").begin_array();
  for (const signal::NamedNetwork& network : settings.networks) {
    json.begin_object().field("name", network.name).key("cidrs").begin_array();
    for (const Cidr& cidr : network.cidrs) json.string(cidr.to_string());
    json.end_array().field("trusted", network.trusted).end_object();
  }
  json.end_array().key("rules").begin_object();
  for (std::size_t i = 0; i < signal::kRules; ++i) append_rule(json, rule_at(i), settings.rules.by_rule[i]);
  json.end_object().end_object();
}

Result<DetectionInput> read_detection(const JsonValue& value) {
  CURFEW_TRY(const auto fields, Fields::open(value, kFields));
  if (fields.size() == 0) return invalid("", "Give networks, rules or both.");
  DetectionInput input;
  CURFEW_TRY(const auto networks, fields.optional_array("networks", signal::kMostNetworks));
  if (networks) {
    input.networks.emplace();
    for (const JsonValue item : *networks) {
      CURFEW_TRY(auto network, read_network(item, "networks[" + std::to_string(input.networks->size()) + "]"));
      input.networks->push_back(std::move(network));
    }
  }
  if (const JsonValue* rules = fields.find("rules")) {
    CURFEW_TRY(input.rules, read_rules(*rules));
  }
  return input;
}

void append_suppression(JsonWriter& json, const signal::Suppression& suppression) {
  const auto text_or_null = [&](std::string_view name, const std::string& text) {
    json.key(name);
    if (text.empty())
      json.null();
    else
      json.string(text);
  };
  json.begin_object().field("id", suppression.id);
  text_or_null("rule", suppression.rule ? std::string(signal::to_string(*suppression.rule)) : std::string());
  text_or_null("user", suppression.user_id);
  text_or_null("network", suppression.network ? suppression.network->to_string() : std::string());
  text_or_null("device", suppression.device);
  json.field("reason", suppression.reason).field("created", suppression.created);
  json.field("createdBy", suppression.created_by).field("expires", suppression.expires).end_object();
}

Result<signal::Suppression> read_suppression(const JsonValue& value, Time now) {
  CURFEW_TRY(const auto fields, Fields::open(value, kSuppressionFields));
  signal::Suppression out;
  const auto given = [&](std::string_view name) { return fields.has(name) && !fields.is_null(name); };
  if (given("rule")) {
    CURFEW_TRY(const auto rule, fields.raw_text("rule"));
    CURFEW_TRY(out.rule, signal::parse_rule(*rule));
  }
  if (given("user")) {
    CURFEW_TRY(out.user_id, fields.text("user", limits::kUserId));
  }
  if (given("network")) {
    CURFEW_TRY(const auto network, fields.raw_text("network"));
    CURFEW_TRY(out.network, read_cidr(*network, "network"));
  }
  if (given("device")) {
    CURFEW_TRY(out.device, fields.text("device", limits::kDeviceKey));
    if (!out.device.starts_with("id:") && !out.device.starts_with("ua:"))
      return invalid("device", "device is a device's key, as …/devices gives it: id:… or ua:….");
  }
  if (out.user_id.empty() && !out.network && out.device.empty())
    return invalid("", "Say whom it is about by at least one of user, network and device.");
  CURFEW_TRY(out.reason, fields.text("reason", limits::kReason));
  CURFEW_TRY(const auto expires, fields.optional_time("expires"));
  if (!expires) return fields.missing("expires");
  if (*expires <= now) return invalid("expires", "expires lies in the future.");
  if (*expires > now + Duration::days(366)) return invalid("expires", "A suppression lasts at most a year.");
  out.expires = *expires;
  return out;
}

}  // namespace curfew::api
