#include "engine/journal.h"

#include <algorithm>

#include "session/codec.h"

namespace curfew::engine {
namespace {
constexpr std::uint8_t kVersion = 1;
}

void encode_journal(std::string& out, const JournalEntry& entry) {
  out.push_back(static_cast<char>(kVersion));
  session::put_zigzag(out, entry.time.ms);
  session::put_varint(out, entry.groups.size());
  std::string bytes;
  for (const JournalGroup& group : entry.groups) {
    session::encode_origin(out, group.origin);
    session::put_varint(out, group.commands.size());
    for (const session::Command& command : group.commands) {
      bytes.clear();
      session::encode_command(bytes, command);
      session::put_bytes(out, bytes);
    }
  }
}

void JournalWriter::add(const session::Origin& origin, const session::Command& command) {
  begin_command(origin);
  session::encode_command(bytes_, command);
  end_command();
}

void JournalWriter::add_start(const session::Origin& origin, const session::Session& session) {
  begin_command(origin);
  session::encode_start(bytes_, session);
  end_command();
}

void JournalWriter::begin_command(const session::Origin& origin) {
  if (groups_ == 0 || origin_ != origin) {
    end_group();
    origin_ = origin;
    ++groups_;
  }
  bytes_.clear();
}

void JournalWriter::end_command() {
  session::put_bytes(open_, bytes_);
  ++commands_;
}

void JournalWriter::end_group() {
  if (commands_ == 0) return;
  session::encode_origin(done_, origin_);
  session::put_varint(done_, commands_);
  done_ += open_;
  open_.clear();
  commands_ = 0;
}

void JournalWriter::finish(std::string& out, Time time) {
  end_group();
  out.push_back(static_cast<char>(kVersion));
  session::put_zigzag(out, time.ms);
  session::put_varint(out, groups_);
  out += done_;
}

Result<JournalEntry> decode_journal(std::string_view bytes) {
  session::ByteReader reader(bytes);
  if (reader.byte() != kVersion)
    return fail(ErrorCode::kDataLoss, "unknown_version",
                "a journal entry has a version that this program does not know");
  JournalEntry entry;
  entry.time = Time{reader.zigzag()};
  const std::uint64_t groups = reader.varint();
  for (std::uint64_t g = 0; g < groups && reader.ok(); ++g) {
    JournalGroup group;
    CURFEW_TRY(group.origin, session::decode_origin(reader));
    const std::uint64_t commands = reader.varint();
    for (std::uint64_t c = 0; c < commands && reader.ok(); ++c) {
      CURFEW_TRY(auto command, session::decode_command(reader.bytes()));
      group.commands.push_back(std::move(command));
    }
    entry.groups.push_back(std::move(group));
  }
  CURFEW_TRY_STATUS(reader.finish("journal entry"));
  return entry;
}

}  // namespace curfew::engine
