// One libFuzzer program a target: CURFEW_FUZZ_TARGET names it. Without a corpus it begins at the target's own seeds.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "fuzz_target.h"

namespace {

const curfew::fuzz::Target& target() {
  static const curfew::fuzz::Target chosen = [] {
    for (const auto& candidate : curfew::fuzz::all_targets())
      if (candidate.name == CURFEW_FUZZ_TARGET) return candidate;
    std::abort();
  }();
  return chosen;
}

}  // namespace

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

// Now and then a mutation begins at a seed.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  const auto& seeds = target().seeds;
  if (seed % 16 == 0 && !seeds.empty()) {
    const std::string& chosen = seeds[seed / 16 % seeds.size()];
    size = std::min(chosen.size(), max_size);
    std::memcpy(data, chosen.data(), size);
  }
  return LLVMFuzzerMutate(data, size, max_size);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  target().run({reinterpret_cast<const char*>(data), size});
  return 0;
}
