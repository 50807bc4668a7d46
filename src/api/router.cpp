#include <array>

#include "api/route.h"
#include "base/text.h"

namespace curfew::api {
namespace {

constexpr std::size_t kMostSegments = 12;

struct Segments {
  std::array<std::string_view, kMostSegments> parts;
  std::size_t count = 0;
  bool valid = false;  // not too many, none empty
};

Segments split(std::string_view path) {
  Segments segments;
  if (path.empty() || path.front() != '/') return segments;
  path.remove_prefix(1);
  segments.valid = true;
  if (path.empty()) return segments;
  while (true) {
    const std::size_t end = path.find('/');
    const std::string_view part = path.substr(0, end);
    if (part.empty() || segments.count == kMostSegments) {
      segments.valid = false;
      return segments;
    }
    segments.parts[segments.count++] = part;
    if (end == std::string_view::npos) return segments;
    path.remove_prefix(end + 1);
  }
}

bool is_variable(std::string_view part) {
  return part.front() == '{';
}

bool fits(const Segments& pattern, const Segments& path) {
  if (pattern.count != path.count) return false;
  for (std::size_t i = path.count; i-- > 0;)  // most begin alike
    if (!is_variable(pattern.parts[i]) && pattern.parts[i] != path.parts[i]) return false;
  return true;
}

// Routes by number of segments, with their patterns taken apart.
struct Table {
  struct Entry {
    const Route* route;
    Segments pattern;
    std::size_t fixed;  // segments that are no variables: more of them win ("/audit/export" over "/audit/{x}")
  };
  std::array<std::vector<Entry>, kMostSegments + 1> by_count;

  Table() {
    for (const Route& route : routes()) {
      Entry entry{&route, split(route.pattern), 0};
      for (std::size_t i = 0; i < entry.pattern.count; ++i) entry.fixed += !is_variable(entry.pattern.parts[i]);
      by_count[entry.pattern.count].push_back(entry);
    }
  }
};

}  // namespace

const std::vector<Route>& routes() {
  static const std::vector<Route> all = [] {
    std::vector<Route> out;
    for (auto* part :
         {&sign_in_routes, &realm_routes, &simulation_routes, &detection_routes, &signal_routes, &related_routes,
          &session_routes, &session_write_routes, &check_routes, &revocation_routes, &user_routes, &audit_routes,
          &stats_routes, &event_routes, &key_routes, &operator_routes, &ops_routes})
      for (Route& route : (*part)()) out.push_back(std::move(route));
    return out;
  }();
  return all;
}

Match match(http::Method method, std::string_view path) {
  static const Table table;
  Match found;
  const Segments segments = split(path);
  if (!segments.valid) return found;
  const http::Method wanted = method == http::Method::kHead ? http::Method::kGet : method;
  const Table::Entry* best = nullptr;
  for (const Table::Entry& entry : table.by_count[segments.count]) {
    if (!fits(entry.pattern, segments)) continue;
    if (entry.route->method != wanted) {
      if (!found.allow.empty()) found.allow += ", ";
      found.allow += http::to_string(entry.route->method);
    } else if (best == nullptr || entry.fixed > best->fixed) {
      best = &entry;
    }
  }
  if (best == nullptr) return found;
  for (std::size_t i = 0; i < segments.count; ++i) {
    if (!is_variable(best->pattern.parts[i])) continue;
    if (segments.parts[i].find('%') == std::string_view::npos) {  // the target holds visible ASCII alone
      found.variables.emplace_back(segments.parts[i]);
      continue;
    }
    auto decoded = percent_decode(segments.parts[i]);
    if (!decoded || decoded->empty() || !is_valid_utf8(*decoded)) return Match{};
    found.variables.push_back(*std::move(decoded));
  }
  found.route = best->route;
  return found;
}

}  // namespace curfew::api
