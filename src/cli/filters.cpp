#include "cli/filters.h"

#include <algorithm>

#include <boost/json/array.hpp>

#include "base/ip.h"
#include "base/limits.h"
#include "base/time.h"
#include "cli/text_width.h"

namespace curfew::cli {

namespace {

Status check_networks(std::string_view name, const std::vector<std::string>& texts) {
  if (texts.size() > limits::kCidrsPerFilter)
    return invalid(std::string(name), std::string(name) + " is given more than " +
                                          std::to_string(limits::kCidrsPerFilter) +
                                          " times; wider networks need fewer.");
  for (const auto& text : texts)
    if (const auto network = Cidr::parse(text); !network)
      return invalid(std::string(name), std::string(name) + " takes an address or a network such as 10.20.0.0/16: " +
                                            network.error().message);
  return {};
}

Status check_names(std::string_view option, const std::vector<std::string>& names, std::size_t most_bytes) {
  if (names.size() > limits::kCidrsPerFilter)
    return invalid(std::string(option),
                   std::string(option) + " is given more than " + std::to_string(limits::kCidrsPerFilter) + " times.");
  for (const auto& name : names)
    if (name.empty() || name.size() > most_bytes)
      return invalid(std::string(option),
                     std::string(option) + " takes a name of 1 to " + std::to_string(most_bytes) + " bytes.");
  return {};
}

boost::json::array array_of(const std::vector<std::string>& texts) {
  boost::json::array out;
  for (const auto& text : texts) out.emplace_back(text);
  return out;
}

}  // namespace

const std::vector<std::string>& rule_names() {
  static const std::vector<std::string> kNames{
      "many_networks",      "new_device", "new_network",   "new_country",    "impossible_travel",
      "token_replay",       "awakened",   "many_sessions", "shared_address", "shared_device",
      "unexpected_network", "anonymizer", "idle"};
  return kNames;
}

const std::vector<std::string>& device_kinds() {
  static const std::vector<std::string> kKinds{"unknown", "desktop", "mobile", "tablet", "tv", "bot", "tool"};
  return kKinds;
}

void DetectionFilters::add_to(Command& command) {
  command.option("device", "DEVICE", &devices,
                 "Used on this kind of device (desktop, mobile, tablet, tv, bot, tool, unknown), or on this device by "
                 "its key, such as \"ua:Firefox on Windows\"; any of them.");
  auto& signal = command.option("signal", "SIGNAL", &signals,
                                "With a signal of this rule or severity; any of them. idle stands alone.");
  signal.choices = {"any", "low", "medium", "high"};
  signal.choices.insert(signal.choices.end(), rule_names().begin(), rule_names().end());
  command.option("network", "NAME", &networks, "From this network of the realm, by its name; any of them.");
  command.option("network-not", "NAME", &networks_not, "Not from this network of the realm; none of them.");
}

Status DetectionFilters::check() const {
  CURFEW_TRY_STATUS(check_names("--device", devices, limits::kDeviceKey));
  for (const auto& device : devices) {
    const bool key = device.size() > 3 && (device.starts_with("id:") || device.starts_with("ua:"));
    if (!key && std::find(device_kinds().begin(), device_kinds().end(), device) == device_kinds().end())
      return invalid("--device",
                     "--device takes a kind (desktop, mobile, tablet, tv, bot, tool or unknown) or a device's key such "
                     "as \"ua:Firefox on Windows\", not \"" +
                         safe_text(device) + "\"; `curfew users devices` shows the keys.");
  }
  if (signals.size() > 1 && std::find(signals.begin(), signals.end(), "idle") != signals.end())
    return invalid("--signal",
                   "--signal idle stands alone: time raises it, not an event; leave the other signals out.");
  CURFEW_TRY_STATUS(check_names("--network", networks, limits::kDisplayName));
  return check_names("--network-not", networks_not, limits::kDisplayName);
}

void DetectionFilters::append_to(client::Fields& query) const {
  const std::pair<const char*, const std::vector<std::string>*> all[] = {
      {"device", &devices}, {"signal", &signals}, {"network", &networks}, {"networkNot", &networks_not}};
  for (const auto& [name, values] : all)
    for (const auto& value : *values) query.emplace_back(name, value);
}

Status check_duration(std::string_view name, std::string_view text) {
  if (const auto duration = parse_duration(text); !duration)
    return invalid(std::string(name), std::string(name) +
                                          " takes an ISO 8601 duration such as PT30M, PT8H or P90D, not \"" +
                                          safe_text(text) + "\".");
  return {};
}

Result<std::string> time_option(std::string_view name, std::string_view text, Time now) {
  if (text.starts_with('-')) {
    const auto ago = parse_duration(text.substr(1));
    if (ago && now.ms >= ago->ms) return format_time(now - *ago);
  } else if (parse_time(text)) {
    return std::string(text);
  }
  return invalid(std::string(name),
                 std::string(name) +
                     " takes a time such as 2026-03-01T09:30:00Z, or how long ago, such as -PT2H; not \"" +
                     safe_text(text) + "\".");
}

void SessionFilters::add_to(Command& command) {
  command.option("search", "TEXT", &search,
                 "Part of the username, IP address or session id; upper and lower case alike.");
  command.option("type", "TYPE", &type, "Only this kind of session.").choices = {"regular", "offline"};
  command.option("client", "ID", &clients, "Connected through this client; any of them.");
  command.option("user", "USER", &user, "Of this user: the id, or the exact username.");
  command.option("ip", "CIDR", &ip, "From this address or network; any of them.");
  command.option("ip-not", "CIDR", &ip_not, "Not from this address or network; none of them.");
  command.option("idle-for", "DURATION", &idle_for, "Not used for at least so long: PT30M, P7D.");
  command.option("started-after", "TIME", &started_after,
                 "Started at or after: 2026-03-01T09:30:00Z, or -PT2H for two hours ago.");
  command.option("started-before", "TIME", &started_before, "Started before.");
  command.option("last-access-after", "TIME", &last_access_after, "Last used at or after.");
  command.option("last-access-before", "TIME", &last_access_before, "Last used before.");
  command.option("remember-me", "BOOL", &remember_me, "Only with (true) or without (false) remember-me.");
  detection.add_to(command);
}

bool SessionFilters::empty() const {
  return !search && !type && !user && !idle_for && !started_after && !started_before && !last_access_after &&
         !last_access_before && clients.empty() && ip.empty() && ip_not.empty() && !remember_me && detection.empty();
}

Status SessionFilters::settle(Time now) {
  if (search && search->size() > limits::kSearch)
    return invalid("--search", "--search takes at most " + std::to_string(limits::kSearch) + " bytes.");
  CURFEW_TRY_STATUS(check_networks("--ip", ip));
  CURFEW_TRY_STATUS(check_networks("--ip-not", ip_not));
  CURFEW_TRY_STATUS(detection.check());
  if (idle_for) CURFEW_TRY_STATUS(check_duration("--idle-for", *idle_for));
  const std::pair<std::string_view, std::optional<std::string>*> times[] = {
      {"--started-after", &started_after},
      {"--started-before", &started_before},
      {"--last-access-after", &last_access_after},
      {"--last-access-before", &last_access_before}};
  for (const auto& [name, text] : times)
    if (text->has_value()) {
      CURFEW_TRY(*text, time_option(name, **text, now));
    }
  return {};
}

void SessionFilters::append_to(client::Fields& query) const {
  const auto put = [&](const char* name, const std::optional<std::string>& value) {
    if (value) query.emplace_back(name, *value);
  };
  const auto put_all = [&](const char* name, const std::vector<std::string>& values) {
    for (const auto& value : values) query.emplace_back(name, value);
  };
  put("search", search);
  put("type", type);
  put_all("client", clients);
  put("user", user);
  put_all("ip", ip);
  put_all("ipNot", ip_not);
  put("idleFor", idle_for);
  put("startedAfter", started_after);
  put("startedBefore", started_before);
  put("lastAccessAfter", last_access_after);
  put("lastAccessBefore", last_access_before);
  if (remember_me) query.emplace_back("rememberMe", *remember_me ? "true" : "false");
  detection.append_to(query);
}

boost::json::object SessionFilters::body() const {
  boost::json::object out;
  const auto put = [&](const char* name, const std::optional<std::string>& value) {
    if (value) out[name] = *value;
  };
  const auto put_all = [&](const char* name, const std::vector<std::string>& values) {
    if (!values.empty()) out[name] = array_of(values);
  };
  put("search", search);
  put("type", type);
  put_all("client", clients);
  put("user", user);
  put_all("ip", ip);
  put_all("ipNot", ip_not);
  put("idleFor", idle_for);
  put("startedAfter", started_after);
  put("startedBefore", started_before);
  put("lastAccessAfter", last_access_after);
  put("lastAccessBefore", last_access_before);
  if (remember_me) out["rememberMe"] = *remember_me;
  put_all("device", detection.devices);
  put_all("signal", detection.signals);
  put_all("network", detection.networks);
  put_all("networkNot", detection.networks_not);
  return out;
}

Result<SessionName> parse_session_name(std::string_view text) {
  const auto slash = text.find('/');
  const auto type = text.substr(0, slash);
  if (slash == std::string_view::npos || (type != "regular" && type != "offline") || slash + 1 == text.size())
    return invalid("SESSION", "a session is named by its type and id, such as regular/9f8b or offline/9f8b; not \"" +
                                  safe_text(text) + "\".");
  if (text.size() - slash - 1 > limits::kSessionId)
    return invalid("SESSION", "a session's id has at most " + std::to_string(limits::kSessionId) + " bytes.");
  return SessionName{std::string(type), std::string(text.substr(slash + 1))};
}

}  // namespace curfew::cli
