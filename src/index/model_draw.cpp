#include "index/model_draw.h"

#include <algorithm>

#include "base/text.h"

namespace curfew::index {

using session::Session;
using session::SessionType;

Draw::Draw(std::uint64_t seed) : random_(seed) {
  for (int i = 0; i < 60; ++i) spare_ids_.push_back(session_id());
}

std::string Draw::session_id() {
  const std::string hex = below(6) == 0 ? "0123456789ABCDEF" : "0123456789abcdef", any = "ABCdefxyz-_019";
  std::string id;
  switch (below(4)) {
    case 0:
      for (std::size_t i = below(12) + 1; i > 0; --i) id.push_back(any[below(any.size())]);
      return id;
    case 1:
      for (std::size_t i = below(30) + 16; i > 0; --i) id.push_back(any[below(any.size())]);
      return id;
    default:
      for (int i = 0; i < 36; ++i) id.push_back(i == 8 || i == 13 || i == 18 || i == 23 ? '-' : hex[below(16)]);
      return id;
  }
}

IpAddress Draw::ip() {
  static const std::vector<std::string> addresses{"10.20.0.1",    "10.20.0.2",   "10.20.1.1",      "10.21.0.1",
                                                  "203.0.113.7",  "203.0.113.8", "192.168.20.120", "8.8.8.8",
                                                  "::1",          "::2:0:0",     "2001:db8::1",    "2001:db8::abcd",
                                                  "2001:db8:1::", "fe80::1",     "0.0.0.0",        "255.255.255.255"};
  return *IpAddress::parse(one_of(addresses));
}

std::string Draw::user_id() {
  static const std::vector<std::string> ids{"u1",
                                            "u2",
                                            "U3",
                                            "f81d4fae-7dec-41d0-8765-00a0c91e6bf6",
                                            "jane",
                                            "a-rather-long-user-id-1",
                                            "a-rather-long-user-id-2",
                                            "F81D4FAE-7DEC-41D0-8765-00A0C91E6BF7",
                                            "u9",
                                            "u10",
                                            "u11"};
  return one_of(ids);
}

std::string Draw::username() {
  static const std::vector<std::string> names{"jane.doe",
                                              "Jane.Doe",
                                              "john.doe12",
                                              "jo",
                                              "u1",
                                              "a.name.of.more.than.sixteen",
                                              "A.name.of.more.than.sevent",
                                              "a.name.of.more.",
                                              "a.name.of.more.t",
                                              "jane",
                                              "\xC3\x89milie",
                                              "zoe1",
                                              "joe12"};
  return one_of(names);
}

std::string Draw::client_id() {
  static const std::vector<std::string> ids{"web", "Mail", "crm", "wiki", "rare-client", "vpn"};
  return ids[std::min(below(ids.size()), below(ids.size()))];
}

RealmId Draw::realm() {
  return RealmId{static_cast<std::uint32_t>(std::min(below(4), below(4)) + 1)};
}

Time Draw::time() {
  return Time{1'700'000'000'000 + static_cast<std::int64_t>(below(below(2) == 0 ? 20 : 5000))};
}

void Draw::add_details(Session& s) {
  s.username = username();
  if (below(3) > 0) s.email = username() + "@Example.org";
  s.ip = ip();
  if (below(4) > 0) s.user_agent = "agent " + std::to_string(below(5));
  if (below(4) == 0) s.device_id = "device " + std::to_string(below(10));
  s.started = time();
  s.last_access = Time{s.started.ms + static_cast<std::int64_t>(below(3000))};
  s.remember_me = below(3) == 0;
  for (std::size_t i = below(6); i > 0; --i) {
    const std::string id = client_id();
    if (std::none_of(s.clients.begin(), s.clients.end(), [&](const auto& link) { return link.client_id == id; }))
      s.clients.push_back({id, Time{s.started.ms + static_cast<std::int64_t>(below(100'000'000)) - 1000}});
  }
  if (below(4) == 0) {
    s.token_hash.emplace();
    for (auto& byte : *s.token_hash) byte = static_cast<std::uint8_t>(below(256));
  }
}

Session Draw::session() {
  Session s;
  s.key.realm = realm();
  s.key.type = below(4) == 0 ? SessionType::kOffline : SessionType::kRegular;
  s.key.id = one_of(spare_ids_) + (below(2) == 0 ? "" : std::to_string(below(10)));
  if (below(2) == 0) s.key.id = session_id();
  if (below(8) == 0) s.key.id = fold_case(s.key.id);
  s.user_id = user_id();
  add_details(s);
  return s;
}

std::uint16_t Draw::marks() {
  unsigned marks = below(3) == 0 ? 0U : 1U << below(13) | 1U << below(13);
  if (below(3) > 0) marks |= 1U << (13 + below(3));
  return static_cast<std::uint16_t>(below(6) == 0 ? 0U : marks);
}

std::vector<RealmId> Draw::realms() {
  if (below(2) == 0) return {realm()};
  std::vector<RealmId> out;
  for (std::uint32_t id = 1; id <= 5; ++id)
    if (below(4) > 0) out.push_back(RealmId{id});
  if (below(8) == 0) out.push_back(out.empty() ? RealmId{1} : out[0]);
  return out;
}

std::string Draw::search(const std::vector<session::SessionKey>& live) {
  static const std::vector<std::string> parts{"oe12",
                                              "jane",
                                              "J",
                                              "DOE",
                                              "10.2",
                                              "0.1",
                                              "20",
                                              "203.0.113.7",
                                              ".",
                                              "2001:db8",
                                              "abcd",
                                              "::",
                                              "a.name.of.more.than.s",
                                              "-",
                                              "zz",
                                              "e",
                                              "ab",
                                              "f8",
                                              "db8:",
                                              "1",
                                              "9a",
                                              "\xC3\xA9mi",
                                              "113.7"};
  if (below(3) > 0) return one_of(parts);
  if (live.empty()) return "x";
  const std::string& id = one_of(live).id;
  if (below(2) == 0) return below(2) == 0 ? id : fold_case(id);
  const std::size_t from = below(id.size());
  return id.substr(from, below(id.size()) + 1);
}

Cidr Draw::network() {
  static const std::vector<std::string> networks{
      "10.20.0.0/16", "10.0.0.0/8",     "10.20.0.1",   "203.0.113.0/24", "0.0.0.0/0",    "2001:db8::/32", "::/0",
      "::/64",        "192.168.0.0/16", "2001:db8::1", "fe80::/10",      "10.20.0.0/15", "255.0.0.0/8"};
  return *Cidr::parse(one_of(networks));
}

std::string Draw::device_key() {
  switch (below(4)) {
    case 0:
      return "ua:" + std::string(device::kUnknownFamily);
    case 1:
      return "ua:Firefox on Windows";
    case 2:
      return "ua:Family " + std::to_string(below(6));
    default:
      return (below(8) == 0 ? "" : "id:") + ("device " + std::to_string(below(11)));
  }
}

Filter Draw::filter(const std::vector<session::SessionKey>& live) {
  Filter f;
  for (std::size_t n = below(4); n > 0; --n) {
    switch (below(15)) {
      case 0:
        f.search = search(live);
        break;
      case 1:
        f.type = below(2) == 0 ? SessionType::kRegular : SessionType::kOffline;
        break;
      case 2:
        f.clients.push_back(below(8) == 0 ? "unknown" : client_id());
        break;
      case 3:
        f.user = below(2) == 0 ? user_id() : username();
        break;
      case 4:
        for (std::size_t i = below(3) + 1; i > 0; --i) f.ip.push_back(network());
        break;
      case 5:
        for (std::size_t i = below(3) + 1; i > 0; --i) f.ip_not.push_back(network());
        break;
      case 6:
        f.started_after = time();
        break;
      case 7:
        f.started_before = time();
        break;
      case 8:
        f.last_access_after = time();
        break;
      case 9:
        f.last_access_before = Time{time().ms + 1000};
        break;
      case 10:
        f.remember_me = below(2) == 0;
        break;
      case 11:
        for (std::size_t i = below(2) + 1; i > 0; --i) f.device_kinds.push_back(static_cast<device::Kind>(below(5)));
        break;
      case 12:
        for (std::size_t i = below(3) + 1; i > 0; --i) f.devices.push_back(device_key());
        break;
      case 13:
        f.marks = static_cast<std::uint16_t>(1U << below(16));
        break;
      case 14:
        f.marks = below(2) == 0 ? kMediumSeverity | kHighSeverity : static_cast<std::uint16_t>(below(65536));
        break;
    }
  }
  return f;
}

}  // namespace curfew::index
