// Reads every live row in the order of its number: several threads read and decode parts, one visits them in order.
//
// Memory: at most `threads` * 2 + 2 parts of some 4,000 rows are in flight. The part that is visited was complete
// before.
#pragma once

#include "ledger_rocksdb/store.h"

namespace curfew::ledger_rocksdb {

Status load_rows(const Store& store, int threads, const ledger::Ledger::RowVisitor& visit);

}  // namespace curfew::ledger_rocksdb
