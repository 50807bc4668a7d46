#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/text.h"
#include "device/agent.h"
#include "device/kinds.h"

namespace curfew::device {
namespace {

using Names = std::pair<std::string_view, std::string_view>;

// uap-core's family → what people call it. The same program has one name on all devices.
constexpr std::array<Names, 26> kBrowsers{{
    {"Android", "Android Browser"},
    {"Chrome Mobile", "Chrome"},
    {"Chrome Mobile WebView", "Web view"},
    {"Chrome Mobile iOS", "Chrome"},
    {"DuckDuckGo Mobile", "DuckDuckGo"},
    {"Edge Mobile", "Edge"},
    {"Edge Mobile Webview", "Edge"},
    {"Facebook", "Facebook"},
    {"Firefox Focus", "Firefox Focus"},
    {"Firefox Mobile", "Firefox"},
    {"Firefox iOS", "Firefox"},
    {"HeadlessChrome", "Headless Chrome"},
    {"IE", "Internet Explorer"},
    {"IE Large Screen", "Internet Explorer"},
    {"IE Mobile", "Internet Explorer"},
    {"Mobile Safari", "Safari"},
    {"Mobile Safari UI/WKWebView", "Web view"},
    {"Opera Mini", "Opera Mini"},
    {"Opera Mobile", "Opera"},
    {"Opera Tablet", "Opera"},
    {"Python Requests", "python-requests"},
    {"QQ Browser Mobile", "QQ Browser"},
    {"Vivaldi Mobile", "Vivaldi"},
    {"WindowsPowerShell", "PowerShell"},
    {"Yandex Browser", "Yandex"},
    {"YandexSearch", "Yandex"},
}};

constexpr std::array<Names, 6> kSystems{{
    {"ATV OS X", "tvOS"},
    {"Chrome OS", "ChromeOS"},
    {"Mac OS X", "macOS"},
    {"WatchOS", "watchOS"},
    {"Web0S", "webOS"},
    {"BlackBerry Tablet OS", "BlackBerry OS"},
}};

// How much of a system's version says something: of the others the string gives none, or one that is not true, such as
// macOS 10.15 for all that came since.
enum class Shown : std::uint8_t { kNothing, kMajor, kMinor };
constexpr std::array<std::pair<std::string_view, Shown>, 11> kVersions{{
    {"Android", Shown::kMinor},
    {"BlackBerry OS", Shown::kMajor},
    {"KaiOS", Shown::kMinor},
    {"Roku", Shown::kMajor},
    {"Tizen", Shown::kMinor},
    {"Windows", Shown::kMinor},
    {"Windows Phone", Shown::kMinor},
    {"iOS", Shown::kMinor},
    {"iPadOS", Shown::kMinor},
    {"tvOS", Shown::kMinor},
    {"watchOS", Shown::kMinor},
}};

// Longest texts, in bytes: with them a family is no longer than kDeviceText.
constexpr std::size_t kName = 30, kSystemName = 20, kVersion = 8;

template <class List>
auto find_in(const List& list, std::string_view key) -> std::optional<typename List::value_type::second_type> {
  const auto it = std::find_if(list.begin(), list.end(), [key](const auto& entry) { return entry.first == key; });
  if (it == list.end()) return std::nullopt;
  return it->second;
}

std::string cut(std::string_view text, std::size_t most) {
  while (text.size() > most || !is_valid_utf8(text)) text = text.substr(0, std::min(text.size() - 1, most));
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  // Control characters have no business in a name.
  return check_text("text", text, most, true) ? std::string(text) : std::string();
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.' ||
         c == ' ';
}

struct Program {
  std::string name, version;
};

// The first number; before the first release two, since the first says nothing.
std::string version_of(std::string_view major, std::string_view minor) {
  std::string version = cut(major, kVersion);
  if (version == "0" && !minor.empty()) version += '.' + cut(minor, kVersion);
  return version;
}

std::string_view digits(std::string_view text) {
  return text.substr(0, static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin()));
}

// What a program without a rule calls itself: "Acme Sync/3.2 (…)", or all of the string.
Program self_named(std::string_view agent) {
  std::string text(agent.substr(0, std::min(agent.find('('), std::size_t{100})));
  for (std::size_t at = 0; (at = text.find("%20", at)) != std::string::npos;) text.replace(at, 3, " ");
  const std::size_t slash = text.find('/');
  const std::string name = cut(std::string_view(text).substr(0, slash), kName + 1);
  const bool letters = std::any_of(name.begin(), name.end(), [](char c) { return is_word(c) && !is_digit(c); });
  if (name.size() < 2 || name.size() > kName || !letters || name == "Mozilla" || name == "Opera" ||
      !std::all_of(name.begin(), name.end(), is_word))
    return {};
  if (slash == std::string::npos) return {name, {}};
  const std::string_view rest = std::string_view(text).substr(slash + 1), major = digits(rest);
  const bool more = rest.size() > major.size() && rest[major.size()] == '.';
  return {name, version_of(major, more ? digits(rest.substr(major.size() + 1)) : "")};
}

Program program_of(const Agent& agent, std::string_view user_agent) {
  const std::string& family = agent.browser.family;
  // An app's own name says more than what it is built on, and the rules misread some newer versions.
  const bool app = family == "Mobile Safari UI/WKWebView" || family == "Other";
  Program own = self_named(user_agent);
  if (family == "Other" || own.name == family || (app && !own.name.empty())) return own;
  if (family == "Android" && user_agent.starts_with("Dalvik/")) return {"App", {}};
  std::string name(find_in(kBrowsers, family).value_or(family));
  for (std::size_t at = 0; (at = name.find("%20", at)) != std::string::npos;) name.replace(at, 3, " ");
  return {cut(name, kName), version_of(agent.browser.major, agent.browser.minor)};
}

std::string with_version(std::string name, std::string_view major, std::string_view minor) {
  if (major.empty()) return name;
  name += ' ' + cut(major, kVersion);
  if (!minor.empty() && minor != "0") name += '.' + cut(minor, kVersion);
  return name;
}

struct System {
  std::string name, text;
};

System system_of(const Agent& agent, std::string_view user_agent) {
  auto [family, major, minor, patch, patch_minor] = agent.system;
  if (family == "Other") return {};
  std::string name = cut(find_in(kSystems, family).value_or(family), kSystemName);
  if (name == "iOS" && agent.hardware.family == "iPad") name = "iPadOS";
  // The rules are older than Windows 11; browsers go on to say "NT 10.0" on it, a few programs don't.
  if (name == "Windows" && major == "NT") {
    major = user_agent.find("Windows NT 11.0") != std::string_view::npos ? "11" : "";
    minor.clear();
  }
  const Shown shown = find_in(kVersions, name).value_or(Shown::kNothing);
  std::string text = shown == Shown::kNothing ? name : with_version(name, major, shown == Shown::kMinor ? minor : "");
  return {std::move(name), std::move(text)};
}

// Of hardware without a known system, such as a console.
std::string hardware_name(const Agent& agent) {
  const auto& [family, brand, model] = agent.hardware;
  if (family == "Other" || brand == "Spider" || brand.starts_with("Generic")) return {};
  return cut(family, kSystemName);
}

// What is neither named nor says what it runs on.
constexpr std::array<std::string_view, kKinds> kNameless{kUnknownFamily, "Computer", "Phone",  "Tablet",
                                                         "TV",           "Bot",      "Program"};

std::string family_of(Kind kind, const std::string& program, std::string place) {
  if (kind == Kind::kBot || kind == Kind::kTool) place.clear();
  // One family is one kind of device.
  if (place == "Android" && kind == Kind::kTablet) place = "Android tablet";
  if (place == "Android" && kind == Kind::kTv) place = "Android TV";
  if (place == "Windows" && kind == Kind::kTv) place = "Xbox";
  if (program.empty()) return place.empty() ? std::string(kNameless[static_cast<std::size_t>(kind)]) : place;
  if (place.empty() || place == program) return program;
  return program + " on " + place;
}

}  // namespace

Device describe(const Agent& agent, std::string_view user_agent) {
  const Program program = program_of(agent, user_agent);
  const System system = system_of(agent, user_agent);
  Device device;
  device.kind = kind_of(agent, user_agent, agent.browser.family == "Other" ? program.name : agent.browser.family);
  device.os = system.text;
  if (!program.name.empty()) device.browser = program.name + (program.version.empty() ? "" : ' ' + program.version);
  device.family = family_of(device.kind, program.name, system.name.empty() ? hardware_name(agent) : system.name);
  return device;
}

}  // namespace curfew::device
