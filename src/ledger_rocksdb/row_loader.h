// Reads every live row in the order of its number: several threads read, decode and prepare parts, one takes them in
// order.
//
// Memory: at most `threads` * 2 + 6 parts of some 4,000 rows are in flight. The part that is taken was complete
// before.
#pragma once

#include "ledger_rocksdb/store.h"

namespace curfew::ledger_rocksdb {

Status load_rows(const Store& store, int threads, ledger::RowSink& sink);

}  // namespace curfew::ledger_rocksdb
