// Chunks that are made ready ahead: zeroed like any other, each given once, whoever asks.
#include "index/paged_array.h"

#include <gtest/gtest.h>

#include <thread>

namespace curfew::index {
namespace {

struct Record {
  std::uint64_t value[4];
};

// So many chunks that most of them were made ready.
void fill_and_look(std::uint64_t seed) {
  constexpr std::uint32_t n = 60 * PagedArray<Record>::kPerChunk;
  PagedArray<Record> array;
  for (std::uint32_t i = 0; i < n; ++i) {
    array.grow(std::size_t{i} + 1);
    const Record& fresh = array[i];
    if ((fresh.value[0] | fresh.value[1] | fresh.value[2] | fresh.value[3]) != 0) {
      ADD_FAILURE() << "record " << i << " is not all zeros when it comes";
      return;
    }
    array[i] = {{seed, i, ~seed, i}};
  }
  for (std::uint32_t i = 0; i < n; ++i) {
    if (array[i].value[0] == seed && array[i].value[1] == i) continue;
    ADD_FAILURE() << "record " << i << " was given to somebody else";
    return;
  }
}

TEST(ChunksAheadTest, ChunksAreZeroedAndGivenOnce) {
  const ChunksAhead ahead(32, 16);
  std::thread other([] { fill_and_look(1); });
  fill_and_look(2);
  other.join();
}

TEST(ChunksAheadTest, ArraysOutliveIt) {
  PagedArray<Record> array;
  {
    const ChunksAhead ahead(32, 16), second(1, 1);
    array.grow(40 * PagedArray<Record>::kPerChunk);
  }
  array[39 * PagedArray<Record>::kPerChunk].value[0] = 1;
  array.grow(50 * PagedArray<Record>::kPerChunk);
  EXPECT_EQ(array[39 * PagedArray<Record>::kPerChunk].value[0], 1U);
}

TEST(ChunksAheadTest, WhoCameLastIsUsedAndThenWhoWasThereBefore) {
  const ChunksAhead before(1, 4);
  {
    const ChunksAhead bulk(ChunksAhead::kMost, 1);
    fill_and_look(3);
  }
  fill_and_look(4);
}

}  // namespace
}  // namespace curfew::index
