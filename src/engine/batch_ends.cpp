// Ends, and what a batch's commit says in the end.
//
// A bulk revocation comes through here a million times. What decides and what is written of it are apart: the first is
// the sequencer's, and the second may be done by the thread that appends, while the next batch is decided.
#include <algorithm>

#include "engine/audit_log.h"
#include "engine/batch.h"
#include "engine/batch_memory.h"

namespace curfew::engine {
namespace {

using session::EndCause;
using session::EndSession;
using session::Outcome;
using session::Session;
using session::Tombstone;

// What most audit records of an end fit in.
constexpr std::size_t kRecordBytes = 448;

void list_clients(const Session& session, std::string& out) {
  out.clear();
  for (const session::ClientLink& link : session.clients) {
    if (!out.empty()) out += '\n';
    out += link.client_id;
  }
}

}  // namespace

bool Batch::end_entry(Entry& entry, EndCause cause, Time at, const std::string& reason, const session::Origin& origin,
                      const std::string& revocation) {
  auto& command = std::get<EndSession>(end_command_);
  command.at = at;
  command.cause = cause;
  entry.last = std::move(std::get<Session>(entry.state));
  const Session& last = *entry.last;
  if (session::apply(entry.state, end_command_) != Outcome::kEnded) return false;
  ++counts_.ended;
  Flow& flow = flow_[last.key.realm];
  ++flow.ended;
  if (cause == EndCause::kRevoked) ++flow.revoked;
  if (words_.empty() || words_.back().reason != reason || words_.back().revocation != revocation ||
      words_.back().origin != origin)
    words_.push_back({origin, reason, revocation});
  const EndWords& words = words_.back();
  audit::Record& record = end_record_;
  record.time = now_;
  audit::number(record, book_.chain);
  ends_.push_back({&entry, &words, at, record.seq, record.time});
  auto& tombstone = std::get<Tombstone>(entry.state);
  tombstone.audit_seq = record.seq;
  // Ours, not the caller's: how long it is kept must not hang on a time that somebody claims.
  tombstone.ended = now_;
  publish(EventKind::kEnded, last, cause);
  entry.changed = true;
  entry.cause = cause;
  if (!revocation.empty()) entry.revocation = &words.revocation;
  return true;
}

bool Batch::end(const index::Handle& handle, EndCause cause, const session::Origin& origin, const std::string& reason,
                const std::string& revocation) {
  if (!index_.alive(handle)) return false;
  Entry& entry = entry_of_live(handle);
  if (!std::holds_alternative<Session>(entry.state)) return false;
  return end_entry(entry, cause, now_, reason, origin, revocation);
}

bool Batch::expire(const index::Handle& handle, EndCause cause) {
  if (!end(handle, cause, policy_origin(), {}, {})) return false;
  ++counts_.expired;
  return true;
}

void Batch::write_ends() {
  for (const End& end : ends_) write_end(end);
  ends_.clear();
}

// What is assigned keeps its memory.
void Batch::write_end(const End& end) {
  const Session& last = *end.entry->last;
  auto& command = std::get<EndSession>(end_command_);
  command.key = last.key;
  command.at = end.at;
  command.cause = end.entry->cause;
  command.reason = end.words->reason;
  journal_.add(end.words->origin, end_command_);

  audit::Record& record = end_record_;
  record.seq = end.seq;
  record.time = end.time;
  record.action = audit::action::kSessionEnded;
  if (record.origin != end.words->origin) record.origin = end.words->origin;
  if (record.realm != last.key.realm || record.realm_name.empty()) {
    record.realm = last.key.realm;
    const Realm* realm = book_.realms->find(last.key.realm);
    record.realm_name = realm != nullptr ? realm->name : std::string();
  }
  record.reason = end.words->reason;
  record.code = session::to_string(end.entry->cause);
  record.session_type = last.key.type;
  record.session_id = last.key.id;
  record.user_id = last.user_id;
  record.username = last.username;
  record.session_ip = last.ip;
  record.session_started = last.started;
  record.session_last_access = last.last_access;
  record.user_agent = last.user_agent;
  list_clients(last, record.clients);
  record.revocation = end.words->revocation;
  put_record(record);

  ledger::RowEnd& row = memory_->next_end();
  row.no = last.no;
  row.key = last.key;
  row.tombstone = std::get<Tombstone>(end.entry->state);
}

void Batch::add_record(audit::Record record) {
  write_ends();
  record.time = now_;
  audit::number(record, book_.chain);
  put_record(record);
}

void Batch::put_record(const audit::Record& record) {
  ledger::AuditEntry& entry = memory_->next_audit();
  entry.bytes.clear();
  entry.bytes.reserve(kRecordBytes);
  audit::encode(entry.bytes, record);
  entry.seq = record.seq;
  entry.time = record.time;
  AuditLog::keys_of(record, entry.keys);
}

bool Batch::durable_work() const {
  if (memory_->has_audit() || !ends_.empty() || !commit_.documents.empty()) return true;
  bool changed = false;
  memory_->each_entry([&](const Entry& entry) { changed = changed || entry.changed; });
  return changed;
}

const ledger::Commit& Batch::seal(const Digest& last_hash) {
  write_ends();
  memory_->each_entry([&](Entry& entry) {
    if (entry.changed) changed_.push_back(&entry);
  });
  // Ends first, then rows in the order of their numbers: that is the order in which the index takes new ones.
  const auto number = [](const Entry* entry) {
    const auto* live = std::get_if<Session>(&entry->state);
    return live == nullptr ? std::uint64_t{0} : live->no.value;
  };
  const auto rows = std::partition(changed_.begin(), changed_.end(), [&](const Entry* e) { return number(e) == 0; });
  std::sort(rows, changed_.end(), [&](const Entry* a, const Entry* b) { return number(a) < number(b); });
  for (std::size_t i = 0; i < changed_.size(); ++i) {
    changed_[i]->place = i + 1;
    if (const auto* live = std::get_if<Session>(&changed_[i]->state)) memory_->next_put() = *live;
  }
  std::size_t entries = 0, changes = 0;
  auto caller = done_.begin();
  memory_->each_entry([&](const Entry& entry) {
    for (; caller != done_.end() && caller->entries == entries; ++caller) caller->changes = changes;
    changes = std::max(changes, entry.place);
    ++entries;
  });
  for (; caller != done_.end(); ++caller) caller->changes = changes;
  memory_->cut();
  last_hash_ = last_hash;
  for (ledger::AuditEntry& record : commit_.audit) audit::chain(record.bytes, last_hash_);
  if (!journal_.empty()) journal_.finish(commit_.journal, now_);
  return commit_;
}

}  // namespace curfew::engine
