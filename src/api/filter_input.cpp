#include "api/filter_input.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"

namespace curfew::api {
namespace {

Result<std::vector<Cidr>> parse_networks(const Params& params, std::string_view name) {
  const std::vector<std::string> texts = params.all(name);
  if (texts.size() > limits::kCidrsPerFilter)
    return invalid(std::string(name), "Give at most " + std::to_string(limits::kCidrsPerFilter) + " networks.");
  std::vector<Cidr> networks;
  for (const std::string& text : texts) {
    auto network = Cidr::parse(text);
    if (!network) {
      Error error = std::move(network).error();
      error.field = std::string(name);
      return tl::make_unexpected(std::move(error));
    }
    networks.push_back(*network);
  }
  return networks;
}

// A name means the network that the realms asked call so. Where several are asked it must be the same one: a page over
// realms that mean different networks by it would be wrong for each of them.
Result<std::vector<Cidr>> named_networks(const Params& params, const FilterContext& context, std::string_view param) {
  const std::vector<std::string> names = params.all(param);
  if (names.size() > limits::kCidrsPerFilter)
    return invalid(std::string(param), "Give at most " + std::to_string(limits::kCidrsPerFilter) + " networks.");
  std::vector<Cidr> out;
  for (const std::string& name : names) {
    const signal::NamedNetwork* meant = nullptr;
    for (const engine::Realm* realm : context.realms) {
      const signal::NamedNetwork* here = realm->detection->find_network(name);
      if (here == nullptr) continue;
      if (meant != nullptr && meant->cidrs != here->cidrs)
        return invalid(std::string(param), "The realms mean different networks by \"" + name + "\": ask one realm.");
      meant = here;
    }
    if (meant == nullptr)
      return invalid(std::string(param),
                     "No network is called \"" + name + "\" here; …/detection lists those that are.");
    out.insert(out.end(), meant->cidrs.begin(), meant->cidrs.end());
  }
  return out;
}

// Idle comes by time alone, so it is a condition on the last access and no mark of a row. Regular and offline sessions
// are idle after different times: of the offline ones it speaks when type=offline is given.
Status add_idle(index::Filter& filter, const FilterContext& context) {
  const session::SessionType type = filter.type.value_or(session::SessionType::kRegular);
  std::optional<Duration> after;
  for (const engine::Realm* realm : context.realms) {
    const std::optional<Duration> here = realm->detection->idle_after(type);
    if (realm != context.realms.front() && after != here)
      return invalid("signal", "The realms call sessions idle after different times: ask one realm, or say idleFor.");
    after = here;
  }
  filter.type = type;
  // Where the rule is off nothing is idle.
  const Time before = after ? context.now - *after + Duration{1} : kMinTime;
  filter.last_access_before = std::min(filter.last_access_before.value_or(before), before);
  return {};
}

Status add_signals(index::Filter& filter, const Params& params, const FilterContext& context) {
  const std::vector<std::string> words = params.all("signal");
  for (const std::string& word : words) {
    if (word == "idle") {
      if (words.size() > 1) return invalid("signal", "signal=idle stands alone.");
      return add_idle(filter, context);
    }
    CURFEW_TRY(const std::uint16_t marks, signal::marks_of(word));
    filter.marks |= marks;
  }
  return {};
}

Status add_devices(index::Filter& filter, const Params& params) {
  const std::vector<std::string> words = params.all("device");
  if (words.size() > limits::kDevicesPerFilter)
    return invalid("device", "Give at most " + std::to_string(limits::kDevicesPerFilter) + " devices.");
  for (const std::string& word : words) {
    if (word.starts_with("id:") || word.starts_with("ua:")) {
      CURFEW_TRY_STATUS(check_text("device", word, limits::kDeviceKey));
      filter.devices.push_back(word);
      continue;
    }
    auto kind = device::parse_kind(word);
    if (!kind)
      return invalid(
          "device",
          "device is desktop, mobile, tablet, tv, bot, tool, unknown, or a device's key as …/devices gives it.");
    filter.device_kinds.push_back(*kind);
  }
  return {};
}

Result<index::Filter> parse(const Params& params, const FilterContext& context) {
  index::Filter filter;
  CURFEW_TRY(const auto search, params.text("search", limits::kSearch, true));
  filter.search = search.value_or("");
  if (const std::string* type = params.find("type")) {
    auto parsed = session::parse_session_type(*type);
    if (!parsed) return invalid("type", "type is regular or offline.");
    filter.type = *parsed;
  }
  filter.clients = params.all("client");
  if (filter.clients.size() > limits::kClientsPerSession)
    return invalid("client", "Give at most " + std::to_string(limits::kClientsPerSession) + " clients.");
  for (const std::string& client : filter.clients) {
    CURFEW_TRY_STATUS(check_text("client", client, limits::kClientId));
  }
  CURFEW_TRY(filter.user, params.text("user", limits::kUserId));
  CURFEW_TRY(filter.ip, parse_networks(params, "ip"));
  CURFEW_TRY(filter.ip_not, parse_networks(params, "ipNot"));
  CURFEW_TRY(const auto inside, named_networks(params, context, "network"));
  CURFEW_TRY(const auto outside, named_networks(params, context, "networkNot"));
  filter.ip.insert(filter.ip.end(), inside.begin(), inside.end());
  filter.ip_not.insert(filter.ip_not.end(), outside.begin(), outside.end());
  CURFEW_TRY(filter.started_after, params.time("startedAfter"));
  CURFEW_TRY(filter.started_before, params.time("startedBefore"));
  CURFEW_TRY(filter.last_access_after, params.time("lastAccessAfter"));
  CURFEW_TRY(filter.last_access_before, params.time("lastAccessBefore"));
  CURFEW_TRY(filter.remember_me, params.boolean("rememberMe"));
  CURFEW_TRY(const auto idle, params.duration("idleFor"));
  if (idle) {
    const Time before = context.now - *idle + Duration{1};  // idle for d: last access <= now - d
    filter.last_access_before = std::min(filter.last_access_before.value_or(before), before);
  }
  CURFEW_TRY_STATUS(add_devices(filter, params));
  CURFEW_TRY_STATUS(add_signals(filter, params, context));
  return filter;
}

Status add_member(Params& params, const Fields& fields, std::string_view name) {
  const JsonValue& value = *fields.find(name);
  std::string_view text;
  bool flag = false;
  simdjson::dom::array items;
  const bool repeatable = std::find(kRepeatable.begin(), kRepeatable.end(), name) != kRepeatable.end();
  if (name == "rememberMe" ? value.get(flag) == simdjson::SUCCESS : value.get(text) == simdjson::SUCCESS) {
    params.add(std::string(name), name == "rememberMe" ? (flag ? "true" : "false") : std::string(text));
    return {};
  }
  if (repeatable && value.get(items) == simdjson::SUCCESS) {
    if (items.size() == 0) return fields.wrong(name, fields.path(name) + " holds at least one item, or is left out.");
    for (const JsonValue item : items) {
      if (item.get(text) != simdjson::SUCCESS) return fields.wrong(name, fields.path(name) + " holds strings.");
      params.add(std::string(name), std::string(text));
    }
    return {};
  }
  return fields.wrong(name, fields.path(name) + (name == "rememberMe" ? " is true or false."
                                                 : repeatable         ? " is a string or an array of strings."
                                                                      : " is a string."));
}

}  // namespace

FilterContext filter_context(const Call& call) {
  return {call.now, call.scope};
}

Result<index::Filter> parse_filter(const Params& params, const FilterContext& context, std::string_view prefix) {
  auto filter = parse(params, context);
  if (filter || prefix.empty()) return filter;
  Error error = std::move(filter).error();
  error.field = std::string(prefix) + error.field;
  return tl::make_unexpected(std::move(error));
}

Result<index::Filter> parse_filter(const JsonValue& value, const FilterContext& context, std::string_view prefix) {
  CURFEW_TRY(const auto fields, Fields::open(value, kFilterNames, std::string(prefix)));
  Params params;
  for (const std::string_view name : kFilterNames) {
    if (!fields.has(name)) continue;
    CURFEW_TRY_STATUS(add_member(params, fields, name));
  }
  return parse_filter(params, context, prefix);
}

Result<index::Order> parse_sort(std::string_view text) {
  index::Order order;
  order.descending = text.starts_with('-');
  if (order.descending) text.remove_prefix(1);
  if (text == "lastAccess")
    order.by = index::SortBy::kLastAccess;
  else if (text == "started")
    order.by = index::SortBy::kStarted;
  else if (text == "username")
    order.by = index::SortBy::kUsername;
  else if (text == "ipAddress")
    order.by = index::SortBy::kIpAddress;
  else if (text == "severity")
    order.by = index::SortBy::kSeverity;
  else
    return invalid("sort",
                   "sort is lastAccess, started, username, ipAddress or severity, with - in front for descending.");
  return order;
}

}  // namespace curfew::api
