#include "ledger_rocksdb/migration.h"

#include <fmt/format.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <array>

#include "ledger_rocksdb/keys.h"
#include "ledger_rocksdb/store.h"

namespace curfew::ledger_rocksdb {

std::span<const Migration> known_migrations() {
  static const auto nothing = [](Store&, std::string&, rocksdb::WriteBatch&) -> Result<bool> { return true; };
  static const std::array<Migration, 2> kAll{{
      {1, "bulk commits may keep their tombstones in blocks; what there is stays as it is", nothing},
      {2, "with them they may name the rows that they end; what there is stays as it is", nothing},
  }};
  return kAll;
}

Status migrate(Store& store, std::uint32_t format, std::span<const Migration> migrations) {
  while (format < kFormat) {
    const auto migration =
        std::find_if(migrations.begin(), migrations.end(), [&](const auto& m) { return m.from == format; });
    if (migration == migrations.end()) {
      return fail(
          ErrorCode::kConflict, "format_too_old",
          fmt::format("The data directory has format {}, which this program can't upgrade to {}; open it once with the "
                      "release that follows the one that wrote it.",
                      format, kFormat));
    }
    CURFEW_TRY(std::optional<std::string> stored, store.get(&Columns::meta, meta::kMigrationKey));
    std::string cursor = stored.value_or("");
    bool done = false;
    while (!done) {
      rocksdb::WriteBatch batch;
      CURFEW_TRY(done, migration->step(store, cursor, batch));
      if (done) {
        std::string bytes;
        put_u32(bytes, format + 1);
        batch.Put(store.columns().meta, rocksdb::Slice(meta::kFormatKey), bytes);
        batch.Delete(store.columns().meta, rocksdb::Slice(meta::kMigrationKey));
      } else {
        batch.Put(store.columns().meta, rocksdb::Slice(meta::kMigrationKey), cursor);
      }
      CURFEW_TRY_STATUS(store.write_synced(batch, "upgrading the data directory"));
    }
    ++format;
  }
  return {};
}

}  // namespace curfew::ledger_rocksdb
