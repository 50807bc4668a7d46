// AuditLog: questions to the audit log, answered from the ledger.
//
// Threads: any; it reads the disk, so run it in the background (Engine::in_background), not on an I/O thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "audit/record.h"
#include "ledger/ledger.h"

namespace curfew::engine {

struct AuditQuery {
  // Records of these realms; with `server_wide` also those of no realm. all_realms: everything there is.
  std::vector<session::RealmId> realms;
  bool server_wide = false;
  bool all_realms = false;

  std::string actor;  // an actor's id or name
  std::string action;
  std::string user;     // a user id (or username) of the target
  std::string session;  // "regular/ID", "offline/ID", or an id alone
  std::string revocation;
  std::optional<Time> from, to;  // from <= time < to
  std::optional<audit::AuditOutcome> outcome;

  bool ascending = false;       // newest first by default
  std::uint64_t after_seq = 0;  // 0: from the end that the direction says; else continue beyond this seq
  bool backwards = false;       // the page before after_seq instead
  std::size_t limit = 25;
};

struct AuditPage {
  std::vector<audit::Sealed> records;
  std::uint64_t total = 0;             // exact
  bool more = false, earlier = false;  // beyond, before this page in its direction
};

struct Verification {
  bool whole = true;
  std::uint64_t checked = 0, first_seq = 0, last_seq = 0;
  std::optional<std::uint64_t> broken_seq;
  std::string detail;
  Digest head{};  // the chain's last hash
};

class AuditLog {
 public:
  explicit AuditLog(const ledger::Ledger& ledger) : ledger_(ledger) {}

  Result<AuditPage> query(const AuditQuery& query) const;
  // Every match in the query's direction from after_seq on, until the visitor says false; for exports.
  Status visit(const AuditQuery& query, const std::function<bool(const audit::Sealed&)>& visit) const;
  // Walks the whole log, or the part up to `to_seq`. Long: a second for about a million records.
  Result<Verification> verify() const;

  // The index keys under which a record is written.
  static std::vector<ledger::AuditIndexKey> keys_of(const audit::Record& record);
  // The same in place of what `keys` holds, whose memory is kept.
  static void keys_of(const audit::Record& record, std::vector<ledger::AuditIndexKey>& keys);

 private:
  const ledger::Ledger& ledger_;
};

// The document that holds the chain's head where the log was trimmed: its seq (varint) and hash. It is written before
// the trim, so after a crash between the two it may stand above the first record that is left.
inline constexpr std::string_view kAuditTable = "audit";
inline constexpr std::string_view kAuditBase = "base";

}  // namespace curfew::engine
