#include "http/static_files.h"

#include <array>
#include <span>
#include <utility>

#include "base/crypto.h"
#include "http/field.h"

namespace curfew::http {
namespace {

// "0.5" → 500. What is malformed counts as 0: not wanted.
int parse_quality(std::string_view text) {
  if (text.empty() || (text[0] != '0' && text[0] != '1') || text.size() > 5) return 0;
  int value = (text[0] - '0') * 1000;
  if (text.size() > 1 && text[1] != '.') return 0;
  int scale = 100;
  for (std::size_t i = 2; i < text.size(); ++i, scale /= 10) {
    if (text[i] < '0' || text[i] > '9') return 0;
    value += (text[i] - '0') * scale;
  }
  return value <= 1000 ? value : 0;
}

bool etag_matches(std::string_view if_none_match, std::string_view etag) {
  while (!if_none_match.empty()) {
    std::string_view item = next_item(if_none_match);
    if (item == "*") return true;
    if (item.starts_with("W/")) item.remove_prefix(2);
    if (item == etag) return true;
  }
  return false;
}

}  // namespace

Encoding choose_encoding(std::string_view accept_encoding, bool has_br, bool has_gz) {
  int br = -1, gz = -1, identity = -1, any = -1;
  while (!accept_encoding.empty()) {
    std::string_view item = next_item(accept_encoding);
    const std::string_view name = next_item(item, ';');
    int quality = 1000;
    while (!item.empty()) {
      const std::string_view parameter = next_item(item, ';');
      if (parameter.size() >= 2 && (parameter[0] == 'q' || parameter[0] == 'Q') && parameter[1] == '=')
        quality = parse_quality(parameter.substr(2));
    }
    if (iequals(name, "br")) br = quality;
    if (iequals(name, "gzip") || iequals(name, "x-gzip")) gz = quality;
    if (iequals(name, "identity")) identity = quality;
    if (name == "*") any = quality;
  }
  if (br < 0) br = any;
  if (gz < 0) gz = any;
  // Unless it is named, identity is acceptable, but less welcome than anything that is named.
  if (identity < 0) identity = any == 0 ? 0 : 1;
  if (has_br && br > 0 && br >= identity && (!has_gz || br >= gz)) return Encoding::kBrotli;
  if (has_gz && gz > 0 && gz >= identity) return Encoding::kGzip;
  return Encoding::kIdentity;
}

void StaticFiles::add(Asset asset) {
  if (asset.etag.empty()) {
    const Digest digest = sha256(asset.identity);
    asset.etag = to_hex(std::span(digest).first(16));
  }
  std::string path = asset.path;
  assets_.insert_or_assign(std::move(path), std::move(asset));
}

const Asset* StaticFiles::find(std::string_view path) const {
  const auto at = assets_.find(path);
  return at == assets_.end() ? nullptr : &at->second;
}

std::optional<Response> StaticFiles::serve(const RequestHead& head) const {
  const Asset* asset = find(head.path);
  if (!asset) return std::nullopt;
  return serve(*asset, head);
}

Response StaticFiles::serve(const Asset& asset, const RequestHead& head) {
  if (head.method != Method::kGet && head.method != Method::kHead) {
    return Response(
               405, "application/problem+json",
               R"({"type":"about:blank","title":"Method Not Allowed","status":405,"code":"method_not_allowed","detail":"a file can be read with GET or HEAD"})")
        .with("Allow", "GET, HEAD");
  }
  const Encoding encoding = choose_encoding(head.header("Accept-Encoding"), !asset.br.empty(), !asset.gz.empty());
  std::string etag = "\"" + asset.etag;
  std::string_view bytes = asset.identity;
  if (encoding == Encoding::kBrotli) {
    etag += "-br";
    bytes = asset.br;
  } else if (encoding == Encoding::kGzip) {
    etag += "-gz";
    bytes = asset.gz;
  }
  etag += '"';

  Response response;
  response.headers.reserve(6);
  if (etag_matches(head.header("If-None-Match"), etag)) {
    response.status = 304;
  } else {
    response.headers.push_back({"Content-Type", asset.content_type});
    if (encoding != Encoding::kIdentity)
      response.headers.push_back({"Content-Encoding", encoding == Encoding::kBrotli ? "br" : "gzip"});
    response.body.assign(bytes);
  }
  response.headers.push_back({"Cache-Control", asset.immutable ? "public, max-age=31536000, immutable" : "no-cache"});
  response.headers.push_back({"ETag", std::move(etag)});
  if (!asset.br.empty() || !asset.gz.empty()) response.headers.push_back({"Vary", "Accept-Encoding"});
  return response;
}

}  // namespace curfew::http
