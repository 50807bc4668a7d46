#include "generator.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace curfew::bench {
namespace {

constexpr std::uint64_t kMonthMs = 30ULL * 86'400'000;
constexpr std::uint64_t kNetworks = 2000, kNetworksPer16 = 50, kAgents = 500;

std::uint64_t splitmix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

// A stream of random numbers for one subject.
class Dice {
 public:
  Dice(std::uint64_t seed, std::uint64_t subject) : state_(splitmix(seed ^ splitmix(subject))) {}
  std::uint64_t next() { return state_ = splitmix(state_); }
  std::uint64_t below(std::uint64_t n) { return next() % n; }
  double unit() { return static_cast<double>(next() >> 11) / 9007199254740992.0; }

 private:
  std::uint64_t state_;
};

std::string uuid(std::uint64_t a, std::uint64_t b) {
  return fmt::format("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", a >> 32, a >> 16 & 0xffff, a & 0xfff, b >> 48 & 0xfff,
                     b & 0xffffffffffffULL);
}

constexpr std::array<const char*, 40> kFirst{"jane",  "john",  "maria", "li",    "ahmed", "olga",  "pedro", "anna",
                                             "kofi",  "yuki",  "emma",  "noah",  "mia",   "liam",  "sofia", "lucas",
                                             "nina",  "omar",  "ivan",  "elena", "hugo",  "clara", "david", "sara",
                                             "tom",   "laura", "marc",  "eva",   "felix", "ines",  "jonas", "lena",
                                             "pavel", "rosa",  "simon", "tara",  "umar",  "vera",  "wang",  "zoe"};
constexpr std::array<const char*, 60> kLast{
    "doe",      "smith",  "garcia", "chen",   "kumar",  "ivanov",  "silva",    "mueller",  "mensah",  "tanaka",
    "brown",    "jones",  "monroe", "lopez",  "wang",   "patel",   "petrov",   "costa",    "weber",   "owusu",
    "sato",     "taylor", "wilson", "martin", "crusoe", "perez",   "zhang",    "singh",    "popov",   "santos",
    "fischer",  "asante", "suzuki", "moore",  "clark",  "lee",     "walker",   "hall",     "young",   "king",
    "wright",   "green",  "baker",  "adams",  "nelson", "hill",    "campbell", "mitchell", "roberts", "carter",
    "phillips", "evans",  "turner", "torres", "parker", "collins", "edwards",  "stewart",  "morris",  "rogers"};

}  // namespace

Generator::Generator(std::uint64_t sessions, std::uint64_t seed)
    : seed_(seed),
      users_(static_cast<std::uint32_t>(std::max<std::uint64_t>(1, sessions / 4))),
      now_{1'780'000'000'000} {
  // Sessions a user: k with a chance of k^-1.3, 4 on average.
  std::array<double, 20> chance{};
  double sum = 0;
  for (std::size_t k = 0; k < chance.size(); ++k) chance[k] = sum += std::pow(static_cast<double>(k + 1), -1.3);
  owner_.reserve(sessions);
  Dice dice(seed, 0);
  for (std::uint32_t user = 0; owner_.size() < sessions; user = (user + 1) % users_) {
    const double at = dice.unit() * sum;
    const auto k = static_cast<std::size_t>(std::lower_bound(chance.begin(), chance.end(), at) - chance.begin()) + 1;
    for (std::size_t i = 0; i < k && owner_.size() < sessions; ++i) owner_.push_back(user);
  }
  for (std::size_t i = owner_.size(); i > 1; --i) std::swap(owner_[i - 1], owner_[dice.below(i)]);
  double total = 0;
  for (std::size_t client = 0; client < kClients; ++client)
    client_chance_.push_back(total += std::pow(static_cast<double>(client + 1), -1.9));
}

std::string Generator::client_id(std::size_t client) {
  return fmt::format("client-{:02}", client);
}

std::string Generator::user_id(std::uint32_t user) const {
  Dice dice(seed_ + 1, user);
  const std::uint64_t a = dice.next();
  return uuid(a, dice.next());
}

std::string Generator::username(std::uint32_t user) const {
  Dice dice(seed_ + 2, user);
  const char* first = kFirst[dice.below(kFirst.size())];
  const char* last = kLast[dice.below(kLast.size())];
  return fmt::format("{}.{}{}", first, last, dice.below(10'000));
}

session::SessionKey Generator::key(std::uint64_t no) const {
  Dice dice(seed_ + 3, no);
  session::SessionKey key;
  key.realm = dice.below(10) < 9 ? kMainRealm : kSmallRealm;
  key.type = dice.below(100) < 15 ? session::SessionType::kOffline : session::SessionType::kRegular;
  const std::uint64_t a = dice.next();
  key.id = uuid(a, dice.next());
  return key;
}

IpAddress Generator::random_ip(std::uint64_t r) const {
  const std::uint64_t x = splitmix(r);
  if (x % 5 != 0) {
    const std::uint64_t network = (x >> 8) % kNetworks;
    const std::uint64_t first16 = 0x0a00 + network / kNetworksPer16;  // 10.0 to 10.39
    return IpAddress::v4(static_cast<std::uint32_t>(first16 << 16 | (network % kNetworksPer16) << 8 | (x >> 40 & 255)));
  }
  std::array<std::uint8_t, 16> bytes{0x20, 0x01, 0x0d, 0xb8};
  const std::uint64_t site = (x >> 8) % 500, host = splitmix(x);
  bytes[4] = static_cast<std::uint8_t>(site >> 8);
  bytes[5] = static_cast<std::uint8_t>(site);
  for (std::size_t i = 0; i < 8; ++i) bytes[8 + i] = static_cast<std::uint8_t>(host >> (8 * i));
  return IpAddress::from_bytes(bytes);
}

session::Session Generator::session(std::uint64_t no) const {
  session::Session s;
  s.no = session::SessionNo{no};
  s.key = key(no);
  const std::uint32_t user = owner(no);
  s.user_id = user_id(user);
  s.username = username(user);
  s.email = s.username + "@example.org";
  Dice dice(seed_ + 4, no);
  s.ip = random_ip(dice.next());
  s.user_agent =
      fmt::format("Mozilla/5.0 (X11; Linux x86_64; rv:{0}.0) Gecko/20100101 Firefox/{0}.0", dice.below(kAgents));
  const std::uint64_t age = static_cast<std::uint64_t>(
      static_cast<double>(kMonthMs) * (1.0 - static_cast<double>(no) / static_cast<double>(owner_.size() + 1)));
  s.started = Time{now_.ms - static_cast<std::int64_t>(age)};
  const double idle = static_cast<double>(age) * std::pow(dice.unit(), 4);
  s.last_access = Time{now_.ms - static_cast<std::int64_t>(idle)};
  s.remember_me = dice.below(100) < 30;
  const std::size_t clients = dice.below(4) + 1;
  while (s.clients.size() < clients) {
    const double at = dice.unit() * client_chance_.back();
    const auto client = static_cast<std::size_t>(std::lower_bound(client_chance_.begin(), client_chance_.end(), at) -
                                                 client_chance_.begin());
    std::string id = client_id(std::min(client, kClients - 1));
    if (std::any_of(s.clients.begin(), s.clients.end(), [&](const auto& link) { return link.client_id == id; }))
      continue;
    const auto since = s.clients.empty() ? 0 : static_cast<std::int64_t>(dice.below(8 * 3'600'000));
    s.clients.push_back({std::move(id), Time{std::min(s.started.ms + since, now_.ms)}});
  }
  return s;
}

}  // namespace curfew::bench
