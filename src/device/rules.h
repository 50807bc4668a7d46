// The rules of uap-core as data. rules_compiler.cpp makes the definitions from uap-core's regexes.yaml when the program
// is built; the program reads no file.
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace curfew::device {

// The most parts that a rule gives: an operating system's family and four numbers.
inline constexpr std::size_t kParts = 5;

struct Rule {
  const char* pattern;
  bool any_case;
  // How each part is made, $1 to $9 standing for the groups; null: not said. Browsers: family, major, minor, patch.
  // Systems: family, major, minor, patch, patch_minor. Hardware: family, brand, model.
  std::array<const char*, kParts> parts;
};

// In uap-core's order: of those that match, the first counts.
std::span<const Rule> browser_rules();
std::span<const Rule> system_rules();
std::span<const Rule> hardware_rules();

}  // namespace curfew::device
