// The suite's fixture and sample values.
#include "ledger/conformance.h"

#include <fmt/format.h>

namespace curfew::ledger {

void LedgerConformance::SetUp() {
  subject_ = GetParam().make();
}

Position LedgerConformance::must_append(const Commit& commit) {
  const Result<Position> position = ledger().append(commit);
  EXPECT_TRUE(position.has_value()) << position.error().message;
  return position.value_or(0);
}

Time sample_time(std::uint64_t n) {
  return Time{1'760'000'000'000 + static_cast<std::int64_t>(n) * 1000};
}

session::SessionKey sample_key(std::uint64_t no) {
  return {session::RealmId(static_cast<std::uint32_t>(1 + no % 3)),
          no % 4 == 0 ? session::SessionType::kOffline : session::SessionType::kRegular,
          fmt::format("{:016x}", no * 0x9e3779b97f4a7c15ULL)};
}

session::Session sample_session(std::uint64_t no) {
  session::Session s;
  s.no = session::SessionNo(no);
  s.key = sample_key(no);
  s.user_id = fmt::format("u-{}", no / 2);
  s.username = fmt::format("user{}", no / 2);
  s.ip = IpAddress::v4(static_cast<std::uint32_t>(0x0a000000 + no));
  s.user_agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
  s.started = sample_time(no);
  s.last_access = sample_time(no);
  s.remember_me = no % 3 == 0;
  s.clients = {{"web-portal", sample_time(no)}};
  return s;
}

RowEnd sample_end(std::uint64_t no, std::uint64_t audit_seq) {
  return {
      session::SessionNo(no), sample_key(no), {sample_time(1'000'000 + no), session::EndCause::kRevoked, audit_seq}};
}

AuditEntry sample_audit(std::uint64_t seq, std::uint64_t session_no) {
  const session::SessionKey key = sample_key(session_no);
  AuditEntry entry;
  entry.seq = seq;
  entry.time = sample_time(2'000'000 + seq / 10);
  entry.bytes =
      fmt::format("audit entry {} of session {} of user u-{} by the operator admin", seq, key.id, session_no / 2);
  entry.keys = {{AuditIndex::kUser, key.realm, fmt::format("u-{}", session_no / 2)},
                {AuditIndex::kSession, key.realm, fmt::format("{}/{}", session::to_string(key.type), key.id)},
                {AuditIndex::kActor, session::RealmId(0), "admin"},
                {AuditIndex::kAction, session::RealmId(0), seq % 2 == 0 ? "session.ended" : "access.denied"}};
  return entry;
}

Commit start_commit(std::uint64_t first, std::uint64_t count) {
  Commit commit;
  commit.time = sample_time(first);
  for (std::uint64_t no = first; no < first + count; ++no) commit.puts.push_back(sample_session(no));
  commit.journal = fmt::format("started {} from {}", count, first);
  return commit;
}

Commit end_commit(std::uint64_t first, std::uint64_t count, std::uint64_t first_seq) {
  Commit commit;
  commit.time = sample_time(first);
  for (std::uint64_t i = 0; i < count; ++i) {
    commit.ends.push_back(sample_end(first + i, first_seq + i));
    commit.audit.push_back(sample_audit(first_seq + i, first + i));
  }
  commit.journal = fmt::format("ended {} from {}", count, first);
  return commit;
}

std::vector<session::Session> rows_of(const Ledger& ledger) {
  std::vector<session::Session> rows;
  const Status status = ledger.each_row([&](const session::Session& row) { rows.push_back(row); });
  EXPECT_TRUE(status.has_value()) << status.error().message;
  return rows;
}

Contents contents_of(const Ledger& ledger, Position journal_after) {
  Contents all;
  all.position = ledger.position();
  all.last_no = ledger.last_no().value;
  all.first_seq = ledger.first_audit_seq();
  all.last_seq = ledger.last_audit_seq();
  all.rows = rows_of(ledger);
  EXPECT_TRUE(ledger.load_documents([&](std::string_view table, std::string_view key, std::string_view bytes) {
    all.documents.emplace(std::pair(std::string(table), std::string(key)), std::string(bytes));
  }));
  EXPECT_TRUE(ledger.scan_audit(0, all.last_seq, false, [&](std::uint64_t seq, std::string_view bytes) {
    all.audit.emplace_back(seq, std::string(bytes));
    return true;
  }));
  EXPECT_TRUE(ledger.follow(journal_after, [&](Position, std::string_view bytes) {
    all.journal.emplace_back(bytes);
    return true;
  }));
  return all;
}

std::vector<std::uint64_t> found_by(const Ledger& ledger, const AuditIndexKey& key, std::uint64_t from,
                                    std::uint64_t to, bool descending) {
  std::vector<std::uint64_t> seqs;
  const Status status = ledger.find_audit(key, from, to, descending, [&](std::uint64_t seq) {
    seqs.push_back(seq);
    return true;
  });
  EXPECT_TRUE(status.has_value()) << status.error().message;
  return seqs;
}

std::vector<std::uint64_t> scanned(const Ledger& ledger, std::uint64_t from, std::uint64_t to, bool descending) {
  std::vector<std::uint64_t> seqs;
  const Status status = ledger.scan_audit(from, to, descending, [&](std::uint64_t seq, std::string_view) {
    seqs.push_back(seq);
    return true;
  });
  EXPECT_TRUE(status.has_value()) << status.error().message;
  return seqs;
}

}  // namespace curfew::ledger
