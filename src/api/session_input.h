// Bodies that say something about a session, as commands: of the single calls and of the lines of an ingest.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/json_in.h"
#include "base/result.h"
#include "base/time.h"
#include "engine/engine.h"
#include "session/command.h"

namespace curfew::api {

// Clocks differ: a time up to this far ahead is taken as now, a later one is refused.
inline constexpr Duration kClockSkew = Duration::minutes(5);

using ClientNameList = std::vector<engine::Submission::ClientName>;

// The members of PUT, SessionStart ("type" too) and ingest's start ("op", "type", "id" too) are read from `fields`; the
// key is the caller's. The session is valid (validate_session). Names of clients are appended to `names`.
Result<session::Session> read_session(const Fields& fields, session::SessionKey key, Time now, ClientNameList& names);

// "at", no later than now.
Result<Time> read_at(const Fields& fields, std::string_view name, Time now);
Result<std::optional<IpAddress>> read_ip(const Fields& fields);

// One line of an ingest. On an error nothing was appended to `names`.
Result<session::Command> read_operation(const JsonValue& value, session::RealmId realm, Time now,
                                        ClientNameList& names);

// Why a command was refused; requires refused(outcome). `absent_is` is the code for a session that is not live:
// kNotFound for calls about a live session, kConflict where one was to begin.
Error outcome_error(const engine::CommandResult& result, ErrorCode absent_is);

}  // namespace curfew::api
