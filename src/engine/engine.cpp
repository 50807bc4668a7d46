#include "engine/engine.h"

#include "engine/engine_impl.h"

namespace curfew::engine {
namespace {

constexpr unsigned kBackgroundThreads = 2;
constexpr std::size_t kBackgroundQueue = 1'024;
constexpr std::size_t kQuestionsQueue = 256;

std::string make_epoch(Random& random) {
  return random_token(random, 6);
}

}  // namespace

Error overloaded() {
  return {ErrorCode::kUnavailable,
          "overloaded",
          "The server has more to do than it can take at the moment. Try again shortly.",
          {}};
}

Engine::Impl::Impl(ledger::Ledger& l, const Clock& c, Random& r, Options o)
    : ledger(l),
      clock(c),
      random(r),
      options(std::move(o)),
      index(options.classify),
      watch(index, options.place, options.places_version),
      hub(options.event_ring, make_epoch(r), options.threads ? options.event_slice : Duration{0}),
      audit_log(l),
      appender(l) {
  if (!options.threads) return;
  background = std::make_unique<Background>(kBackgroundThreads, kBackgroundQueue);
  questions = std::make_unique<Background>(1, kQuestionsQueue);
}

Engine::Engine(ledger::Ledger& ledger, const Clock& clock, Random& random, Options options)
    : impl_(std::make_unique<Impl>(ledger, clock, random, options)) {}

Engine::~Engine() {
  stop();
}

Status Engine::open(const std::function<Status(std::string_view, std::string_view, std::string_view)>& on_document) {
  return impl_->open(on_document);
}

void Engine::start() {
  if (impl_->options.threads && !impl_->thread.joinable()) impl_->thread = std::thread([this] { impl_->run(); });
}

void Engine::stop() {
  {
    const std::lock_guard lock(impl_->queue_mutex);
    if (impl_->stopping && !impl_->thread.joinable()) return;
    impl_->stopping = true;
  }
  const std::uint64_t failures = impl_->counters.commit_failures;
  impl_->queue_wake.notify_all();
  if (impl_->questions) impl_->questions->stop();
  if (impl_->background) impl_->background->stop();
  if (impl_->thread.joinable()) {
    impl_->thread.join();
  } else if (impl_->opened) {
    while (impl_->wait_for_work()) impl_->round();
    impl_->flush_activity(true);
    impl_->flush_profiles();
  }
  if (impl_->opened) impl_->leave_image(impl_->counters.commit_failures == failures);
  impl_->opened = false;
}

bool Engine::ready() const {
  return impl_->opened && impl_->ledger_ok;
}

bool Engine::step() {
  return impl_->round();
}

void Engine::submit(Submission submission, Done<std::vector<CommandResult>> done) {
  auto shared = std::make_shared<Done<std::vector<CommandResult>>>(std::move(done));
  Work work;
  work.weight = std::max<std::size_t>(1, submission.commands.size());
  work.submission = std::make_shared<const Submission>(std::move(submission));
  work.decide = [submission = work.submission, shared](Batch& batch) -> Status {
    CURFEW_TRY(auto results, batch.decide(*submission));
    batch.on_done([shared, results = std::move(results)](const Status& status) mutable {
      if (status)
        (*shared)(std::move(results));
      else
        (*shared)(tl::make_unexpected(status.error()));
    });
    return {};
  };
  work.refuse = [shared](const Error& error) { (*shared)(tl::make_unexpected(error)); };
  impl_->enqueue(std::move(work));
}

// Under the ReadLock.
std::optional<index::Index::Names> Engine::Impl::check(const Realm& realm, const std::optional<index::Handle>& handle,
                                                       const std::optional<IpAddress>& ip) {
  if (!handle || realm.removing) return std::nullopt;
  const index::Index::Facts facts = index.facts(*handle);
  const Time now = clock.now();
  if (policies_on &&
      session::expired(realm.policy, facts.type, facts.remember_me, facts.started, facts.last_access, now))
    return std::nullopt;
  // Not at a time that never was: it would keep the session from growing idle.
  touch_later({*handle, now - Duration{clock_ahead_ms}, ip});
  return index.names(*handle);
}

std::optional<index::Index::Names> Engine::check(const Realm& realm, const session::SessionKey& key,
                                                 const std::optional<IpAddress>& ip) {
  const index::Index::ReadLock lock(impl_->index);
  return impl_->check(realm, impl_->index.find(key), ip);
}

std::optional<index::Index::Names> Engine::check_token(const Realm& realm, std::string_view token,
                                                       const std::optional<IpAddress>& ip) {
  const session::TokenHash hash = session::hash_token(token);
  const index::Index::ReadLock lock(impl_->index);
  return impl_->check(realm, impl_->index.find_by_token(realm.id, hash), ip);
}

std::string Engine::make_token() {
  return random_token(impl_->random, 32);
}
std::string Engine::make_session_id() {
  return random_uuid(impl_->random);
}

const index::Index& Engine::index() const {
  return impl_->index;
}

Result<std::optional<session::Tombstone>> Engine::tombstone(const session::SessionKey& key) const {
  const session::SessionKey keys[] = {key};
  CURFEW_TRY(auto found, impl_->ledger.tombstones(keys));
  return found.front();
}

// --- Audit, documents
// -----------------------------------------------------------------------------------------------------------

void Engine::record(audit::Record record, Done<std::uint64_t> done) {
  write_documents({}, {std::move(record)}, {}, std::move(done));
}

void Engine::write_documents(std::vector<DocumentChange> changes, std::vector<audit::Record> records,
                             std::function<void()> adopt, Done<std::uint64_t> done) {
  auto shared = std::make_shared<Done<std::uint64_t>>(std::move(done));
  Work work;
  work.weight = 1 + changes.size();
  work.decide = [changes = std::move(changes), records = std::move(records), adopt = std::move(adopt),
                 shared](Batch& batch) mutable -> Status {
    for (DocumentChange& change : changes)
      batch.add_document(change.table, std::move(change.key), std::move(change.bytes));
    for (audit::Record& record : records) batch.add_record(std::move(record));
    if (adopt) batch.on_durable(std::move(adopt));
    const std::uint64_t seq = records.empty() ? 0 : batch.book().chain.seq;
    batch.on_done([shared, seq](const Status& status) {
      if (!*shared) return;
      if (status)
        (*shared)(seq);
      else
        (*shared)(tl::make_unexpected(status.error()));
    });
    return {};
  };
  work.refuse = [shared](const Error& error) {
    if (*shared) (*shared)(tl::make_unexpected(error));
  };
  impl_->enqueue(std::move(work));
}

const AuditLog& Engine::audit_log() const {
  return impl_->audit_log;
}

// --- The rest
// -------------------------------------------------------------------------------------------------------------------

EventHub& Engine::events() {
  return impl_->hub;
}
const SeriesStore& Engine::series() const {
  return impl_->series;
}

bool Engine::in_questions(std::function<void()> work) {
  if (impl_->questions) return impl_->questions->offer(std::move(work));
  work();
  return true;
}

bool Engine::in_background(std::function<void()> work) {
  if (impl_->background) return impl_->background->offer(std::move(work));
  work();
  return true;
}

Engine::AsOf Engine::as_of() const {
  return {impl_->position, Time{impl_->position_time}};
}

Time Engine::now() const {
  return impl_->clock.now();
}

std::shared_ptr<const RealmTable> Engine::realms() const {
  const std::lock_guard lock(impl_->realms_mutex);
  return impl_->realms;
}

Counters Engine::counters() const {
  const auto& c = impl_->counters;
  Counters out;
  out.commits = c.commits;
  out.commands = c.commands;
  out.started = c.started;
  out.touched = c.touched;
  out.ended = c.ended;
  out.refused = c.refused;
  out.touches_dropped = c.touches_dropped;
  out.expired = c.expired;
  out.audit_records = c.audit_records;
  out.commit_failures = c.commit_failures;
  out.clock_ahead = Duration{impl_->clock_ahead_ms};
  const std::lock_guard lock(impl_->queue_mutex);
  out.queue_depth = impl_->queue_weight;
  return out;
}

}  // namespace curfew::engine
