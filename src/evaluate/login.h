// A login as the RBA data set tells it, and its CSV: https://github.com/das-group/rba-dataset (CC BY 4.0). Of the data
// set nothing is part of this program but the names of its fields.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>

#include "base/ip.h"
#include "base/result.h"
#include "base/time.h"

namespace curfew::evaluate {

// What an attacker knows of the victim: nothing but the password; the country too, which a VPN gives them; the city,
// the system and the browser as well.
enum class Attacker : std::uint8_t { kNone = 0, kNaive, kVpn, kTargeted, kUnknown };
inline constexpr std::size_t kAttackers = 5;
std::string_view to_string(Attacker attacker);  // "none", "naive", "vpn", "targeted", "unknown"

struct Login {
  Time at;
  std::string user;
  std::optional<std::int64_t> round_trip_ms;
  IpAddress ip;
  std::string country, region, city;  // empty: unknown
  std::uint32_t asn = 0;              // 0: unknown
  std::string user_agent, browser, os, device_type;
  bool successful = true;
  bool attack_ip = false;
  bool takeover = false;
  Attacker attacker = Attacker::kNone;  // no field of the data set: a takeover that is read is kUnknown
  friend bool operator==(const Login&, const Login&) = default;
};

void write_header(std::ostream& out);
void write_login(std::ostream& out, std::uint64_t index, const Login& login);

// Reads a CSV with the data set's header; its columns may be in any order, others are passed over. Calls `each` for
// each row. An error names the line.
Status read_logins(std::istream& in, const std::function<void(Login&&)>& each);

}  // namespace curfew::evaluate
