// The journal's entries: the commands of one commit, with their origins. Bytes: docs/formats/journal.md.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "session/command.h"

namespace curfew::engine {

struct JournalGroup {
  session::Origin origin;
  std::vector<session::Command> commands;
  friend bool operator==(const JournalGroup&, const JournalGroup&) = default;
};

struct JournalEntry {
  Time time;
  std::vector<JournalGroup> groups;
  friend bool operator==(const JournalEntry&, const JournalEntry&) = default;
};

void encode_journal(std::string& out, const JournalEntry& entry);
Result<JournalEntry> decode_journal(std::string_view bytes);

// An entry in the making: commands become bytes as they come, so that a commit of thousands keeps none of them.
class JournalWriter {
 public:
  void add(const session::Origin& origin, const session::Command& command);
  void add_start(const session::Origin& origin, const session::Session& session);
  bool empty() const { return groups_ == 0; }
  void finish(std::string& out, Time time);  // appends the entry; once

 private:
  void begin_command(const session::Origin& origin);
  void end_command();
  void end_group();

  session::Origin origin_;  // of the open group
  std::size_t groups_ = 0, commands_ = 0;
  std::string done_, open_, bytes_;  // the groups before, the open one's commands, one command
};

}  // namespace curfew::engine
