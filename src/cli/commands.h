// The commands, one file each. What they share in columns and lookups.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/report.h"

namespace curfew::cli {

Command sessions_command();  // list, show, revoke, watch
Command sessions_revoke_command();
Command sessions_watch_command();
Command users_command();        // list, show, sessions, history
Command clients_command();      // list
Command audit_command();        // list, verify, export
Command realms_command();       // list, show, create, update, delete
Command keys_command();         // list, create, update, delete
Command operators_command();    // list, create, update, delete
Command revocations_command();  // list, show, stop
Command stats_command();
Command ingest_command();
Command me_command();
Command login_command();
Command profile_command();  // list, set, use, remove
Command completion_command();
Command man_command();

// Of a session in a list; of one that has ended.
std::vector<Column> session_columns(bool with_realm, bool with_user);
std::vector<Column> ended_columns();
std::vector<Column> realm_columns();

// "production=SESSIONS:READ,SESSIONS:DELETE" → the API's Grant; and back.
Result<boost::json::array> parse_grants(const std::vector<std::string>& texts);
std::string grants_text(const boost::json::value& item);
// "production/4711" → the API's OwnUser; "none" → null.
Result<boost::json::value> parse_own_user(std::string_view text);

// The member `id` of the item of `list_path` whose `name_member` is exactly `name`, or `name` itself where it is an id
// already. So that people can say names where the API wants ids.
Result<std::string> resolve_id(Context& context, std::string_view list_path, std::string_view name,
                               std::string_view name_member, std::string_view id_member);

// Prints a refusal to go on and gives kExitFailed.
int left_alone(Context& context);

}  // namespace curfew::cli
