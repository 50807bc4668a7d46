// Events: what changed, for those who watch. One ring for all; a subscriber is a place in it.
//
// Ids are "<epoch>-<n>": the epoch is new at every start, so that an id of an earlier run is not mistaken for one of
// this run. A subscriber that has fallen off the ring, or comes with an id that is not in it, is told so and begins at
// the end: it must read the state anew. Memory is bounded by the ring, whatever the number of subscribers. Threads:
// publish from the sequencer; everything else from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "session/command.h"

namespace curfew::engine {

enum class EventKind : std::uint8_t { kStarted, kTouched, kEnded };
std::string_view to_string(EventKind kind);  // "session.started", "session.touched", "session.ended"

struct Event {
  std::uint64_t n = 0;  // dense
  EventKind kind;
  Time time;
  std::shared_ptr<const session::Session> session;
  std::optional<session::EndCause> cause;  // kEnded
};

class EventHub {
 public:
  EventHub(std::size_t ring, std::string epoch);
  ~EventHub();

  // What the event's data looks like on the wire; made once an event, and only while somebody watches. Set before
  // start.
  void set_renderer(std::function<std::string(const Event&)> render);
  void publish(std::vector<Event> events);  // numbers them
  // Something changed that nobody was there to watch: whoever resumes from before it is told that they missed some.
  void skip();
  bool watched() const;

  struct Item {
    std::string id;
    EventKind kind;
    session::RealmId realm;
    std::shared_ptr<const std::string> data;
  };
  class Subscription {
   public:
    virtual ~Subscription() = default;
    struct Batch {
      std::vector<Item> items;
      bool lost = false;     // events were missed before these: read the state anew
      std::string position;  // the id to resume from
    };
    // What has come since the last call, at most `limit`. When there is nothing, `wake` is kept and called once when
    // there is.
    virtual Batch next(std::size_t limit, std::function<void()> wake) = 0;
  };
  // Events of the realms for which `wants` says yes, after `last_event_id` (empty: from now on).
  std::unique_ptr<Subscription> subscribe(std::function<bool(session::RealmId)> wants, std::string_view last_event_id);
  std::size_t subscribers() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// Counts by minute, for charts: kept 31 days in memory and in the ledger's documents, by realm.
struct Sample {
  Time at;                                            // start of the minute
  std::uint32_t regular = 0, offline = 0;             // live at its end
  std::uint32_t started = 0, ended = 0, revoked = 0;  // within it
};

class SeriesStore {
 public:
  SeriesStore();
  ~SeriesStore();
  // Samples in [from, to), joined to steps of `step` (a multiple of a minute): the last live counts, the sums of the
  // others. A minute in which nothing was written has no sample.
  std::vector<Sample> read(const std::vector<session::RealmId>& realms, Time from, Time to, Duration step) const;

  // For the engine.
  void add(session::RealmId realm, const Sample& sample);
  void drop(session::RealmId realm);
  void encode_day(session::RealmId realm, Time day, std::string& out) const;
  Status decode_day(session::RealmId realm, std::string_view bytes);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace curfew::engine
