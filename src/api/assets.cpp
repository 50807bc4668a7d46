#include "api/assets.h"

#include <cstddef>

// The bytes of a file, as a symbol. CURFEW_API_SOURCES is this directory.
#define CURFEW_EMBED(symbol, file)                                                     \
  __asm__(                                                                             \
      ".section .rodata\n"                                                             \
      ".balign 16\n"                                                                   \
      "curfew_asset_" #symbol                                                          \
      ":\n"                                                                            \
      ".incbin \"" CURFEW_API_SOURCES "/" file                                         \
      "\"\n"                                                                           \
      "curfew_asset_" #symbol                                                          \
      "_end:\n"                                                                        \
      ".byte 0\n"                                                                      \
      ".previous\n");                                                                  \
  extern "C" __attribute__((visibility("hidden"))) const char curfew_asset_##symbol[]; \
  extern "C" __attribute__((visibility("hidden"))) const char curfew_asset_##symbol##_end[];

CURFEW_EMBED(openapi, "openapi.json")
CURFEW_EMBED(page, "docs/docs.html")
CURFEW_EMBED(style, "docs/docs.css")
CURFEW_EMBED(script, "docs/docs.js")

namespace curfew::api {
namespace {

std::string_view between(const char* first, const char* last) {
  return {first, static_cast<std::size_t>(last - first)};
}

}  // namespace

std::string_view openapi_document() {
  return between(curfew_asset_openapi, curfew_asset_openapi_end);
}
std::string_view docs_page() {
  return between(curfew_asset_page, curfew_asset_page_end);
}
std::string_view docs_style() {
  return between(curfew_asset_style, curfew_asset_style_end);
}
std::string_view docs_script() {
  return between(curfew_asset_script, curfew_asset_script_end);
}

}  // namespace curfew::api
