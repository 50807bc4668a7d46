// RocksDB's options for this workload: why each column family is as it is.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <memory>
#include <vector>

#include "ledger_rocksdb/filters.h"
#include "ledger_rocksdb/options.h"

namespace curfew::ledger_rocksdb {

rocksdb::DBOptions database_options(const Options& options);
// In the order of Columns: default (meta), rows, activity, tombstones, journal, audit, audit_by, documents.
std::vector<rocksdb::ColumnFamilyDescriptor> column_families(const Options& options,
                                                             const std::shared_ptr<const Bounds>& bounds);

}  // namespace curfew::ledger_rocksdb
