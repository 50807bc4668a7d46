// How a RocksDB ledger is opened.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"

namespace rocksdb {
class FileSystem;
}

namespace curfew::ledger_rocksdb {

struct Options {
  // The ledger's own directory; made, with mode 0700, if it is not there. Holds FORMAT, MARKS and rocksdb/.
  std::string directory;

  // Memory: cached blocks with filters and indexes, and what is not flushed yet. About 300 MB in all by default.
  std::uint64_t block_cache_bytes = 96ULL << 20;
  std::uint64_t write_buffer_bytes = 128ULL << 20;

  // Writes are refused, "disk_full", while less than this is free on the file system: RocksDB then always has the room
  // it needs to flush and compact, and never comes to a halt half-way.
  std::uint64_t reserve_bytes = 64ULL << 20;

  // That read and decode rows during load_rows, beside the caller's: 1 to 16; 0: one less than the machine has cores,
  // at most four, which is more than the caller keeps up with.
  int load_threads = 0;

  // Opens although acknowledged commits are missing after a damaged log ("commits_lost"), without them.
  bool accept_lost_commits = false;

  // For tests: the file system, and what is free on it. Empty: the real ones.
  std::shared_ptr<rocksdb::FileSystem> file_system;
  std::function<Result<std::uint64_t>(const std::string& directory)> free_bytes;
};

// Bytes that this user may still write on the directory's file system.
Result<std::uint64_t> free_bytes_of(const std::string& directory);

}  // namespace curfew::ledger_rocksdb
