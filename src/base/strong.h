// Strong<Tag, T>: an integer with a name of its own, so that a realm's number is never taken for a row's.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>

namespace curfew {

template <class Tag, class T>
struct Strong {
  using Value = T;
  T value{};

  constexpr Strong() = default;
  constexpr explicit Strong(T v) : value(v) {}
  friend constexpr auto operator<=>(const Strong&, const Strong&) = default;
};

}  // namespace curfew

template <class Tag, class T>
struct std::hash<curfew::Strong<Tag, T>> {
  std::size_t operator()(const curfew::Strong<Tag, T>& s) const noexcept { return std::hash<T>{}(s.value); }
};
