// Fuzz targets: functions that take any bytes and must neither crash nor break what they promise.
//
// Each is run in two ways: by libFuzzer (preset fuzz, one program a target), and in every build by smoke_test.cpp over
// its seeds and some thousand mutations of them, from a fixed seed. A target checks properties with FUZZ_CHECK, which
// stops the program. Threads: one.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace curfew::fuzz {

struct Target {
  std::string_view name;
  void (*run)(std::string_view bytes);
  std::vector<std::string> seeds;  // good inputs, where mutations begin
};

std::vector<Target> base_targets();
std::vector<Target> record_targets();
std::vector<Target> http_targets();
std::vector<Target> json_targets();
std::vector<Target> device_targets();
std::vector<Target> file_targets();

inline std::vector<Target> all_targets() {
  std::vector<Target> all = base_targets();
  for (const auto& more : {record_targets(), http_targets(), json_targets(), device_targets(), file_targets()})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace curfew::fuzz

#define FUZZ_CHECK(condition)                                                             \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                       \
    }                                                                                     \
  } while (false)
