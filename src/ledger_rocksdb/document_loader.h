// Reads every document at start-up: a thread reads ahead while what it found is visited.
#pragma once

#include <span>

#include "ledger_rocksdb/store.h"

namespace curfew::ledger_rocksdb {

// In order; the visitor runs on the caller's thread. Memory: six blocks of 1 to 2 MiB, or of one document that is
// larger. kUnavailable, too, where no thread can be had.
Status load_documents(const Store& store, const ledger::Ledger::DocumentVisitor& visit,
                      std::span<const ledger::DocumentRange> without);

}  // namespace curfew::ledger_rocksdb
