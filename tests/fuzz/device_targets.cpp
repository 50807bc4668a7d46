// Agent strings, and the databases of places.
#include "base/limits.h"
#include "base/text.h"
#include "device/agent_rules.h"
#include "device/place_database.h"
#include "device/places.h"
#include "device/testing.h"
#include "fuzz_target.h"

namespace curfew::fuzz {
namespace {

void agent(std::string_view bytes) {
  static const device::AgentRules rules;
  const device::Agent agent = rules.parse(bytes);
  for (const std::string* part :
       {&agent.browser.family, &agent.browser.major, &agent.browser.minor, &agent.browser.patch, &agent.system.family,
        &agent.system.major, &agent.system.minor, &agent.system.patch, &agent.system.patch_minor,
        &agent.hardware.family, &agent.hardware.brand, &agent.hardware.model})
    FUZZ_CHECK(is_valid_utf8(*part));
  FUZZ_CHECK(!agent.browser.family.empty() && !agent.system.family.empty() && !agent.hardware.family.empty());
  const device::Device device = device::describe(agent, bytes);
  FUZZ_CHECK(!device.family.empty() && device.kind < device::Kind::kCount);
  for (const std::string* text : {&device.os, &device.browser, &device.family})
    FUZZ_CHECK(check_text("text", *text, device::kDeviceText, true).has_value());
}

void place_database(std::string_view bytes) {
  const auto database = device::PlaceDatabase::from_bytes(bytes);
  if (!database) return;
  for (const char* const text : {"203.0.113.7", "198.51.100.1", "2001:db8::1", "::", "255.255.255.255"}) {
    const auto entry = (*database)->find(*IpAddress::parse(text));
    if (!entry) continue;
    FUZZ_CHECK(entry->text({"city", "names", "en"}).size() <= device::kPlaceText);
    FUZZ_CHECK(is_valid_utf8(entry->text({"country", "iso_code"})));
    static_cast<void>(entry->number({"location", "latitude"}));
    static_cast<void>(entry->flag({"is_anonymous"}));
  }
}

std::string database(int record_bits) {
  using namespace device::testing;
  return Database("Fuzz", record_bits, 4)
      .add("203.0.113.0/24", city_value("DE", "Berlin", 52.52, 13.405, 20))
      .value(text("shared"))
      .add("198.51.100.0/24",
           map({{"city", map({{"names", map({{"en", pointer(0)}})}})}, {"is_anonymous", boolean(true)}}))
      .bytes();
}

}  // namespace

std::vector<Target> device_targets() {
  return {
      {"agent",
       agent,
       {"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
        "Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:141.0) Gecko/20100101 Firefox/141.0",
        "Dalvik/2.1.0 (Linux; U; Android 13; SM-G991B Build/TP1A.220624.014)", "Acme%20Sync/3.2 CFNetwork/1496.0.7",
        "J\xC3\xBCrgen/5 CFNetwork/1 Darwin/18", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://a.example/bot.html)",
        "curl/8.5.0"}},
      {"place_database", place_database, {database(24), database(28), database(32)}},
  };
}

}  // namespace curfew::fuzz
