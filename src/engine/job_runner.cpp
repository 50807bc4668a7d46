// Revocations: choosing what to end, ending it a chunk at a time, and finishing.
#include <algorithm>
#include <cstring>

#include "base/json_writer.h"
#include "base/limits.h"
#include "engine/engine_impl.h"
#include "session/codec.h"

namespace curfew::engine {
namespace {

constexpr std::size_t kSample = 10;
constexpr std::size_t kFetched = 64;          // rows whose memory is asked for at once
constexpr std::size_t kRowsKept = 1'000'000;  // a larger set is matched again after a crash

std::string plan_text(const index::Index& index, const index::SessionSet& set) {
  const auto digest = index.digest(set);
  std::string bytes(reinterpret_cast<const char*>(digest.data()), sizeof digest);
  session::put_varint(bytes, set.size());
  return base64url(bytes);
}

bool is_own(const Selection& selection, const session::Session& session) {
  return selection.keep_own && selection.own && selection.own->realm == session.key.realm &&
         selection.own->user_id == session.user_id;
}

bool wanted_type(const Selection& selection, session::SessionType type) {
  return !selection.type || *selection.type == type;
}

index::Filter filter_of(const Selection& selection) {
  index::Filter filter;
  if (const auto* by_filter = std::get_if<ByFilter>(&selection.what))
    filter = by_filter->filter;
  else if (const auto* user = std::get_if<ByUser>(&selection.what))
    filter.user = user->user_id;
  if (selection.type) filter.type = selection.type;
  return filter;
}

// The filter's type and the selection's may contradict each other: then nothing matches.
bool contradictory(const Selection& selection) {
  const auto* by_filter = std::get_if<ByFilter>(&selection.what);
  return by_filter != nullptr && by_filter->filter.type && selection.type && *by_filter->filter.type != *selection.type;
}

Error idempotency_mismatch() {
  return {ErrorCode::kConflict, "idempotency_mismatch",
          "This Idempotency-Key was used for another request. Use a new one.", "Idempotency-Key"};
}

std::string outcome_details(const Revocation& told) {
  std::string out;
  JsonWriter json(out);
  json.begin_object()
      .field("requested", told.requested)
      .field("revoked", told.revoked)
      .field("failed", told.failed)
      .field("ownKept", told.own_kept)
      .field("state", to_string(told.state));
  json.key("failures").begin_array();
  for (std::size_t i = 0; i < std::min(told.failures.size(), limits::kRefusalsListed); ++i) {
    const Failure& failure = told.failures[i];
    json.begin_object()
        .field("type", session::to_string(failure.key.type))
        .field("id", failure.key.id)
        .field("username", failure.username)
        .field("code", failure.code)
        .end_object();
  }
  json.end_array().end_object();
  return out;
}

}  // namespace

// The rows that a selection names now, without the caller's own; under a ReadLock or on the sequencer.
Result<index::SessionSet> Engine::Impl::select(const Selection& selection, session::SessionNo last_no,
                                               std::uint64_t& own_kept) const {
  return select(selection, filter_of(selection), last_no, own_kept);
}

Result<index::SessionSet> Engine::Impl::select(const Selection& selection, const index::Filter& filter,
                                               session::SessionNo last_no, std::uint64_t& own_kept) const {
  index::SessionSet set;
  if (const auto* sessions = std::get_if<BySessions>(&selection.what)) {
    for (const session::SessionKey& key : sessions->keys) {
      const auto handle = index.find(key);
      if (handle && wanted_type(selection, key.type) && handle->no <= last_no) set.add(handle->realm, handle->row);
    }
  } else if (!contradictory(selection)) {
    set = index.match(selection.realms, filter);
  }
  own_kept = 0;
  if (selection.keep_own && selection.own)
    for (const index::Handle& handle : index.user_sessions(selection.own->realm, selection.own->user_id))
      if (set.remove(handle.realm, handle.row)) ++own_kept;
  return set;
}

Result<Preview> Engine::preview(const Selection& selection) const {
  index::Filter filter = filter_of(selection);
  impl_->index.read_ahead(selection.realms, filter);
  const index::Index::ReadLock lock(impl_->index, impl_->index.stay(selection.realms));
  Preview preview;
  CURFEW_TRY(const auto set, impl_->select(selection, filter, session::SessionNo{~std::uint64_t{0}}, preview.own_kept));
  preview.matched = impl_->index.summarize(set);
  preview.plan = plan_text(impl_->index, set);
  if (const auto* sessions = std::get_if<BySessions>(&selection.what)) {
    for (const session::SessionKey& key : sessions->keys) {
      if (preview.sample.size() == kSample) break;
      const auto handle = impl_->index.find(key);
      if (handle && set.contains(handle->realm, handle->row)) preview.sample.push_back(impl_->index.get(*handle));
    }
  } else if (!set.empty()) {
    index::Query query;
    query.realms = selection.realms;
    query.filter = filter;
    query.limit = kSample + preview.own_kept;
    for (session::Session& session : impl_->index.query(query).rows)
      if (preview.sample.size() < kSample && !is_own(selection, session)) preview.sample.push_back(std::move(session));
  }
  return preview;
}

void Engine::revoke(RevocationRequest request, Duration patience, Done<Revocation> done) {
  auto shared = std::make_shared<Done<Revocation>>(std::move(done));
  auto asked = std::make_shared<RevocationRequest>(std::move(request));
  Work work;
  work.decide = [this, asked, shared, patience](Batch& batch) -> Status {
    const auto wait_for = [this, shared, patience](const std::string& id) {
      impl_->patients.push_back({id, impl_->clock.monotonic_ns() + patience.ms * 1'000'000, *shared});
    };
    if (!asked->idempotency_key.empty()) {
      if (const auto first = impl_->board.repeated(asked->origin.actor_id, asked->idempotency_key)) {
        if (first->fingerprint == asked->fingerprint)
          wait_for(first->id);
        else
          (*shared)(tl::make_unexpected(idempotency_mismatch()));
        return {};
      }
      for (const auto& other : impl_->beginning) {
        if (other->idempotency_key != asked->idempotency_key || other->told.origin.actor_id != asked->origin.actor_id)
          continue;
        // The first one is in this very round: whoever repeats it waits for it, once it is durable.
        batch.on_done([wait_for, shared, other, same = other->fingerprint == asked->fingerprint](const Status& status) {
          if (!status)
            (*shared)(tl::make_unexpected(status.error()));
          else if (same)
            wait_for(other->told.id);
          else
            (*shared)(tl::make_unexpected(idempotency_mismatch()));
        });
        return {};
      }
    }
    auto job = std::make_shared<Job>();
    job->told.id = random_uuid(impl_->random);
    Status begun = impl_->begin_job(batch, job, *asked);
    if (!begun) {
      if (begun.error().code != ErrorCode::kConflict) return begun;
      (*shared)(tl::make_unexpected(begun.error()));
      return {};
    }
    batch.on_done([wait_for, shared, job](const Status& status) {
      if (status)
        wait_for(job->told.id);
      else
        (*shared)(tl::make_unexpected(status.error()));
    });
    return {};
  };
  work.refuse = [shared](const Error& error) { (*shared)(tl::make_unexpected(error)); };
  impl_->enqueue(std::move(work));
}

Status Engine::Impl::begin_job(Batch& batch, const std::shared_ptr<Job>& job, const RevocationRequest& request) {
  Revocation& told = job->told;
  job->selection = request.selection;
  job->last_no = book.last_no;  // the committed one: what this batch starts is not meant
  job->idempotency_key = request.idempotency_key;
  job->fingerprint = request.fingerprint;
  told.realm = request.selection.realms.size() == 1 ? request.selection.realms.front() : RealmId{0};
  told.reason = request.reason;
  told.origin = request.origin;
  told.started_at = batch.now();
  CURFEW_TRY(job->rest, select(job->selection, job->last_no, told.own_kept));
  if (!request.plan.empty() && plan_text(index, job->rest) != request.plan)
    return fail(ErrorCode::kConflict, "plan_drifted",
                "The sessions that match are no longer those of the dry run: now " + std::to_string(job->rest.size()) +
                    ". Look at a new dry run, then confirm again.",
                "plan");
  told.requested = job->rest.size();
  if (const auto* sessions = std::get_if<BySessions>(&job->selection.what))
    CURFEW_TRY_STATUS(list_missing(*job, *sessions));

  std::string selection;
  encode_selection(selection, job->selection);
  batch.add_document(kSelectionTable, told.id, std::move(selection));
  save_rows(batch, *job);
  save_progress(batch, *job, told);
  beginning.push_back(job);
  batch.on_durable([this, job] {
    if (!job->idempotency_key.empty())
      board.remember(job->told.origin.actor_id, job->idempotency_key, {job->told.id, job->fingerprint});
    jobs.push_back(job);
    tell(job);
  });
  return {};
}

// The named sessions that are not live: each is a failure, with what the audit log knows of it.
Status Engine::Impl::list_missing(Job& job, const BySessions& sessions) {
  std::vector<session::SessionKey> missing;
  for (const session::SessionKey& key : sessions.keys)
    if (wanted_type(job.selection, key.type) && !index.find(key)) missing.push_back(key);
  if (missing.empty()) return {};
  CURFEW_TRY(const auto tombstones, ledger.tombstones(missing));
  for (std::size_t i = 0; i < missing.size(); ++i) {
    Failure failure{missing[i], {}, {}, "not_found", "There is no such session."};
    if (tombstones[i]) {
      failure.code = "already_ended";
      failure.detail = "It ended at " + format_time(tombstones[i]->ended) + " (" +
                       std::string(session::to_string(tombstones[i]->cause)) + ").";
      const std::uint64_t seq = tombstones[i]->audit_seq;
      CURFEW_TRY_STATUS(ledger.scan_audit(seq, seq, false, [&](std::uint64_t, std::string_view bytes) {
        if (const auto sealed = audit::unseal(bytes)) {
          failure.username = sealed->record.username;
          failure.ip = sealed->record.session_ip;
        }
        return false;
      }));
    }
    ++job.told.requested;
    add_failure(job, std::move(failure));
  }
  return {};
}

// What a filter chose is kept by number: by the time of a restart sessions may have moved out of the filter, or others
// into it.
void Engine::Impl::save_rows(Batch& batch, const Job& job) {
  if (!std::holds_alternative<ByFilter>(job.selection.what) || job.rest.size() > kRowsKept) return;
  std::vector<std::uint64_t> numbers;
  for (const index::Handle& handle : index.members(job.rest, {}, kRowsKept)) numbers.push_back(handle.no.value);
  std::sort(numbers.begin(), numbers.end());
  std::string bytes;
  std::uint64_t before = 0;
  for (const std::uint64_t no : numbers) {
    session::put_varint(bytes, no - before);
    before = no;
  }
  batch.add_document(kRowsTable, job.told.id, std::move(bytes));
}

void Engine::Impl::save_progress(Batch& batch, const Job& job, const Revocation& told) {
  std::string bytes;
  encode_progress(bytes, job, told);
  batch.add_document(kRevocationTable, told.id, std::move(bytes));
}

void Engine::Impl::tell(const std::shared_ptr<Job>& job) {
  if (std::find(told_jobs.begin(), told_jobs.end(), job) == told_jobs.end()) told_jobs.push_back(job);
}

// One chunk of one job a round, in turns. True while any job can go on.
bool Engine::Impl::run_jobs(Batch& batch) {
  const std::int64_t now = clock.monotonic_ns();
  for (std::size_t tried = 0; tried < jobs.size(); ++tried) {
    const std::shared_ptr<Job> job = jobs[next_job++ % jobs.size()];
    if (job->retry_at_ns > now) continue;
    if (job->stopping)
      finish_job(batch, job, RevocationState::kStopped);
    else if (job->rest.empty())
      finish_job(batch, job, RevocationState::kDone);
    else if (!may_stride(*job)) {
      index::SessionSet::Place from;
      run_chunk(batch, job, from, 0);
    }
    return true;
  }
  return false;
}

std::uint64_t Engine::Impl::run_chunk(Batch& batch, const std::shared_ptr<Job>& job, index::SessionSet::Place& from,
                                      std::uint64_t ahead) {
  const auto handles = index.members(job->rest, from, options.revocation_chunk);
  std::uint64_t ended = 0;
  for (std::size_t i = 0; i < handles.size(); ++i) {
    if (i % kFetched == 0) index.prefetch(std::span(handles).subspan(i, std::min(kFetched, handles.size() - i)));
    const index::Handle& handle = handles[i];
    if (handle.no > job->last_no)
      job->rest.remove(handle.realm, handle.row);  // a row that was given away: never ours
    else if (batch.end(handle, job->cause, job->told.origin, job->told.reason, job->told.id))
      ++ended;
  }
  if (handles.empty()) {
    if (from.row == 0) job->rest = {};  // rows without sessions: nothing that could still be ended
    return 0;
  }
  from = {handles.back().realm, handles.back().row + 1};
  Revocation told = job->told;
  told.revoked += ahead + ended;
  save_progress(batch, *job, told);
  batch.on_durable([this, job, ended] {
    job->told.revoked += ended;
    tell(job);
  });
  return ended;
}

// A row went. Whoever was going to end it, and did not, has a failure to tell.
void Engine::Impl::row_ended(const index::Handle& handle, const session::Session& session, session::EndCause cause,
                             const std::string& revocation) {
  for (const auto* list : {&jobs, &beginning}) {
    for (const auto& job : *list) {
      if (!job->rest.remove(handle.realm, handle.row) || job->told.id == revocation) continue;
      add_failure(*job, {session.key, session.username, session.ip, "already_ended",
                         "It ended meanwhile (" + std::string(session::to_string(cause)) + ")."});
      tell(job);
    }
  }
}

void Engine::Impl::finish_job(Batch& batch, const std::shared_ptr<Job>& job, RevocationState state) {
  Revocation told = job->told;
  told.state = state;
  told.finished_at = batch.now();
  // After a crash: sessions that ended otherwise just before it were not counted any more.
  if (state == RevocationState::kDone && told.revoked + told.failed < told.requested)
    told.failed = told.requested - told.revoked;
  if (told.requested < told.revoked + told.failed) told.requested = told.revoked + told.failed;

  audit::Record record;
  record.action = audit::action::kRevocation;
  // Whoever stopped it is the one who acted last; the records of the sessions name who began it.
  record.origin = job->stopping ? job->stopper : told.origin;
  record.realm = told.realm;
  if (const Realm* realm = batch.book().realms->find(told.realm)) record.realm_name = realm->name;
  record.reason = told.reason;
  record.revocation = told.id;
  record.details = outcome_details(told);
  const bool whole = state == RevocationState::kDone && told.failed == 0;
  record.outcome = whole ? audit::AuditOutcome::kSuccess
                         : (told.revoked > 0 ? audit::AuditOutcome::kPartial : audit::AuditOutcome::kFailed);
  batch.add_record(std::move(record));
  save_progress(batch, *job, told);
  batch.add_document(kSelectionTable, told.id, std::nullopt);
  if (std::holds_alternative<ByFilter>(job->selection.what)) batch.add_document(kRowsTable, told.id, std::nullopt);
  if (job->removes_realm) remove_realm_documents(batch, *job);
  batch.on_durable([this, job, finished = std::move(told)] {
    job->told = finished;
    std::erase(jobs, job);
    tell(job);
  });
}

void Engine::Impl::answer_patients() {
  if (patients.empty()) return;
  const std::int64_t now = clock.monotonic_ns();
  std::vector<Patient> waiting;
  waiting.swap(patients);
  for (Patient& patient : waiting) {
    auto told = board.find(patient.id);
    if (told && (told->state != RevocationState::kRunning || now >= patient.until_ns))
      patient.done(*std::move(told));
    else if (!told)
      patient.done(fail(ErrorCode::kNotFound, "not_found", "There is no such revocation."));
    else
      patients.push_back(std::move(patient));
  }
}

std::optional<Revocation> Engine::revocation(RealmId realm, std::string_view id) const {
  auto found = impl_->board.find(id);
  if (found && found->realm != realm) found.reset();
  return found;
}

std::vector<Revocation> Engine::revocations(RealmId realm) const {
  return impl_->board.list(realm);
}

void Engine::stop_revocation(std::string_view id, session::Origin origin, Done<Revocation> done) {
  auto shared = std::make_shared<Done<Revocation>>(std::move(done));
  Work work;
  work.decide = [this, id = std::string(id), origin = std::move(origin), shared](Batch&) -> Status {
    const auto job =
        std::find_if(impl_->jobs.begin(), impl_->jobs.end(), [&](const auto& j) { return j->told.id == id; });
    if (job != impl_->jobs.end()) {
      if ((*job)->removes_realm) {
        (*shared)(fail(ErrorCode::kConflict, "realm_being_removed", "The removal of a realm can't be stopped."));
        return {};
      }
      (*job)->stopping = true;
      (*job)->stopper = origin;
    }
    // A finished one is answered as it is: stopping it twice, or too late, is no error.
    impl_->patients.push_back({id, impl_->clock.monotonic_ns() + Duration::seconds(30).ms * 1'000'000, *shared});
    return {};
  };
  work.refuse = [shared](const Error& error) { (*shared)(tl::make_unexpected(error)); };
  impl_->enqueue(std::move(work));
}

std::shared_ptr<void> Engine::watch_revocation(std::string_view id, std::function<void(const Revocation&)> changed) {
  return impl_->board.watch(id, std::move(changed));
}

}  // namespace curfew::engine
