// Sessions, filters and queries as one line each, for the message of a comparison with the model that failed.
#pragma once

#include <string>

#include "index/query.h"

namespace curfew::index {

std::string describe(const session::Session& s);
std::string describe(const Filter& f);
std::string describe(const Query& q);

}  // namespace curfew::index
