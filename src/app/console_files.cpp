#include "app/console_files.h"

#include <map>
#include <string>

namespace curfew::app {
namespace {

constexpr std::string_view kPolicy =
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors "
    "'none'";

constexpr std::string_view kNotBuilt =
    "<!doctype html><html lang=\"en\"><title>Curfew</title><h1>Curfew</h1><p>This build has no console. The API is "
    "described at "
    "<a href=\"/docs\">/docs</a>.</p></html>";

std::string_view content_type_of(std::string_view path) {
  static const std::map<std::string_view, std::string_view> types{{"html", "text/html; charset=utf-8"},
                                                                  {"js", "text/javascript; charset=utf-8"},
                                                                  {"css", "text/css; charset=utf-8"},
                                                                  {"json", "application/json"},
                                                                  {"svg", "image/svg+xml"},
                                                                  {"png", "image/png"},
                                                                  {"ico", "image/x-icon"},
                                                                  {"woff2", "font/woff2"},
                                                                  {"txt", "text/plain; charset=utf-8"},
                                                                  {"webmanifest", "application/manifest+json"}};
  const auto it = types.find(path.substr(path.rfind('.') + 1));
  return it == types.end() ? "application/octet-stream" : it->second;
}

std::string_view bytes_of(const EmbeddedFile& file) {
  return {reinterpret_cast<const char*>(file.begin), static_cast<std::size_t>(file.end - file.begin)};
}

}  // namespace

ConsoleFiles::ConsoleFiles(std::span<const EmbeddedFile> files) {
  std::map<std::string_view, std::string_view> by_path;
  for (const EmbeddedFile& file : files) by_path.emplace(file.path, bytes_of(file));
  for (const auto& [path, bytes] : by_path) {
    if (path.ends_with(".br") || path.ends_with(".gz")) continue;
    http::Asset asset;
    asset.path = "/" + std::string(path);
    asset.content_type = content_type_of(path);
    asset.identity = bytes;
    if (const auto br = by_path.find(std::string(path) + ".br"); br != by_path.end()) asset.br = br->second;
    if (const auto gz = by_path.find(std::string(path) + ".gz"); gz != by_path.end()) asset.gz = gz->second;
    asset.immutable = path.starts_with("assets/");
    files_.add(std::move(asset));
  }
  document_ = files_.find("/index.html");
}

std::optional<http::Response> ConsoleFiles::serve(const http::RequestHead& head) const {
  std::optional<http::Response> response = files_.serve(head);
  if (!response) {
    const std::string_view last = std::string_view(head.path).substr(head.path.rfind('/') + 1);
    const bool page = (head.method == http::Method::kGet || head.method == http::Method::kHead) &&
                      (head.path.starts_with("/r/") || last.find('.') == std::string_view::npos);
    if (!page) return std::nullopt;
    if (document_ != nullptr)
      response = http::StaticFiles::serve(*document_, head);
    else
      response = http::Response(200, "text/html; charset=utf-8", std::string(kNotBuilt));
  }
  response->headers.push_back({"Content-Security-Policy", std::string(kPolicy)});
  return response;
}

}  // namespace curfew::app
