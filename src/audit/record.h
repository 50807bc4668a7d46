// Audit records and their hash chain. Bytes: docs/formats/audit.md.
//
// Invariants: seq is dense from 1; time never decreases with seq; hash = SHA-256(previous hash ‖ encoded record without
// the hash), the first record's previous hash being 32 zero bytes. A record that was changed, removed or put in breaks
// the chain at its own seq.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/crypto.h"
#include "session/command.h"

namespace curfew::audit {

// The words of `action`, stable: programs filter by them.
namespace action {
inline constexpr std::string_view kSessionEnded = "session.ended";  // one termination, whatever the cause
inline constexpr std::string_view kRevocation = "revocation";       // a bulk operation as a whole, when it is finished
inline constexpr std::string_view kSignIn = "operator.sign_in";
inline constexpr std::string_view kSignOut = "operator.sign_out";
inline constexpr std::string_view kDenied = "access.denied";  // a call without the permission that it needs
inline constexpr std::string_view kRealmCreated = "realm.created";
inline constexpr std::string_view kRealmUpdated = "realm.updated";
inline constexpr std::string_view kRealmDeleted = "realm.deleted";
inline constexpr std::string_view kPolicyChanged = "policy.changed";
inline constexpr std::string_view kDetectionChanged = "detection.changed";  // a realm's networks or rules
inline constexpr std::string_view kSuppressionCreated = "suppression.created";
inline constexpr std::string_view kSuppressionRemoved = "suppression.removed";
inline constexpr std::string_view kOperatorCreated = "operator.created";
inline constexpr std::string_view kOperatorUpdated = "operator.updated";
inline constexpr std::string_view kOperatorDeleted = "operator.deleted";
inline constexpr std::string_view kKeyCreated = "key.created";
inline constexpr std::string_view kKeyUpdated = "key.updated";
inline constexpr std::string_view kKeyDeleted = "key.deleted";
inline constexpr std::string_view kServerStarted = "server.started";
}  // namespace action

enum class AuditOutcome : std::uint8_t { kSuccess = 0, kPartial = 1, kFailed = 2, kDenied = 3 };
std::string_view to_string(AuditOutcome outcome);  // "success", "partial", "failed", "denied"
Result<AuditOutcome> parse_audit_outcome(std::string_view text);

struct Record {
  std::uint64_t seq = 0;
  Time time;
  std::string action;
  AuditOutcome outcome = AuditOutcome::kSuccess;
  session::Origin origin;  // who, from where, which request
  session::RealmId realm;  // 0: none
  std::string realm_name;
  std::string reason;  // why, in the operator's words
  std::string code;    // why, in a stable word: an EndCause, "already_ended", the missing permission
  std::optional<session::SessionType> session_type;
  std::string session_id, user_id, username;                 // of the target; empty where there is none
  std::optional<IpAddress> session_ip;                       // the session's address, not the operator's
  std::optional<Time> session_started, session_last_access;  // for terminations: what the history shows
  std::string user_agent;                                    // of the session
  std::string clients;                                       // of the session: client ids, one a line
  std::string target;                                        // for administration: the name of what was changed
  std::string details;                                       // counts and the like: a JSON object, or empty
  std::string revocation;                                    // the bulk operation that it belongs to, or empty

  friend bool operator==(const Record&, const Record&) = default;
};

// The end of a chain so far.
struct ChainHead {
  std::uint64_t seq = 0;
  Time time;
  Digest hash{};
  friend bool operator==(const ChainHead&, const ChainHead&) = default;
};

// Sealing a record takes three steps, which seal() does at once. number() gives it the next seq and a time that does
// not go back, and moves those of the head. encode() appends its bytes, in whatever order. chain() appends the hash to
// a record's bytes, and moves `hash`, in the order of the numbers.
void number(Record& record, ChainHead& head);
void encode(std::string& out, const Record& record);
void chain(std::string& encoded, Digest& hash);
void seal(Record& record, ChainHead& head, std::string& out);

struct Sealed {
  Record record;
  Digest hash;
};
Result<Sealed> unseal(std::string_view bytes);

// Walks a chain. feed() each entry in the order of seq; the first break is kept.
class Verifier {
 public:
  // Starts after `before` (the head at the point where the log was trimmed; ChainHead{} for a whole log).
  explicit Verifier(ChainHead before) : head_(before) {}
  void feed(std::uint64_t stored_seq, std::string_view bytes);
  struct Break {
    std::uint64_t seq;
    std::string detail;
  };
  const std::optional<Break>& broken() const { return broken_; }
  std::uint64_t checked() const { return checked_; }
  const ChainHead& head() const { return head_; }

 private:
  ChainHead head_;
  std::uint64_t checked_ = 0;
  std::optional<Break> broken_;
};

}  // namespace curfew::audit
