// StaticFiles: a table of assets in memory that answers GET and HEAD.
//
// The bytes belong to the caller and must outlive the table (the console's are part of the binary).
// Invariant: each representation has a strong ETag of its own, so that a cache never mixes encodings.
// Threads: add() before serving starts; then serve() and find() from any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "http/message.h"

namespace curfew::http {

struct Asset {
  std::string path;  // "/assets/app.js", as in RequestHead::path
  std::string content_type;
  std::string_view identity;  // the bytes themselves
  std::string_view br, gz;    // the same, compressed; empty: there is none
  std::string etag;           // without quotes; empty: made from the bytes
  bool immutable = false;     // the name changes with the content, so that it may be kept for a year without asking
};

class StaticFiles {
 public:
  // Replaces an asset of the same path.
  void add(Asset asset);

  const Asset* find(std::string_view path) const;

  // The answer to a request for an asset of this table; none when there is no such path. Methods other than GET and
  // HEAD are answered 405. HEAD gets the whole answer: the transport leaves out the body.
  std::optional<Response> serve(const RequestHead& head) const;

  // That asset, whatever the request's path is: for applications that have many pages in one document.
  static Response serve(const Asset& asset, const RequestHead& head);

  std::size_t size() const { return assets_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, Asset, Hash, std::equal_to<>> assets_;
};

enum class Encoding : std::uint8_t { kIdentity, kGzip, kBrotli };

// The encoding to send of those that there are: the highest quality wins, then brotli, gzip, identity.
// `accept_encoding`: the header's text; empty means identity. Identity is sent even if it is refused: better than no
// answer.
Encoding choose_encoding(std::string_view accept_encoding, bool has_br, bool has_gz);

}  // namespace curfew::http
