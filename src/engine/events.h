// Events: what changed, for those who watch.
//
// What happens within a slice of time becomes one unchanging text a realm, made once and shared by all who follow it: a
// subscriber costs a pointer a slice, whatever the number of events. A slice that nobody waited for is closed at once,
// so that a lone change is not late. Several touches of one session within a slice are one event, the last.
//
// Ids are "<epoch>-<n>": the epoch is new at every start, so that an id of an earlier run is not mistaken for one of
// this run. Starts and ends have an id each, touches only where they are the last of their slice: whoever is cut off
// within a slice gets some of its touches again, and misses nothing. A subscriber that has fallen off the ring, or
// comes with an id that is not in it, is told so and begins at the end: it must read the state anew. Memory is bounded
// by the ring, whatever the number of subscribers. Threads: publish, skip and close_if_due from the sequencer;
// everything else from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "session/command.h"
#include "signal/watch.h"

namespace curfew::engine {

enum class EventKind : std::uint8_t { kStarted, kTouched, kEnded, kRaised };
std::string_view to_string(EventKind kind);  // "session.started", "session.touched", "session.ended", "signal.raised"

struct Event {
  EventKind kind;
  Time time;
  std::shared_ptr<const session::Session> session;         // null for kRaised
  std::optional<session::EndCause> cause;                  // kEnded
  std::shared_ptr<const signal::Raised> raised = nullptr;  // kRaised

  session::RealmId realm() const { return session ? session->key.realm : raised->realm; }
};

// A text as some subscribers want it: compressed. What `check` means is the packer's.
struct PackedText {
  std::string bytes;
  std::uint32_t check = 0;
};

// Consecutive events of one realm as text.
class EventSlice {
 public:
  using Pack = std::function<PackedText(std::string_view)>;
  struct Mark {
    std::uint64_t n;
    std::size_t end;  // of the text up to the event of that number
  };
  EventSlice(session::RealmId of, std::uint64_t n, std::shared_ptr<const Pack> p)
      : realm(of), first(n), pack_(std::move(p)) {}

  const session::RealmId realm;
  const std::uint64_t first;
  std::uint64_t count = 0;
  std::string text;
  std::vector<Mark> marks;  // where one can begin again: at each id in the text
  // Made when it is first asked for.
  const PackedText& packed() const;

 private:
  std::shared_ptr<const Pack> pack_;
  mutable std::once_flag once_;
  mutable PackedText packed_;
};

class EventHub {
 public:
  // slice 0: every publish is told at once.
  EventHub(std::size_t ring, std::string epoch, Duration slice);
  ~EventHub();

  // Appends what an event looks like on the wire, with its id where that is not empty; and what packs such a text.
  // Made only while somebody watches. Set before start.
  using Render = std::function<void(std::string& out, const Event&, std::string_view id)>;
  void set_renderer(Render render, EventSlice::Pack pack);
  void publish(std::vector<Event> events);
  void close_if_due();  // to be called often: what was published waits for it
  // Something changed that nobody was there to watch: whoever resumes from before it is told that they missed some.
  void skip();
  bool watched() const;

  class Subscription {
   public:
    virtual ~Subscription() = default;
    struct Next {
      std::shared_ptr<const EventSlice> slice;
      std::size_t from = 0;  // where in its text to begin
      bool lost = false;     // events were missed before these: read the state anew
      std::string position;  // the id to resume from, if lost
    };
    // The next slice since the last call. When there is nothing, `wake` is kept and called once when there is.
    virtual Next next(std::function<void()> wake) = 0;
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
