// The few words that findings are made of.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace curfew::signal {

std::string span_words(Duration span);                       // "1 h", "14 d", "90 s": rounded down
std::string counted(std::int64_t n, std::string_view noun);  // "1 network", "4 networks"

}  // namespace curfew::signal
