// Realms: created, changed, emptied and removed, each with its record in the same commit.
#include <algorithm>

#include "base/limits.h"
#include "engine/engine_impl.h"
#include "session/codec.h"

namespace curfew::engine {
namespace {

constexpr std::size_t kLeftoverSlice = 4'096;

void put_realm(Batch& batch, const Realm& realm) {
  std::string bytes;
  encode_realm(bytes, realm);
  batch.add_document("realms", std::to_string(realm.id.value), std::move(bytes));
}

std::shared_ptr<const RealmTable> with(const RealmTable& table, const Realm& realm) {
  std::vector<Realm> list = table.list();
  std::erase_if(list, [&](const Realm& r) { return r.id == realm.id; });
  list.push_back(realm);
  return std::make_shared<RealmTable>(std::move(list));
}

}  // namespace

audit::Record realm_record(std::string_view action, const Realm& realm, const session::Origin& origin) {
  audit::Record record;
  record.action = action;
  record.origin = origin;
  record.realm = realm.id;
  record.realm_name = realm.name;
  record.target = realm.name;
  return record;
}

// A change of realms sees the table as the batch's earlier changes left it: `realms_now` is only replaced when it is
// durable, so two changes in one batch would lose the first. Hence each takes effect on the shared table in turn, at
// durable time, by id.
void Engine::create_realm(std::string name, std::string display_name, session::Policy policy, session::Origin origin,
                          Done<Realm> done) {
  auto shared = std::make_shared<Done<Realm>>(std::move(done));
  Work work;
  work.weight = std::min(impl_->options.batch_limit, impl_->options.queue_limit);  // alone in its batch
  work.decide = [this, name = std::move(name), display_name = std::move(display_name), policy,
                 origin = std::move(origin), shared](Batch& batch) -> Status {
    const RealmTable& table = *batch.book().realms;
    if (table.find(name) != nullptr) {
      (*shared)(fail(ErrorCode::kAlreadyExists, "realm_exists", "There is a realm of this name already.", "name"));
      return {};
    }
    if (table.list().size() >= limits::kRealms) {
      (*shared)(fail(ErrorCode::kTooLarge, "too_many_realms", "There can be at most 10000 realms.", "name"));
      return {};
    }
    Realm realm;
    realm.id = RealmId{impl_->last_realm.value + 1};
    realm.name = name;
    realm.display_name = display_name.empty() ? name : display_name;
    realm.created = batch.now();
    realm.policy = policy;
    put_realm(batch, realm);
    std::string last;
    session::put_varint(last, realm.id.value);
    batch.add_document("engine", "last_realm", std::move(last));
    batch.add_record(realm_record(audit::action::kRealmCreated, realm, origin));
    batch.on_durable([this, realm] {
      impl_->last_realm = realm.id;
      {
        const std::lock_guard lock(impl_->realms_mutex);
        impl_->realms = with(*impl_->realms, realm);
      }
      const index::Index::WriteLock lock(impl_->index);
      impl_->watch.set_realm(realm.id, realm.detection);
    });
    batch.on_done([shared, realm](const Status& status) {
      if (status)
        (*shared)(realm);
      else
        (*shared)(tl::make_unexpected(status.error()));
    });
    return {};
  };
  work.refuse = [shared](const Error& error) { (*shared)(tl::make_unexpected(error)); };
  impl_->enqueue(std::move(work));
}

// A change of one realm: `decide` sees it as it is and gives it as it shall be, with the records that say so. Alone in
// its batch, so that no other change of a realm comes between.
void Engine::Impl::change_realm(RealmId id, std::function<Result<RealmChange>(const Realm&, Time)> decide,
                                Done<Realm> done) {
  auto shared = std::make_shared<Done<Realm>>(std::move(done));
  Work work;
  work.weight = std::min(options.batch_limit, options.queue_limit);
  work.decide = [this, id, decide = std::move(decide), shared](Batch& batch) -> Status {
    const Realm* known = batch.book().realms->find(id);
    if (known == nullptr || known->removing) {
      (*shared)(fail(ErrorCode::kNotFound, "realm_not_found", "There is no such realm."));
      return {};
    }
    Result<RealmChange> change = decide(*known, batch.now());
    if (!change) {
      (*shared)(tl::make_unexpected(change.error()));
      return {};
    }
    const Realm realm = std::move(change->realm);
    put_realm(batch, realm);
    for (audit::Record& record : change->records) batch.add_record(std::move(record));
    batch.on_durable([this, realm, rules = realm.detection != known->detection] {
      {
        const std::lock_guard lock(realms_mutex);
        realms = with(*realms, realm);
      }
      if (!rules) return;
      const index::Index::WriteLock lock(index);
      watch.set_realm(realm.id, realm.detection);
      next_signals_ns = 0;  // whoever changed it looks at what came of it
    });
    batch.on_done([shared, realm](const Status& status) {
      if (status)
        (*shared)(realm);
      else
        (*shared)(tl::make_unexpected(status.error()));
    });
    return {};
  };
  work.refuse = [shared](const Error& error) { (*shared)(tl::make_unexpected(error)); };
  enqueue(std::move(work));
}

void Engine::update_realm(RealmId id, std::optional<std::string> display_name,
                          std::optional<session::PolicyChange> policy, session::Origin origin, Done<Realm> done) {
  impl_->change_realm(
      id,
      [display_name = std::move(display_name), policy, origin = std::move(origin)](const Realm& known,
                                                                                   Time) -> Result<RealmChange> {
        RealmChange change{known, {}};
        if (display_name) change.realm.display_name = *display_name;
        if (policy) change.realm.policy = session::changed(known.policy, *policy);
        if (change.realm.policy != known.policy)
          change.records.push_back(realm_record(audit::action::kPolicyChanged, change.realm, origin));
        if (change.realm.display_name != known.display_name)
          change.records.push_back(realm_record(audit::action::kRealmUpdated, change.realm, origin));
        return change;
      },
      std::move(done));
}

void Engine::remove_realm(RealmId id, session::Origin origin, Done<Realm> done) {
  auto shared = std::make_shared<Done<Realm>>(std::move(done));
  Work work;
  work.weight = std::min(impl_->options.batch_limit, impl_->options.queue_limit);
  work.decide = [this, id, origin = std::move(origin), shared](Batch& batch) -> Status {
    const Realm* known = batch.book().realms->find(id);
    if (known == nullptr || known->removing) {
      (*shared)(fail(ErrorCode::kNotFound, "realm_not_found", "There is no such realm."));
      return {};
    }
    Realm realm = *known;
    realm.removing = true;
    put_realm(batch, realm);
    auto job = std::make_shared<Job>();
    job->told.id = random_uuid(impl_->random);
    job->cause = session::EndCause::kRealmRemoved;
    job->removes_realm = id;
    RevocationRequest request;
    request.selection.realms = {id};
    request.selection.what = Everything{};
    request.selection.keep_own = false;
    request.reason = "The realm was removed";
    request.origin = origin;
    CURFEW_TRY_STATUS(impl_->begin_job(batch, job, request));
    batch.on_durable([this, realm] {
      const std::lock_guard lock(impl_->realms_mutex);
      impl_->realms = with(*impl_->realms, realm);
    });
    batch.on_done([this, shared, realm, job](const Status& status) {
      if (!status) {
        (*shared)(tl::make_unexpected(status.error()));
        return;
      }
      impl_->patients.push_back({job->told.id, impl_->clock.monotonic_ns() + Duration::minutes(10).ms * 1'000'000,
                                 [shared, realm](const Result<Revocation>& finished) {
                                   if (finished)
                                     (*shared)(realm);
                                   else
                                     (*shared)(tl::make_unexpected(finished.error()));
                                 }});
    });
    return {};
  };
  work.refuse = [shared](const Error& error) { (*shared)(tl::make_unexpected(error)); };
  impl_->enqueue(std::move(work));
}

// The last part of a realm's removal: its sessions have ended, now its document and its place in the index go. What
// else is stored under its number (users, clients, counts) is found and removed after the next start: numbers are never
// given twice, so it is in nobody's way until then.
void Engine::Impl::remove_realm_documents(Batch& batch, const Job& job) {
  const RealmId id = *job.removes_realm;
  batch.add_document("realms", std::to_string(id.value), std::nullopt);
  if (const Realm* realm = batch.book().realms->find(id))
    batch.add_record(realm_record(audit::action::kRealmDeleted, *realm, job.told.origin));
  batch.on_durable([this, id] {
    {
      const std::lock_guard lock(realms_mutex);
      std::vector<Realm> list = realms->list();
      std::erase_if(list, [&](const Realm& r) { return r.id == id; });
      realms = std::make_shared<RealmTable>(std::move(list));
    }
    const index::Index::WriteLock lock(index);
    watch.drop_realm(id);
    index.drop_realm(id);
    series.drop(id);
    flow.erase(id);
  });
}

// Names and addresses of people do not outlive their realm: a slice of what the start has found. True while there is
// more.
bool Engine::Impl::remove_leftovers(Batch& batch) {
  const std::size_t count = std::min(leftovers.size(), kLeftoverSlice);
  if (count == 0 || !ledger_ok) return false;  // after a failure it waits for what is urgent to succeed first
  const auto from = leftovers.end() - static_cast<std::ptrdiff_t>(count);
  for (auto at = from; at != leftovers.end(); ++at) batch.add_document(at->first, at->second, std::nullopt);
  batch.on_durable([this, count] { leftovers.resize(leftovers.size() - count); });
  return true;
}

}  // namespace curfew::engine
