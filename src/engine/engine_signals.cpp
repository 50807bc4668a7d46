// Signals: what the watch is told of, and what of it is kept.
#include <algorithm>

#include "base/limits.h"
#include "engine/engine_impl.h"
#include "session/codec.h"

namespace curfew::engine {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr Duration kSweepSignals = Duration::seconds(1);
constexpr std::int64_t kSweepBudget = 16;  // users looked at between two rounds: a quarter of a millisecond
// When somebody waits, for each kBusyPause that has passed, up to kSweepBudget: at most a fiftieth of the time.
constexpr std::int64_t kBusyBudget = 4;
constexpr std::int64_t kBusyPause = 5 * kNsPerMs;
constexpr std::size_t kManyChecks = 32;       // since the round before, a millisecond ago while users wait
constexpr std::size_t kProfileSlice = 4'096;  // profiles written with one commit

std::string suppression_words(const signal::Suppression& suppression) {
  std::string out = suppression.rule ? std::string(signal::to_string(*suppression.rule)) : std::string("every rule");
  if (!suppression.user_id.empty()) out += ", user " + suppression.user_id;
  if (suppression.network) out += ", network " + suppression.network->to_string();
  if (!suppression.device.empty()) out += ", device " + suppression.device;
  return out + ", until " + format_time(suppression.expires);
}

audit::Record suppression_record(std::string_view action, const Realm& realm, const signal::Suppression& suppression,
                                 const session::Origin& origin, const index::Index& index) {
  audit::Record record = realm_record(action, realm, origin);
  record.reason = suppression.reason;
  record.user_id = suppression.user_id;
  if (const auto user = index.user(realm.id, suppression.user_id)) record.username = user->username;
  record.target = suppression_words(suppression);
  return record;
}

}  // namespace

// Whether callers wait, or would: those of the last round are about to come back, and a storm of checks needs the
// cores.
bool Engine::Impl::busy() {
  if (callers > 0 || !jobs.empty() || touch_batch.size() >= kManyChecks) return true;
  const std::lock_guard lock(queue_mutex);
  return !queue.empty();
}

// What time resolves, a slice at a time.
bool Engine::Impl::sweep_signals() {
  const std::int64_t now_ns = clock.monotonic_ns();
  if (now_ns < next_signals_ns && !signals_left && !watch.waiting()) return false;
  const bool hurried = busy();
  if (hurried && now_ns < next_busy_signals_ns) return false;
  const std::int64_t pauses = 1 + (now_ns - next_busy_signals_ns) / kBusyPause;
  const std::int64_t users = hurried ? std::min(pauses * kBusyBudget, kSweepBudget) : kSweepBudget;
  const bool more = watch.sweep(clock.now(), static_cast<std::size_t>(users));
  next_busy_signals_ns = now_ns + kBusyPause;
  if (!more) next_signals_ns = now_ns + kSweepSignals.ms * kNsPerMs;
  signals_left = more;
  return more;
}

void Engine::Impl::publish_raised() {
  std::vector<signal::Raised> raised = watch.take_raised();
  if (raised.empty()) return;
  if (!hub.watched()) return hub.skip();
  std::vector<Event> events;
  for (signal::Raised& one : raised) {
    Event event{EventKind::kRaised, clock.now(), nullptr, std::nullopt};
    event.raised = std::make_shared<const signal::Raised>(std::move(one));
    events.push_back(std::move(event));
  }
  hub.publish(std::move(events));
}

// What a change taught of a user goes to the ledger a little later, with whatever commit comes next. After a crash
// between the two, sessions that began are taken in again; an incident of one that moved is lost. First in its batch: a
// document that a later command writes of the same user has the newer name.
void Engine::Impl::save_profiles(Batch& batch, bool at_once) {
  const std::int64_t now_ns = clock.monotonic_ns();
  if (!at_once && now_ns < next_profiles_ns) return;
  std::vector<signal::DirtyProfile> profiles;
  std::swap(profiles, unsaved_profiles);
  if (!watch.take_dirty(kProfileSlice, profiles)) next_profiles_ns = now_ns + options.touch_flush.ms * kNsPerMs;
  if (profiles.empty()) return;
  for (const signal::DirtyProfile& profile : profiles) {
    const std::string user_id = index.user_id(profile.realm, profile.user);
    if (const auto user = index.user(profile.realm, user_id))
      batch.add_document("users", std::to_string(profile.realm.value) + "/" + user_id,
                         user_document(user->username, user->email, profile.bytes));
  }
  batch.on_done([this, profiles = std::move(profiles)](const Status& status) mutable {
    if (!status) unsaved_profiles = std::move(profiles);
  });
}

// At the end: all that is left.
void Engine::Impl::flush_profiles() {
  bool written = true;
  do {
    Batch batch(index, watch, ledger, options, book, clock.now(), {false, false});
    save_profiles(batch, true);
    if (!batch.durable_work()) return;
    written = commit(batch);
  } while (written);
}

const signal::Watch& Engine::watch() const {
  return impl_->watch;
}

std::shared_ptr<const device::Device> Engine::classify(std::string_view user_agent) const {
  return impl_->options.classify(user_agent);
}

device::Place Engine::place(const IpAddress& ip) const {
  return impl_->options.place ? impl_->options.place(ip) : device::Place{};
}

void Engine::replace_detection(RealmId id, std::optional<std::vector<signal::NamedNetwork>> networks,
                               std::optional<signal::Rules> rules, session::Origin origin, Done<Realm> done) {
  impl_->change_realm(
      id,
      [networks = std::move(networks), rules = std::move(rules), origin = std::move(origin)](
          const Realm& known, Time) -> Result<RealmChange> {
        signal::Settings settings = *known.detection;
        if (networks) settings.networks = *networks;
        if (rules) settings.rules = *rules;
        CURFEW_TRY_STATUS(signal::validate(settings));
        RealmChange change{known, {}};
        if (settings == *known.detection) return change;
        change.realm.detection = std::make_shared<const signal::Settings>(std::move(settings));
        change.records.push_back(realm_record(audit::action::kDetectionChanged, change.realm, origin));
        return change;
      },
      std::move(done));
}

void Engine::add_suppression(RealmId id, signal::Suppression suppression, session::Origin origin,
                             Done<signal::Suppression> done) {
  suppression.id = random_uuid(impl_->random);
  suppression.created_by = origin.actor_name;
  auto made = std::make_shared<signal::Suppression>(std::move(suppression));
  impl_->change_realm(
      id,
      [this, made, origin = std::move(origin)](const Realm& known, Time now) -> Result<RealmChange> {
        signal::Settings settings = *known.detection;
        std::erase_if(settings.suppressions, [&](const signal::Suppression& s) { return s.expires <= now; });
        made->created = now;
        settings.suppressions.push_back(*made);
        CURFEW_TRY_STATUS(signal::validate(settings));
        RealmChange change{known, {}};
        change.realm.detection = std::make_shared<const signal::Settings>(std::move(settings));
        change.records.push_back(
            suppression_record(audit::action::kSuppressionCreated, known, *made, origin, impl_->index));
        return change;
      },
      [made, done = std::move(done)](const Result<Realm>& realm) {
        if (realm)
          done(*made);
        else
          done(tl::make_unexpected(realm.error()));
      });
}

void Engine::remove_suppression(RealmId id, std::string suppression_id, session::Origin origin,
                                Done<signal::Suppression> done) {
  auto gone = std::make_shared<signal::Suppression>();
  impl_->change_realm(
      id,
      [this, gone, suppression_id = std::move(suppression_id), origin = std::move(origin)](
          const Realm& known, Time) -> Result<RealmChange> {
        signal::Settings settings = *known.detection;
        const auto found = std::find_if(settings.suppressions.begin(), settings.suppressions.end(),
                                        [&](const signal::Suppression& s) { return s.id == suppression_id; });
        if (found == settings.suppressions.end())
          return fail(ErrorCode::kNotFound, "suppression_not_found", "There is no such suppression here.");
        *gone = std::move(*found);
        settings.suppressions.erase(found);
        RealmChange change{known, {}};
        change.realm.detection = std::make_shared<const signal::Settings>(std::move(settings));
        change.records.push_back(
            suppression_record(audit::action::kSuppressionRemoved, known, *gone, origin, impl_->index));
        return change;
      },
      [gone, done = std::move(done)](const Result<Realm>& realm) {
        if (realm)
          done(*gone);
        else
          done(tl::make_unexpected(realm.error()));
      });
}

}  // namespace curfew::engine
