// The console's files, which are part of the binary.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "http/message.h"
#include "http/static_files.h"

namespace curfew::app {

// One embedded file: its path under the console's root ("assets/app-1a2b.js", "….js.br") and its bytes.
struct EmbeddedFile {
  std::string_view path;
  const unsigned char* begin;
  const unsigned char* end;
};

// Made by the build from console/dist; empty when the console was not built.
std::span<const EmbeddedFile> embedded_console();

// Answers every GET and HEAD that the API does not: an asset by its name, the console's one document for its pages.
// Threads: serve from any thread.
class ConsoleFiles {
 public:
  explicit ConsoleFiles(std::span<const EmbeddedFile> files);
  std::optional<http::Response> serve(const http::RequestHead& head) const;

 private:
  http::StaticFiles files_;
  const http::Asset* document_ = nullptr;
};

}  // namespace curfew::app
