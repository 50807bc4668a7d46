#include "client/url.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

#include "base/ip.h"

namespace curfew::client {

namespace {

struct UrlFree {
  void operator()(CURLU* u) const { curl_url_cleanup(u); }
};

std::string part(CURLU* url, CURLUPart which) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, 0) != CURLUE_OK || text == nullptr) return {};
  std::string out(text);
  curl_free(text);
  return out;
}

bool is_loopback(std::string_view host) {
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  const auto address = IpAddress::parse(host);
  if (!address) return false;
  static const auto kV4 = Cidr::parse("127.0.0.0/8"), kV6 = Cidr::parse("::1/128");
  return kV4->contains(*address) || kV6->contains(*address);
}

}  // namespace

Result<ServerUrl> parse_server_url(std::string_view text) {
  constexpr std::size_t kMostBytes = 2048;
  const auto wrong = [](const std::string& why) {
    return invalid("server", "the server's address " + why +
                                 "; it looks like https://curfew.example.com or http://127.0.0.1:8080.");
  };
  if (text.empty()) return wrong("is empty");
  if (text.size() > kMostBytes) return wrong("is longer than 2,048 bytes");
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; }))
    return wrong("holds spaces or characters that a URL can't hold");
  std::string whole(text);
  if (whole.find("://") == std::string::npos) whole.insert(0, "http://");

  const std::unique_ptr<CURLU, UrlFree> url(curl_url());
  if (!url || curl_url_set(url.get(), CURLUPART_URL, whole.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
    return wrong("can't be read");
  const auto scheme = part(url.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") return wrong("is neither http nor https");
  if (!part(url.get(), CURLUPART_USER).empty() || !part(url.get(), CURLUPART_PASSWORD).empty())
    return wrong("holds a user name or password, which are not used");
  if (!part(url.get(), CURLUPART_QUERY).empty() || !part(url.get(), CURLUPART_FRAGMENT).empty())
    return wrong("holds a query or a fragment");

  ServerUrl out;
  out.host = part(url.get(), CURLUPART_HOST);
  if (out.host.empty()) return wrong("names no host");
  out.tls = scheme == "https";
  out.loopback = is_loopback(out.host);
  out.base = scheme + "://" + out.host;
  if (const auto port = part(url.get(), CURLUPART_PORT); !port.empty()) out.base += ":" + port;
  out.base += part(url.get(), CURLUPART_PATH);
  while (out.base.ends_with('/')) out.base.pop_back();
  return out;
}

Status check_key(std::string_view key) {
  constexpr std::size_t kMostBytes = 4096;
  if (key.size() > kMostBytes) return invalid("apiKey", "the API key is longer than 4,096 bytes.");
  if (!std::all_of(key.begin(), key.end(), [](char c) { return c > 0x20 && c < 0x7f; }))
    return invalid("apiKey",
                   "the API key holds spaces or characters that no key holds; it may have been cut or pasted wrongly.");
  return {};
}

}  // namespace curfew::client
