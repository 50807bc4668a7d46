#include "http/forwarded.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "http/field.h"

namespace curfew::http {
namespace {

// A chain longer than this is nonsense; what stands left of it is not looked at.
constexpr std::size_t kMaxHops = 32;

// "203.0.113.7", "203.0.113.7:4711", "2001:db8::1", "[2001:db8::1]:4711", each perhaps in quotes.
std::optional<IpAddress> parse_node(std::string_view text) {
  text = trim(text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = trim(text.substr(1, text.size() - 2));
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    text = text.substr(1, close - 1);
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    text = text.substr(0, text.find(':'));
  }
  if (auto address = IpAddress::parse(text)) return *address;
  return std::nullopt;
}

// The items of all fields of that name, in order.
std::vector<std::string_view> items_of(const RequestHead& head, std::string_view name) {
  std::vector<std::string_view> items;
  for (const Header& header : head.headers) {
    if (!iequals(header.name, name)) continue;
    for (std::string_view list = header.value; !list.empty();) items.push_back(next_item(list));
  }
  return items;
}

// The value of a parameter of one Forwarded element, or empty.
std::string_view parameter(std::string_view element, std::string_view name) {
  while (!element.empty()) {
    const std::string_view pair = next_item(element, ';');
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || !iequals(trim(pair.substr(0, equals)), name)) continue;
    return trim(pair.substr(equals + 1));
  }
  return {};
}

}  // namespace

bool is_trusted(const IpAddress& address, const std::vector<Cidr>& trusted) {
  return std::any_of(trusted.begin(), trusted.end(), [&](const Cidr& network) { return network.contains(address); });
}

Origin client_origin(const RequestHead& head, const IpAddress& peer, bool tls, const std::vector<Cidr>& trusted) {
  Origin origin{peer, tls};
  if (!is_trusted(peer, trusted)) return origin;

  std::vector<std::string_view> hops = items_of(head, "X-Forwarded-For");
  const std::vector<std::string_view> forwarded = items_of(head, "Forwarded");
  if (hops.empty()) {
    for (std::string_view element : forwarded) hops.push_back(parameter(element, "for"));
  }
  std::size_t seen = 0;
  for (auto hop = hops.rbegin(); hop != hops.rend() && seen < kMaxHops; ++hop, ++seen) {
    const auto address = parse_node(*hop);
    if (!address) break;  // "unknown", or nonsense: the last address that is vouched for stands
    origin.address = *address;
    if (!is_trusted(*address, trusted)) break;
  }

  const std::vector<std::string_view> protos = items_of(head, "X-Forwarded-Proto");
  std::string_view proto;
  if (!protos.empty()) {
    proto = protos.back();
  } else if (!forwarded.empty()) {
    proto = parameter(forwarded.back(), "proto");
  }
  if (proto.size() >= 2 && proto.front() == '"' && proto.back() == '"') proto = proto.substr(1, proto.size() - 2);
  origin.secure = tls || iequals(proto, "https");
  return origin;
}

}  // namespace curfew::http
