// What somebody signs in with: the kind of device, its system and browser, and the key under which one device of a
// user is recognized again.
//
// Plain values, no clock and no I/O. The texts of a Device are for people and for keys, never for decisions on
// versions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace curfew::device {

// Stored in memory and in documents: numbers are never given anew. kTool is a program without a person before it, such
// as curl or an HTTP library; kBot goes about by itself and says so.
enum class Kind : std::uint8_t { kUnknown = 0, kDesktop, kMobile, kTablet, kTv, kBot, kTool, kCount };
inline constexpr std::size_t kKinds = static_cast<std::size_t>(Kind::kCount);

std::string_view to_string(Kind kind);  // "unknown", "desktop", "mobile", "tablet", "tv", "bot", "tool"
Result<Kind> parse_kind(std::string_view text, std::string_view field = "device");

inline constexpr std::string_view kUnknownFamily = "Unknown device";

struct Device {
  Kind kind = Kind::kUnknown;
  std::string os;                      // "Windows 10", "iOS 18.5", "macOS"; empty: unknown
  std::string browser;                 // "Firefox 141"; empty: unknown
  std::string family{kUnknownFamily};  // what an update does not change: "Firefox on Windows"; never empty
  friend bool operator==(const Device&, const Device&) = default;
};

// Agent string → device. May be called from any thread; never null; the same string gives an equal device as long as
// the program runs. The empty string, and whatever nothing is known of, is kUnknown.
using Classify = std::function<std::shared_ptr<const Device>(std::string_view user_agent)>;

// Knows nothing: every string is one and the same unknown device. For tests, and where no rules are wanted.
Classify unknown_classifier();

// The public name of a device among those of its user: "id:" and the caller's own name of it where there is one,
// otherwise "ua:" and the family.
std::string device_key(std::string_view device_id, const Device& device);

}  // namespace curfew::device
