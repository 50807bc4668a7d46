// The parts of Watch's memory that know nothing of rules.
#include <algorithm>

#include "index/image.h"
#include "signal/watch_impl.h"

namespace curfew::signal {

void Crowd::move(std::uint64_t before, std::uint64_t after) {
  if (users_by_sessions_.empty()) users_by_sessions_.resize(kCells);
  const auto cell = [](std::uint64_t n) { return std::min<std::uint64_t>(n, kCells - 1); };
  if (before > 0) {
    --users_by_sessions_[cell(before)];
    --users_;
  }
  if (after > 0) {
    ++users_by_sessions_[cell(after)];
    ++users_;
  }
}

// most = max(floor, median + deviations · MAD), MAD being the median of |sessions − median| (Hampel's rule).
Crowd::Usual Crowd::usual(const RuleSettings& rule) const {
  Usual out{0, static_cast<std::uint64_t>(rule.threshold)};
  if (users_ == 0) return out;
  const std::uint64_t half = (users_ + 1) / 2;
  std::uint64_t seen = 0;
  while (seen < half) seen += users_by_sessions_[++out.median];
  std::uint64_t within = users_by_sessions_[out.median], spread = 0;
  while (within < half) {
    ++spread;
    if (out.median > spread) within += users_by_sessions_[out.median - spread];
    if (out.median + spread < kCells) within += users_by_sessions_[out.median + spread];
  }
  const std::uint64_t most = out.median + spread * static_cast<std::uint64_t>(rule.deviations_milli) / 1'000;
  out.most = std::max(out.most, most);
  return out;
}

// Findings and counts are no part of it: loaded() has them found anew.
void Watch::save(index::ImageWriter& out) const {
  out.number(impl_->realms.size());
  for (const auto& [id, realm] : impl_->realms) {
    out.number(id.value);
    realm->profiles.save(out);
  }
}

bool Watch::load(index::ImageReader& in) {
  constexpr std::size_t least = 256;  // bytes of a realm
  const std::size_t n = in.count(least);
  for (std::size_t i = 0; i < n && in.ok(); ++i) impl_->at(RealmId{in.number32()}).profiles.load(in);
  if (impl_->realms.size() != n) in.refuse();
  return in.ok();
}

void Watch::clear() {
  impl_->realms.clear();
  impl_->raised.clear();
}

}  // namespace curfew::signal
