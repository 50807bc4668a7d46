// The conformance suite of the ledger port: one set of tests that every adapter passes.
//
// An adapter's test links the object library curfew_ledger_conformance and says
//   INSTANTIATE_TEST_SUITE_P(RocksDb, LedgerConformance, testing::Values(Adapter{"rocksdb", make_subject}),
//   adapter_name);
// Each test gets a fresh, empty ledger from its own Subject.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ledger/ledger.h"

namespace curfew::ledger {

// One ledger under test, and what can happen to the process and the disk that hold it.
class Subject {
 public:
  virtual ~Subject() = default;
  virtual Ledger& ledger() = 0;
  virtual void reopen() = 0;  // closed in good order and opened again
  virtual void crash() = 0;   // as if the process had been killed, then opened again
  // While true the storage refuses every write. False if the adapter's test can't do that.
  virtual bool break_storage(bool broken) = 0;
};

struct Adapter {
  std::string name;
  std::function<std::unique_ptr<Subject>()> make;
};
inline std::string adapter_name(const testing::TestParamInfo<Adapter>& info) {
  return info.param.name;
}

class LedgerConformance : public testing::TestWithParam<Adapter> {
 protected:
  void SetUp() override;

  Ledger& ledger() { return subject_->ledger(); }
  Subject& subject() { return *subject_; }

  // Appends a commit that must succeed.
  Position must_append(const Commit& commit);

 private:
  std::unique_ptr<Subject> subject_;
};

// Values for tests: everything follows from the number.
session::Session sample_session(std::uint64_t no);
session::SessionKey sample_key(std::uint64_t no);
RowEnd sample_end(std::uint64_t no, std::uint64_t audit_seq);
AuditEntry sample_audit(std::uint64_t seq, std::uint64_t session_no);  // found by user, session, actor and action
Time sample_time(std::uint64_t n);
// `count` sessions from `first` on; and their ends, each with its audit entry from `first_seq` on.
Commit start_commit(std::uint64_t first, std::uint64_t count);
Commit end_commit(std::uint64_t first, std::uint64_t count, std::uint64_t first_seq);

// All that a ledger says, in comparable form.
struct Contents {
  Position position = 0;
  std::uint64_t last_no = 0, first_seq = 0, last_seq = 0;
  std::vector<session::Session> rows;
  std::map<std::pair<std::string, std::string>, std::string> documents;
  std::vector<std::pair<std::uint64_t, std::string>> audit;
  std::vector<std::string> journal;  // from the first entry kept
  friend bool operator==(const Contents&, const Contents&) = default;
};
Contents contents_of(const Ledger& ledger, Position journal_after = 0);
std::vector<session::Session> rows_of(const Ledger& ledger);
std::vector<std::uint64_t> found_by(const Ledger& ledger, const AuditIndexKey& key, std::uint64_t from,
                                    std::uint64_t to, bool descending);
std::vector<std::uint64_t> scanned(const Ledger& ledger, std::uint64_t from, std::uint64_t to, bool descending);

}  // namespace curfew::ledger
