#include <unistd.h>

#include <fstream>

#include "base/spare_memory.h"
#include "peers/peer.h"

namespace curfew::bench {

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::kAll:
      return "Q1";
    case Kind::kOfflineClient:
      return "Q2";
    case Kind::kUsernamePart:
      return "Q3";
    case Kind::kDeepOffset:
      return "Q4";
    case Kind::kUser:
      return "Q5";
    case Kind::kNetwork:
      return "Q6";
    case Kind::kUserNotNetwork:
      return "Q6b";
    case Kind::kByUsername:
      return "Q7";
  }
  return "";
}

std::string network_text(std::uint32_t network) {
  return fmt::format("10.{}.0.0/16", network);
}

std::uint64_t resident_bytes(int process) {
  if (process == 0) release_spare_memory();
  std::ifstream statm(fmt::format("/proc/{}/statm", process == 0 ? ::getpid() : process));
  std::uint64_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace curfew::bench
