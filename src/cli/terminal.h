// Where a command reads and writes: streams, what is known of the terminal behind them, the environment and the clock.
//
// Everything that a command does to the outside but HTTP goes through it, so that tests put strings in its place.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <istream>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "base/crypto.h"
#include "base/result.h"
#include "base/time.h"

namespace curfew::cli {

struct Terminal {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  const Clock& clock;
  Random& random;
  bool in_tty = false, out_tty = false, err_tty = false;
  std::size_t width = 80;  // columns of the terminal; only meant for what is a tty

  std::function<std::optional<std::string>(const char* name)> env = [](const char*) { return std::nullopt; };
  std::function<void(Duration)> sleep = [](Duration) {};
  // One line that is not echoed, from the terminal. An error where there is none.
  std::function<Result<std::string>(std::string_view prompt)> read_secret = {};
  // Set by Ctrl-C while catch_interrupts(true) holds; otherwise Ctrl-C ends the program, as everywhere.
  std::atomic<bool>* interrupted = nullptr;
  std::function<void(bool)> catch_interrupts = [](bool) {};

  // Colours on a stream: a tty, NO_COLOR unset or empty, TERM not "dumb".
  bool colour(bool is_tty) const;
};

// While it lives, Ctrl-C sets the flag instead of ending the program.
class InterruptScope {
 public:
  explicit InterruptScope(Terminal& terminal) : terminal_(terminal) { terminal_.catch_interrupts(true); }
  ~InterruptScope() { terminal_.catch_interrupts(false); }
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;

 private:
  Terminal& terminal_;
};

// The real one: the process's standard streams. One a process.
Terminal& system_terminal();

// The escape sequences that we use; empty when `on` is false.
struct Style {
  bool on = false;
  std::string bold(std::string_view text) const { return wrap("1", text); }
  std::string dim(std::string_view text) const { return wrap("2", text); }
  std::string red(std::string_view text) const { return wrap("31", text); }
  std::string green(std::string_view text) const { return wrap("32", text); }
  std::string orange(std::string_view text) const { return wrap("33", text); }
  std::string blue(std::string_view text) const { return wrap("34", text); }

 private:
  std::string wrap(std::string_view code, std::string_view text) const {
    if (!on) return std::string(text);
    return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
  }
};

}  // namespace curfew::cli
