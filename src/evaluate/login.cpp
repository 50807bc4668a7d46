#include "evaluate/login.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <istream>
#include <ostream>
#include <vector>

#include "base/limits.h"
#include "base/text.h"

namespace curfew::evaluate {
namespace {

enum Column : std::size_t {
  kAt,
  kUser,
  kRoundTrip,
  kIp,
  kCountry,
  kRegion,
  kCity,
  kAsn,
  kAgent,
  kBrowser,
  kOs,
  kDevice,
  kSuccessful,
  kAttackIp,
  kTakeover,
  kColumns
};
constexpr std::array<std::string_view, kColumns> kNames{"Login Timestamp",
                                                        "User ID",
                                                        "Round-Trip Time [ms]",
                                                        "IP Address",
                                                        "Country",
                                                        "Region",
                                                        "City",
                                                        "ASN",
                                                        "User Agent String",
                                                        "Browser Name and Version",
                                                        "OS Name and Version",
                                                        "Device Type",
                                                        "Login Successful",
                                                        "Is Attack IP",
                                                        "Is Account Takeover"};
constexpr std::size_t kNowhere = SIZE_MAX;
constexpr std::size_t kLongestLine = 64 * 1024;

// RFC 4180, on one line; no field of the data set holds a line break.
bool split(std::string_view line, std::vector<std::string>& out) {
  out.clear();
  std::size_t at = 0;
  while (true) {
    std::string field;
    if (at < line.size() && line[at] == '"') {
      for (++at;; ++at) {
        if (at >= line.size()) return false;
        if (line[at] != '"') {
          field += line[at];
        } else if (at + 1 < line.size() && line[at + 1] == '"') {
          field += line[at++];
        } else {
          ++at;
          break;
        }
      }
      if (at < line.size() && line[at] != ',') return false;
    } else {
      const std::size_t end = std::min(line.find(',', at), line.size());
      field = line.substr(at, end - at);
      at = end;
    }
    out.push_back(std::move(field));
    if (at >= line.size()) return true;
    ++at;
  }
}

void put(std::ostream& out, std::string_view field) {
  if (field.find_first_of("\",") == std::string_view::npos) {
    out << field;
    return;
  }
  out << '"';
  for (const char c : field) {
    if (c == '"') out << '"';
    out << c;
  }
  out << '"';
}

// The data set writes "-" where nothing is known.
std::string known(std::string_view text) {
  return text == "-" ? std::string() : std::string(text);
}

Result<bool> read_bool(std::string_view name, std::string_view text) {
  if (text == "True" || text == "true" || text == "1") return true;
  if (text == "False" || text == "false" || text == "0") return false;
  return invalid(std::string(name), std::string(name) + " is True or False.");
}

// "2020-02-03 12:43:30.772", which is RFC 3339 but for two letters.
Result<Time> read_time(std::string text) {
  if (text.size() > 10 && text[10] == ' ') text[10] = 'T';
  if (!text.ends_with('Z')) text += 'Z';
  return parse_time(text);
}

Result<Login> read_login(const std::vector<std::string>& fields, const std::array<std::size_t, kColumns>& columns) {
  const auto field = [&](Column column) { return std::string_view(fields[columns[column]]); };
  Login out;
  CURFEW_TRY(out.at, read_time(std::string(field(kAt))));
  out.user = field(kUser);
  CURFEW_TRY_STATUS(check_identifier(kNames[kUser], out.user, limits::kUserId));
  if (columns[kRoundTrip] != kNowhere && !field(kRoundTrip).empty()) {
    double ms = 0;
    const std::string_view text = field(kRoundTrip);
    if (std::from_chars(text.data(), text.data() + text.size(), ms).ec != std::errc() || !(ms >= 0 && ms < 1e9))
      return invalid(std::string(kNames[kRoundTrip]), "The round-trip time is a number.");
    out.round_trip_ms = static_cast<std::int64_t>(ms);
  }
  CURFEW_TRY(out.ip, IpAddress::parse(field(kIp)));
  out.country = known(field(kCountry));
  out.region = known(field(kRegion));
  out.city = known(field(kCity));
  if (const std::string asn = known(field(kAsn)); !asn.empty())
    if (std::from_chars(asn.data(), asn.data() + asn.size(), out.asn).ec != std::errc())
      return invalid(std::string(kNames[kAsn]), "The ASN is a number.");
  out.user_agent = field(kAgent).substr(0, limits::kUserAgent);
  out.browser = field(kBrowser);
  out.os = field(kOs);
  out.device_type = field(kDevice);
  CURFEW_TRY(out.successful, read_bool(kNames[kSuccessful], field(kSuccessful)));
  CURFEW_TRY(out.attack_ip, read_bool(kNames[kAttackIp], field(kAttackIp)));
  CURFEW_TRY(out.takeover, read_bool(kNames[kTakeover], field(kTakeover)));
  if (out.takeover) out.attacker = Attacker::kUnknown;
  return out;
}

Error at_line(Error error, std::uint64_t line) {
  error.message = "Line " + std::to_string(line) + ": " + error.message;
  return error;
}

std::string_view without_return(std::string_view line) {
  return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

}  // namespace

std::string_view to_string(Attacker attacker) {
  constexpr std::array<std::string_view, kAttackers> names{"none", "naive", "vpn", "targeted", "unknown"};
  return names[static_cast<std::size_t>(attacker)];
}

void write_header(std::ostream& out) {
  out << "index";
  for (const std::string_view name : kNames) out << ',' << name;
  out << '\n';
}

void write_login(std::ostream& out, std::uint64_t index, const Login& login) {
  const auto truth = [](bool value) { return std::string_view(value ? "True" : "False"); };
  const auto or_dash = [](const std::string& text) {
    return text.empty() ? std::string_view("-") : std::string_view(text);
  };
  std::string at = format_time(login.at);
  at[10] = ' ';
  at.pop_back();
  out << index << ',' << at << ',';
  put(out, login.user);
  out << ',';
  if (login.round_trip_ms) out << *login.round_trip_ms;
  out << ',' << login.ip.to_string();
  for (const std::string* const field : {&login.country, &login.region, &login.city}) {
    out << ',';
    put(out, or_dash(*field));
  }
  out << ',' << login.asn;
  for (const std::string* const field : {&login.user_agent, &login.browser, &login.os, &login.device_type}) {
    out << ',';
    put(out, *field);
  }
  out << ',' << truth(login.successful) << ',' << truth(login.attack_ip) << ',' << truth(login.takeover) << '\n';
}

Status read_logins(std::istream& in, const std::function<void(Login&&)>& each) {
  std::string line;
  std::vector<std::string> fields;
  std::array<std::size_t, kColumns> columns{};
  columns.fill(kNowhere);
  if (!std::getline(in, line) || !split(without_return(line), fields))
    return invalid("csv", "The file is empty, or its first line is not a header.");
  for (std::size_t column = 0; column < kColumns; ++column) {
    const auto found = std::find(fields.begin(), fields.end(), kNames[column]);
    if (found != fields.end())
      columns[column] = static_cast<std::size_t>(found - fields.begin());
    else if (column != kRoundTrip)
      return invalid("csv", "The file has no column \"" + std::string(kNames[column]) + "\".");
  }
  const std::size_t width = fields.size();
  for (std::uint64_t number = 2; std::getline(in, line); ++number) {
    if (without_return(line).empty()) continue;
    if (line.size() > kLongestLine || !split(without_return(line), fields) || fields.size() != width)
      return tl::make_unexpected(
          at_line(invalid("csv", "it has not the header's " + std::to_string(width) + " fields.").value(), number));
    auto login = read_login(fields, columns);
    if (!login) return tl::make_unexpected(at_line(std::move(login).error(), number));
    each(*std::move(login));
  }
  return {};
}

}  // namespace curfew::evaluate
