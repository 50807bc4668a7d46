// The history that the killed process writes and its parent checks: commit n follows from n alone.
#pragma once

#include <fmt/format.h>

#include <string>

#include "ledger/conformance.h"

namespace curfew::ledger_rocksdb {

// Commit n starts size(n) sessions and ends the first third of those of the commit before: some dozens, and now and
// then so many that they are a block (fresh_ends.h), which the next one begins to settle.
struct History {
  static std::uint64_t size(std::uint64_t n) { return n % 16 == 7 ? 3'600 : (n * 2'654'435'761U >> 7) % 140 + 1; }
  static std::uint64_t first(std::uint64_t n) {
    std::uint64_t no = 1;
    for (std::uint64_t i = 1; i < n; ++i) no += size(i);
    return no;
  }
  static std::uint64_t ended(std::uint64_t n) { return n < 2 ? 0 : size(n - 1) / 3; }
  static std::uint64_t first_seq(std::uint64_t n) {
    std::uint64_t seq = 1;
    for (std::uint64_t i = 1; i < n; ++i) seq += ended(i);
    return seq;
  }
  static ledger::Commit commit(std::uint64_t n) {
    ledger::Commit commit = n < 2 ? ledger::Commit() : ledger::end_commit(first(n - 1), ended(n), first_seq(n));
    commit.puts = ledger::start_commit(first(n), size(n)).puts;
    commit.journal = fmt::format("commit {}", n);
    commit.documents = {{"progress", "n", std::to_string(n)}};
    return commit;
  }
};

}  // namespace curfew::ledger_rocksdb
