#include "device/device.h"

#include <array>
#include <utility>

namespace curfew::device {
namespace {

constexpr std::array<std::string_view, kKinds> kKindNames{"unknown", "desktop", "mobile", "tablet",
                                                          "tv",      "bot",     "tool"};

}  // namespace

std::string_view to_string(Kind kind) {
  const auto number = static_cast<std::size_t>(kind);
  return number < kKinds ? kKindNames[number] : kKindNames[0];
}

Result<Kind> parse_kind(std::string_view text, std::string_view field) {
  for (std::size_t number = 0; number < kKinds; ++number)
    if (kKindNames[number] == text) return static_cast<Kind>(number);
  std::string message = "Not a kind of device; there are ";
  for (std::size_t number = 0; number < kKinds; ++number) {
    if (number > 0) message += number + 1 == kKinds ? " and " : ", ";
    message += kKindNames[number];
  }
  return invalid(std::string(field), message + ".");
}

Classify unknown_classifier() {
  return [unknown = std::make_shared<const Device>()](std::string_view) { return unknown; };
}

std::string device_key(std::string_view device_id, const Device& device) {
  std::string key = device_id.empty() ? "ua:" : "id:";
  key += device_id.empty() ? std::string_view(device.family) : device_id;
  return key;
}

}  // namespace curfew::device
