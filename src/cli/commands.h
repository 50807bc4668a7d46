// The commands, one file each. What they share in columns and lookups.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/report.h"

namespace curfew::cli {

Command sessions_command();  // list, show, related, revoke, watch
Command sessions_revoke_command();
Command sessions_related_command();
Command sessions_watch_command();
Command signals_command();  // list, suppress, suppressions, unsuppress
Command users_command();    // list, show, sessions, devices, history
Command clients_command();  // list
Command audit_command();    // list, verify, export
Command realms_command();   // list, show, create, update, delete, export, apply, simulate
Command realms_export_command();
Command realms_apply_command();
Command realms_simulate_command();
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

// The user's id: what was given, if it is one; else that of the user of this name. Without the right to read users what
// was given is taken for the id.
Result<std::string> user_id(Context& context, const std::string& realm, const std::string& user);

// Prints a refusal to go on and gives kExitFailed.
int left_alone(Context& context);

}  // namespace curfew::cli
