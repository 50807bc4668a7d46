#include "engine/batch.h"

#include <algorithm>
#include <array>

#include "engine/batch_memory.h"
#include "session/codec.h"

namespace curfew::engine {
namespace {

using session::Absent;
using session::EndCause;
using session::EndSession;
using session::Outcome;
using session::Session;
using session::SessionKey;
using session::StartSession;
using session::Tombstone;
using session::TouchSession;

// Rows that are written under one WriteLock: some hundred microseconds.
constexpr std::size_t kSlice = 128;
constexpr std::size_t kTogether = 16;  // new sessions that are put into the index's orders together
constexpr std::size_t kAnswered = 4;   // callers who are answered together
constexpr std::uint64_t kRealmStep = 0x9e3779b97f4a7c15;
constexpr std::size_t kFetched = 64;  // sessions whose memory is asked for at once

std::uint64_t row_of(const index::Handle& handle) {
  return std::uint64_t{handle.realm.value} << 32 | handle.row;
}

}  // namespace

session::Origin policy_origin() {
  return {
      .kind = session::ActorKind::kPolicy, .actor_id = "policy", .actor_name = "policy", .ip = {}, .request_id = {}};
}

bool watched_touch(index::Index& index, signal::Watch& watch, const index::Handle& handle, Time at,
                   const std::optional<IpAddress>& ip) {
  const index::Index::Facts facts = index.facts(handle);
  if (!ip || index.is_at(handle, *ip)) {  // the mass of them: nothing else of the session is read
    if (!index.touch(handle, at, std::nullopt)) return false;
    if (signal::Watch::rested(facts.last_access, at)) watch.resumed(handle, facts.user, facts.last_access, at);
    return true;
  }
  const index::RowView row = index.view(handle);
  if (!index.touch(handle, at, ip)) return false;
  watch.touched(handle, {facts.last_access, row.ip, row.device_hash}, at);
  return true;
}

std::string user_document(std::string_view username, std::string_view email, std::string_view profile) {
  std::string bytes;
  session::put_bytes(bytes, username);
  session::put_bytes(bytes, email);
  if (!profile.empty()) session::put_bytes(bytes, profile);
  return bytes;
}

Batch::Batch(index::Index& index, signal::Watch& watch, const ledger::Ledger& ledger, const Options& options,
             const Book& book, Time now, Mode mode, std::unique_ptr<Memory> memory)
    : index_(index),
      watch_(watch),
      ledger_(ledger),
      options_(options),
      book_(book),
      first_seq_(book.chain.seq),
      now_(now),
      mode_(mode),
      memory_(memory != nullptr ? std::move(memory) : std::make_unique<Memory>()),
      commit_(memory_->commit) {
  memory_->renew();
  commit_.time = now;
}

Batch::~Batch() = default;

std::unique_ptr<Batch::Memory> Batch::take_memory() {
  return std::move(memory_);
}

const session::Policy* Batch::policy_of(RealmId realm) const {
  const Realm* found = book_.realms->find(realm);
  return found == nullptr ? nullptr : &found->policy;
}

// Where the index has the commands' sessions. Nothing that a batch decides moves them before it is applied.
std::vector<std::optional<index::Handle>> Batch::find_all(const Submission& submission) const {
  std::vector<const SessionKey*> keys;
  keys.reserve(submission.commands.size());
  for (const session::Command& command : submission.commands) keys.push_back(&session::key_of(command));
  std::vector<std::optional<index::Handle>> found;
  index_.find_all(keys, found);
  return found;
}

Result<Batch::Tombstones> Batch::read_tombstones(const Submission& submission,
                                                 std::span<const std::optional<index::Handle>> found_live) const {
  Tombstones out;
  std::vector<SessionKey> unknown;
  for (std::size_t i = 0; i < submission.commands.size(); ++i) {
    if (found_live[i]) continue;
    const SessionKey& key = session::key_of(submission.commands[i]);
    if (by_key_.contains(key)) continue;
    if (const auto read = read_.find(key); read == read_.end())
      unknown.push_back(key);
    else if (read->second)
      out.emplace(key, *read->second);
  }
  if (unknown.empty()) return out;
  CURFEW_TRY(const auto found, ledger_.tombstones(unknown));
  for (std::size_t i = 0; i < unknown.size(); ++i)
    if (found[i]) out.emplace(unknown[i], *found[i]);
  return out;
}

void Batch::read_ahead(std::span<const Submission* const> submissions) {
  std::vector<SessionKey> keys;
  for (const Submission* submission : submissions)
    for (const session::Command& command : submission->commands)
      if (std::holds_alternative<StartSession>(command)) keys.push_back(session::key_of(command));
  if (keys.empty()) return;
  const auto found = ledger_.tombstones(keys);
  if (!found) return;
  for (std::size_t i = 0; i < keys.size(); ++i) read_.emplace(std::move(keys[i]), (*found)[i]);
}

Batch::Entry* Batch::known_entry(const index::Handle& handle) const {
  const auto it = memory_->by_row.find(row_of(handle));
  return it != memory_->by_row.end() ? it->second : nullptr;
}

Batch::Entry& Batch::entry_of_live(const index::Handle& handle) {
  if (Entry* known = known_entry(handle)) return *known;
  Entry& entry = memory_->next_entry();
  index_.get(handle, entry.renew_live());
  entry.handle = handle;
  memory_->by_row.emplace(row_of(handle), &entry);
  return entry;
}

Batch::Entry& Batch::entry_of(const SessionKey& key, const Tombstones& known) {
  if (const auto it = by_key_.find(key); it != by_key_.end()) return *it->second;
  if (const auto handle = index_.find(key)) return entry_of_live(*handle);
  Entry& entry = memory_->next_entry();
  entry.renew_absent();
  if (const auto it = known.find(key); it != known.end()) entry.state = it->second;
  by_key_.emplace(key, &entry);
  return entry;
}

Result<std::vector<CommandResult>> Batch::decide(const Submission& submission) {
  const auto found = find_all(submission);
  CURFEW_TRY(const Tombstones known, read_tombstones(submission, found));
  write_ends();
  std::vector<CommandResult> results;
  results.reserve(submission.commands.size());
  watch_.set_storm(submission.commands.size() > kStorm);
  // Touches that follow each other share a lock: the index then puts them into its orders together.
  std::optional<index::Index::WriteLock> lock;
  std::size_t in_lock = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const session::Command& command = submission.commands[i];
    if (found.size() > kStorm && i % kFetched == 0)
      watch_.prefetch(std::span(found).subspan(i, std::min(kFetched, found.size() - i)));
    ++counts_.commands;
    if (const auto* touch = std::get_if<TouchSession>(&command)) {
      if (!lock) {
        lock.emplace(index_);
        in_lock = 0;
      }
      if (auto done = touch_in_place(*touch, found[i])) {
        results.push_back(*done);
        if (++in_lock == kSlice) lock.reset();
        continue;
      }
    }
    lock.reset();
    CommandResult result = decide_one(command, submission.origin, known);
    if (session::refused(result.outcome)) ++counts_.refused;
    results.push_back(result);
  }
  for (const Submission::ClientName& name : submission.client_names) {
    if (book_.realms->find(name.realm) == nullptr || index_.client_name(name.realm, name.client_id) == name.name)
      continue;
    add_document("clients", std::to_string(name.realm.value) + "/" + name.client_id, name.name);
    names_.push_back(name);
  }
  return results;
}

// The common case by far: a session that nobody else changes in this batch. It costs no commit and no copy of the
// session. Under the WriteLock.
std::optional<CommandResult> Batch::touch_in_place(const TouchSession& touch,
                                                   const std::optional<index::Handle>& handle) {
  if (!handle || (!memory_->by_row.empty() && known_entry(*handle) != nullptr)) return std::nullopt;
  const session::Policy* policy = policy_of(touch.key.realm);
  const index::Index::Facts facts = index_.facts(*handle);
  if (policy != nullptr && mode_.policies &&
      session::expired(*policy, facts.type, facts.remember_me, facts.started, facts.last_access,
                       std::min(touch.at, now_)))
    return std::nullopt;
  const bool changed = watched_touch(index_, watch_, *handle, touch.at, touch.ip);
  ++counts_.touched;
  if (changed && mode_.watched) publish(EventKind::kTouched, index_.get(*handle), std::nullopt);
  return CommandResult{changed ? Outcome::kUpdated : Outcome::kUnchanged, handle->no, std::nullopt};
}

CommandResult Batch::decide_one(const session::Command& command, const session::Origin& origin,
                                const Tombstones& known) {
  const Realm* realm = book_.realms->find(session::key_of(command).realm);
  if (realm == nullptr || realm->removing) return {Outcome::kNotFound, {}, std::nullopt};
  Entry& entry = entry_of(session::key_of(command), known);
  if (std::holds_alternative<StartSession>(command)) {
    expire_if_due(entry, now_);
    return start(command, origin, entry);
  }
  if (const auto* end_command = std::get_if<EndSession>(&command)) {
    expire_if_due(entry, now_);
    if (!std::holds_alternative<Session>(entry.state)) {
      const auto* tombstone = std::get_if<Tombstone>(&entry.state);
      return {tombstone != nullptr ? Outcome::kAlreadyEnded : Outcome::kNotFound,
              {},
              tombstone != nullptr ? std::optional(*tombstone) : std::nullopt};
    }
    const session::SessionNo no = std::get<Session>(entry.state).no;
    end_entry(entry, end_command->cause, end_command->at, end_command->reason, origin, {});
    write_ends();
    return {Outcome::kEnded, no, std::get<Tombstone>(entry.state)};
  }
  const auto* touch = std::get_if<TouchSession>(&command);
  expire_if_due(entry, touch != nullptr ? std::min(touch->at, now_) : now_);
  const Outcome outcome = session::apply(entry.state, command);
  CommandResult result{outcome, {}, std::nullopt};
  if (const auto* live = std::get_if<Session>(&entry.state)) {
    result.no = live->no;
    if (outcome == Outcome::kUpdated) {
      journal_.add(origin, command);
      entry.changed = true;
      publish(EventKind::kTouched, *live, std::nullopt);
    }
  } else if (const auto* tombstone = std::get_if<Tombstone>(&entry.state)) {
    result.tombstone = *tombstone;
  }
  if (touch != nullptr && !session::refused(outcome)) ++counts_.touched;
  return result;
}

CommandResult Batch::start(const session::Command& command, const session::Origin& origin, Entry& entry) {
  const Session& asked = std::get<StartSession>(command).session;
  // Tombstones older than the retention are gone: what was last active before that can't be told from an ended session.
  if (std::holds_alternative<Absent>(entry.state) && options_.tombstone_retention.ms > 0 &&
      asked.last_access < now_ - options_.tombstone_retention)
    return {Outcome::kAlreadyEnded, {}, std::nullopt};
  const session::SessionNo next{book_.last_no.value + 1};
  const Outcome outcome = session::apply(entry.state, command);
  if (outcome == Outcome::kStarted) std::get<Session>(entry.state).no = next;
  CommandResult result{outcome, {}, std::nullopt};
  if (const auto* tombstone = std::get_if<Tombstone>(&entry.state)) result.tombstone = *tombstone;
  const auto* live = std::get_if<Session>(&entry.state);
  if (live != nullptr) result.no = live->no;
  if (outcome == Outcome::kStarted) {
    journal_.add_start(origin, *live);
    book_.last_no = next;
    ++counts_.started;
    ++flow_[live->key.realm].started;
    entry.changed = true;
    auto& of_user = by_user_[{live->key.realm, live->user_id}];
    of_user.push_back(&entry);
    const auto known_user = index_.user(live->key.realm, live->user_id);
    if (!known_user || known_user->username != live->username || known_user->email != live->email) {
      std::string profile;
      if (const auto number = index_.user_number(live->key.realm, live->user_id)) {
        profile = watch_.profile_bytes(live->key.realm, *number);
      } else if (of_user.size() == 1) {
        const auto device = options_.classify(live->user_agent);
        entry.first_profile = watch_.first_profile(*live, device::device_key(live->device_id, *device));
        profile = entry.first_profile;
      } else {
        of_user.front()->first_profile.clear();  // this document takes the place of the one that has it
      }
      add_document("users", std::to_string(live->key.realm.value) + "/" + live->user_id,
                   user_document(live->username, live->email, profile));
    }
    publish(EventKind::kStarted, *live, std::nullopt);
    enforce_limit(*live);
    if (std::holds_alternative<Tombstone>(entry.state)) result.tombstone = std::get<Tombstone>(entry.state);
  } else if (outcome == Outcome::kUpdated) {
    Session numbered = asked;
    numbered.no = next;
    journal_.add_start(origin, numbered);
    entry.changed = true;
    publish(EventKind::kTouched, *live, std::nullopt);
  }
  return result;
}

// Too many regular sessions of one user: the policy's victims go, in the same commit as the one that came. Looks at
// every session of the user, copies none but the victims.
void Batch::enforce_limit(const Session& started) {
  const session::Policy* policy = policy_of(started.key.realm);
  if (policy == nullptr || !policy->max_sessions_per_user || started.key.type != session::SessionType::kRegular) return;
  const RealmId realm = started.key.realm;
  const std::string user_id = started.user_id;  // of one that may end here itself
  const bool oldest = policy->victim == session::ConcurrencyVictim::kOldest;
  struct Candidate {
    Time time;
    session::SessionNo no;
    Entry* entry;  // null: as the index has it
    index::Handle handle;
  };
  std::vector<Candidate> live;
  const auto add_entry = [&](Entry& entry) {
    const auto* session = std::get_if<Session>(&entry.state);
    if (session != nullptr && session->key.type == session::SessionType::kRegular)
      live.push_back({oldest ? session->started : session->last_access, session->no, &entry, {}});
  };
  for (const index::Handle& handle : index_.user_sessions(realm, user_id)) {
    if (Entry* known = known_entry(handle)) {
      add_entry(*known);
      continue;
    }
    const index::Index::Facts facts = index_.facts(handle);
    if (facts.type == session::SessionType::kRegular)
      live.push_back({oldest ? facts.started : facts.last_access, handle.no, nullptr, handle});
  }
  for (Entry* entry : by_user_[{realm, user_id}])
    if (!entry->handle) add_entry(*entry);
  if (live.size() <= *policy->max_sessions_per_user) return;
  const std::size_t victims = live.size() - *policy->max_sessions_per_user;
  const auto earlier = [](const Candidate& a, const Candidate& b) {
    return a.time != b.time ? a.time < b.time : a.no < b.no;
  };
  std::partial_sort(live.begin(), live.begin() + static_cast<std::ptrdiff_t>(victims), live.end(), earlier);
  const std::string reason = "More than " + std::to_string(*policy->max_sessions_per_user) + " sessions of one user";
  for (std::size_t i = 0; i < victims; ++i) {
    Entry& entry = live[i].entry != nullptr ? *live[i].entry : entry_of_live(live[i].handle);
    if (end_entry(entry, EndCause::kConcurrent, now_, reason, policy_origin(), {})) ++counts_.expired;
  }
  write_ends();
}

bool Batch::expire_if_due(Entry& entry, Time at) {
  const auto* live = std::get_if<Session>(&entry.state);
  if (live == nullptr || !mode_.policies) return false;
  const session::Policy* policy = policy_of(live->key.realm);
  if (policy == nullptr) return false;
  const auto cause = session::expired(*policy, live->key.type, live->remember_me, live->started, live->last_access, at);
  if (!cause) return false;
  ++counts_.expired;
  end_entry(entry, *cause, now_, {}, policy_origin(), {});
  write_ends();
  return true;
}

void Batch::on_done(std::function<void(const Status&)> done) {
  done_.push_back({std::move(done), memory_->entries(), 0});
}

void Batch::add_document(std::string_view table, std::string key, std::optional<std::string> bytes) {
  commit_.documents.push_back({std::string(table), std::move(key), std::move(bytes)});
}

void Batch::publish(EventKind kind, const Session& session, std::optional<EndCause> cause) {
  if (!mode_.watched) return;
  events_.push_back({kind, now_, std::make_shared<const Session>(session), cause});
}

bool Batch::concerns(const Submission& submission) {
  if (!submission.client_names.empty()) return true;
  const std::hash<SessionKey> of_key;
  const auto of_user = [](const Session& session) {
    return std::hash<std::string_view>()(session.user_id) + session.key.realm.value * kRealmStep;
  };
  if (concerned_.empty()) {
    memory_->each_entry([&](const Entry& entry) {
      const auto* session = entry.last ? &*entry.last : std::get_if<Session>(&entry.state);
      if (session == nullptr) return;
      concerned_.push_back(of_key(session->key));
      concerned_.push_back(of_user(*session));
    });
    for (const auto& [key, entry] : by_key_) concerned_.push_back(of_key(key));
    std::sort(concerned_.begin(), concerned_.end());
  }
  const auto has = [&](std::uint64_t hash) { return std::binary_search(concerned_.begin(), concerned_.end(), hash); };
  return std::any_of(submission.commands.begin(), submission.commands.end(), [&](const session::Command& command) {
    if (has(of_key(session::key_of(command)))) return true;
    const auto* start = std::get_if<StartSession>(&command);
    return start != nullptr && has(of_user(start->session));
  });
}

void Batch::apply(const RowEnded& ended, bool at_once) {
  watch_.set_storm(changed_.size() > kStorm);
  std::size_t applied = 0;
  const auto apply_to = [&](std::size_t end) {
    while (applied < end) {
      const std::size_t of_slice = std::min(end, applied + kSlice);
      if (!at_once) fetch_for_watch(std::span(changed_).subspan(applied, of_slice - applied));
      const index::Index::WriteLock lock(index_);
      while (applied < of_slice) {
        const std::span<Entry* const> rest(changed_.data() + applied, of_slice - applied);
        if (const std::size_t started = take_in_starts(rest); started > 0)
          applied += started;
        else
          take_in(*changed_[applied++], ended);
      }
    }
  };
  while (at_once && names_.empty() && answered_ < done_.size()) {
    const std::size_t answered = std::min(answered_ + kAnswered, done_.size());
    apply_to(done_[answered - 1].changes);
    for (; answered_ < answered; ++answered_) done_[answered_].done({});
  }
  apply_to(changed_.size());
  if (!names_.empty()) {
    const index::Index::WriteLock lock(index_);
    for (const Submission::ClientName& name : names_) index_.name_client(name.realm, name.client_id, name.name);
  }
  for (const auto& adopt : adopt_) adopt();
}

// As many new sessions as come first and are of different users: first all into the index, which puts them into its
// orders together, then each before the watch, to which a user's second session must be as if it came later. How many
// they are. Under the WriteLock.
std::size_t Batch::take_in_starts(std::span<Entry* const> entries) {
  std::array<const Session*, kTogether> sessions;
  std::array<index::Handle, kTogether> handles;
  std::size_t n = 0;
  for (const std::size_t most = std::min(entries.size(), kTogether); n < most; ++n) {
    const auto* live = std::get_if<Session>(&entries[n]->state);
    if (live == nullptr || entries[n]->handle) break;
    const auto of_the_user = [&](const Session* other) {
      return other->user_id == live->user_id && other->key.realm == live->key.realm;
    };
    if (std::any_of(sessions.begin(), sessions.begin() + n, of_the_user)) break;
    sessions[n] = live;
    handles[n] = index_.insert(*live);
  }
  for (std::size_t i = 0; i < n; ++i) watch_.started(handles[i], now_, entries[i]->first_profile);
  return n;
}

// Without a lock: nobody writes but the caller's thread.
void Batch::fetch_for_watch(std::span<Entry* const> entries) const {
  std::array<std::optional<index::Handle>, kSlice> handles;
  std::transform(entries.begin(), entries.end(), handles.begin(), [](const Entry* entry) { return entry->handle; });
  watch_.prefetch(std::span(handles).first(entries.size()));
}

// An entry, into the index and before the watch. Under the WriteLock.
void Batch::take_in(Entry& entry, const RowEnded& ended) {
  if (const auto* live = std::get_if<Session>(&entry.state)) {
    const index::RowView row = index_.view(*entry.handle);
    index_.update(*entry.handle, *live);
    watch_.updated(*entry.handle, {row.last_access, row.ip, row.device_hash}, now_);
  } else if (entry.handle) {
    const index::RowView row = index_.view(*entry.handle);
    index_.erase(*entry.handle);
    watch_.ended(entry.handle->realm, row.user, row.no, now_);
    static const std::string none;
    ended(*entry.handle, *entry.last, entry.cause, entry.revocation != nullptr ? *entry.revocation : none);
  }
}

void Batch::finish(const Status& status) {
  for (; answered_ < done_.size(); ++answered_) done_[answered_].done(status);
}

}  // namespace curfew::engine
