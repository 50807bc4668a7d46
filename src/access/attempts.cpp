#include "access/attempts.h"

#include <algorithm>
#include <tuple>

namespace curfew::access {
namespace {
constexpr std::int64_t kSecondNs = 1'000'000'000;
}

std::optional<std::int64_t> Attempts::blocked_s(const std::string& subject, std::int64_t now_ns) const {
  const auto found = entries_.find(subject);
  if (found == entries_.end() || over(found->second, now_ns) || found->second.count < limit_) return std::nullopt;
  const std::int64_t left_ns = found->second.began_ns + window_ns_ - now_ns;
  return std::max<std::int64_t>(1, (left_ns + kSecondNs - 1) / kSecondNs);
}

void Attempts::count(const std::string& subject, std::int64_t now_ns) {
  auto found = entries_.find(subject);
  if (found == entries_.end()) {
    if (entries_.size() >= kMostSubjects) make_room(now_ns);
    found = entries_.emplace(subject, Entry{0, now_ns}).first;
  }
  if (over(found->second, now_ns)) found->second = Entry{0, now_ns};
  ++found->second.count;
}

void Attempts::take_back(const std::string& subject) {
  const auto found = entries_.find(subject);
  if (found != entries_.end() && --found->second.count <= 0) entries_.erase(found);
}

void Attempts::make_room(std::int64_t now_ns) {
  std::erase_if(entries_, [&](const auto& entry) { return over(entry.second, now_ns); });
  if (entries_.size() < kMostSubjects) return;
  entries_.erase(std::min_element(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
    return std::tie(a.second.count, a.second.began_ns) < std::tie(b.second.count, b.second.began_ns);
  }));
}

}  // namespace curfew::access
