#include "index_shapes.h"

#include <fmt/format.h>

namespace curfew::bench {
namespace {

using index::Query;
using index::SortBy;

Query basic() {
  Query query;
  query.realms = {Generator::kMainRealm};
  return query;
}

}  // namespace

std::vector<Shape> Shapes::usual() {
  const auto user_of_main = [this] {
    std::uint64_t no = random_no();
    while (generator_.key(no).realm != Generator::kMainRealm) no = random_no();
    return generator_.user_id(generator_.owner(no));
  };
  const auto network = [this] { return *Cidr::parse(fmt::format("10.{}.0.0/16", random_() % 40)); };
  return {
      {"Q1 all by last access", [] { return basic(); }},
      {"Q2 offline and the rarest client",
       [] {
         Query q = basic();
         q.filter.type = session::SessionType::kOffline;
         q.filter.clients = {Generator::client_id(Generator::kClients - 1)};
         return q;
       }},
      {"Q3 username part oe12",
       [] {
         Query q = basic();
         q.filter.search = "oe12";
         return q;
       }},
      {"Q4 all at offset N/2",
       [this] {
         Query q = basic();
         q.offset = index_.size(Generator::kMainRealm) / 2 + random_() % 1000;
         return q;
       }},
      {"Q5 one user",
       [user_of_main] {
         Query q = basic();
         q.filter.user = user_of_main();
         return q;
       }},
      {"Q6a in a /16",
       [network] {
         Query q = basic();
         q.filter.ip = {network()};
         return q;
       }},
      {"Q6b one user, not in a /16",
       [user_of_main, network] {
         Query q = basic();
         q.filter.user = user_of_main();
         q.filter.ip_not = {network()};
         return q;
       }},
      {"Q7 regular by username",
       [] {
         Query q = basic();
         q.filter.type = session::SessionType::kRegular;
         q.order = {SortBy::kUsername, false};
         return q;
       }},
      {"X1 all realms by last access",
       [] {
         Query q = basic();
         q.realms.push_back(Generator::kSmallRealm);
         return q;
       }},
      {"X2 all realms at offset N/2",
       [this] {
         Query q = basic();
         q.realms.push_back(Generator::kSmallRealm);
         q.offset = index_.size() / 2;
         return q;
       }},
      {"X3 a common client, by started",
       [] {
         Query q = basic();
         q.filter.clients = {Generator::client_id(3)};
         q.order.by = SortBy::kStarted;
         return q;
       }},
      {"X10 hundreds of thousands, by username",
       [] {
         Query q = basic();
         q.filter.clients = {Generator::client_id(8)};
         q.order = {SortBy::kUsername, false};
         return q;
       }},
      {"X11 one address",
       [this] {
         Query q = basic();
         q.filter.ip = {*Cidr::parse(generator_.session(random_no()).ip.to_string())};
         return q;
       }},
      {"Q8 a kind of device",
       [] {
         Query q = basic();
         q.filter.device_kinds = {device::Kind::kMobile};
         return q;
       }},
      {"Q9 any signal",
       [] {
         Query q = basic();
         q.filter.marks = 0x1fff;
         return q;
       }},
      {"Q10 all by severity",
       [] {
         Query q = basic();
         q.order.by = SortBy::kSeverity;
         return q;
       }},
      {"X5 all by severity at offset N/2",
       [this] {
         Query q = basic();
         q.order.by = SortBy::kSeverity;
         q.offset = index_.size(Generator::kMainRealm) / 2 + random_() % 1000;
         return q;
       }},
      {"X6 bots and tools in a /16",
       [network] {
         Query q = basic();
         q.filter.device_kinds = {device::Kind::kBot, device::Kind::kTool};
         q.filter.ip = {network()};
         return q;
       }},
      {"X7 a rare family, by severity, all realms",
       [] {
         Query q = basic();
         q.realms.push_back(Generator::kSmallRealm);
         q.filter.devices = {"ua:Family 30"};
         q.order.by = SortBy::kSeverity;
         return q;
       }},
      {"X8 one signal, offline",
       [] {
         Query q = basic();
         q.filter.marks = 1U << 3;
         q.filter.type = session::SessionType::kOffline;
         return q;
       }},
      {"X9 remember-me, the third page",
       [] {
         Query q = basic();
         q.filter.remember_me = true;
         q.offset = 50;
         return q;
       }},
      {"X4 idle for 7 days, regular",
       [this] {
         Query q = basic();
         q.filter.type = session::SessionType::kRegular;
         q.filter.last_access_before = generator_.now() - Duration::days(7);
         return q;
       }},
  };
}

std::vector<Shape> Shapes::slow() {
  return {
      {"S1 two wide conditions (remember-me, started)",
       [this] {
         Query q = basic();
         q.filter.remember_me = true;
         q.filter.started_before = generator_.now() - Duration::days(15);
         return q;
       }},
      {"S2 part of an id (8 digits)",
       [this] {
         Query q = basic();
         q.filter.search = generator_.key(random_no()).id.substr(0, 8);
         return q;
       }},
      {"S3 whole id",
       [this] {
         Query q = basic();
         q.filter.search = generator_.key(random_no()).id;
         return q;
       }},
      {"S4 part of an address (10.20.)",
       [] {
         Query q = basic();
         q.filter.search = "10.20.";
         return q;
       }},
      {"S5 two letters (ja)",
       [] {
         Query q = basic();
         q.filter.search = "ja";
         return q;
       }},
      {"S7 two hexadecimal digits (ab)",
       [] {
         Query q = basic();
         q.filter.search = "ab";
         return q;
       }},
      {"S8 four hexadecimal digits (dead)",
       [] {
         Query q = basic();
         q.filter.search = "dead";
         return q;
       }},
      {"S9 part of an IPv6 address (2001:db8:1)",
       [] {
         Query q = basic();
         q.filter.search = "2001:db8:1";
         return q;
       }},
      {"S6 common client at offset of a quarter",
       [this] {
         Query q = basic();
         q.filter.clients = {Generator::client_id(1)};
         q.offset = index_.size() / 16;
         return q;
       }},
  };
}

}  // namespace curfew::bench
