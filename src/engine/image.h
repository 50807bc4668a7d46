// The index image as the engine keeps it: written at the end of an orderly stop, taken by the next start, once.
//
// An image is taken only if the ledger holds the name that was made for it, at the very position at which it was
// written; with the taking that name goes, in a commit of its own. So none can stand for a state that has moved on,
// however often its file is copied back (docs/adr/0008-index-image.md). Nothing depends on it: without one, everything
// is read from the ledger.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"

namespace curfew::engine {

struct ImageOptions {
  std::string path;                          // of its file; empty: none is written, none taken
  std::string program;                       // version and build: another program's image is not read
  std::uint64_t least_sessions = 100'000;    // fewer are read quickly enough
  std::uint64_t reserve_bytes = 0;           // to be left free on the disk
  Duration longest = Duration::seconds(20);  // writing that takes longer is given up
};

// What became of it.
struct ImageReport {
  enum class Outcome : std::uint8_t { kNone, kTaken, kRefused, kWritten, kNotWritten };
  Outcome outcome = Outcome::kNone;  // none: there was none to take, or nothing to write
  std::string problem;               // of kRefused and kNotWritten, a sentence
  std::uint64_t bytes = 0;           // of kWritten
  std::int64_t ms = 0;               // that taking or writing took
};

}  // namespace curfew::engine
