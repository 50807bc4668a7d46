#include "ledger_rocksdb/tuning.h"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/memtablerep.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>

#include <algorithm>
#include <cstdarg>

#include "ledger_rocksdb/activity.h"

namespace curfew::ledger_rocksdb {
namespace {

// RocksDB's own log would be a file on the same disk, and once a write to it has failed, its next line stops the
// program.
class SilentLogger final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

using rocksdb::ColumnFamilyOptions;

// Consecutive keys go into the memtable next to the one before, found through a hint kept for each prefix. One prefix
// is enough where all keys ascend together.
std::shared_ptr<const rocksdb::SliceTransform> one_hint() {
  return std::shared_ptr<const rocksdb::SliceTransform>(rocksdb::NewFixedPrefixTransform(1));
}

// What bulk ends settle comes in large files (fresh_ends.h): two millions need no merge.
constexpr int kSettledFiles = 8;
// Hashes lie anywhere, so each merge writes all of the index's next level again: few merges, once as much has come as
// lies there, or so many files. Who asks the audit log looks into each of them.
constexpr int kIndexFiles = 24;

ColumnFamilyOptions common(const Options& options, const std::shared_ptr<rocksdb::Cache>& cache, int buffer_percent) {
  ColumnFamilyOptions column;
  column.write_buffer_size =
      std::max<std::uint64_t>(options.write_buffer_bytes * static_cast<std::uint64_t>(buffer_percent) / 100, 64 << 10);
  column.max_write_buffer_number = 3;
  column.level0_file_num_compaction_trigger = 4;
  // A bulk revocation may run ahead of compaction; it is bounded, and catching up later is cheaper than waiting now.
  column.level0_slowdown_writes_trigger = 40;
  column.level0_stop_writes_trigger = 64;
  column.level_compaction_dynamic_level_bytes = true;
  // Most of what is stored is ids, hashes and addresses: zstd would save a sixth of the disk for several times the
  // processor time, while callers wait for the same cores.
  column.compression = rocksdb::kLZ4Compression;
  // What a trim has passed leaves the disk within a week even where nothing else is written.
  column.periodic_compaction_seconds = 7 * 24 * 3600;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.block_size = 16 << 10;
  table.format_version = 5;
  table.cache_index_and_filter_blocks = true;
  table.metadata_cache_options.unpartitioned_pinning = rocksdb::PinningTier::kAll;
  column.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return column;
}

// Most look-ups ask for a key that is not there (a new session): the filters answer them, pinned in memory. 10 bits a
// tombstone; a memtable has its own.
ColumnFamilyOptions tombstone_options(const Options& options, const std::shared_ptr<rocksdb::Cache>& cache,
                                      const std::shared_ptr<const Bounds>& bounds) {
  ColumnFamilyOptions column = common(options, cache, 25);
  column.level0_file_num_compaction_trigger = kSettledFiles;
  // Merged several times on the way, among random ids that hardly compress: only where they stay is it worth the time.
  column.compression = rocksdb::kNoCompression;
  column.bottommost_compression = rocksdb::kLZ4Compression;
  rocksdb::BlockBasedTableOptions table = *column.table_factory->GetOptions<rocksdb::BlockBasedTableOptions>();
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.block_size = 4 << 10;
  column.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  column.memtable_whole_key_filtering = true;
  column.memtable_prefix_bloom_size_ratio = 0.05;
  column.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(5));
  column.compaction_filter_factory = tombstone_filter(bounds);
  return column;
}

}  // namespace

rocksdb::DBOptions database_options(const Options& options) {
  rocksdb::DBOptions db;
  db.create_if_missing = true;
  db.create_missing_column_families = true;
  db.max_background_jobs = 2;
  db.allow_concurrent_memtable_write = false;
  db.db_write_buffer_size = options.write_buffer_bytes;
  db.max_total_wal_size = std::max<std::uint64_t>(options.write_buffer_bytes * 2, 1 << 20);
  // The tail that was not synced may be in any state after a power cut; what was acknowledged and is gone is found by
  // MARKS.
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  db.track_and_verify_wals_in_manifest = true;
  db.max_bgerror_resume_count = 0;  // Store::recover does it, and knows what the failed write was
  db.bytes_per_sync = 1 << 20;
  db.max_open_files = -1;
  db.manifest_preallocation_size = 256 << 10;
  db.info_log = std::make_shared<SilentLogger>();
  db.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  db.max_log_file_size = 4 << 20;
  db.keep_log_file_num = 3;
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  db.enable_thread_tracking = false;
  return db;
}

std::vector<rocksdb::ColumnFamilyDescriptor> column_families(const Options& options,
                                                             const std::shared_ptr<const Bounds>& bounds) {
  const std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(options.block_cache_bytes, 4, false, 0.5);
  // The blocks of bulk ends (fresh_ends.h) come and go here: where a buffer holds both, nothing of them is written.
  const ColumnFamilyOptions meta = common(options, cache, 25);
  ColumnFamilyOptions rows = common(options, cache, 25);
  rows.memtable_insert_with_hint_prefix_extractor = one_hint();
  rows.level0_file_num_compaction_trigger = kSettledFiles;
  // The deletions of a bulk revocation reach over a part of the numbers: what lies beside them is not written again.
  rows.target_file_size_base = 8 << 20;
  // A file that is mostly deletions, after a bulk revocation, is merged soon: a load would read through all of them.
  rows.table_properties_collector_factories.push_back(rocksdb::NewCompactOnDeletionCollectorFactory(32'768, 16'384));
  ColumnFamilyOptions activity = common(options, cache, 12);
  activity.merge_operator = activity_merge_operator();
  activity.compaction_filter_factory = activity_filter(bounds);
  activity.memtable_insert_with_hint_prefix_extractor = one_hint();
  const ColumnFamilyOptions journal = common(options, cache, 15);
  ColumnFamilyOptions audit = common(options, cache, 25);
  audit.compression = rocksdb::kNoCompression;  // its blocks are compressed (audit_block.h)
  ColumnFamilyOptions audit_by = common(options, cache, 15);
  audit_by.level0_file_num_compaction_trigger = kIndexFiles;
  audit_by.compression = rocksdb::kNoCompression;  // hashes do not compress
  audit_by.compaction_filter_factory = audit_index_filter(bounds);
  audit_by.memtable_insert_with_hint_prefix_extractor = one_hint();
  ColumnFamilyOptions documents = common(options, cache, 10);
  // A list that is sorted when it is flushed, or asked: a document's key may lie anywhere, so a skip list pays a dozen
  // misses in the caches for each, and hardly anybody asks. It can't be walked backwards, nor written by two at a time.
  documents.memtable_factory = std::make_shared<rocksdb::VectorRepFactory>();
  return {{rocksdb::kDefaultColumnFamilyName, meta},
          {"rows", rows},
          {"activity", activity},
          {"tombstones", tombstone_options(options, cache, bounds)},
          {"journal", journal},
          {"audit", audit},
          {"audit_by", audit_by},
          {"documents", documents}};
}

}  // namespace curfew::ledger_rocksdb
