// The files of the documentation, in the binary.
#pragma once

#include <string_view>

namespace curfew::api {

std::string_view openapi_document();  // openapi.json
std::string_view docs_page();
std::string_view docs_style();
std::string_view docs_script();

}  // namespace curfew::api
