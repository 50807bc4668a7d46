#include "engine/audit_log.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "session/codec.h"

namespace curfew::engine {
namespace {

using audit::Sealed;
using ledger::AuditIndex;
using ledger::AuditIndexKey;

// Every action, so that the records of one realm can be merged from their action keys.
constexpr std::array kActions{
    audit::action::kSessionEnded,      audit::action::kRevocation,       audit::action::kSignIn,
    audit::action::kSignOut,           audit::action::kDenied,           audit::action::kRealmCreated,
    audit::action::kRealmUpdated,      audit::action::kRealmDeleted,     audit::action::kPolicyChanged,
    audit::action::kOperatorCreated,   audit::action::kOperatorUpdated,  audit::action::kOperatorDeleted,
    audit::action::kKeyCreated,        audit::action::kKeyUpdated,       audit::action::kKeyDeleted,
    audit::action::kServerStarted,     audit::action::kDetectionChanged, audit::action::kSuppressionCreated,
    audit::action::kSuppressionRemoved};

void append_session_value(std::string& out, session::SessionType type, std::string_view id) {
  out += session::to_string(type);
  out += '/';
  out += id;
}

std::string session_value(session::SessionType type, std::string_view id) {
  std::string value;
  append_session_value(value, type, id);
  return value;
}

// Where the matches of a query lie: index keys whose union holds them all (whole: the log itself), and whether a key's
// postings are matches without a look at the record.
struct Plan {
  bool whole = false;
  bool exact = false;
  std::vector<AuditIndexKey> keys;
};

std::vector<session::RealmId> realms_of(const AuditQuery& query) {
  std::vector<session::RealmId> realms = query.realms;
  if (query.server_wide) realms.push_back(session::RealmId{0});
  std::sort(realms.begin(), realms.end());
  realms.erase(std::unique(realms.begin(), realms.end()), realms.end());
  return realms;
}

Plan plan(const AuditQuery& query) {
  Plan plan;
  const auto realms = realms_of(query);
  const auto for_each_realm = [&](AuditIndex index, const std::string& value) {
    for (const session::RealmId realm : realms) plan.keys.push_back({index, realm, value});
  };
  const int filters = !query.actor.empty() + !query.action.empty() + !query.user.empty() + !query.session.empty() +
                      !query.revocation.empty() + query.outcome.has_value();
  if (!query.session.empty() && !query.all_realms) {
    if (query.session.find('/') != std::string::npos) {
      for_each_realm(AuditIndex::kSession, query.session);
    } else {
      for_each_realm(AuditIndex::kSession, session_value(session::SessionType::kRegular, query.session));
      for_each_realm(AuditIndex::kSession, session_value(session::SessionType::kOffline, query.session));
    }
    plan.exact = filters == 1;
  } else if (!query.revocation.empty() && !query.all_realms) {
    for_each_realm(AuditIndex::kRevocation, query.revocation);
    plan.exact = filters == 1;
  } else if (!query.user.empty() && !query.all_realms) {
    for_each_realm(AuditIndex::kUser, query.user);
  } else if (!query.actor.empty()) {
    plan.keys.push_back({AuditIndex::kActor, session::RealmId{0}, query.actor});
  } else if (!query.all_realms) {
    if (!query.action.empty()) {
      for_each_realm(AuditIndex::kAction, query.action);
      plan.exact = filters == 1;
    } else {
      for (const std::string_view action : kActions) for_each_realm(AuditIndex::kAction, std::string(action));
      plan.exact = filters == 0;
    }
  } else {
    plan.whole = true;
    plan.exact = filters == 0;
  }
  return plan;
}

bool matches(const AuditQuery& query, const audit::Record& record) {
  if (!query.all_realms) {
    const bool here = record.realm.value == 0
                          ? query.server_wide
                          : std::find(query.realms.begin(), query.realms.end(), record.realm) != query.realms.end();
    if (!here) return false;
  }
  if (!query.actor.empty() && record.origin.actor_id != query.actor && record.origin.actor_name != query.actor)
    return false;
  if (!query.action.empty() && record.action != query.action) return false;
  if (!query.user.empty() && record.user_id != query.user && fold_case(record.username) != fold_case(query.user))
    return false;
  if (!query.session.empty()) {
    if (!record.session_type) return false;
    if (record.session_id != query.session && session_value(*record.session_type, record.session_id) != query.session)
      return false;
  }
  if (!query.revocation.empty() && record.revocation != query.revocation) return false;
  if (query.outcome && record.outcome != *query.outcome) return false;
  return true;
}

// Walks the postings of several keys as one descending or ascending list without repeats, a block at a time.
class Postings {
 public:
  Postings(const ledger::Ledger& ledger, std::vector<AuditIndexKey> keys, std::uint64_t from, std::uint64_t to,
           bool descending)
      : ledger_(ledger), descending_(descending) {
    for (auto& key : keys) lists_.push_back({std::move(key), from, to, {}, 0, false});
  }

  // The next seq, or 0 at the end.
  Result<std::uint64_t> next() {
    List* best = nullptr;
    for (List& list : lists_) {
      if (list.at == list.block.size() && !list.done) CURFEW_TRY_STATUS(refill(list));
      if (list.at == list.block.size()) continue;
      if (best == nullptr || before(list.block[list.at], best->block[best->at])) best = &list;
    }
    if (best == nullptr) return std::uint64_t{0};
    const std::uint64_t seq = best->block[best->at];
    for (List& list : lists_)
      if (list.at < list.block.size() && list.block[list.at] == seq) ++list.at;
    return seq;
  }

 private:
  static constexpr std::size_t kBlock = 256;
  struct List {
    AuditIndexKey key;
    std::uint64_t from, to;
    std::vector<std::uint64_t> block;
    std::size_t at;
    bool done;
  };

  bool before(std::uint64_t a, std::uint64_t b) const { return descending_ ? a > b : a < b; }

  Status refill(List& list) {
    list.block.clear();
    list.at = 0;
    if (list.from > list.to) {
      list.done = true;
      return {};
    }
    CURFEW_TRY_STATUS(ledger_.find_audit(list.key, list.from, list.to, descending_, [&](std::uint64_t seq) {
      list.block.push_back(seq);
      return list.block.size() < kBlock;
    }));
    list.done = list.block.size() < kBlock;
    if (!list.block.empty()) {
      if (descending_) {
        if (list.block.back() == 0)
          list.done = true;
        else
          list.to = list.block.back() - 1;
      } else {
        list.from = list.block.back() + 1;
      }
    }
    return {};
  }

  const ledger::Ledger& ledger_;
  const bool descending_;
  std::vector<List> lists_;
};

Result<Sealed> fetch(const ledger::Ledger& ledger, std::uint64_t seq) {
  Result<Sealed> found =
      fail(ErrorCode::kDataLoss, "audit_record_missing", "an audit record that the index names is missing");
  CURFEW_TRY_STATUS(ledger.scan_audit(seq, seq, false, [&](std::uint64_t, std::string_view bytes) {
    found = audit::unseal(bytes);
    return false;
  }));
  return found;
}

struct Bounds {
  std::uint64_t from, to;
};

Result<Bounds> bounds_of(const ledger::Ledger& ledger, const AuditQuery& query) {
  Bounds bounds{ledger.first_audit_seq(), ledger.last_audit_seq()};
  if (query.from) {
    CURFEW_TRY(const std::uint64_t seq, ledger.audit_seq_at(*query.from));
    bounds.from = std::max(bounds.from, seq);
  }
  if (query.to) {
    CURFEW_TRY(const std::uint64_t seq, ledger.audit_seq_at(*query.to));
    bounds.to = std::min(bounds.to, seq == 0 ? 0 : seq - 1);
  }
  return bounds;
}

// The head of the chain where the log has been trimmed.
Result<audit::ChainHead> read_base(const ledger::Ledger& ledger) {
  audit::ChainHead base;
  CURFEW_TRY(const auto bytes, ledger.document(kAuditTable, kAuditBase));
  if (!bytes) {
    if (ledger.first_audit_seq() <= 1) return base;
    return fail(ErrorCode::kDataLoss, "audit_base_missing",
                "The hash before the first audit record that is kept is missing.");
  }
  session::ByteReader reader(*bytes);
  base.seq = reader.varint();
  const std::string_view hash = reader.raw(base.hash.size());
  CURFEW_TRY_STATUS(reader.finish("base of the audit chain"));
  std::copy(hash.begin(), hash.end(), base.hash.begin());
  return base;
}

// Every match within the bounds; `record` is read only when somebody needs it.
Status walk(const ledger::Ledger& ledger, const AuditQuery& query, const Plan& how, Bounds bounds, bool descending,
            const std::function<bool(std::uint64_t seq, const Sealed* read)>& visit) {
  if (bounds.from > bounds.to) return {};
  if (how.whole) {
    Status problem;
    CURFEW_TRY_STATUS(
        ledger.scan_audit(bounds.from, bounds.to, descending, [&](std::uint64_t seq, std::string_view bytes) {
          const auto sealed = audit::unseal(bytes);
          if (!sealed) {
            problem = tl::make_unexpected(sealed.error());
            return false;
          }
          return !matches(query, sealed->record) || visit(seq, &*sealed);
        }));
    return problem;
  }
  Postings postings(ledger, how.keys, bounds.from, bounds.to, descending);
  for (;;) {
    CURFEW_TRY(const std::uint64_t seq, postings.next());
    if (seq == 0) return {};
    if (how.exact) {
      if (!visit(seq, nullptr)) return {};
      continue;
    }
    CURFEW_TRY(const Sealed sealed, fetch(ledger, seq));
    if (matches(query, sealed.record) && !visit(seq, &sealed)) return {};
  }
}

Result<std::uint64_t> count(const ledger::Ledger& ledger, const AuditQuery& query, const Plan& how, Bounds bounds) {
  if (bounds.from > bounds.to) return std::uint64_t{0};
  if (how.whole && how.exact) return bounds.to - bounds.from + 1;
  std::uint64_t n = 0;
  CURFEW_TRY_STATUS(walk(ledger, query, how, bounds, false, [&](std::uint64_t, const Sealed*) {
    ++n;
    return true;
  }));
  return n;
}

// The part of the bounds on one side of a place.
Bounds beyond(Bounds bounds, std::uint64_t place, bool descending) {
  if (descending)
    bounds.to = std::min(bounds.to, place - 1);
  else
    bounds.from = std::max(bounds.from, place + 1);
  return bounds;
}

}  // namespace

std::vector<AuditIndexKey> AuditLog::keys_of(const audit::Record& record) {
  std::vector<AuditIndexKey> keys;
  keys_of(record, keys);
  return keys;
}

void AuditLog::keys_of(const audit::Record& record, std::vector<AuditIndexKey>& keys) {
  keys.reserve(7);
  std::size_t used = 0;
  const auto next = [&](AuditIndex index, session::RealmId realm) -> std::string& {
    if (used == keys.size()) keys.emplace_back();
    AuditIndexKey& key = keys[used++];
    key.index = index;
    key.realm = realm;
    return key.value;
  };
  if (!record.user_id.empty()) next(AuditIndex::kUser, record.realm) = record.user_id;
  if (record.session_type) {
    std::string& value = next(AuditIndex::kSession, record.realm);
    value.clear();
    append_session_value(value, *record.session_type, record.session_id);
  }
  const session::Origin& origin = record.origin;
  if (!origin.actor_id.empty()) next(AuditIndex::kActor, session::RealmId{0}) = origin.actor_id;
  if (!origin.actor_name.empty() && origin.actor_name != origin.actor_id)
    next(AuditIndex::kActor, session::RealmId{0}) = origin.actor_name;
  next(AuditIndex::kAction, record.realm) = record.action;
  if (!record.revocation.empty()) next(AuditIndex::kRevocation, record.realm) = record.revocation;
  keys.resize(used);
}

Result<AuditPage> AuditLog::query(const AuditQuery& query) const {
  AuditPage page;
  const Plan how = plan(query);
  CURFEW_TRY(const Bounds bounds, bounds_of(ledger_, query));
  CURFEW_TRY(page.total, count(ledger_, query, how, bounds));
  if (page.total == 0) return page;

  const bool descending = query.ascending == query.backwards;  // the direction of this walk
  Bounds part = bounds;
  if (query.after_seq != 0) part = beyond(bounds, query.after_seq, descending);
  bool more = false;
  std::vector<std::uint64_t> unread;
  CURFEW_TRY_STATUS(walk(ledger_, query, how, part, descending, [&](std::uint64_t seq, const Sealed* sealed) {
    if (page.records.size() + unread.size() == query.limit) {
      more = true;
      return false;
    }
    if (sealed != nullptr)
      page.records.push_back(*sealed);
    else
      unread.push_back(seq);
    return true;
  }));
  for (const std::uint64_t seq : unread) {
    CURFEW_TRY(auto sealed, fetch(ledger_, seq));
    page.records.push_back(std::move(sealed));
  }
  if (query.backwards) std::reverse(page.records.begin(), page.records.end());

  // Whether anything stands on the side that we came from.
  bool other_side = false;
  if (query.after_seq != 0) {
    Bounds rest = bounds;
    if (descending)
      rest.from = std::max(rest.from, query.after_seq);
    else
      rest.to = std::min(rest.to, query.after_seq);
    CURFEW_TRY_STATUS(walk(ledger_, query, how, rest, !descending, [&](std::uint64_t, const Sealed*) {
      other_side = true;
      return false;
    }));
  }
  page.more = query.backwards ? other_side : more;
  page.earlier = query.backwards ? more : other_side;
  return page;
}

Status AuditLog::visit(const AuditQuery& query, const std::function<bool(const Sealed&)>& visit) const {
  CURFEW_TRY(Bounds bounds, bounds_of(ledger_, query));
  const bool descending = !query.ascending;
  if (query.after_seq != 0) bounds = beyond(bounds, query.after_seq, descending);
  Status problem;
  CURFEW_TRY_STATUS(walk(ledger_, query, plan(query), bounds, descending, [&](std::uint64_t seq, const Sealed* sealed) {
    if (sealed != nullptr) return visit(*sealed);
    const auto fetched = fetch(ledger_, seq);
    if (fetched) return visit(*fetched);
    problem = tl::make_unexpected(fetched.error());
    return false;
  }));
  return problem;
}

Result<Verification> AuditLog::verify() const {
  Verification out;
  out.first_seq = ledger_.first_audit_seq();
  out.last_seq = ledger_.last_audit_seq();
  CURFEW_TRY(const audit::ChainHead base, read_base(ledger_));
  out.first_seq = std::max(out.first_seq, base.seq + 1);
  audit::Verifier verifier(base);
  CURFEW_TRY_STATUS(
      ledger_.scan_audit(out.first_seq, out.last_seq, false, [&](std::uint64_t seq, std::string_view bytes) {
        verifier.feed(seq, bytes);
        return !verifier.broken();
      }));
  out.checked = verifier.checked();
  out.head = verifier.head().hash;
  if (verifier.broken()) {
    out.whole = false;
    out.broken_seq = verifier.broken()->seq;
    out.detail = verifier.broken()->detail;
  } else if (verifier.head().seq != out.last_seq) {
    out.whole = false;
    out.broken_seq = verifier.head().seq + 1;
    out.detail = "the records after this one are missing";
  }
  return out;
}

}  // namespace curfew::engine
