// Texts from outside: addresses, networks, times, durations, escapes.
#include "base/crypto.h"
#include "base/ip.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "base/time.h"
#include "fuzz_target.h"

namespace curfew::fuzz {
namespace {

void ip(std::string_view bytes) {
  const auto address = IpAddress::parse(bytes);
  if (!address) return;
  const auto again = IpAddress::parse(address->to_string());
  FUZZ_CHECK(again && *again == *address);
}

void cidr(std::string_view bytes) {
  const auto network = Cidr::parse(bytes);
  if (!network) return;
  FUZZ_CHECK(network->contains(network->first()) && network->contains(network->last()));
  FUZZ_CHECK(network->prefix() >= 0 && network->prefix() <= 128);
  const auto again = Cidr::parse(network->to_string());
  FUZZ_CHECK(again && *again == *network);
}

void time(std::string_view bytes) {
  const auto parsed = parse_time(bytes);
  if (!parsed) return;
  FUZZ_CHECK(*parsed >= kMinTime && *parsed <= kMaxTime);
  const std::string text = format_time(*parsed);
  FUZZ_CHECK(text.size() == 24);
  const auto again = parse_time(text);
  FUZZ_CHECK(again && *again == *parsed);
}

void duration(std::string_view bytes) {
  const auto parsed = parse_duration(bytes);
  if (!parsed) return;
  FUZZ_CHECK(parsed->ms >= 0);
  const auto again = parse_duration(format_duration(*parsed));
  FUZZ_CHECK(again && *again == *parsed);
}

void escapes(std::string_view bytes) {
  const auto encoded = percent_encode(bytes);
  const auto decoded = percent_decode(encoded);
  FUZZ_CHECK(decoded && *decoded == bytes);
  (void)percent_decode(bytes, true);
  const auto hex = from_hex(to_hex({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}));
  FUZZ_CHECK(hex && *hex == bytes);
  const auto base64 = from_base64url(base64url(bytes));
  FUZZ_CHECK(base64 && *base64 == bytes);
  (void)from_hex(bytes);
  (void)from_base64url(bytes);
}

void text(std::string_view bytes) {
  const bool valid = is_valid_utf8(bytes);
  const bool checked = check_text("text", bytes, 1000, true).has_value();
  FUZZ_CHECK(valid || !checked);
  if (!valid) return;
  const std::string folded = fold_case(bytes);
  FUZZ_CHECK(is_valid_utf8(folded));
  FUZZ_CHECK(fold_case(folded) == folded);
  std::string json;
  JsonWriter(json).string(bytes);
  for (const char c : json) FUZZ_CHECK(static_cast<unsigned char>(c) >= 0x20);
}

}  // namespace

std::vector<Target> base_targets() {
  return {
      {"ip", ip, {"203.0.113.7", "2001:db8::1", "::ffff:198.51.100.2", "::", "1:2:3:4:5:6:7:8"}},
      {"cidr", cidr, {"10.20.0.0/16", "2001:db8::/32", "0.0.0.0/0", "::/0", "203.0.113.7"}},
      {"time",
       time,
       {"2026-03-01T09:30:00.000Z", "1970-01-01T00:00:00Z", "2024-02-29T23:59:60+14:00", "9999-12-31T23:59:59.999Z"}},
      {"duration", duration, {"PT30M", "P90D", "P1DT12H", "PT0.5S", "P2W"}},
      {"escapes", escapes, {"a%20b", "100%", "a+b", "%F0%9F%99%82", "c2Vzc2lvbg"}},
      {"text",
       text,
       {"jane.doe", "J\xC3\xBCrgen \xCE\xA3\xCE\xAF\xCF\x83\xCF\x85\xCF\x86\xCE\xBF\xCF\x82", "\xF0\x9F\x99\x82",
        "\xED\xA0\x80"}},
  };
}

}  // namespace curfew::fuzz
