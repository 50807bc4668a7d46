// Real agent strings, and what people read of them.
#include <gtest/gtest.h>

#include "base/crypto.h"
#include "base/text.h"
#include "device/agent_rules.h"

namespace curfew::device {
namespace {

struct Case {
  std::string_view agent;
  Kind kind;
  std::string_view os, browser, family;
};

constexpr Case kCases[]{
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
     Kind::kDesktop, "Windows 10", "Chrome 141", "Chrome on Windows"},
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 "
     "Edg/141.0.0.0",
     Kind::kDesktop, "Windows 10", "Edge 141", "Edge on Windows"},
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:141.0) Gecko/20100101 Firefox/141.0", Kind::kDesktop, "Windows 10",
     "Firefox 141", "Firefox on Windows"},
    {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
     "Safari/605.1.15",
     Kind::kDesktop, "macOS", "Safari 18", "Safari on macOS"},
    {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:141.0) Gecko/20100101 Firefox/141.0", Kind::kDesktop, "macOS",
     "Firefox 141", "Firefox on macOS"},
    {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
     Kind::kDesktop, "Linux", "Chrome 141", "Chrome on Linux"},
    {"Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", Kind::kDesktop, "Ubuntu",
     "Firefox 140", "Firefox on Ubuntu"},
    {"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36",
     Kind::kDesktop, "ChromeOS", "Chrome 139", "Chrome on ChromeOS"},
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 "
     "OPR/124.0.0.0",
     Kind::kDesktop, "Windows 10", "Opera 124", "Opera on Windows"},
    {"Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko", Kind::kDesktop, "Windows 10",
     "Internet Explorer 11", "Internet Explorer on Windows"},
    {"Mozilla/5.0 (Windows NT 6.1; Win64; x64; rv:115.0) Gecko/20100101 Firefox/115.0", Kind::kDesktop, "Windows 7",
     "Firefox 115", "Firefox on Windows"},
    {"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
     "Mobile/15E148 Safari/604.1",
     Kind::kMobile, "iOS 18.5", "Safari 18", "Safari on iOS"},
    {"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
     "CriOS/141.0.7390.41 Mobile/15E148 Safari/604.1",
     Kind::kMobile, "iOS 18.5", "Chrome 141", "Chrome on iOS"},
    {"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/141.0 "
     "Mobile/15E148 Safari/605.1.15",
     Kind::kMobile, "iOS 18.5", "Firefox 141", "Firefox on iOS"},
    {"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) EdgiOS/141.0.0.0 "
     "Version/18.0 Mobile/15E148 Safari/604.1",
     Kind::kMobile, "iOS 18.5", "Edge 141", "Edge on iOS"},
    {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
     Kind::kMobile, "iOS 17.5", "Web view", "Web view on iOS"},
    {"Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 "
     "Mobile/15E148 Safari/604.1",
     Kind::kTablet, "iPadOS 17.6", "Safari 17", "Safari on iPadOS"},
    {"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
     Kind::kMobile, "Android 10", "Chrome 141", "Chrome on Android"},
    {"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
     Kind::kTablet, "Android 10", "Chrome 141", "Chrome on Android tablet"},
    {"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 "
     "Mobile Safari/537.36",
     Kind::kMobile, "Android 10", "Samsung Internet 28", "Samsung Internet on Android"},
    {"Mozilla/5.0 (Android 15; Mobile; rv:141.0) Gecko/141.0 Firefox/141.0", Kind::kMobile, "Android 15", "Firefox 141",
     "Firefox on Android"},
    {"Mozilla/5.0 (Android 15; Tablet; rv:141.0) Gecko/141.0 Firefox/141.0", Kind::kTablet, "Android 15", "Firefox 141",
     "Firefox on Android tablet"},
    {"Mozilla/5.0 (Linux; Android 14; SM-X710 Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Version/4.0 Chrome/130.0.6723.58 Safari/537.36",
     Kind::kTablet, "Android 14", "Web view 130", "Web view on Android tablet"},
    {"Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/AP2A.240805.005; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Version/4.0 Chrome/130.0.6723.58 Mobile Safari/537.36",
     Kind::kMobile, "Android 14", "Web view 130", "Web view on Android"},
    {"Dalvik/2.1.0 (Linux; U; Android 13; SM-G991B Build/TP1A.220624.014)", Kind::kMobile, "Android 13", "App",
     "App on Android"},
    {"Mozilla/5.0 (Linux; Android 9; KFMAWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/108.4.6 like "
     "Chrome/108.0.5359.220 Safari/537.36",
     Kind::kTablet, "Android 9", "Amazon Silk 108", "Amazon Silk on Android tablet"},
    {"Mozilla/5.0 (Linux; Android 9; AFTKA) AppleWebKit/537.36 (KHTML, like Gecko) Silk/120.3.1 like "
     "Chrome/120.0.6099.230 Safari/537.36",
     Kind::kTv, "Android 9", "Amazon Silk 120", "Amazon Silk on Android TV"},
    {"Mozilla/5.0 (SMART-TV; LINUX; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) 76.0.3809.146/6.0 TV "
     "Safari/537.36",
     Kind::kTv, "Tizen 6", "Safari", "Safari on Tizen"},
    {"Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/94.0.4606.128 Safari/537.36 "
     "WebAppManager",
     Kind::kTv, "webOS", "Chrome 94", "Chrome on webOS"},
    {"AppleTV11,1/11.1", Kind::kTv, "tvOS", "", "tvOS"},
    {"AppleTV6,2/11.1 CFNetwork/1408.0.4 Darwin/22.5.0", Kind::kTv, "tvOS", "AppleTV6,2 11", "AppleTV6,2 on tvOS"},
    {"Mozilla/5.0 (Linux; Android 12; BRAVIA 4K VH2 Build/STT1.221205.002) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/120.0.0.0 Safari/537.36",
     Kind::kTv, "Android 12", "Chrome 120", "Chrome on Android TV"},
    {"Mozilla/5.0 (X11; Linux aarch64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.5735.199 Safari/537.36 "
     "CrKey/1.56.500000",
     Kind::kTv, "Chromecast", "Chrome 114", "Chrome on Chromecast"},
    {"Roku/DVP-12.0 (12.0.0.4184-88)", Kind::kTv, "Roku 12", "Roku", "Roku"},
    {"Mozilla/5.0 (PlayStation; PlayStation 5/2.26) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.0 "
     "Safari/605.1.15",
     Kind::kTv, "", "Safari 13", "Safari on PlayStation 5"},
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0",
     Kind::kTv, "Windows 10", "Edge 120", "Edge on Xbox"},
    {"Mozilla/5.0 (Nintendo Switch; WifiWebAuthApplet) AppleWebKit/606.4 (KHTML, like Gecko) NF/6.0.1.15.4 "
     "NintendoBrowser/5.1.0.20393",
     Kind::kTv, "", "", "TV"},
    {"Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1; +http://www.google.com/bot.html) "
     "Chrome/141.0.0.0 Safari/537.36",
     Kind::kBot, "", "Googlebot 2", "Googlebot"},
    {"Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/141.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
     Kind::kBot, "Android 6", "Googlebot 2", "Googlebot"},
    {"Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", Kind::kBot, "", "bingbot 2", "bingbot"},
    {"Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
     Kind::kBot, "", "GPTBot 1", "GPTBot"},
    {"Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", Kind::kBot, "", "AhrefsBot 7", "AhrefsBot"},
    {"facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", Kind::kBot, "", "FacebookBot 1",
     "FacebookBot"},
    {"Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", Kind::kBot, "", "Slackbot-LinkExpanding 1",
     "Slackbot-LinkExpanding"},
    {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/141.0.0.0 Safari/537.36",
     Kind::kTool, "Linux", "Headless Chrome 141", "Headless Chrome"},
    {"curl/8.5.0", Kind::kTool, "", "curl 8", "curl"},
    {"Wget/1.21.3", Kind::kTool, "", "Wget 1", "Wget"},
    {"okhttp/4.12.0", Kind::kTool, "", "okhttp 4", "okhttp"},
    {"python-requests/2.32.3", Kind::kTool, "", "python-requests 2", "python-requests"},
    {"Python/3.12 aiohttp/3.9.5", Kind::kTool, "", "Python aiohttp 3", "Python aiohttp"},
    {"python-httpx/0.27.0", Kind::kTool, "", "python-httpx 0.27", "python-httpx"},
    {"Python-urllib/3.11", Kind::kTool, "", "Python-urllib 3", "Python-urllib"},
    {"Go-http-client/2.0", Kind::kTool, "", "Go-http-client 2", "Go-http-client"},
    {"Java/17.0.9", Kind::kTool, "", "Java 17", "Java"},
    {"Java-http-client/17.0.9", Kind::kTool, "", "Java-http-client 17", "Java-http-client"},
    {"Apache-HttpClient/4.5.14 (Java/17.0.9)", Kind::kTool, "", "Apache-HttpClient 4", "Apache-HttpClient"},
    {"PostmanRuntime/7.39.0", Kind::kTool, "", "PostmanRuntime 7", "PostmanRuntime"},
    {"insomnia/2023.5.8", Kind::kTool, "", "insomnia 2023", "insomnia"},
    {"axios/1.7.2", Kind::kTool, "", "axios 1", "axios"},
    {"node-fetch/1.0 (+https://github.com/bitinn/node-fetch)", Kind::kTool, "", "node-fetch 1", "node-fetch"},
    {"node", Kind::kTool, "", "node", "node"},
    {"undici", Kind::kTool, "", "undici", "undici"},
    {"got (https://github.com/sindresorhus/got)", Kind::kTool, "", "got", "got"},
    {"libwww-perl/6.72", Kind::kTool, "", "libwww-perl 6", "libwww-perl"},
    {"Ruby", Kind::kTool, "", "Ruby", "Ruby"},
    {"HTTPie/3.2.2", Kind::kTool, "", "HTTPie 3", "HTTPie"},
    {"Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.22621.2506", Kind::kTool, "Windows 10",
     "PowerShell 5", "PowerShell"},
    {"Dart/3.4 (dart:io)", Kind::kTool, "", "Dart 3", "Dart"},
    {"GuzzleHttp/7", Kind::kTool, "", "GuzzleHttp 7", "GuzzleHttp"},
    {"RestSharp/106.15.0.0", Kind::kTool, "", "RestSharp 106", "RestSharp"},
    {"kube-probe/1.29", Kind::kTool, "", "kube-probe 1", "kube-probe"},
    {"Prometheus/2.45.0", Kind::kTool, "", "Prometheus 2", "Prometheus"},
    {"aws-cli/2.15.0 Python/3.11.6 Linux/5.10.0 exe/x86_64.ubuntu.22", Kind::kTool, "Linux", "aws-cli 2", "aws-cli"},
    {"git/2.43.0", Kind::kTool, "", "git 2", "git"},
    {"Terraform/1.7.0", Kind::kTool, "", "Terraform 1", "Terraform"},
    {"curfew/0.1.0", Kind::kTool, "", "curfew 0.1", "curfew"},
    {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
     "GSA/320.0.640806330 Mobile/15E148 Safari/604.1",
     Kind::kMobile, "iOS 17.5", "Google 320", "Google on iOS"},
    {"MyBank/5.4.1 (iPhone; iOS 17.5.1; Scale/3.00)", Kind::kMobile, "iOS 17.5", "MyBank 5", "MyBank on iOS"},
    {"MyBank/541 CFNetwork/1496.0.7 Darwin/23.5.0", Kind::kMobile, "iOS", "MyBank 541", "MyBank on iOS"},
    {"Acme%20Desktop/3.2 (Windows 10)", Kind::kDesktop, "Windows 10", "Acme Desktop 3", "Acme Desktop on Windows"},
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Teams/24124.2315.2911.3357 "
     "Chrome/122.0.0.0 Electron/29.0 Safari/537.36",
     Kind::kDesktop, "Windows 10", "Chrome 122", "Chrome on Windows"},
    {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Slack/4.38.125 "
     "Chrome/124.0.6367.207 Electron/30.0.6 Safari/537.36",
     Kind::kDesktop, "macOS", "Electron 30", "Electron on macOS"},
    {"Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)", Kind::kDesktop, "Windows 10",
     "Outlook 2016", "Outlook on Windows"},
    {"Mozilla/5.0 (Mobile; Nokia 8110 4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5", Kind::kMobile, "KaiOS 2.5",
     "Firefox 48", "Firefox on KaiOS"},
    {"Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/52.0.2743.116 Mobile Safari/537.36 Edge/15.15063",
     Kind::kMobile, "Windows Phone 10", "Edge 15", "Edge on Windows Phone"},
    {"Mozilla/5.0 (X11; FreeBSD amd64; rv:128.0) Gecko/20100101 Firefox/128.0", Kind::kDesktop, "FreeBSD",
     "Firefox 128", "Firefox on FreeBSD"},
    {"Mozilla/5.0 (X11; Fedora; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0", Kind::kDesktop, "Fedora",
     "Firefox 141", "Firefox on Fedora"},
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 "
     "Vivaldi/7.0.3495.6",
     Kind::kDesktop, "Windows 10", "Vivaldi 7", "Vivaldi on Windows"},
    {"Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0.6478.71 Mobile "
     "DuckDuckGo/5 Safari/537.36",
     Kind::kMobile, "Android 14", "DuckDuckGo 5", "DuckDuckGo on Android"},
    {"Mozilla/5.0 (Linux; U; Android 13; zh-CN; 2201123C) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
     "Chrome/100.0.4896.58 UCBrowser/15.5.8.1246 Mobile Safari/537.36",
     Kind::kMobile, "Android 13", "UC Browser 15", "UC Browser on Android"},
    {"Mozilla/5.0 (Windows NT 11.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
     Kind::kDesktop, "Windows 11", "Chrome 141", "Chrome on Windows"},
    {"Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-T870) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 "
     "Chrome/121.0.0.0 Safari/537.36",
     Kind::kTablet, "Android 13", "Samsung Internet 25", "Samsung Internet on Android tablet"},
    {"Mozilla/5.0 (Linux; Android 12; Chromecast) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36",
     Kind::kTv, "Android 12", "Chrome 120", "Chrome on Android TV"},
    {"Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0)", Kind::kDesktop, "Windows 7",
     "Internet Explorer 9", "Internet Explorer on Windows"},
    {"Mozilla/5.0 (X11; U; Linux armv7l; en-US) AppleWebKit/534.16 Chromium/10 Kindle/3.0", Kind::kTablet, "Kindle",
     "Kindle 3", "Kindle"},
    {"-", Kind::kUnknown, "", "", "Unknown device"},
    {"Mozilla/5.0", Kind::kUnknown, "", "", "Unknown device"},
    {"x", Kind::kUnknown, "", "", "Unknown device"},
};

const AgentRules& rules() {
  static const AgentRules rules;
  return rules;
}

Device device_of(std::string_view agent) {
  return describe(rules().parse(agent), agent);
}

TEST(Describe, AgentStringsAreDevicesInWords) {
  for (const Case& one : kCases) {
    const Device device = device_of(one.agent);
    EXPECT_EQ(device.kind, one.kind) << to_string(device.kind) << ": " << one.agent;
    EXPECT_EQ(device.os, one.os) << one.agent;
    EXPECT_EQ(device.browser, one.browser) << one.agent;
    EXPECT_EQ(device.family, one.family) << one.agent;
  }
}

TEST(Describe, AnUpdateChangesNoFamily) {
  EXPECT_EQ(device_of("Mozilla/5.0 (Windows NT 6.1; rv:99.0) Gecko/20100101 Firefox/99.0").family,
            device_of("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:200.0) Gecko/20100101 Firefox/200.0").family);
  EXPECT_EQ(device_of("AcmeSync/1.9").family, device_of("AcmeSync/12.0.1 (build 7)").family);
}

TEST(Describe, TextsAreShortCleanAndNeverMissing) {
  constexpr std::uint64_t kSeed = 5;
  SeededRandom random(kSeed);
  std::string name;
  while (name.size() < 400) name += "\xE2\x82\xAC ";
  for (const std::string& agent :
       {name + "/123456789012345 CFNetwork/978.0.7", std::string(200, 'a') + "/" + std::string(300, '9'),
        "Mozilla/5.0 (Linux; Android " + std::string(100, '7') + "; K) Chrome/1 Safari", std::string("%20%20/1"),
        std::string("Acme\tSync/1 CFNetwork/1 Darwin/18"), std::string("\xff\xff/1.0"), name + "Bot/3"}) {
    for (int i = 0; i < 200; ++i) {
      std::string changed = agent;
      changed[random.next() % changed.size()] = static_cast<char>(random.next());
      const Device device = device_of(i == 0 ? agent : changed);
      EXPECT_FALSE(device.family.empty());
      for (const std::string& text : {device.os, device.browser, device.family}) {
        EXPECT_LE(text.size(), kDeviceText) << text;
        EXPECT_TRUE(check_text("text", text, kDeviceText, true)) << "seed " << kSeed << ": " << changed;
      }
    }
  }
}

}  // namespace
}  // namespace curfew::device
