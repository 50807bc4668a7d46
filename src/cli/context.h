// What a running command has at hand: the terminal, the options that all share, and the server.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "cli/profiles.h"
#include "cli/terminal.h"
#include "client/client.h"

namespace curfew::cli {

enum class Format : std::uint8_t { kTable, kJson, kCsv, kJsonLines };

// The options of connection and output, as given.
struct SharedOptions {
  std::optional<std::string> server, profile, ca_file;
  std::string output = "table";
  bool absolute = false, no_color = false, quiet = false, plain_http = false;
  std::optional<std::int64_t> timeout_s;

  std::vector<Option> options();  // bound to this
};

// How a Transport is made: client::Client::open in the program, a recorder in tests.
using Connect = std::function<Result<std::unique_ptr<client::Transport>>(client::ClientOptions)>;

class Context {
 public:
  // All must outlive the context; `root` and `shared` for the commands that print help, manual and completion.
  Context(Terminal& terminal, const SharedOptions& shared, Connect connect, const Command& root,
          const std::vector<Option>& shared_options)
      : terminal(terminal), shared(shared), root(root), shared_options(shared_options), connect_(std::move(connect)) {}

  Terminal& terminal;
  const SharedOptions& shared;
  const Command& root;
  const std::vector<Option>& shared_options;

  // The server, connected by flag, environment and profile, in this order. The same one for the whole command.
  Result<client::Transport*> api();
  // Where and as whom: without connecting.
  Result<client::ClientOptions> connection() const;
  // A transport of one's own, to other options: signing in, checking a new profile.
  Result<std::unique_ptr<client::Transport>> connect(client::ClientOptions options) const {
    return connect_(std::move(options));
  }

  // The realm: the flag, CURFEW_REALM, the profile's, `otherwise`; without any, an error that names the flag.
  Result<std::string> realm(const std::optional<std::string>& flag, std::optional<std::string> otherwise = {}) const;

  Format format() const;
  Style style() const { return {!shared.no_color && terminal.colour(terminal.out_tty)}; }
  Style err_style() const { return {!shared.no_color && terminal.colour(terminal.err_tty)}; }
  // 0 where nothing may be cut.
  std::size_t table_width() const { return terminal.out_tty ? terminal.width : 0; }
  // A text that the server gave, safe to show; a time of its.
  std::string shown_time(std::string_view rfc3339) const;
  // To people, on the error stream; silent with --quiet.
  void note(std::string_view text);
  // y/N on the terminal. An error of usage where there is nobody to ask.
  Result<bool> confirm(std::string_view question);
  // Asks for a text that must be typed exactly.
  Result<bool> confirm_by_typing(std::string_view question, std::string_view expected);

 private:
  Result<std::string> ask(std::string_view question);

  Connect connect_;
  std::unique_ptr<client::Transport> transport_;
};

// The API's path under a realm: realm_path("production", {"sessions", "regular", id}).
std::string realm_path(std::string_view realm, std::initializer_list<std::string_view> segments = {});
inline constexpr std::string_view kApi = "/api/v1";

}  // namespace curfew::cli
