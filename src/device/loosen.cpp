#include "device/loosen.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace curfew::device {
namespace {

// The size of the class that begins at `text`: "[]a]" and "[^]a]" have a bracket among their members.
std::size_t class_size(std::string_view text) {
  std::size_t at = 1;
  if (at < text.size() && text[at] == '^') ++at;
  if (at < text.size() && text[at] == ']') ++at;
  while (at < text.size() && text[at] != ']') at += text[at] == '\\' ? 2 : 1;
  return std::min(at + 1, text.size());
}

struct Repetition {
  std::size_t least = 0, most = 0, size = 0;
};

// "{m,n}" at the beginning of `text`.
std::optional<Repetition> repetition(std::string_view text) {
  Repetition found;
  if (text.empty() || text[0] != '{') return std::nullopt;
  const char* const end = text.data() + text.size();
  const auto least = std::from_chars(text.data() + 1, end, found.least);
  if (least.ec != std::errc() || least.ptr == end || *least.ptr != ',') return std::nullopt;
  const auto most = std::from_chars(least.ptr + 1, end, found.most);
  if (most.ec != std::errc() || most.ptr == end || *most.ptr != '}') return std::nullopt;
  found.size = static_cast<std::size_t>(most.ptr + 1 - text.data());
  return found;
}

std::string unbounded(std::size_t least) {
  if (least == 0) return "*";
  if (least == 1) return "+";
  return "{" + std::to_string(least) + ",}";
}

}  // namespace

Loose loosen(std::string_view pattern, std::size_t least) {
  Loose loose;
  for (std::size_t at = 0; at < pattern.size();) {
    const char c = pattern[at];
    std::size_t size = 1;
    if (c == '\\')
      size = std::min<std::size_t>(2, pattern.size() - at);
    else if (c == '[')
      size = class_size(pattern.substr(at));
    loose.pattern.append(pattern.substr(at, size));
    at += size;
    // A repetition after a group, or after another repetition ("a{2,3}?" is none), stays.
    const auto found = c == ')' ? std::nullopt : repetition(pattern.substr(at));
    if (!found || found->most < least) continue;
    loose.pattern += unbounded(found->least);
    loose.bound = loose.bound == 0 ? found->most : std::min(loose.bound, found->most);
    at += found->size;
  }
  return loose;
}

}  // namespace curfew::device
