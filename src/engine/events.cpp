#include "engine/events.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <deque>
#include <map>
#include <mutex>

namespace curfew::engine {

std::string_view to_string(EventKind kind) {
  switch (kind) {
    case EventKind::kStarted:
      return "session.started";
    case EventKind::kTouched:
      return "session.touched";
    case EventKind::kEnded:
      return "session.ended";
  }
  return "session.touched";
}

namespace {
// Texts are made for this long after the last subscriber has left, so that one who was cut off can resume.
constexpr std::chrono::minutes kGrace{5};
}  // namespace

// Threads: one mutex over the ring and the waiters; a subscriber copies pointers, never texts.
struct EventHub::Impl {
  struct Entry {
    EventKind kind;
    session::RealmId realm;
    std::shared_ptr<const std::string> data;
  };

  Impl(std::size_t r, std::string e) : ring(r), epoch(std::move(e)) {}

  const std::size_t ring;
  const std::string epoch;
  std::function<std::string(const Event&)> render;
  mutable std::mutex mutex;
  std::deque<Entry> entries;  // events first .. first + size - 1
  std::uint64_t first = 1;
  std::size_t subscribers = 0;
  std::chrono::steady_clock::time_point last_left = std::chrono::steady_clock::time_point::min();
  std::uint64_t next_ticket = 1;
  std::map<std::uint64_t, std::function<void()>> waiting;

  bool watched() const {
    return subscribers > 0 || (last_left != std::chrono::steady_clock::time_point::min() &&
                               std::chrono::steady_clock::now() - last_left < kGrace);
  }
  std::uint64_t end() const { return first + entries.size(); }
  std::string id_of(std::uint64_t n) const { return epoch + "-" + std::to_string(n); }

  // The n of an id of this run.
  std::optional<std::uint64_t> parse(std::string_view id) const {
    if (id.size() <= epoch.size() + 1 || id.substr(0, epoch.size()) != epoch || id[epoch.size()] != '-')
      return std::nullopt;
    std::uint64_t n = 0;
    const char* last = id.data() + id.size();
    const auto [p, error] = std::from_chars(id.data() + epoch.size() + 1, last, n);
    if (error != std::errc{} || p != last) return std::nullopt;
    return n;
  }
};

namespace {

class RingSubscription final : public EventHub::Subscription {
 public:
  RingSubscription(std::shared_ptr<void> hub,
                   std::function<Batch(std::uint64_t&, bool&, std::size_t, std::function<void()>)> read,
                   std::function<void()> leave, std::uint64_t at, bool lost)
      : hub_(std::move(hub)), read_(std::move(read)), leave_(std::move(leave)), at_(at), lost_(lost) {}
  ~RingSubscription() override { leave_(); }

  Batch next(std::size_t limit, std::function<void()> wake) override {
    return read_(at_, lost_, limit, std::move(wake));
  }

 private:
  std::shared_ptr<void> hub_;
  std::function<Batch(std::uint64_t&, bool&, std::size_t, std::function<void()>)> read_;
  std::function<void()> leave_;
  std::uint64_t at_;  // the next event to give
  bool lost_;
};

}  // namespace

EventHub::EventHub(std::size_t ring, std::string epoch) : impl_(std::make_shared<Impl>(ring, std::move(epoch))) {}
EventHub::~EventHub() = default;

void EventHub::set_renderer(std::function<std::string(const Event&)> render) {
  impl_->render = std::move(render);
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
  std::map<std::uint64_t, std::function<void()>> waiting;
  const bool render = impl_->render && watched();
  std::vector<std::shared_ptr<const std::string>> data(events.size());
  std::uint64_t n = impl_->first + impl_->entries.size();  // only this thread moves the end
  for (std::size_t i = 0; i < events.size(); ++i) {
    events[i].n = n++;
    if (render) data[i] = std::make_shared<const std::string>(impl_->render(events[i]));
  }
  {
    const std::lock_guard lock(impl_->mutex);
    // Nobody watched while these were made: they have no text, so whoever resumes from before them must read anew.
    if (!render) {
      impl_->first = impl_->end() + events.size();
      impl_->entries.clear();
      return;
    }
    for (std::size_t i = 0; i < events.size(); ++i)
      impl_->entries.push_back({events[i].kind, events[i].session->key.realm, std::move(data[i])});
    while (impl_->entries.size() > impl_->ring) {
      impl_->entries.pop_front();
      ++impl_->first;
    }
    waiting.swap(impl_->waiting);
  }
  for (auto& [ticket, wake] : waiting) wake();
}

void EventHub::skip() {
  const std::lock_guard lock(impl_->mutex);
  impl_->first = impl_->end() + 1;
  impl_->entries.clear();
}

std::unique_ptr<EventHub::Subscription> EventHub::subscribe(std::function<bool(session::RealmId)> wants,
                                                            std::string_view last_event_id) {
  const auto impl = impl_;
  std::uint64_t at = 0, ticket = 0;
  bool lost = false;
  {
    const std::lock_guard lock(impl->mutex);
    ++impl->subscribers;
    ticket = impl->next_ticket++;
    at = impl->end();
    if (!last_event_id.empty()) {
      const auto n = impl->parse(last_event_id);
      if (n && *n + 1 >= impl->first && *n < impl->end())
        at = *n + 1;
      else
        lost = !(n && *n + 1 == impl->end());
    }
  }
  auto read = [impl, wants = std::move(wants), ticket](std::uint64_t& place, bool& was_lost, std::size_t limit,
                                                       std::function<void()> wake) {
    Subscription::Batch batch;
    const std::lock_guard lock(impl->mutex);
    if (place < impl->first) {
      was_lost = true;
      place = impl->first;
    }
    batch.lost = std::exchange(was_lost, false);
    for (; place < impl->end() && batch.items.size() < limit; ++place) {
      const Impl::Entry& entry = impl->entries[static_cast<std::size_t>(place - impl->first)];
      if (wants(entry.realm)) batch.items.push_back({impl->id_of(place), entry.kind, entry.realm, entry.data});
    }
    batch.position = impl->id_of(place - 1);
    if (batch.items.empty() && !batch.lost && wake) impl->waiting[ticket] = std::move(wake);
    return batch;
  };
  auto leave = [impl, ticket] {
    const std::lock_guard lock(impl->mutex);
    --impl->subscribers;
    impl->last_left = std::chrono::steady_clock::now();
    impl->waiting.erase(ticket);
  };
  return std::make_unique<RingSubscription>(impl, std::move(read), std::move(leave), at, lost);
}

}  // namespace curfew::engine
