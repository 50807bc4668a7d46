#include "device/kinds.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>

namespace curfew::device {
namespace {

using Words = std::span<const std::string_view>;

// Programs, HTTP libraries and probes, by what their names begin with; in small letters.
constexpr std::array<std::string_view, 70> kTools{
    "aiohttp",
    "ansible",
    "apache-httpclient",
    "apachebench",
    "aws-cli",
    "aws-sdk",
    "axios",
    "azure-cli",
    "boto3",
    "botocore",
    "bun",
    "cpp-httplib",
    "curfew",
    "curl",
    "dart",
    "deno",
    "docker",
    "faraday",
    "fasthttp",
    "feign",
    "gcloud",
    "git",
    "go",
    "go-http-client",
    "got",
    "grpc",
    "guzzle",
    "guzzlehttp",
    "helm",
    "hey",
    "httpclient",
    "httpie",
    "httpx",
    "insomnia",
    "jakarta",
    "java",
    "jersey",
    "jmeter",
    "k6",
    "kube-probe",
    "kubectl",
    "libcurl",
    "libwww-perl",
    "lwp",
    "nagios",
    "node",
    "okhttp",
    "perl",
    "php",
    "postman",
    "postmanruntime",
    "powershell",
    "prometheus",
    "python",
    "reactornetty",
    "reqwest",
    "rest-client",
    "restsharp",
    "resttemplate",
    "resty",
    "ruby",
    "scala",
    "spring",
    "superagent",
    "terraform",
    "undici",
    "urllib3",
    "wget",
    "windowspowershell",
    "headlesschrome",
};

// Televisions and what stands beside them. In small letters, anywhere in the string.
constexpr std::array<std::string_view, 20> kTelevisions{
    "smart-tv",    "smarttv",   "appletv",  "apple tv", "hbbtv",      "googletv", "google tv",
    "android tv",  "androidtv", "bravia",   "crkey",    "chromecast", "roku",     "web0s",
    "playstation", "xbox",      "nintendo", "netcast",  "viera",      "; aft",
};

constexpr std::array<std::string_view, 20> kMobileSystems{
    "iOS",        "Android",   "Windows Phone",  "Windows Mobile",  "Windows CE", "BlackBerry OS",   "KaiOS",
    "Symbian OS", "Symbian^3", "Symbian^3 Anna", "Symbian^3 Belle", "Firefox OS", "Tizen",           "Bada",
    "webOS",      "WatchOS",   "Brew MP",        "MeeGo",           "Maemo",      "Nokia Series 40",
};

// What a plain telephone says of itself; uap-core's own guess at one goes by four letters alone.
constexpr std::array<std::string_view, 6> kTelephones{"mobile", "phone", "midp", "wap", "j2me", "symbian"};

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool has(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}
bool has_any(std::string_view text, Words words) {
  return std::any_of(words.begin(), words.end(), [text](std::string_view word) { return has(text, word); });
}
bool is_any(std::string_view text, Words words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool is_tool(std::string_view name) {
  const std::string small = lowered(name);
  return std::any_of(kTools.begin(), kTools.end(), [&small](std::string_view tool) {
    return small.starts_with(tool) && (small.size() == tool.size() || !is_letter(small[tool.size()]));
  });
}

bool is_tablet(const Agent& agent, std::string_view user_agent) {
  const auto& [family, brand, model] = agent.hardware;
  if (family == "iPad" || family == "Kindle" || family == "Generic Tablet" || brand == "Generic_Android_Tablet")
    return true;
  if (agent.system.family == "BlackBerry Tablet OS") return true;
  for (const std::string_view samsung : {"SM-T", "SM-X", "SM-P"})
    if (model.starts_with(samsung)) return true;
  if (agent.system.family != "Android") return false;
  // A browser on an Android telephone says "Mobile"; an app need not.
  return has(user_agent, "Tablet") || (user_agent.starts_with("Mozilla/") && !has(user_agent, "Mobile"));
}

bool is_mobile(const Agent& agent, std::string_view user_agent) {
  if (is_any(agent.system.family, kMobileSystems)) return true;
  if (agent.system.family != "Other") return false;
  const auto& [family, brand, model] = agent.hardware;
  if (family == "Generic Feature Phone") return has_any(lowered(user_agent), kTelephones);
  return (family != "Other" && family != "Mac") || has(user_agent, "Mobile");
}

}  // namespace

Kind kind_of(const Agent& agent, std::string_view user_agent, std::string_view name) {
  if (is_tool(name)) return Kind::kTool;
  if (agent.hardware.brand == "Spider") return Kind::kBot;
  if (has_any(lowered(user_agent), kTelevisions)) return Kind::kTv;
  if (is_tablet(agent, user_agent)) return Kind::kTablet;
  if (is_mobile(agent, user_agent)) return Kind::kMobile;
  if (agent.system.family != "Other" || agent.hardware.family == "Mac") return Kind::kDesktop;
  return Kind::kUnknown;
}

}  // namespace curfew::device
