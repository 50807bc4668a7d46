// A progress bar on one line of a terminal.
#pragma once

#include <cstdint>
#include <string>

#include "cli/terminal.h"

namespace curfew::cli {

struct ProgressCounts {
  std::int64_t done = 0, failed = 0, total = 0;  // done includes failed; total 0: not known
};

// "[=====>    ]  50%  5 of 10 sessions, 1 failed", at most `width` columns; without room for a bar the text alone.
std::string progress_line(const ProgressCounts& counts, std::string_view noun, std::size_t width);

// Draws on the error stream when that is a tty; silent otherwise. Its line is gone when it is destroyed.
class ProgressBar {
 public:
  ProgressBar(Terminal& terminal, std::string noun, bool quiet);
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void show(const ProgressCounts& counts);
  void clear();

 private:
  Terminal& terminal_;
  std::string noun_, shown_;
  bool on_;
};

}  // namespace curfew::cli
