#include "evaluate/generator.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "base/crypto.h"

namespace curfew::evaluate {
namespace {

struct City {
  std::string_view country, region, name;
  double latitude, longitude;
};
constexpr std::array<City, 20> kCities{{
    {"NO", "Oslo", "Oslo", 59.91, 10.75},
    {"NO", "Vestland", "Bergen", 60.39, 5.32},
    {"NO", "Trondelag", "Trondheim", 63.43, 10.4},
    {"NO", "Rogaland", "Stavanger", 58.97, 5.73},
    {"SE", "Stockholm", "Stockholm", 59.33, 18.07},
    {"DK", "Capital", "Copenhagen", 55.68, 12.57},
    {"DE", "Berlin", "Berlin", 52.52, 13.41},
    {"DE", "Hamburg", "Hamburg", 53.55, 9.99},
    {"GB", "England", "London", 51.51, -0.13},
    {"FR", "Ile-de-France", "Paris", 48.86, 2.35},
    {"ES", "Madrid", "Madrid", 40.42, -3.7},
    {"PL", "Mazovia", "Warsaw", 52.23, 21.01},
    {"US", "New York", "New York", 40.71, -74.01},
    {"US", "California", "San Jose", 37.34, -121.89},
    {"BR", "Sao Paulo", "Sao Paulo", -23.55, -46.63},
    {"IN", "Maharashtra", "Mumbai", 19.08, 72.88},
    {"SG", "Singapore", "Singapore", 1.35, 103.82},
    {"NG", "Lagos", "Lagos", 6.52, 3.38},
    {"VN", "Hanoi", "Hanoi", 21.03, 105.85},
    {"RU", "Moscow", "Moscow", 55.76, 37.62},
}};
constexpr std::size_t kHomeCities = 8;  // where the people live; the first four hold most of them

struct Browser {
  std::string_view agent, name, os, type;  // {} in the agent and the name: the version, which moves on
};
constexpr std::array<Browser, 9> kBrowsers{{
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36",
     "Chrome {}", "Windows 10", "desktop"},
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{}.0) Gecko/20100101 Firefox/{}.0", "Firefox {}", "Windows 10",
     "desktop"},
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36 "
     "Edg/{}.0.0.0",
     "Edge {}", "Windows 10", "desktop"},
    {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 "
     "Safari/537.36",
     "Chrome {}", "Mac OS X 10.15.7", "desktop"},
    {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.{} "
     "Safari/605.1.15",
     "Safari 18.{}", "Mac OS X 10.15.7", "desktop"},
    {"Mozilla/5.0 (X11; Linux x86_64; rv:{}.0) Gecko/20100101 Firefox/{}.0", "Firefox {}", "Linux", "desktop"},
    {"Mozilla/5.0 (iPhone; CPU iPhone OS 18_{} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.{} "
     "Mobile/15E148 Safari/604.1",
     "Mobile Safari 18.{}", "iOS 18", "mobile"},
    {"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Mobile Safari/537.36",
     "Chrome Mobile {}", "Android 10", "mobile"},
    {"Mozilla/5.0 (Android 15; Mobile; rv:{}.0) Gecko/{}.0 Firefox/{}.0", "Firefox Mobile {}", "Android 15", "mobile"},
}};
constexpr std::size_t kDesktops = 6, kSafari = 4, kPhone = 6;

std::string with_version(std::string_view text, std::uint64_t version) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text.substr(at, 2) != "{}") {
      out += text[at];
      continue;
    }
    out += std::to_string(version);
    ++at;
  }
  return out;
}

struct User {
  std::string id;
  std::size_t city = 0, home_provider = 0, phone_provider = 0, desktop = 0, phone = 0;
  std::optional<std::size_t> company;
  std::uint32_t home_host = 0;
  std::uint64_t logins_per_thousand_days = 0;
  bool has_phone = false, has_vpn = false;
  std::size_t away_city = 0;
  int away_until = -1;
};

class Generator {
 public:
  explicit Generator(const Population& population) : population_(population), random_(population.seed) {}

  std::vector<Login> run() {
    for (std::size_t i = 0; i < population_.users; ++i) users_.push_back(make_user(i));
    for (int day = 0; day < population_.days; ++day)
      for (User& user : users_) live(user, day);
    attack();
    std::sort(out_.begin(), out_.end(), [](const Login& a, const Login& b) {
      return std::tie(a.at, a.user, a.ip, a.user_agent) < std::tie(b.at, b.user, b.ip, b.user_agent);
    });
    return std::move(out_);
  }

 private:
  std::uint64_t pick(std::uint64_t n) { return random_.next() % n; }
  bool one_in(std::uint64_t n) { return pick(n) == 0; }

  User make_user(std::size_t number) {
    User user;
    user.id = std::to_string(1'000'000 + number);
    user.city = pick(10) < 8 ? pick(4) : pick(kHomeCities);
    user.home_provider = pick(3);
    user.phone_provider = pick(2);
    user.home_host = static_cast<std::uint32_t>(pick(1U << 16));
    user.desktop = pick(kDesktops);
    user.phone = kPhone + pick(kBrowsers.size() - kPhone);
    user.has_phone = pick(10) < 7;
    user.has_vpn = one_in(25);
    if (pick(10) < 4) user.company = pick(population_.users / 50 + 1);
    // From a login in five days to three a day, few of them often.
    const std::uint64_t a = pick(1'000), b = pick(1'000);
    user.logins_per_thousand_days = 200 + 2'800 * a * b / 1'000'000;
    return user;
  }

  // A provider's network of a city is a /16 of its own; companies and hosting have theirs.
  static std::uint32_t network(std::uint32_t kind, std::size_t city, std::size_t provider) {
    return (20 + kind * 40 + static_cast<std::uint32_t>(city)) << 24 | static_cast<std::uint32_t>(provider) << 16;
  }
  static std::uint32_t asn(std::uint32_t kind, std::size_t city, std::size_t provider) {
    std::size_t country = city;  // the first city of the country: providers are nationwide
    while (country > 0 && kCities[country - 1].country == kCities[city].country) --country;
    return 60'000 + kind * 1'000 + static_cast<std::uint32_t>(country * 10 + provider);
  }
  enum NetworkKind : std::uint32_t { kHome = 0, kMobile = 1, kHosting = 2 };

  void stand(Login& login, NetworkKind kind, std::size_t city, std::size_t provider, std::uint32_t host) {
    login.ip = IpAddress::v4(network(kind, city, provider) | (host & 0xffff));
    login.asn = asn(kind, city, provider);
    login.country = kCities[city].country;
    login.region = kCities[city].region;
    login.city = kCities[city].name;
  }
  void stand_in_company(Login& login, std::size_t company, std::size_t city) {
    login.ip =
        IpAddress::v4(185U << 24 | static_cast<std::uint32_t>(company) << 8 | static_cast<std::uint32_t>(1 + pick(20)));
    login.asn = 70'000 + static_cast<std::uint32_t>(company);
    login.country = kCities[city].country;
    login.region = kCities[city].region;
    login.city = kCities[city].name;
  }
  void use(Login& login, std::size_t browser) {
    const auto weeks = static_cast<std::uint64_t>((login.at - population_.begin).ms / Duration::days(28).ms);
    const bool safari = browser == kSafari || browser == kPhone;
    const std::uint64_t version = safari ? std::min<std::uint64_t>(1 + weeks, 6) : 132 + weeks;
    login.user_agent = with_version(kBrowsers[browser].agent, version);
    login.browser = with_version(kBrowsers[browser].name, version);
    login.os = kBrowsers[browser].os;
    login.device_type = kBrowsers[browser].type;
  }

  void live(User& user, int day) {
    if (day > user.away_until && one_in(60)) {
      user.away_until = day + 2 + static_cast<int>(pick(5));
      user.away_city = one_in(3) ? pick(12) : pick(4);
    }
    if (one_in(400)) user.desktop = pick(kDesktops);  // a new computer
    if (one_in(400)) user.phone = kPhone + pick(kBrowsers.size() - kPhone);
    if (one_in(500)) user.home_provider = pick(3);  // moved, or another contract
    if (one_in(90)) user.home_host = static_cast<std::uint32_t>(pick(1U << 16));
    std::uint64_t logins = user.logins_per_thousand_days / 1'000;
    if (pick(1'000) < user.logins_per_thousand_days % 1'000) ++logins;
    for (; logins > 0; --logins) sign_in(user, day);
  }

  void sign_in(const User& user, int day) {
    Login login;
    login.user = user.id;
    login.at = population_.begin + Duration{Duration::days(day).ms + Duration::hours(6).ms +
                                            static_cast<std::int64_t>(pick(16 * 3'600'000))};
    login.round_trip_ms = static_cast<std::int64_t>(20 + pick(300));
    const bool away = day <= user.away_until;
    const std::size_t city = away ? user.away_city : user.city;
    const bool phone = user.has_phone && pick(10) < 4;
    if (user.has_vpn && one_in(8))
      stand(login, kHosting, pick(12), pick(3), static_cast<std::uint32_t>(pick(1U << 16)));
    else if (phone)
      stand(login, kMobile, city, user.phone_provider, static_cast<std::uint32_t>(pick(1U << 16)));
    else if (!away && user.company && day % 7 < 5 && pick(10) < 6)
      stand_in_company(login, *user.company, city);
    else if (away)
      stand(login, kHome, city, pick(3), static_cast<std::uint32_t>(pick(1U << 16)));
    else
      stand(login, kHome, city, user.home_provider, user.home_host);
    use(login, phone ? user.phone : user.desktop);
    login.successful = !one_in(25);
    out_.push_back(std::move(login));
  }

  // In the second half, when there is something to be learnt; one victim in twenty, each kind of attacker as often.
  void attack() {
    const std::size_t victims = std::min(population_.users, std::max<std::size_t>(population_.users / 20, 30));
    const auto half = static_cast<std::uint64_t>(population_.days) * 43'200'000;
    for (std::size_t i = 0; i < victims; ++i) {
      const User& user = users_[pick(users_.size())];
      const auto attacker = static_cast<Attacker>(1 + i % 3);
      Login login;
      login.user = user.id;
      login.attack_ip = login.takeover = true;
      login.attacker = attacker;
      login.at = population_.begin + Duration{static_cast<std::int64_t>(half + pick(half))};
      login.round_trip_ms = static_cast<std::int64_t>(50 + pick(400));
      const auto host = static_cast<std::uint32_t>(pick(1U << 16));
      if (attacker == Attacker::kNaive) {
        stand(login, kHosting, 8 + pick(kCities.size() - 8), pick(3), host);
        use(login, pick(kBrowsers.size()));
      } else if (attacker == Attacker::kVpn) {
        stand(login, kHosting, user.city, pick(3), host);
        use(login, pick(kBrowsers.size()));
      } else {
        stand(login, kHome, user.city, pick(3), host);
        use(login, user.desktop);
      }
      const std::uint64_t guesses = attacker == Attacker::kNaive ? pick(6) : pick(2);
      for (std::uint64_t n = guesses + 1; n > 0; --n) {
        Login guess = login;
        guess.at = login.at - Duration{static_cast<std::int64_t>(n * 2'000)};
        guess.successful = guess.takeover = false;
        guess.attacker = Attacker::kNone;
        out_.push_back(std::move(guess));
      }
      out_.push_back(std::move(login));
    }
  }

  const Population population_;
  SeededRandom random_;
  std::vector<User> users_;
  std::vector<Login> out_;
};

}  // namespace

std::vector<Login> generate(const Population& population) {
  return Generator(population).run();
}

std::optional<std::pair<double, double>> position_of(std::string_view country, std::string_view city) {
  for (const City& known : kCities)
    if (known.country == country && known.name == city) return std::pair(known.latitude, known.longitude);
  return std::nullopt;
}

}  // namespace curfew::evaluate
