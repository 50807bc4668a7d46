// Every fuzz target over its seeds, their truncations, and mutations from a fixed seed: what a few minutes of libFuzzer
// would find at once is found in each build.
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

#include "base/crypto.h"
#include "fuzz_target.h"

namespace curfew::fuzz {
namespace {

constexpr int kMutations = 20'000;
constexpr std::uint64_t kSeed = 0x6375726665770001;

// Bytes that parsers care about.
constexpr std::string_view kSpice("\0\xff\x80\x7f\r\n %&=;:,./+-\"\\{}[]0129TZPx", 29);

std::string mutated(const std::vector<std::string>& seeds, SeededRandom& random) {
  std::string bytes = seeds[random.next() % seeds.size()];
  const std::uint64_t changes = 1 + random.next() % 4;
  for (std::uint64_t i = 0; i < changes; ++i) {
    const std::size_t at = bytes.empty() ? 0 : random.next() % bytes.size();
    const char spice =
        random.next() % 2 == 0 ? kSpice[random.next() % kSpice.size()] : static_cast<char>(random.next());
    switch (random.next() % 6) {
      case 0:
        bytes.insert(at, 1, spice);
        break;
      case 1:
        if (!bytes.empty()) bytes.erase(at, 1 + random.next() % 4);
        break;
      case 2:
        if (!bytes.empty()) bytes[at] = spice;
        break;
      case 3:
        if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << (random.next() % 8)));
        break;
      case 4:
        bytes.insert(at, bytes.substr(at, random.next() % 16));
        break;
      default: {
        const std::string& other = seeds[random.next() % seeds.size()];
        bytes = bytes.substr(0, at) + (other.empty() ? other : other.substr(random.next() % other.size()));
      }
    }
  }
  return bytes;
}

// The input under way, for the last words of a program that a broken promise stops.
const std::string* current = nullptr;

void tell_input(int number) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string line = "the input, in hex: ";
  for (const char c : *current) {
    line.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
    line.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
  }
  line.push_back('\n');
  if (write(STDERR_FILENO, line.data(), line.size()) < 0) _exit(1);
  std::signal(number, SIG_DFL);
  std::raise(number);
}

void run(const Target& target, const std::string& bytes) {
  current = &bytes;
  target.run(bytes);
}

class FuzzSmoke : public testing::TestWithParam<Target> {
 protected:
  void SetUp() override {
    for (const int number : {SIGABRT, SIGSEGV}) std::signal(number, tell_input);
  }
};

TEST_P(FuzzSmoke, SeedsAndTheirTruncationsKeepThePromises) {
  for (const std::string& seed : GetParam().seeds)
    for (std::size_t size = 0; size <= seed.size(); ++size) run(GetParam(), seed.substr(0, size));
}

TEST_P(FuzzSmoke, MutationsKeepThePromises) {
  SeededRandom random(kSeed);
  for (int i = 0; i < kMutations; ++i) run(GetParam(), mutated(GetParam().seeds, random));
}

INSTANTIATE_TEST_SUITE_P(Targets, FuzzSmoke, testing::ValuesIn(all_targets()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace curfew::fuzz
