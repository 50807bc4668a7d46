// What the API answers with, as JSON. The shapes are those of openapi.json; the golden tests hold them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/access.h"
#include "api/params.h"
#include "api/route.h"
#include "api/session_out.h"
#include "base/json_writer.h"
#include "engine/engine.h"
#include "index/query.h"

namespace curfew::api {

// {"total","regular","offline"}
void append_counts(JsonWriter& json, std::uint64_t regular, std::uint64_t offline);
void append_text_or_null(JsonWriter& json, std::string_view name, std::string_view text);
void append_time_or_null(JsonWriter& json, std::string_view name, const std::optional<Time>& time);
void append_policy(JsonWriter& json, const session::Policy& policy);
void append_realm(JsonWriter& json, const engine::Realm& realm);  // leaves the object open: counts follow
void append_client(JsonWriter& json, const index::ClientRow& client);
// "clients": those of the summary, the busiest first; their names are those that `names` has under realm 0.
void append_client_counts(JsonWriter& json, const index::Summary& summary, const ClientNames& names);
void append_actor(JsonWriter& json, const session::Origin& origin);
void append_grants(JsonWriter& json, const std::vector<access::Grant>& grants);
void append_own_user(JsonWriter& json, const std::optional<access::UserRef>& own);
// `realm_name` is as in the path: a name, or "-".
void append_revocation(JsonWriter& json, const engine::Revocation& revocation, std::string_view realm_name,
                       const engine::RealmTable& realms, bool with_failures = true);
std::string revocation_json(const engine::Revocation& revocation, std::string_view realm_name,
                            const engine::RealmTable& realms);
// On the sequencer's thread, which needs no lock to read what it alone changes.
std::string event_json(const engine::Engine& engine, const engine::Event& event);

// The end of a list: {"items":[…] is written, this adds the rest.
struct ListEnd {
  std::uint64_t total = 0;
  std::optional<std::string> next, previous;  // cursors
  engine::Engine::AsOf as_of{};
};
void append_as_of(JsonWriter& json, const engine::Engine::AsOf& as_of);
// Closes the array and the object, and answers 200 with the Link header.
http::Response list_response(const Call& call, JsonWriter& json, std::string& body, const ListEnd& end);

// Where a page of a counted list begins, from `cursor` or `offset`.
Result<std::uint64_t> page_offset(const PageParams& page);
// Fills next and previous.
void set_offset_cursors(ListEnd& end, const PageParams& page, std::uint64_t offset, std::uint64_t shown);

}  // namespace curfew::api
