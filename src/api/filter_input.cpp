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

Result<index::Filter> parse(const Params& params, Time now) {
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
  CURFEW_TRY(filter.started_after, params.time("startedAfter"));
  CURFEW_TRY(filter.started_before, params.time("startedBefore"));
  CURFEW_TRY(filter.last_access_after, params.time("lastAccessAfter"));
  CURFEW_TRY(filter.last_access_before, params.time("lastAccessBefore"));
  CURFEW_TRY(filter.remember_me, params.boolean("rememberMe"));
  CURFEW_TRY(const auto idle, params.duration("idleFor"));
  if (idle) {
    const Time before = now - *idle + Duration{1};  // idle for d: last access <= now - d
    filter.last_access_before = std::min(filter.last_access_before.value_or(before), before);
  }
  return filter;
}

Status add_member(Params& params, const Fields& fields, std::string_view name) {
  const JsonValue& value = *fields.find(name);
  std::string_view text;
  bool flag = false;
  simdjson::dom::array items;
  const bool repeatable = name == "client" || name == "ip" || name == "ipNot";
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

Result<index::Filter> parse_filter(const Params& params, Time now, std::string_view prefix) {
  auto filter = parse(params, now);
  if (filter || prefix.empty()) return filter;
  Error error = std::move(filter).error();
  error.field = std::string(prefix) + error.field;
  return tl::make_unexpected(std::move(error));
}

Result<index::Filter> parse_filter(const JsonValue& value, Time now, std::string_view prefix) {
  CURFEW_TRY(const auto fields, Fields::open(value, kFilterNames, std::string(prefix)));
  Params params;
  for (const std::string_view name : kFilterNames) {
    if (!fields.has(name)) continue;
    CURFEW_TRY_STATUS(add_member(params, fields, name));
  }
  return parse_filter(params, now, prefix);
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
  else
    return invalid("sort", "sort is lastAccess, started, username or ipAddress, with - in front for descending.");
  return order;
}

}  // namespace curfew::api
