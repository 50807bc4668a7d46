// Ring: handles items a few steps after they were announced, so that their memory is on its way meanwhile.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace curfew::index {

template <class Announce, class Handle>
class Ring {
 public:
  Ring(Announce announce, Handle handle) : announce_(announce), handle_(handle) {}
  void push(std::uint32_t item) {
    announce_(item);
    std::uint32_t& slot = items_[pushed_ % kAhead];
    if (pushed_ >= kAhead) handle_(slot);
    slot = item;
    ++pushed_;
  }
  void drain() {
    const std::size_t waiting = pushed_ < kAhead ? pushed_ : kAhead;
    for (std::size_t i = pushed_ - waiting; i < pushed_; ++i) handle_(items_[i % kAhead]);
    pushed_ = 0;
  }

 private:
  static constexpr std::size_t kAhead = 32;
  Announce announce_;
  Handle handle_;
  std::array<std::uint32_t, kAhead> items_{};
  std::size_t pushed_ = 0;
};

}  // namespace curfew::index
