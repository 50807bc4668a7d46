#include <algorithm>
#include <deque>
#include <map>
#include <mutex>

#include "engine/events.h"
#include "session/codec.h"

namespace curfew::engine {
namespace {
constexpr std::uint8_t kVersion = 1;
constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kDay = 86'400'000;
constexpr std::size_t kKept = 31 * 24 * 60;
}  // namespace

struct SeriesStore::Impl {
  mutable std::mutex mutex;
  std::map<session::RealmId, std::deque<Sample>> realms;  // ascending, distinct minutes
};

SeriesStore::SeriesStore() : impl_(std::make_unique<Impl>()) {}
SeriesStore::~SeriesStore() = default;

void SeriesStore::add(session::RealmId realm, const Sample& sample) {
  const std::lock_guard lock(impl_->mutex);
  auto& samples = impl_->realms[realm];
  if (!samples.empty() && samples.back().at >= sample.at) return;  // the clock went back: the minute has been told
  samples.push_back(sample);
  while (samples.size() > kKept) samples.pop_front();
}

void SeriesStore::drop(session::RealmId realm) {
  const std::lock_guard lock(impl_->mutex);
  impl_->realms.erase(realm);
}

std::vector<Sample> SeriesStore::read(const std::vector<session::RealmId>& realms, Time from, Time to,
                                      Duration step) const {
  const std::int64_t width = std::max(step.ms, kMinute);
  std::map<std::int64_t, Sample> joined;
  const std::lock_guard lock(impl_->mutex);
  for (const session::RealmId realm : realms) {
    const auto it = impl_->realms.find(realm);
    if (it == impl_->realms.end()) continue;
    const auto& samples = it->second;
    auto sample =
        std::lower_bound(samples.begin(), samples.end(), from, [](const Sample& s, Time t) { return s.at < t; });
    while (sample != samples.end() && sample->at < to) {
      const std::int64_t bucket = sample->at.ms / width * width;
      Sample mine{Time{bucket}, 0, 0, 0, 0, 0};
      for (; sample != samples.end() && sample->at < to && sample->at.ms / width * width == bucket; ++sample) {
        mine.regular = sample->regular;
        mine.offline = sample->offline;
        mine.started += sample->started;
        mine.ended += sample->ended;
        mine.revoked += sample->revoked;
      }
      Sample& all = joined[bucket];
      all.at = Time{bucket};
      all.regular += mine.regular;
      all.offline += mine.offline;
      all.started += mine.started;
      all.ended += mine.ended;
      all.revoked += mine.revoked;
    }
  }
  std::vector<Sample> out;
  out.reserve(joined.size());
  for (const auto& [at, sample] : joined) out.push_back(sample);
  return out;
}

void SeriesStore::encode_day(session::RealmId realm, Time day, std::string& out) const {
  const std::lock_guard lock(impl_->mutex);
  const auto it = impl_->realms.find(realm);
  std::vector<const Sample*> chosen;
  if (it != impl_->realms.end())
    for (const Sample& sample : it->second)
      if (sample.at.ms / kDay == day.ms / kDay) chosen.push_back(&sample);
  out.push_back(static_cast<char>(kVersion));
  session::put_zigzag(out, day.ms / kDay);
  session::put_varint(out, chosen.size());
  for (const Sample* sample : chosen) {
    session::put_varint(out, static_cast<std::uint64_t>(sample->at.ms % kDay / kMinute));
    for (const std::uint32_t value :
         {sample->regular, sample->offline, sample->started, sample->ended, sample->revoked})
      session::put_varint(out, value);
  }
}

Status SeriesStore::decode_day(session::RealmId realm, std::string_view bytes) {
  session::ByteReader reader(bytes);
  if (reader.byte() != kVersion)
    return fail(ErrorCode::kDataLoss, "unknown_version",
                "a day of counts has a version that this program does not know");
  const std::int64_t day = reader.zigzag();
  const std::uint64_t count = reader.varint();
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    Sample sample{};
    sample.at = Time{day * kDay + static_cast<std::int64_t>(reader.varint()) * kMinute};
    for (std::uint32_t* value : {&sample.regular, &sample.offline, &sample.started, &sample.ended, &sample.revoked})
      *value = static_cast<std::uint32_t>(reader.varint());
    if (reader.ok()) add(realm, sample);
  }
  return reader.finish("day of counts");
}

}  // namespace curfew::engine
