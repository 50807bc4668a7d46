// Care for a data directory: backup, restore, check. Bytes of a backup: docs/formats/ledger.md.
//
// Threads: each function runs on its caller's thread; on a closed directory it holds the directory's lock, so a running
// server makes it answer kUnavailable "data_dir_in_use" (a live server backs up through RocksDbLedger::backup_to).
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/ledger.h"
#include "ledger_rocksdb/options.h"

namespace curfew::ledger_rocksdb {

class Store;

struct BackupReport {
  ledger::Position position = 0;
  std::uint64_t files = 0, bytes = 0;
};

// Copies the ledger of a closed directory into `target`, which must not exist or be empty ("target_not_empty"). Every
// file is synced; SHA256SUMS, in the form of sha256sum(1), is written last: a directory with it is a whole backup.
Result<BackupReport> backup(const std::string& directory, const std::string& target);
// The same for a store that is open. What `still` gives is held while RocksDB makes its checkpoint.
using HoldStill = std::function<std::unique_lock<std::mutex>()>;
Status backup_store(const Store& store, const std::string& target, const HoldStill& still);

// Makes a data directory from a backup. Every file is compared with SHA256SUMS before anything is written
// ("backup_broken"); `directory` must not exist or be empty; it appears whole or not at all. One of an earlier format
// is upgraded on the way.
Result<BackupReport> restore(const std::string& backup_directory, const std::string& directory);

// What the check of an audit entry says: the keys that it must be found under. It is called in the order of seq.
using AuditCheck = std::function<Result<std::vector<ledger::AuditIndexKey>>(std::uint64_t seq, std::string_view bytes)>;

struct CheckReport {
  ledger::Position position = 0;
  std::uint64_t rows = 0, tombstones = 0, documents = 0, journal_entries = 0, audit_entries = 0, index_postings = 0;
  std::uint64_t first_audit_seq = 1, last_audit_seq = 0;
  std::optional<std::string> broken;  // the first thing that is wrong, named; the check stops there
};

// Reads everything in a closed directory, changing nothing: every row, tombstone, document, journal and audit entry
// decodes; no two rows have one key, and no row's key has a tombstone; positions and seqs are dense; `audit` accepts
// every entry (it verifies the chain); the index leads to every entry under every key, and to nothing else.
Result<CheckReport> check_data(const std::string& directory, const AuditCheck& audit);

}  // namespace curfew::ledger_rocksdb
