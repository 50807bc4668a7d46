#include "signal/settings.h"

#include <algorithm>
#include <set>

#include "base/limits.h"
#include "base/text.h"
#include "signal/words.h"

namespace curfew::signal {
namespace {

using session::SessionType;

constexpr Duration kShort = Duration::minutes(1), kLong = Duration::days(3'650);

constexpr RuleNumber threshold(std::int64_t least) {
  return {"threshold", &RuleSettings::threshold, least, 1'000'000};
}
constexpr RuleNumber kLearningSessions{"learningSessions", &RuleSettings::learning_sessions, 0, 1'000'000};
constexpr RuleDuration kLearning{"learningPeriod", &RuleSettings::learning_period, Duration{0}, kLong};
constexpr RuleDuration kRaisedFor{"raisedFor", &RuleSettings::raised_for, kShort, kLong};

constexpr std::array kCrowd{threshold(2)};
constexpr std::array kNewNumbers{kLearningSessions};
constexpr std::array kNewDurations{kLearning, kRaisedFor};
constexpr std::array kNetworksDurations{RuleDuration{"window", &RuleSettings::window, kShort, Duration::days(30)}};
constexpr std::array kTravelNumbers{RuleNumber{"speedKmh", &RuleSettings::speed_kmh, 1, 1'000'000},
                                    RuleNumber{"toleranceKm", &RuleSettings::tolerance_km, 0, 20'000}};
constexpr std::array kRaised{kRaisedFor};
constexpr std::array kAwakenedDurations{RuleDuration{"asleepFor", &RuleSettings::asleep_for, Duration::hours(1), kLong},
                                        kRaisedFor};
constexpr std::array kSessionsNumbers{threshold(1),
                                      RuleNumber{"deviations", &RuleSettings::deviations_milli, 0, 1'000'000, true}};
constexpr std::array kIdleDurations{RuleDuration{"idleFor", &RuleSettings::idle_for, kShort, kLong},
                                    RuleDuration{"offlineIdleFor", &RuleSettings::offline_idle_for, kShort, kLong}};

Status validate_rule(Rule rule, const RuleSettings& settings) {
  const std::string path = "rules." + std::string(to_string(rule)) + ".";
  for (const RuleNumber& number : numbers_of(rule)) {
    const std::int64_t value = settings.*number.member;
    if (value < number.least || value > number.most)
      return invalid(path + std::string(number.name),
                     path + std::string(number.name) + " is from " +
                         std::to_string(number.least / (number.thousandths ? 1000 : 1)) + " to " +
                         std::to_string(number.most / (number.thousandths ? 1000 : 1)) + ".");
  }
  for (const RuleDuration& duration : durations_of(rule)) {
    const Duration value = settings.*duration.member;
    if (value < duration.least || value > duration.most)
      return invalid(path + std::string(duration.name), path + std::string(duration.name) + " is from " +
                                                            format_duration(duration.least) + " to " +
                                                            format_duration(duration.most) + ".");
  }
  return {};
}

Status validate_network(const NamedNetwork& network, const std::string& path) {
  CURFEW_TRY_STATUS(check_text(path + ".name", network.name, limits::kDisplayName));
  if (network.cidrs.empty() || network.cidrs.size() > kMostCidrs)
    return invalid(path + ".cidrs",
                   path + ".cidrs holds 1 to " + std::to_string(kMostCidrs) + " addresses or networks.");
  return {};
}

}  // namespace

bool NamedNetwork::contains(const IpAddress& ip) const {
  return std::any_of(cidrs.begin(), cidrs.end(), [&](const Cidr& cidr) { return cidr.contains(ip); });
}

std::span<const RuleNumber> numbers_of(Rule rule) {
  switch (rule) {
    case Rule::kManyNetworks:
    case Rule::kSharedAddress:
    case Rule::kSharedDevice:
      return kCrowd;
    case Rule::kNewDevice:
    case Rule::kNewNetwork:
    case Rule::kNewCountry:
      return kNewNumbers;
    case Rule::kImpossibleTravel:
      return kTravelNumbers;
    case Rule::kManySessions:
      return kSessionsNumbers;
    default:
      return {};
  }
}

std::span<const RuleDuration> durations_of(Rule rule) {
  switch (rule) {
    case Rule::kManyNetworks:
      return kNetworksDurations;
    case Rule::kNewDevice:
    case Rule::kNewNetwork:
    case Rule::kNewCountry:
      return kNewDurations;
    case Rule::kImpossibleTravel:
    case Rule::kTokenReplay:
      return kRaised;
    case Rule::kAwakened:
      return kAwakenedDurations;
    case Rule::kIdle:
      return kIdleDurations;
    default:
      return {};
  }
}

Rules Rules::defaults() {
  Rules rules;
  RuleSettings& networks = rules[Rule::kManyNetworks];
  networks.severity = Severity::kMedium;
  networks.threshold = 4;
  networks.window = Duration::hours(1);
  for (const Rule rule : {Rule::kNewDevice, Rule::kNewNetwork, Rule::kNewCountry}) {
    rules[rule].learning_period = Duration::days(14);
    rules[rule].learning_sessions = 10;
    rules[rule].raised_for = Duration::days(7);
  }
  rules[Rule::kNewCountry].severity = Severity::kMedium;
  RuleSettings& travel = rules[Rule::kImpossibleTravel];
  travel.severity = Severity::kMedium;
  travel.speed_kmh = 1'000;
  travel.tolerance_km = 50;
  travel.raised_for = Duration::days(7);
  rules[Rule::kTokenReplay].severity = Severity::kHigh;
  rules[Rule::kTokenReplay].raised_for = Duration::days(7);
  rules[Rule::kAwakened].asleep_for = Duration::days(14);
  rules[Rule::kAwakened].raised_for = Duration::days(1);
  RuleSettings& sessions = rules[Rule::kManySessions];
  sessions.severity = Severity::kMedium;
  sessions.threshold = 10;
  sessions.deviations_milli = 5'000;
  rules[Rule::kSharedAddress].severity = Severity::kMedium;
  rules[Rule::kSharedAddress].threshold = 20;
  rules[Rule::kSharedDevice].severity = Severity::kMedium;
  rules[Rule::kSharedDevice].threshold = 10;
  rules[Rule::kUnexpectedNetwork].enabled = false;
  rules[Rule::kAnonymizer].severity = Severity::kMedium;
  rules[Rule::kIdle].idle_for = Duration::days(7);
  rules[Rule::kIdle].offline_idle_for = Duration::days(30);
  return rules;
}

const NamedNetwork* Settings::find_network(std::string_view name) const {
  const auto at = std::find_if(networks.begin(), networks.end(), [&](const NamedNetwork& n) { return n.name == name; });
  return at == networks.end() ? nullptr : &*at;
}

const NamedNetwork* Settings::network_at(const IpAddress& ip) const {
  const auto at = std::find_if(networks.begin(), networks.end(), [&](const NamedNetwork& n) { return n.contains(ip); });
  return at == networks.end() ? nullptr : &*at;
}

std::optional<Duration> Settings::idle_after(SessionType type) const {
  const RuleSettings& idle = rules[Rule::kIdle];
  if (!idle.enabled) return std::nullopt;
  return type == SessionType::kOffline ? idle.offline_idle_for : idle.idle_for;
}

Status validate(const Settings& settings) {
  if (settings.networks.size() > kMostNetworks)
    return invalid("networks", "A realm names at most " + std::to_string(kMostNetworks) + " networks.");
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < settings.networks.size(); ++i) {
    const std::string path = "networks[" + std::to_string(i) + "]";
    CURFEW_TRY_STATUS(validate_network(settings.networks[i], path));
    if (!names.insert(settings.networks[i].name).second)
      return invalid(path + ".name", "Two networks have the name \"" + settings.networks[i].name + "\".");
  }
  for (std::size_t i = 0; i < kRules; ++i)
    CURFEW_TRY_STATUS(validate_rule(static_cast<Rule>(i), settings.rules.by_rule[i]));
  if (settings.suppressions.size() > kMostSuppressions)
    return fail(ErrorCode::kTooLarge, "too_many_suppressions",
                "A realm holds at most " + std::to_string(kMostSuppressions) + " suppressions: remove some.");
  return {};
}

std::optional<Finding> idle_finding(const Settings& settings, SessionType type, SessionNo no, std::string_view user_id,
                                    const IpAddress& ip, Time last_access, Time now) {
  const auto after = settings.idle_after(type);
  if (!after || now - last_access < *after) return std::nullopt;
  for (const Suppression& suppression : settings.suppressions)
    if (now < suppression.expires && (!suppression.rule || *suppression.rule == Rule::kIdle) &&
        suppression.device.empty() && (suppression.user_id.empty() || suppression.user_id == user_id) &&
        (!suppression.network || suppression.network->contains(ip)))
      return std::nullopt;
  Finding finding;
  finding.rule = Rule::kIdle;
  finding.severity = settings.rules[Rule::kIdle].severity;
  finding.since = last_access + *after;
  finding.reason = "not used for " + span_words(now - last_access);
  finding.threshold = "not used for " + span_words(*after);
  finding.sessions = {no};
  finding.evidence = {{last_access, no, ip, "last used"}};
  return finding;
}

}  // namespace curfew::signal
