// Generator: the population of sessions that every benchmark uses, from a seed (docs/performance.md, "Data").
//
// N sessions, of which one realm holds 90 %; N/4 users with 1 to 20 sessions each (Zipf); 80 % IPv4 in 2,000 /24
// networks, 20 % IPv6; started over 30 days in the order of `no`; last access skewed to the present; 15 % offline; 1 to
// 4 of 40 clients (Zipf, the rarest on about 0.1 %); 30 % remember-me; 500 user agents. Ids are UUIDs. Threads: const
// functions from any. Memory: 4 bytes a session, so it can be told apart from what is measured.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "session/session.h"

namespace curfew::bench {

class Generator {
 public:
  Generator(std::uint64_t sessions, std::uint64_t seed);

  std::uint64_t size() const { return owner_.size(); }
  std::uint32_t users() const { return users_; }
  // The session with this number, 1 to size(). The same every time.
  session::Session session(std::uint64_t no) const;
  session::SessionKey key(std::uint64_t no) const;
  std::string user_id(std::uint32_t user) const;
  std::string username(std::uint32_t user) const;
  std::uint32_t owner(std::uint64_t no) const { return owner_[no - 1]; }
  Time now() const { return now_; }                  // no session was used later
  static std::string client_id(std::size_t client);  // 0 is the commonest
  static constexpr std::size_t kClients = 40;
  static constexpr session::RealmId kMainRealm{1};
  static constexpr session::RealmId kSmallRealm{2};
  IpAddress random_ip(std::uint64_t r) const;

 private:
  std::uint64_t seed_;
  std::uint32_t users_;
  std::vector<std::uint32_t> owner_;
  std::vector<double> client_chance_;  // cumulative
  Time now_;
};

}  // namespace curfew::bench
