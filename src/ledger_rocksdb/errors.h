// RocksDB's statuses as our errors.
#pragma once

#include <string_view>

#include "base/result.h"

namespace rocksdb {
class Status;
}

namespace curfew::ledger_rocksdb {

// `status` is not ok. `doing` says what failed: "writing a commit". A full disk is kUnavailable, "disk_full"; corrupt
// bytes are kDataLoss, "ledger_corrupt"; a directory that another process holds is kUnavailable, "data_dir_in_use"; the
// rest is kUnavailable, "ledger_unavailable".
Error to_error(const rocksdb::Status& status, std::string_view doing);

}  // namespace curfew::ledger_rocksdb
