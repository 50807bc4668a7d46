// PaddedLogs: a file system whose write-ahead logs are filled with zeros ahead of what is written to them, and past
// whose page cache long commits go.
//
// What it is: a file that grows needs its length and its blocks written at each sync, beside the data; one that is
// overwritten, only the data: a sync of a small commit takes two thirds of the time. RocksDB passes over blocks of
// zeros when it reads a log again, and each log is cut to what was written when it is closed. What is long costs more
// in the page cache than on the disk (direct_file.h), so it is written directly.
//
// Invariants: what was appended lies where it would lie without padding; behind it are zeros, or nothing. Whoever asks
// for the length of a log that is being written is told that of what was appended. Zeros that
// can't be written (a full disk) are left out, and the log grows as others do; what can't be written directly is given
// to the target, as all else. Threads: as FileSystem and FSWritableFile. Errors: those of the target. Limits: at most
// kPadding bytes and one block of zeros a log; a mebibyte of memory for a log with long commits.
#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>
#include <memory>

namespace curfew::ledger_rocksdb {

inline constexpr std::uint64_t kPadding = std::uint64_t{1} << 20;

enum class PastCache : std::uint8_t {
  kNothing,
  kLongCommits,  // REQUIRES: a file's name is its path on this machine, whatever the target does
};

std::shared_ptr<rocksdb::FileSystem> with_padded_logs(const std::shared_ptr<rocksdb::FileSystem>& target,
                                                      PastCache past_cache);

}  // namespace curfew::ledger_rocksdb
