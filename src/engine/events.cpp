#include "engine/events.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace curfew::engine {

std::string_view to_string(EventKind kind) {
  switch (kind) {
    case EventKind::kStarted:
      return "session.started";
    case EventKind::kTouched:
      return "session.touched";
    case EventKind::kEnded:
      return "session.ended";
    case EventKind::kRaised:
      return "signal.raised";
  }
  return "session.touched";
}

namespace {

using Steady = std::chrono::steady_clock;

// Texts are made for this long after the last subscriber has left, so that one who was cut off can resume.
constexpr std::chrono::minutes kGrace{5};
// A slice is closed early when it has so many events.
constexpr std::size_t kSliceEvents = 2'048;

}  // namespace

const PackedText& EventSlice::packed() const {
  std::call_once(once_, [this] { packed_ = (*pack_)(text); });
  return packed_;
}

// Threads: what is open belongs to the sequencer; one mutex over everything else. Subscribers copy pointers, never
// texts.
struct EventHub::Impl {
  Impl(std::size_t r, std::string e, Duration s) : ring(r), epoch(std::move(e)), slice_length(s.ms) {}

  const std::size_t ring;
  const std::string epoch;
  const std::chrono::milliseconds slice_length;
  Render render;
  std::shared_ptr<const EventSlice::Pack> pack;

  // The open slice, by realm.
  struct Open {
    std::vector<Event> events;
    std::unordered_map<session::SessionKey, std::size_t> touched;  // the place of a session's touch
  };
  std::map<session::RealmId, Open> open;
  std::size_t open_events = 0;
  Steady::time_point closed_at = Steady::time_point::min();

  mutable std::mutex mutex;
  // Slices first_slice .. first_slice + size - 1, of the events first .. last.
  std::deque<std::shared_ptr<const EventSlice>> slices;
  std::uint64_t first_slice = 0;
  std::uint64_t first = 1, last = 0;
  std::size_t events = 0;
  std::size_t subscribers = 0;
  Steady::time_point last_left = Steady::time_point::min();

  struct Place {
    std::function<bool(session::RealmId)> wants;
    std::uint64_t slice = 0;  // the next to give
    std::size_t from = 0;     // … and where to begin in it
    bool lost = false;
    std::function<void()> wake;
  };
  std::uint64_t next_ticket = 1;
  std::map<std::uint64_t, Place> places;

  bool watched() const {
    return subscribers > 0 || (last_left != Steady::time_point::min() && Steady::now() - last_left < kGrace);
  }
  std::uint64_t end_slice() const { return first_slice + slices.size(); }
  std::string id_of(std::uint64_t n) const { return epoch + "-" + std::to_string(n); }

  // The n of an id of this run.
  std::optional<std::uint64_t> parse(std::string_view id) const {
    if (id.size() <= epoch.size() + 1 || id.substr(0, epoch.size()) != epoch || id[epoch.size()] != '-')
      return std::nullopt;
    std::uint64_t n = 0;
    const char* end = id.data() + id.size();
    const auto [p, error] = std::from_chars(id.data() + epoch.size() + 1, end, n);
    if (error != std::errc{} || p != end) return std::nullopt;
    return n;
  }

  // Nobody watches: there are no texts, so whoever resumes from before must read anew.
  void forget(std::uint64_t missed) {
    open.clear();
    open_events = 0;
    const std::lock_guard lock(mutex);
    first_slice = end_slice() + 1;
    slices.clear();
    events = 0;
    last += missed;
    first = last + 1;
  }

  // Where a subscriber that saw event n goes on.
  void resume(Place& place, std::uint64_t n) const {
    if (n == last) return;
    const auto found = std::upper_bound(slices.begin(), slices.end(), n + 1,
                                        [](std::uint64_t wanted, const auto& slice) { return wanted < slice->first; });
    const EventSlice& slice = **std::prev(found);
    place.slice = first_slice + static_cast<std::uint64_t>(found - slices.begin()) - 1;
    for (const EventSlice::Mark& mark : slice.marks)
      if (mark.n <= n) place.from = mark.end;
  }

  std::shared_ptr<const EventSlice> render_slice(session::RealmId realm, const Open& from, std::uint64_t n) const {
    auto slice = std::make_shared<EventSlice>(realm, n, pack);
    slice->count = from.events.size();
    slice->text.reserve(from.events.size() * 192);
    for (const Event& event : from.events) {
      const bool has_id = event.kind != EventKind::kTouched || &event == &from.events.back();
      render(slice->text, event, has_id ? std::string_view(id_of(n)) : std::string_view());
      if (has_id) slice->marks.push_back({n, slice->text.size()});
      ++n;
    }
    return slice;
  }

  void close() {
    closed_at = Steady::now();
    if (open.empty()) return;
    std::vector<std::shared_ptr<const EventSlice>> made;
    std::uint64_t n = last + 1;  // only this thread moves it
    for (const auto& [realm, from] : open) {
      made.push_back(render_slice(realm, from, n));
      n += made.back()->count;
    }
    open.clear();
    open_events = 0;
    std::vector<std::function<void()>> wake;
    {
      const std::lock_guard lock(mutex);
      const std::uint64_t before = end_slice();
      last = n - 1;
      for (auto& slice : made) {
        events += slice->count;
        slices.push_back(slice);
      }
      while (events > ring && slices.size() > 1) {
        events -= slices.front()->count;
        slices.pop_front();
        ++first_slice;
        first = slices.front()->first;
      }
      for (auto& [ticket, place] : places) {
        if (!place.wake) continue;
        const bool wanted =
            std::any_of(made.begin(), made.end(), [&](const auto& slice) { return place.wants(slice->realm); });
        if (wanted)
          wake.push_back(std::exchange(place.wake, nullptr));
        else if (place.slice == before)
          place.slice = end_slice();  // who waits does not fall behind for what it does not want
      }
    }
    for (const auto& one : wake) one();
  }
};

EventHub::EventHub(std::size_t ring, std::string epoch, Duration slice)
    : impl_(std::make_shared<Impl>(ring, std::move(epoch), slice)) {}
EventHub::~EventHub() = default;

void EventHub::set_renderer(Render render, EventSlice::Pack pack) {
  impl_->render = std::move(render);
  impl_->pack = std::make_shared<const EventSlice::Pack>(std::move(pack));
}

bool EventHub::watched() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->watched();
}

std::size_t EventHub::subscribers() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->subscribers;
}

void EventHub::publish(std::vector<Event> events) {
  if (events.empty()) return;
  if (!impl_->render || !watched()) return impl_->forget(events.size());
  for (Event& event : events) {
    Impl::Open& open = impl_->open[event.realm()];
    if (event.kind == EventKind::kTouched) {
      const auto [touch, fresh] = open.touched.try_emplace(event.session->key, open.events.size());
      if (!fresh) {
        open.events[touch->second] = std::move(event);
        continue;
      }
    } else if (event.session) {
      open.touched.erase(event.session->key);
    }
    open.events.push_back(std::move(event));
    if (++impl_->open_events >= kSliceEvents) impl_->close();
  }
  if (Steady::now() - impl_->slice_length >= impl_->closed_at) impl_->close();
}

void EventHub::close_if_due() {
  if (impl_->open_events > 0 && Steady::now() - impl_->slice_length >= impl_->closed_at) impl_->close();
}

void EventHub::skip() {
  impl_->forget(1);
}

namespace {

class SliceSubscription final : public EventHub::Subscription {
 public:
  SliceSubscription(std::function<Next(std::function<void()>)> read, std::function<void()> leave)
      : read_(std::move(read)), leave_(std::move(leave)) {}
  ~SliceSubscription() override { leave_(); }
  Next next(std::function<void()> wake) override { return read_(std::move(wake)); }

 private:
  std::function<Next(std::function<void()>)> read_;
  std::function<void()> leave_;
};

}  // namespace

std::unique_ptr<EventHub::Subscription> EventHub::subscribe(std::function<bool(session::RealmId)> wants,
                                                            std::string_view last_event_id) {
  const auto impl = impl_;
  std::uint64_t ticket = 0;
  {
    const std::lock_guard lock(impl->mutex);
    ++impl->subscribers;
    ticket = impl->next_ticket++;
    Impl::Place& place = impl->places[ticket];
    place.wants = std::move(wants);
    place.slice = impl->end_slice();
    if (!last_event_id.empty()) {
      const auto n = impl->parse(last_event_id);
      if (n && *n + 1 >= impl->first && *n <= impl->last)
        impl->resume(place, *n);
      else
        place.lost = true;
    }
  }
  auto read = [impl, ticket](std::function<void()> wake) {
    Subscription::Next next;
    const std::lock_guard lock(impl->mutex);
    Impl::Place& place = impl->places.at(ticket);
    if (place.slice < impl->first_slice) {
      place.lost = true;
      place.slice = impl->first_slice;
      place.from = 0;
    }
    for (; place.slice < impl->end_slice() && !next.slice; ++place.slice) {
      const auto& slice = impl->slices[static_cast<std::size_t>(place.slice - impl->first_slice)];
      const std::size_t from = std::exchange(place.from, 0);
      if (from == slice->text.size() || !place.wants(slice->realm)) continue;
      next.slice = slice;
      next.from = from;
    }
    next.lost = std::exchange(place.lost, false);
    if (next.lost) next.position = impl->id_of(next.slice ? next.slice->first - 1 : impl->last);
    if (!next.slice && !next.lost) place.wake = std::move(wake);
    return next;
  };
  auto leave = [impl, ticket] {
    const std::lock_guard lock(impl->mutex);
    --impl->subscribers;
    impl->last_left = Steady::now();
    impl->places.erase(ticket);
  };
  return std::make_unique<SliceSubscription>(std::move(read), std::move(leave));
}

}  // namespace curfew::engine
