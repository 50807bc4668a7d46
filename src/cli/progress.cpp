#include "cli/progress.h"

#include <algorithm>

#include "cli/text_width.h"

namespace curfew::cli {

std::string progress_line(const ProgressCounts& counts, std::string_view noun, std::size_t width) {
  std::string text;
  const std::int64_t done = std::max<std::int64_t>(0, counts.done);
  if (counts.total > 0) {
    const auto percent = std::min<std::int64_t>(100, done * 100 / counts.total);
    text = pad_left(std::to_string(percent), 3) + "%  " + grouped(done) + " of " + counted(counts.total, noun);
  } else {
    text = counted(done, noun);
  }
  if (counts.failed > 0) text += ", " + grouped(counts.failed) + " failed";
  constexpr std::size_t kShortestBar = 10, kLongestBar = 40;
  const auto used = display_width(text) + 4;  // brackets and the gap
  if (counts.total <= 0 || width < used + kShortestBar) return shorten(text, width);

  const auto length = std::min(kLongestBar, width - used);
  const auto filled =
      static_cast<std::size_t>(std::min(done, counts.total) * static_cast<std::int64_t>(length) / counts.total);
  std::string bar(filled, '=');
  if (filled < length) bar += '>';
  bar.resize(length, ' ');
  return "[" + bar + "]  " + text;
}

ProgressBar::ProgressBar(Terminal& terminal, std::string noun, bool quiet)
    : terminal_(terminal), noun_(std::move(noun)), on_(terminal.err_tty && !quiet) {}

void ProgressBar::show(const ProgressCounts& counts) {
  if (!on_) return;
  auto line = progress_line(counts, noun_, terminal_.width > 1 ? terminal_.width - 1 : 1);
  if (line == shown_) return;
  terminal_.err << "\r\x1b[K" << line << std::flush;
  shown_ = std::move(line);
}

void ProgressBar::clear() {
  if (shown_.empty()) return;
  terminal_.err << "\r\x1b[K" << std::flush;
  shown_.clear();
}

}  // namespace curfew::cli
