// curfew sessions related: what a session shares with others.
#include <algorithm>
#include <memory>

#include "cli/commands.h"
#include "cli/filters.h"
#include "cli/json_view.h"

namespace curfew::cli {

namespace {

// As a shell reads it back.
std::string shell_word(const std::string& text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._:/@%+=,-").find(c) != std::string_view::npos;
  });
  if (plain) return text;
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// "lastAccessAfter" → "--last-access-after".
std::string option_of(std::string_view member) {
  std::string out = "--";
  for (const char c : member) {
    if (c >= 'A' && c <= 'Z')
      out += {'-', static_cast<char>(c | 0x20)};
    else
      out += c;
  }
  return out;
}

// The API's filter as options of `sessions list`.
std::string options_text(const boost::json::value& item) {
  const auto* filter = at(item, "filter");
  std::string out;
  if (filter == nullptr || !filter->is_object()) return out;
  for (const auto& [name, value] : filter->get_object()) {
    const auto option = option_of(std::string_view(name.data(), name.size()));
    boost::json::array values;
    if (value.is_array())
      values = value.get_array();
    else
      values.push_back(value);
    for (const auto& one : values) out += (out.empty() ? "" : " ") + option + " " + shell_word(text_at(one, ""));
  }
  return out;
}

}  // namespace

Command sessions_related_command() {
  struct Options {
    std::optional<std::string> realm;
    std::string session;
  };
  auto o = std::make_shared<Options>();
  auto c = make_command("related", "Count the sessions that share something with one: user, address, network, device",
                        "With the options that make `curfew sessions list` show them, and `curfew sessions revoke` end "
                        "them. The session itself is among them.");
  c.uses_server = true;
  c.option("realm", "NAME", &o->realm, "The realm.");
  c.argument("SESSION", &o->session, "Its type and id, such as regular/9f8b.");
  c.example("sessions related --realm production regular/9f8b", "Who else is on this address, or on this device?");
  c.run = [o](Context& context) -> Result<int> {
    CURFEW_TRY(const auto name, parse_session_name(o->session));
    CURFEW_TRY(const auto realm, context.realm(o->realm));
    CURFEW_TRY(auto* api, context.api());
    CURFEW_TRY(const auto answer, api->get(realm_path(realm, {"sessions", name.type, name.id, "related"})));
    if (context.format() == Format::kJson || context.format() == Format::kJsonLines) {
      print_one(context, answer.body, {});
      return kExitDone;
    }
    boost::json::array rows;
    for (const auto& [member, title] : {std::pair{"user", "User"}, std::pair{"address", "IP Address"},
                                        std::pair{"network", "Network"}, std::pair{"device", "Device"}}) {
      const auto* shared = at(answer.body, member);
      if (shared == nullptr || !shared->is_object()) continue;  // no device is known
      auto row = shared->get_object();
      row["same"] = context.format() == Format::kCsv ? member : title;
      rows.emplace_back(std::move(row));
    }
    print_rows(context, rows,
               {{.title = "Same", .name = "same", .path = "same"},
                {.title = "Sessions", .name = "sessions", .kind = Kind::kNumber, .path = "sessions"},
                {.title = "Users", .name = "users", .kind = Kind::kNumber, .path = "users"},
                {.title = "Options", .name = "options", .text = options_text, .least = 24}});
    return kExitDone;
  };
  return c;
}

}  // namespace curfew::cli
