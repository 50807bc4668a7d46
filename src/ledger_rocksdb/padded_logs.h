// PaddedLogs: a file system whose write-ahead logs are filled with zeros ahead of what is written to them.
//
// What it is: a file that grows needs its length and its blocks written at each sync, beside the data; one that is
// overwritten, only the data: a sync of a small commit takes two thirds of the time. RocksDB passes over blocks of
// zeros when it reads a log again, and each log is cut to what was written when it is closed.
//
// Invariants: what was appended lies where it would lie without padding; behind it are zeros, or nothing. Whoever asks
// for the length of a log that is being written is told that of what was appended. Zeros that
// can't be written (a full disk) are left out, and the log grows as others do. Threads: as FileSystem and
// FSWritableFile. Errors: those of the target. Limits: at most kPadding bytes and one block of zeros a log.
#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>
#include <memory>

namespace curfew::ledger_rocksdb {

inline constexpr std::uint64_t kPadding = std::uint64_t{1} << 20;

std::shared_ptr<rocksdb::FileSystem> with_padded_logs(const std::shared_ptr<rocksdb::FileSystem>& target);

}  // namespace curfew::ledger_rocksdb
