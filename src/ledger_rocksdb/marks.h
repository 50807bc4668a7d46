// MARKS: a small file beside the database that knows what the write-ahead log can't say about itself.
//
// 1. The last acknowledged position. A log that is cut short by damage recovers to an earlier one without a word; with
// the
//    mark that is seen, and the ledger refuses to open as if nothing were missing. It is written after the commit is
//    durable and not synced: it may lag, so it never accuses falsely.
// 2. The nonce of the last refused commit. Its bytes may stand whole in the log although the sync failed; recovery
// leaves
//    them out (append's second invariant). Synced as well as the failing disk allows.
//
// Bytes: "CFMARKS1", position u64, nonce u64, SipHash-2-4 (8 bytes) of the 24 before under a zero key. A file that is
// not these 32 bytes says nothing, as if it were missing. Overwritten in place, so that a full disk does not stop it.
// Threads: one, that of the appends.
#pragma once

#include <cstdint>
#include <string>

#include "ledger/ledger.h"

namespace curfew::ledger_rocksdb {

class Marks {
 public:
  Marks() = default;
  Marks(Marks&& other) noexcept;
  Marks& operator=(Marks&& other) noexcept;
  ~Marks();

  // Not writable: a missing file says nothing, and acknowledge() and refuse() write nothing.
  static Result<Marks> open(const std::string& path, bool writable);

  ledger::Position acknowledged() const { return acknowledged_; }
  std::uint64_t refused_nonce() const { return refused_; }
  // Neither can fail in a way that matters more than the write that it speaks of.
  void acknowledge(ledger::Position position);
  void refuse(std::uint64_t nonce);

 private:
  void write() const;
  int file_ = -1;
  ledger::Position acknowledged_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace curfew::ledger_rocksdb
