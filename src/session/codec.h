// The bytes of sessions, tombstones, commands and policies. Specified in docs/formats/records.md: version byte, varints
// (LEB128), length-prefixed UTF-8, times as zigzag varints of milliseconds. A reader refuses a version it does not
// know, and truncated or trailing bytes (kDataLoss); it accepts every older version since 1.
//
// Invariants: a value has one form in bytes; decode(encode(x)) == x for every x, even one that validate_session would
// refuse; on any input at all a reader neither crashes nor takes memory beyond a small multiple of the input's size.
// What is read is whole, not valid: texts are checked when they enter the system, not each time they are loaded.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "session/apply.h"
#include "session/bytes.h"
#include "session/command.h"
#include "session/policy.h"

namespace curfew::session {

void encode_session(std::string& out, const Session& session);
Result<Session> decode_session(std::string_view bytes);
// The same into a session that is used again and again: its memory is kept, which makes a load of millions faster.
// After an error it holds anything.
Status decode_session_into(std::string_view bytes, Session& session);
void encode_tombstone(std::string& out, const Tombstone& tombstone);
Result<Tombstone> decode_tombstone(std::string_view bytes);
void encode_command(std::string& out, const Command& command);
void encode_start(std::string& out, const Session& session);  // the same of StartSession{session}
Result<Command> decode_command(std::string_view bytes);
void encode_policy(std::string& out, const Policy& policy);
Result<Policy> decode_policy(std::string_view bytes);
// For the records of other modules. Decoding is false on bytes that encoding never gives.
void encode_optional_ip(std::string& out, const std::optional<IpAddress>& ip);
bool decode_optional_ip(ByteReader& reader, std::optional<IpAddress>& ip);
void encode_origin(std::string& out, const Origin& origin);
Result<Origin> decode_origin(ByteReader& reader);

}  // namespace curfew::session
