// Which build of the program this is: the linker's id of it (ld --build-id), in hex. Another one has other code. Empty
// where the linker gave none.
#pragma once

#include <string>

namespace curfew::app {

std::string build_id();

}  // namespace curfew::app
