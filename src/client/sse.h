// Server-sent events, read from pieces of any size.
//
// Lines end with LF, CRLF or CR, wherever the pieces are cut. Comments (heartbeats) are dropped. An event is given out
// at its blank line; what the end of the stream leaves unfinished is dropped, as the standard wants. Threads: one.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace curfew::client {

struct SseEvent {
  std::string id;    // the last id seen, as of this event
  std::string type;  // "message" when the server named none
  std::string data;  // lines joined by LF
};

class SseParser {
 public:
  // A longer event is refused: feed() fails and keeps failing.
  static constexpr std::size_t kMaxEventBytes = 1024 * 1024;

  using Handler = std::function<bool(const SseEvent&)>;  // false: stop

  // False when a handler said stop, or an event was too long (see overflowed()).
  bool feed(std::string_view chunk, const Handler& handler);
  bool overflowed() const { return overflowed_; }
  const std::string& last_id() const { return last_id_; }
  std::optional<Duration> retry() const { return retry_; }  // the reconnection time that the server asked for
  // Forgets a half-read event; keeps the last id. Before each reconnection.
  void restart();

 private:
  bool line(std::string_view text, const Handler& handler);

  std::string pending_;    // a line not yet complete
  bool after_cr_ = false;  // a CR ended the last line: a LF now belongs to it
  std::string type_, data_, last_id_;
  bool has_data_ = false;
  bool overflowed_ = false;
  std::optional<Duration> retry_;
};

}  // namespace curfew::client
