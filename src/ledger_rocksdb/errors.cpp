#include "ledger_rocksdb/errors.h"

#include <fmt/format.h>
#include <rocksdb/status.h>

namespace curfew::ledger_rocksdb {

Error to_error(const rocksdb::Status& status, std::string_view doing) {
  const std::string detail = status.ToString();
  if (status.IsNoSpace() || detail.find("No space left on device") != std::string::npos) {
    return {
        ErrorCode::kUnavailable,
        "disk_full",
        fmt::format("The disk filled up while {}; free some space, the ledger goes on by itself ({}).", doing, detail),
        {}};
  }
  if (status.IsCorruption()) {
    return {ErrorCode::kDataLoss,
            "ledger_corrupt",
            fmt::format("Stored bytes are not what was written, found while {}: {}.", doing, detail),
            {}};
  }
  if (status.IsIOError() && detail.find("lock") != std::string::npos) {
    return {ErrorCode::kUnavailable,
            "data_dir_in_use",
            "Another process works on this data directory; stop it, or give this one a directory of its own.",
            {}};
  }
  return {
      ErrorCode::kUnavailable, "ledger_unavailable", fmt::format("The ledger failed while {}: {}.", doing, detail), {}};
}

}  // namespace curfew::ledger_rocksdb
