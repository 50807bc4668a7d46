#include "cli/terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <thread>

namespace curfew::cli {

namespace {

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may set it");

void on_interrupt(int) {
  interrupted.store(true);
}

void catch_interrupts(bool on) {
  struct sigaction action = {};
  if (on) {
    interrupted.store(false);
    action.sa_handler = on_interrupt;  // no SA_RESTART: a read at a prompt must end
  } else {
    action.sa_handler = SIG_DFL;
  }
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
}

std::size_t terminal_width() {
  if (const char* columns = std::getenv("COLUMNS")) {
    const int n = std::atoi(columns);
    if (n >= 20 && n <= 10'000) return static_cast<std::size_t>(n);
  }
  winsize size = {};
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO})
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20) return size.ws_col;
  return 80;
}

// Reads a line from the terminal itself, not from standard input, which may be a pipe.
Result<std::string> read_secret(std::string_view prompt) {
  const int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
  if (fd < 0) return fail(ErrorCode::kInvalidArgument, "no_terminal", "there is no terminal to ask for a secret.");
  termios before = {};
  tcgetattr(fd, &before);
  termios silent = before;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  silent.c_lflag |= ECHONL;
  catch_interrupts(true);
  tcsetattr(fd, TCSAFLUSH, &silent);
  [[maybe_unused]] auto written = write(fd, prompt.data(), prompt.size());

  std::string line;
  bool ended = false;
  constexpr std::size_t kMostBytes = 4096;
  while (!ended && line.size() < kMostBytes && !interrupted.load()) {
    char c = 0;
    const auto got = read(fd, &c, 1);
    if (got <= 0 || c == '\n')
      ended = got > 0 || errno != EINTR;
    else
      line += c;
  }
  tcsetattr(fd, TCSAFLUSH, &before);
  close(fd);
  const bool cut = interrupted.load();
  catch_interrupts(false);
  if (cut) return fail(ErrorCode::kCancelled, "interrupted", "interrupted");
  return line;
}

}  // namespace

bool Terminal::colour(bool is_tty) const {
  if (!is_tty) return false;
  const auto no_color = env("NO_COLOR");
  if (no_color && !no_color->empty()) return false;
  const auto term = env("TERM");
  return !term || *term != "dumb";
}

Terminal& system_terminal() {
  static const SystemClock clock;
  static SystemRandom random;
  static Terminal terminal = [] {
    Terminal t{.in = std::cin, .out = std::cout, .err = std::cerr, .clock = clock, .random = random};
    t.in_tty = isatty(STDIN_FILENO) == 1;
    t.out_tty = isatty(STDOUT_FILENO) == 1;
    t.err_tty = isatty(STDERR_FILENO) == 1;
    t.width = terminal_width();
    t.env = [](const char* name) -> std::optional<std::string> {
      const char* value = std::getenv(name);
      if (value == nullptr) return std::nullopt;
      return std::string(value);
    };
    t.sleep = [](Duration d) { std::this_thread::sleep_for(std::chrono::milliseconds(d.ms)); };
    t.read_secret = read_secret;
    t.interrupted = &interrupted;
    t.catch_interrupts = catch_interrupts;
    return t;
  }();
  return terminal;
}

}  // namespace curfew::cli
