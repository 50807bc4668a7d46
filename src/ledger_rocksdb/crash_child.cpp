// The process that the tests kill. A program of its own: RocksDB's threads do not survive a fork.
//   crash_child append DIR   appends from where the ledger is, for ever; writes each acknowledged position to stdout
//   crash_child hold DIR     opens the ledger, writes one position to stdout, waits for its stdin to close
#include <unistd.h>

#include <cstdio>
#include <string_view>

#include "ledger_rocksdb/crash_history.h"
#include "ledger_rocksdb/test_support.h"

namespace curfew::ledger_rocksdb {
namespace {

bool tell(std::uint64_t position) {
  return ::write(STDOUT_FILENO, &position, sizeof(position)) == sizeof(position);
}

int append_for_ever(RocksDbLedger& ledger) {
  for (std::uint64_t n = ledger.position() + 1;; ++n) {
    const auto appended = ledger.append(History::commit(n));
    if (!appended || *appended != n) return 4;
    if (!tell(n)) return 5;
    const std::vector<ledger::Activity> activity = {
        {session::SessionNo(History::first(n)), ledger::sample_time(n + 5'000'000), IpAddress::v4(1)}};
    if (!ledger.record_activity(activity)) return 6;
    if (n % 50 == 0 && !ledger.trim_journal(n - 20)) return 7;
  }
}

int run(std::string_view mode, const char* directory) {
  auto opened = RocksDbLedger::open(small_options(directory));
  if (!opened) {
    std::fputs((opened.error().message + "\n").c_str(), stderr);
    return 3;
  }
  if (mode == "append") return append_for_ever(**opened);
  if (!tell((*opened)->position())) return 5;
  char byte = 0;
  return ::read(STDIN_FILENO, &byte, 1) == 0 ? 0 : 8;
}

}  // namespace
}  // namespace curfew::ledger_rocksdb

int main(int argc, char** argv) {
  return argc == 3 ? curfew::ledger_rocksdb::run(argv[1], argv[2]) : 2;
}
