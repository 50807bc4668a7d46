// What a batch fills, in a form that the next one can fill again: nothing is freed between them, so strings and vectors
// keep what they have grown to. Of Batch alone.
//
// Threads: the sequencer's; the commit that of Batch::seal() and of who writes it. Limits: as large as the largest
// batch that it served.
#pragma once

#include <deque>
#include <memory_resource>
#include <optional>
#include <unordered_map>
#include <vector>

#include "engine/batch.h"

namespace curfew::engine {

// A session that the batch changes, or has looked at.
struct Batch::Entry {
  session::State state;
  std::optional<index::Handle> handle;   // where it stood in the index when the batch began
  std::optional<session::Session> last;  // as it was when it ended
  session::EndCause cause = session::EndCause::kRevoked;
  const std::string* revocation = nullptr;  // of one of words_; null: none
  bool changed = false;
  std::size_t place = 0;      // in the order in which changes are applied, from 1; 0: not changed
  std::string first_profile;  // of a user who was not known before: it is written with the session

  // A session to be filled, with the memory of the one that was here before.
  session::Session& renew_live() {
    if (last) state = *std::move(last);
    renew();
    if (!std::holds_alternative<session::Session>(state)) state = session::Session();
    return std::get<session::Session>(state);
  }
  void renew_absent() {
    renew();
    state = session::Absent();
  }

 private:
  void renew() {
    handle.reset();
    last.reset();
    revocation = nullptr;
    changed = false;
    place = 0;
    first_profile.clear();
  }
};

class Batch::Memory {
  std::pmr::unsynchronized_pool_resource nodes_;  // first: by_row gives its nodes back to it

 public:
  Memory() = default;
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  ledger::Commit commit;  // puts, ends and audit may hold more than were taken, until cut()
  // Realm and row → entry, of those that the index holds.
  std::pmr::unordered_map<std::uint64_t, Entry*> by_row{&nodes_};

  // As it is for a batch that begins.
  void renew() {
    entries_used_ = puts_used_ = ends_used_ = audit_used_ = 0;
    commit.documents.clear();
    commit.journal.clear();
    by_row.clear();
  }
  std::size_t size() const { return entries_.size(); }
  std::size_t entries() const { return entries_used_; }
  // Addresses stay.
  Entry& next_entry() {
    if (entries_used_ == entries_.size()) entries_.emplace_back();
    return entries_[entries_used_++];
  }
  session::Session& next_put() { return next(commit.puts, puts_used_); }
  ledger::RowEnd& next_end() { return next(commit.ends, ends_used_); }
  ledger::AuditEntry& next_audit() { return next(commit.audit, audit_used_); }
  bool has_audit() const { return audit_used_ > 0; }
  template <class Visit>
  void each_entry(Visit visit) {
    for (std::size_t i = 0; i < entries_used_; ++i) visit(entries_[i]);
  }
  // The commit as it shall be written.
  void cut() {
    commit.puts.resize(puts_used_);
    commit.ends.resize(ends_used_);
    commit.audit.resize(audit_used_);
  }

 private:
  template <class T>
  static T& next(std::vector<T>& items, std::size_t& used) {
    if (used == items.size()) items.emplace_back();
    return items[used++];
  }

  std::deque<Entry> entries_;
  std::size_t entries_used_ = 0, puts_used_ = 0, ends_used_ = 0, audit_used_ = 0;
};

}  // namespace curfew::engine
