#include "cli/watch_matches.h"

#include <algorithm>

#include "cli/context.h"
#include "cli/json_view.h"
#include "cli/text_width.h"

namespace curfew::cli {

namespace {

std::string key_of(const boost::json::value& session) {
  return text_at(session, "realm") + '\n' + text_at(session, "type") + '/' + text_at(session, "id");
}

bool holds(const std::vector<std::string>& list, const std::string& text) {
  return !text.empty() && std::find(list.begin(), list.end(), text) != list.end();
}

}  // namespace

Status WatchMatches::load() {
  known_.clear();
  return add_listed(realm_, {}).map([](auto) {});
}

Result<bool> WatchMatches::wants(std::string_view type, const boost::json::value& event) {
  if (type == "signal.raised") {
    CURFEW_TRY(const auto found, add_listed(text_at(event, "realm"), {{"user", text_at(event, "userId")}}));
    return found > 0;
  }
  const auto key = key_of(event);
  if (type == "session.ended") return known_.erase(key) > 0;
  if (const auto* session = at(event, "session"); session != nullptr && fits(*session)) {
    if (known_.size() < kMostSessions) known_.insert(key);
    return true;
  }
  return known_.contains(key);
}

Result<std::size_t> WatchMatches::add_listed(const std::string& realm, client::Fields query) {
  query.emplace_back("limit", "500");
  filters_.append_to(query);
  std::size_t found = 0;
  for (std::string cursor;;) {
    auto page_query = query;
    if (!cursor.empty()) page_query.emplace_back("cursor", cursor);
    CURFEW_TRY(const auto page, api_.get(realm_path(realm, {"sessions"}), page_query));
    const auto& items = array_at(page.body, "items");
    for (const auto& item : items) known_.insert(key_of(item));
    found += items.size();
    if (known_.size() > kMostSessions)
      return fail(ErrorCode::kTooLarge, "too_many_sessions",
                  "more than " + grouped(kMostSessions) +
                      " sessions match, too many to watch one by one: narrow it with --realm or another filter.");
    cursor = text_at(page.body, "next");
    if (cursor.empty() || items.empty()) return found;
  }
}

bool WatchMatches::fits(const boost::json::value& session) const {
  const auto network = text_at(session, "location.network");
  if (!filters_.devices.empty() && !holds(filters_.devices, text_at(session, "device.kind")) &&
      !holds(filters_.devices, text_at(session, "device.key")))
    return false;
  if (!filters_.networks.empty() && !holds(filters_.networks, network)) return false;
  if (holds(filters_.networks_not, network)) return false;
  if (filters_.signals.empty()) return true;
  const auto& signals = array_at(session, "signals");
  return (!signals.empty() && holds(filters_.signals, "any")) ||
         holds(filters_.signals, text_at(session, "severity")) ||
         std::any_of(signals.begin(), signals.end(),
                     [&](const auto& signal) { return holds(filters_.signals, text_at(signal, "rule")); });
}

}  // namespace curfew::cli
