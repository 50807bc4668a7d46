// The journal's entries: the commands of one commit, with their origins. Bytes: docs/formats/journal.md.
#pragma once

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

}  // namespace curfew::engine
