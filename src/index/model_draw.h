// Draw: the random values of a history, from its seed. From few ids, names, addresses, clients and times, so that they
// meet: equal keys, equal places in an order, letters that differ only in case, texts that hold one another. The order
// of the draws is part of what a seed means: a history that failed fails again only while it stays the same.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "index/index.h"

namespace curfew::index {

class Draw {
 public:
  explicit Draw(std::uint64_t seed);

  std::uint64_t next() { return random_(); }
  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  template <class T>
  const T& one_of(const std::vector<T>& values) {
    return values[below(values.size())];
  }

  // Of sessions.
  std::string session_id();
  IpAddress ip();
  std::string user_id();
  std::string username();
  std::string client_id();
  RealmId realm();  // 1 to 4, the first ones most
  Time time();
  std::uint16_t marks();
  session::Session session();             // without its no
  void add_details(session::Session& s);  // all but no, key and user id

  // Of questions. The keys of the live sessions give searches something to find.
  std::vector<RealmId> realms();
  std::string search(const std::vector<session::SessionKey>& live);
  Cidr network();
  std::string device_key();
  Filter filter(const std::vector<session::SessionKey>& live);

 private:
  std::mt19937_64 random_;
  std::vector<std::string> spare_ids_;  // that sessions share, whole or as their beginning
};

}  // namespace curfew::index
