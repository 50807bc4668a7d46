#include "ledger/ledger.h"

#include <fmt/format.h>

#include <algorithm>

namespace curfew::ledger {
namespace {

constexpr std::size_t kMaxTable = 32;
constexpr std::size_t kMaxDocumentKey = 512;
constexpr std::size_t kMaxIndexValue = 512;

bool valid_table(std::string_view table) {
  return !table.empty() && table.size() <= kMaxTable && std::all_of(table.begin(), table.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

Status check_audit(const std::vector<AuditEntry>& entries, std::uint64_t last_seq, Time last_time) {
  for (const AuditEntry& entry : entries) {
    if (entry.seq != last_seq + 1) {
      return fail(ErrorCode::kInvalidArgument, "audit_gap",
                  fmt::format("The audit entry has seq {}; the next one is {}.", entry.seq, last_seq + 1), "audit");
    }
    if (entry.time < last_time) {
      return fail(ErrorCode::kInvalidArgument, "audit_time",
                  fmt::format("The time of audit entry {} lies before that of the entry ahead of it.", entry.seq),
                  "audit");
    }
    for (const AuditIndexKey& key : entry.keys) {
      if (key.value.size() > kMaxIndexValue) {
        return invalid("audit", fmt::format("An index value of audit entry {} has {} bytes; at most {} are kept.",
                                            entry.seq, key.value.size(), kMaxIndexValue));
      }
    }
    last_seq = entry.seq;
    last_time = entry.time;
  }
  return {};
}

}  // namespace

void RowSink::prepare(std::span<const session::Session>, std::unique_ptr<Prepared>&) const {}

Status Ledger::each_row(const std::function<void(const session::Session&)>& visit) const {
  class OneByOne final : public RowSink {
   public:
    explicit OneByOne(const std::function<void(const session::Session&)>& visit) : visit_(visit) {}
    void take(std::span<const session::Session> rows, const Prepared*) override {
      for (const session::Session& row : rows) visit_(row);
    }

   private:
    const std::function<void(const session::Session&)>& visit_;
  };
  OneByOne sink(visit);
  return load_rows(sink);
}

void apply_activity(session::Session& row, Time last_access, const IpAddress& ip) {
  if (last_access <= row.last_access) return;
  row.last_access = last_access;
  row.ip = ip;
}

Status check_commit(const Commit& commit, std::uint64_t last_seq, Time last_time) {
  const bool numbered =
      std::all_of(commit.puts.begin(), commit.puts.end(), [](const auto& row) { return row.no.value > 0; }) &&
      std::all_of(commit.ends.begin(), commit.ends.end(), [](const auto& end) { return end.no.value > 0; });
  if (!numbered) return invalid("no", "A row of the commit has no number.");
  for (const DocumentWrite& write : commit.documents) {
    if (!valid_table(write.table)) {
      return invalid("table", fmt::format("A document's table is 1 to {} characters of a-z, 0-9 and '_'.", kMaxTable));
    }
    if (write.key.size() > kMaxDocumentKey) {
      return invalid(
          "key", fmt::format("A document's key has {} bytes; at most {} are kept.", write.key.size(), kMaxDocumentKey));
    }
  }
  return check_audit(commit.audit, last_seq, last_time);
}

}  // namespace curfew::ledger
