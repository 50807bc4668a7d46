// Upgrades of an older layout, one step a format.
//
// A step is called again and again until it says that it is done. Each call fills one batch; the batch, the cursor that
// the call leaves and, at the end, the new format number are written together, synced. So an upgrade that is
// interrupted goes on where it was. FORMAT is raised before the first batch: from then on older programs keep away.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "base/result.h"

namespace rocksdb {
class WriteBatch;
}

namespace curfew::ledger_rocksdb {

class Store;

struct Migration {
  std::uint32_t from;  // to from + 1
  std::string what;    // for people: "rows get their device"
  // True when nothing is left to do. `cursor` is empty at first, then what the last call left in it.
  std::function<Result<bool>(Store& store, std::string& cursor, rocksdb::WriteBatch& batch)> step;
};

// Those that this program knows. Format 1 is the first that was released.
std::span<const Migration> known_migrations();

// Brings the store from `format` to kFormat. "format_too_old" if a step is missing.
Status migrate(Store& store, std::uint32_t format, std::span<const Migration> migrations);

}  // namespace curfew::ledger_rocksdb
