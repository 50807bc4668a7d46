// Start-up: the fold of the ledger, read back.
#include <algorithm>
#include <system_error>
#include <tuple>

#include "base/handover.h"
#include "engine/engine_impl.h"
#include "index/prepared_row.h"
#include "session/codec.h"

namespace curfew::engine {
namespace {

// "7/some text" → (7, "some text").
std::optional<std::pair<RealmId, std::string_view>> split_key(std::string_view key) {
  std::uint32_t realm = 0;
  std::size_t i = 0;
  for (; i < key.size() && key[i] >= '0' && key[i] <= '9'; ++i)
    realm = realm * 10 + static_cast<std::uint32_t>(key[i] - '0');
  if (i == 0 || i == key.size() || key[i] != '/') return std::nullopt;
  return std::pair{RealmId{realm}, key.substr(i + 1)};
}

// Reads profiles on a thread of its own, beside the users' names. Until finish() nobody else asks the watch anything.
class ProfilesBeside {
 public:
  explicit ProfilesBeside(signal::Watch& watch) : watch_(watch) {}
  ~ProfilesBeside() { stop(); }
  void add(RealmId realm, std::uint32_t user, std::string_view bytes) {
    open_.profiles.push_back({realm, user, bytes.size()});
    open_.bytes += bytes;
    if (open_.bytes.size() >= kPieceBytes) hand_over();
  }
  void finish() {
    if (!open_.profiles.empty()) hand_over();
    stop();
  }

 private:
  static constexpr std::size_t kPieceBytes = std::size_t{1} << 20;
  struct Piece {
    struct Profile {
      RealmId realm;
      std::uint32_t user;
      std::size_t size;
    };
    std::vector<Profile> profiles;
    std::string bytes;
  };

  void hand_over() {
    if (start_thread())
      pieces_.put(open_);
    else
      load(open_);
    open_.profiles.clear();
    open_.bytes.clear();
  }
  bool start_thread() {
    if (thread_.joinable()) return true;
    try {
      thread_ = std::thread([this] {
        for (Piece piece; pieces_.take(piece);) load(piece);
      });
    } catch (const std::system_error&) {
    }
    return thread_.joinable();
  }
  void load(const Piece& piece) {
    std::string_view bytes = piece.bytes;
    for (const Piece::Profile& profile : piece.profiles) {
      watch_.load_profile(profile.realm, profile.user, bytes.substr(0, profile.size));
      bytes.remove_prefix(profile.size);
    }
  }
  void stop() {
    pieces_.close();
    if (thread_.joinable()) thread_.join();
  }

  signal::Watch& watch_;
  Piece open_;
  Handover<Piece> pieces_;
  std::thread thread_;
};

// Takes users into the index some dozens at a time, and what is known of them to the watch beside it.
class UsersLoad {
 public:
  UsersLoad(index::Index& index, signal::Watch& watch) : index_(index), profiles_(watch) {}
  void add(RealmId realm, std::string_view id, std::string_view username, std::string_view email,
           std::string_view profile) {
    waiting_.push_back({realm, id.size(), username.size(), email.size(), profile.size()});
    bytes_.append(id).append(username).append(email).append(profile);
    if (waiting_.size() == kTogether) take_in();
  }
  void finish() {
    take_in();
    profiles_.finish();
  }

 private:
  static constexpr std::size_t kTogether = 64;
  struct Waiting {
    RealmId realm;
    std::size_t id, username, email, profile;  // sizes of texts that follow each other in bytes_
  };

  void take_in() {
    users_.clear();
    std::string_view rest = bytes_;
    const auto next = [&rest](std::size_t size) {
      const std::string_view text = rest.substr(0, size);
      rest.remove_prefix(size);
      return text;
    };
    for (const Waiting& user : waiting_) {
      users_.push_back({user.realm, next(user.id), next(user.username), next(user.email)});
      next(user.profile);
    }
    index_.put_users(users_, numbers_);
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      const std::string_view email = users_[i].email;
      if (waiting_[i].profile > 0)
        profiles_.add(waiting_[i].realm, numbers_[i], {email.data() + email.size(), waiting_[i].profile});
    }
    waiting_.clear();
    bytes_.clear();
  }

  index::Index& index_;
  ProfilesBeside profiles_;
  std::vector<Waiting> waiting_;
  std::string bytes_;
  std::vector<index::Index::UserTexts> users_;
  std::vector<std::uint32_t> numbers_;
};

// Takes the sessions of the realms that are there into the index.
class IndexLoad final : public ledger::RowSink {
 public:
  IndexLoad(index::Index& index, const RealmTable& realms) : index_(index), realms_(realms) {}

  void prepare(std::span<const session::Session> rows, std::unique_ptr<Prepared>& prepared) const override {
    if (!prepared) prepared = std::make_unique<Lot>();
    std::vector<index::PreparedRow>& lot = static_cast<Lot&>(*prepared).rows;
    lot.clear();
    lot.reserve(rows.size());
    for (const session::Session& row : rows) lot.emplace_back(row);
  }
  void take(std::span<const session::Session> rows, const Prepared* prepared) override {
    const std::span<const index::PreparedRow> lot(static_cast<const Lot&>(*prepared).rows);
    const auto gone = [this](const session::Session& row) { return realms_.find(row.key.realm) == nullptr; };
    for (auto at = rows.begin(); at != rows.end();) {
      const auto end = std::find_if(at, rows.end(), gone);
      const std::span<const session::Session> there(at, end);
      index_.load_rows(there, lot.subspan(static_cast<std::size_t>(at - rows.begin()), there.size()));
      at = std::find_if_not(end, rows.end(), gone);
    }
  }

 private:
  struct Lot final : Prepared {
    std::vector<index::PreparedRow> rows;
  };
  index::Index& index_;
  const RealmTable& realms_;
};

Error unreadable(std::string_view what) {
  return {ErrorCode::kDataLoss, "unreadable_document", "A stored document can't be read: " + std::string(what), {}};
}

}  // namespace

Status Engine::Impl::open(
    const std::function<Status(std::string_view, std::string_view, std::string_view)>& on_document) {
  const bool taken = take_image();
  if (!taken) index.begin_load();
  CURFEW_TRY_STATUS(load_documents(on_document, !taken));
  if (taken) const index::Index::WriteLock settles(index);  // users of realms that the image doesn't know
  CURFEW_TRY_STATUS(read_chain());
  book.last_no = ledger.last_no();
  if (!taken) {
    IndexLoad load(index, *realms);
    const Status loaded = ledger.load_rows(load);
    index.end_load();
    CURFEW_TRY_STATUS(loaded);
  }
  watch.loaded(clock.now());
  position = ledger.position();
  position_time = book.chain.time.ms;
  if (opened_time.ms == 0) opened_time = book.chain.time;
  opened_ns = clock.monotonic_ns();
  if (opened_time.ms > 0) guard.ran_until(opened_time, opened_ns);
  look_at_clock(clock.now());
  counters.audit_records = 0;
  resume_jobs();
  opened = true;
  return {};
}

Status Engine::Impl::load_documents(
    const std::function<Status(std::string_view, std::string_view, std::string_view)>& on_document, bool with_users) {
  std::vector<Realm> found_realms;
  std::vector<std::pair<std::string, std::string>> per_realm[3];  // users, clients, series: they need the realms first
  std::map<std::string, std::string, std::less<>> progress, selections, rows;
  Status problem;
  std::optional<RealmId> latest;
  // There are as many users as a quarter of the sessions: those whose realm has been read are not kept beside the
  // index.
  UsersLoad users(index, watch);
  const auto put_user = [&](RealmId realm, std::string_view id, std::string_view bytes) -> Status {
    session::ByteReader reader(bytes);
    const std::string_view username = reader.bytes(), email = reader.bytes();
    const std::string_view profile = reader.at_end() ? std::string_view() : reader.bytes();
    CURFEW_TRY_STATUS(reader.finish("user"));
    users.add(realm, id, username, email, profile);
    return {};
  };
  // Those that came with the image; not those of realms that are gone, which are still to be removed.
  std::vector<ledger::DocumentRange> known_users;
  if (!with_users)
    for (const RealmId realm : index.realms()) known_users.push_back({"users", std::to_string(realm.value) + "/"});
  const auto visit = [&](std::string_view table, std::string_view key, std::string_view bytes) {
    if (!problem) return;
    if (table == "realms") {
      auto realm = decode_realm(bytes);
      if (realm)
        found_realms.push_back(*std::move(realm));
      else
        problem = tl::make_unexpected(realm.error());
    } else if (table == "users") {
      const auto split = split_key(key);
      // They come realm by realm.
      if (split && split->first != latest &&
          std::any_of(found_realms.begin(), found_realms.end(), [&](const Realm& r) { return r.id == split->first; }))
        latest = split->first;
      if (split && split->first == latest)
        problem = put_user(split->first, split->second, bytes);
      else
        per_realm[0].emplace_back(key, bytes);
    } else if (table == "clients") {
      per_realm[1].emplace_back(key, bytes);
    } else if (table == "series") {
      per_realm[2].emplace_back(key, bytes);
    } else if (table == kRevocationTable) {
      progress.emplace(key, bytes);
    } else if (table == kSelectionTable) {
      selections.emplace(key, bytes);
    } else if (table == kRowsTable) {
      rows.emplace(key, bytes);
    } else if (table == "engine") {
      if (key == "last_realm") {
        session::ByteReader reader(bytes);
        last_realm = RealmId{static_cast<std::uint32_t>(reader.varint())};
      } else if (key == "believed_time") {
        session::ByteReader reader(bytes);
        opened_time = Time{static_cast<std::int64_t>(reader.varint())};
      }
    } else if (table != kAuditTable) {
      problem = on_document(table, key, bytes);
    }
  };
  CURFEW_TRY_STATUS(ledger.load_documents(visit, known_users));
  CURFEW_TRY_STATUS(problem);
  realms = std::make_shared<RealmTable>(std::move(found_realms));
  constexpr std::string_view kTables[] = {"users", "clients", "series"};
  for (int kind = 0; kind < 3; ++kind) {
    for (const auto& [key, bytes] : per_realm[kind]) {
      const auto split = split_key(key);
      if (!split) return tl::make_unexpected(unreadable(key));
      const auto [realm, rest] = *split;
      if (realms->find(realm) == nullptr) {
        leftovers.emplace_back(kTables[kind], key);
        continue;
      }
      if (kind == 0) {
        CURFEW_TRY_STATUS(put_user(realm, rest, bytes));
      } else if (kind == 1) {
        index.name_client(realm, rest, bytes);
      } else {
        CURFEW_TRY_STATUS(series.decode_day(realm, bytes));
      }
    }
  }
  users.finish();
  for (const Realm& realm : realms->list()) watch.set_realm(realm.id, realm.detection);
  std::vector<std::shared_ptr<Job>> all;
  for (const auto& [id, bytes] : progress) {
    auto job = std::make_shared<Job>();
    CURFEW_TRY_STATUS(decode_progress(bytes, *job));
    all.push_back(std::move(job));
  }
  // In the order in which they finished: those that the board forgets first are the oldest.
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::tie(a->told.finished_at, a->told.id) < std::tie(b->told.finished_at, b->told.id);
  });
  for (auto& job : all) {
    const std::string& id = job->told.id;
    if (!job->idempotency_key.empty())
      board.remember(job->told.origin.actor_id, job->idempotency_key, {job->told.id, job->fingerprint});
    board.publish(job->told);
    const auto selection = selections.find(id);
    if (job->told.state != RevocationState::kRunning || selection == selections.end()) continue;
    CURFEW_TRY(job->selection, decode_selection(selection->second));
    if (const auto kept = rows.find(id); kept != rows.end()) {
      session::ByteReader reader(kept->second);
      job->numbers.emplace();
      for (std::uint64_t no = 0; !reader.at_end() && reader.ok();) job->numbers->push_back(no += reader.varint());
      CURFEW_TRY_STATUS(reader.finish("revocation's rows"));
    }
    jobs.push_back(std::move(job));
  }
  return {};
}

Status Engine::Impl::read_chain() {
  const std::uint64_t last = ledger.last_audit_seq();
  if (last == 0) return {};
  Status problem = fail(ErrorCode::kDataLoss, "audit_record_missing", "The last audit record is missing.");
  CURFEW_TRY_STATUS(ledger.scan_audit(last, last, false, [&](std::uint64_t seq, std::string_view bytes) {
    const auto sealed = audit::unseal(bytes);
    if (sealed) {
      book.chain = {seq, sealed->record.time, sealed->hash};
      problem = {};
    } else {
      problem = tl::make_unexpected(sealed.error());
    }
    return false;
  }));
  return problem;
}

// What a crash interrupted goes on: the sessions that were there when it was accepted and still match.
void Engine::Impl::resume_jobs() {
  for (const auto& job : jobs) {
    std::uint64_t own_kept = 0;
    Selection selection = job->selection;
    if (job->numbers) selection.what = Everything{};
    auto rest = select(selection, job->last_no, own_kept);
    if (!rest) continue;
    // Sessions that began after it was accepted are not meant, nor those that the filter had not chosen.
    for (const index::Handle& handle : index.members(*rest, {}, ~std::size_t{0}))
      if (handle.no > job->last_no ||
          (job->numbers && !std::binary_search(job->numbers->begin(), job->numbers->end(), handle.no.value)))
        rest->remove(handle.realm, handle.row);
    job->numbers.reset();
    job->rest = std::move(*rest);
  }
}

}  // namespace curfew::engine
