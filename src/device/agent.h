// What uap-core's rules say of an agent string, and how Curfew puts it into words.
#pragma once

#include <string>
#include <string_view>

#include "device/device.h"

namespace curfew::device {

// A part that the rules don't give is empty; a family that they don't know is "Other".
struct Agent {
  struct Browser {
    std::string family = "Other", major, minor, patch;
    friend bool operator==(const Browser&, const Browser&) = default;
  };
  struct System {
    std::string family = "Other", major, minor, patch, patch_minor;
    friend bool operator==(const System&, const System&) = default;
  };
  struct Hardware {
    std::string family = "Other", brand, model;
    friend bool operator==(const Hardware&, const Hardware&) = default;
  };
  Browser browser;
  System system;
  Hardware hardware;
  friend bool operator==(const Agent&, const Agent&) = default;
};

// `user_agent` is the string that the answer is of: some hints, such as "Mobile", stand in it alone. Every text of the
// device is at most kDeviceText bytes.
Device describe(const Agent& agent, std::string_view user_agent);

inline constexpr std::size_t kDeviceText = 64;

}  // namespace curfew::device
