// CURFEW_CHECK(condition, "why this must hold"): guards our own mistakes, in every build. Input is never checked with
// it.
#pragma once

namespace curfew {
[[noreturn]] void check_failed(const char* file, int line, const char* condition, const char* why);
}  // namespace curfew

#define CURFEW_CHECK(condition, why) \
  (__builtin_expect(!!(condition), 1) ? (void)0 : ::curfew::check_failed(__FILE__, __LINE__, #condition, why))
