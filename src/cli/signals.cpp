// curfew signals list, suppress, suppressions, unsuppress.
#include <memory>

#include "base/ip.h"
#include "base/limits.h"
#include "cli/commands.h"
#include "cli/filters.h"
#include "cli/json_view.h"
#include "cli/text_width.h"

namespace curfew::cli {

namespace {

std::string reasons_of(const boost::json::value& user) {
  std::string out;
  for (const auto& signal : array_at(user, "signals")) out += (out.empty() ? "" : "; ") + text_at(signal, "reason");
  return out;
}

std::string rules_of(const boost::json::value& user) {
  return joined(array_at(user, "signals"), "rule");
}

std::vector<Column> attention_columns(bool with_realm) {
  return {
      {.title = with_realm ? "Realm" : "", .name = "realm", .path = "realm"},
      {.title = "User", .name = "username", .path = "username", .least = 8},
      {.name = "userId", .path = "userId"},
      {.title = "Severity", .name = "severity", .kind = Kind::kSeverity, .path = "severity"},
      {.title = "Since", .name = "since", .kind = Kind::kTime, .path = "since"},
      {.title = "Sessions", .name = "sessions", .kind = Kind::kNumber, .path = "sessions.total"},
      {.name = "regular", .path = "sessions.regular"},
      {.name = "offline", .path = "sessions.offline"},
      {.title = "Last Access", .name = "lastAccess", .kind = Kind::kTime, .path = "lastAccess", .spare = 1},
      {.title = "Reasons", .name = "reasons", .text = reasons_of, .least = 16},
      {.name = "rules", .text = rules_of},
  };
}

std::string counts_text(const boost::json::value& answer) {
  std::string out;
  if (at(answer, "counts") == nullptr) return out;
  for (const auto* severity : {"high", "medium", "low"})
    out += (out.empty() ? "" : ", ") + grouped(number_at(answer, std::string("counts.") + severity)) + " " + severity;
  return "By severity: " + out + ".";
}

Command list_command() {
  struct Options {
    std::optional<std::string> realm, severity, rule;
    Paging paging;
  };
  auto o = std::make_shared<Options>();
  auto c = make_command("list", "List the users who need attention, the most severe first",
                        "With what is unusual about their sessions, and since when. `curfew sessions list --user USER "
                        "--signal any` lists the sessions themselves, `curfew sessions show` the evidence.");
  c.uses_server = true;
  c.option("realm", "NAME", &o->realm, "The realm; - (the default) for all.");
  c.option("severity", "SEVERITY", &o->severity, "Only cases at least so severe.").choices = {"low", "medium", "high"};
  c.option("rule", "RULE", &o->rule, "Only with a signal of this rule.").choices = rule_names();
  o->paging.add_to(c, true);
  c.example("signals list", "Who needs attention?");
  c.example("signals list --realm production --severity high -o json", "The worst cases, with their evidence:");
  c.run = [o](Context& context) -> Result<int> {
    CURFEW_TRY(const auto realm, context.realm(o->realm, "-"));
    ListRequest request{realm_path(realm, {"signals"}), {}, "user", "Nobody needs attention.", counts_text};
    if (o->severity) request.query.emplace_back("severity", *o->severity);
    if (o->rule) request.query.emplace_back("rule", *o->rule);
    return list(context, request, o->paging, attention_columns(realm == "-"));
  };
  return c;
}

std::vector<Column> suppression_columns() {
  const auto rule = [](const auto& s) {
    const auto name = text_at(s, "rule");
    return name.empty() ? "all" : name;
  };
  return {
      {.title = "Rule", .name = "rule", .path = "rule", .text = rule},
      {.title = "User Id", .name = "user", .path = "user", .least = 8},
      {.title = "Network", .name = "network", .path = "network", .least = 9},
      {.title = "Device", .name = "device", .path = "device", .least = 9},
      {.title = "Reason", .name = "reason", .path = "reason", .least = 8},
      {.title = "Expires", .name = "expires", .kind = Kind::kTime, .path = "expires"},
      {.title = "By", .name = "createdBy", .path = "createdBy", .spare = 1},
      {.title = "Created", .name = "created", .kind = Kind::kTime, .path = "created", .spare = 2},
      {.title = "Id", .name = "id", .kind = Kind::kId, .path = "id", .least = 9},
  };
}

// A suppression belongs to one realm.
Result<std::string> one_realm(const Context& context, const std::optional<std::string>& flag) {
  CURFEW_TRY(auto realm, context.realm(flag));
  if (realm == "-") return invalid("--realm", "a suppression is of one realm: name it with --realm.");
  return realm;
}

struct SuppressOptions {
  std::optional<std::string> realm, rule, user, network, device;
  std::string duration, reason;
};

Result<boost::json::object> suppression_of(const SuppressOptions& o, Time now) {
  if (!o.user && !o.network && !o.device)
    return invalid("", "say whose signals to suppress: --user, --network or --device, or several of them.");
  if (o.network && !Cidr::parse(*o.network))
    return invalid("--network", "--network takes an address or a network such as 203.0.113.0/24: " +
                                    Cidr::parse(*o.network).error().message);
  if (o.device && !o.device->starts_with("id:") && !o.device->starts_with("ua:"))
    return invalid(
        "--device",
        "--device takes a device's key such as \"ua:Firefox on Windows\"; `curfew users devices` shows them.");
  if (o.reason.empty() || o.reason.size() > limits::kReason)
    return invalid("--reason", "--reason takes 1 to " + grouped(limits::kReason) + " bytes.");
  CURFEW_TRY_STATUS(check_duration("--for", o.duration));
  const auto lasts = *parse_duration(o.duration);
  if (lasts.ms == 0 || now.ms + lasts.ms > kMaxTime.ms)
    return invalid("--for", "--for takes a duration longer than nothing, such as P7D.");
  boost::json::object body;
  if (o.rule) body["rule"] = *o.rule;
  if (o.network) body["network"] = *o.network;
  if (o.device) body["device"] = *o.device;
  body["reason"] = o.reason;
  body["expires"] = format_time(now + lasts);
  return body;
}

Command suppress_command() {
  auto o = std::make_shared<SuppressOptions>();
  auto c =
      make_command("suppress", "Silence signals that are expected, for a time",
                   "Where a user, a network and a device are given, all of them must apply. It is in the audit log, "
                   "and ends by itself.");
  c.uses_server = true;
  c.option("realm", "NAME", &o->realm, "The realm.");
  c.option("user", "USER", &o->user, "Of this user: the id, or the exact username.");
  c.option("network", "CIDR", &o->network, "From this address or network.");
  c.option("device", "KEY", &o->device, "On this device, by its key.");
  c.option("rule", "RULE", &o->rule, "Of this rule; all of them otherwise.").choices = rule_names();
  c.option("for", "DURATION", &o->duration, "For so long: P7D.").required = true;
  c.option("reason", "TEXT", &o->reason, "Why they are expected, for the audit log.").required = true;
  c.example(
      "signals suppress --realm production --user jane.doe --rule new_network --for P7D --reason \"on a journey\"",
      "jane.doe travels for a week:");
  c.example(
      "signals suppress --realm production --network 203.0.113.0/24 --rule shared_address --for P30D --reason "
      "\"conference\"",
      "Many people behind one address:");
  c.run = [o](Context& context) -> Result<int> {
    CURFEW_TRY(auto body, suppression_of(*o, context.terminal.clock.now()));
    CURFEW_TRY(const auto realm, one_realm(context, o->realm));
    if (o->user) {
      CURFEW_TRY(body["user"], user_id(context, realm, *o->user));
    }
    CURFEW_TRY(auto* api, context.api());
    CURFEW_TRY(const auto answer,
               api->request(client::Method::kPost, realm_path(realm, {"suppressions"}), {}, std::move(body)));
    print_one(context, answer.body, suppression_columns());
    return kExitDone;
  };
  return c;
}

Command suppressions_command() {
  auto realm_flag = std::make_shared<std::optional<std::string>>();
  auto c = make_command("suppressions", "List the signals that are suppressed now");
  c.uses_server = true;
  c.option("realm", "NAME", realm_flag.get(), "The realm.");
  c.example("signals suppressions --realm production", "What is silent, why, and until when?");
  c.run = [realm_flag](Context& context) -> Result<int> {
    CURFEW_TRY(const auto realm, one_realm(context, *realm_flag));
    return list(context, {realm_path(realm, {"suppressions"}), {}, "suppression", "Nothing is suppressed."}, {},
                suppression_columns());
  };
  return c;
}

Command unsuppress_command() {
  struct Options {
    std::optional<std::string> realm;
    std::string id;
  };
  auto o = std::make_shared<Options>();
  auto c = make_command("unsuppress", "Lift a suppression: its signals are raised again");
  c.uses_server = true;
  c.option("realm", "NAME", &o->realm, "The realm.");
  c.argument("ID", &o->id, "The suppression's id.");
  c.example("signals unsuppress --realm production 01J8Z3", "Lift it:");
  c.run = [o](Context& context) -> Result<int> {
    CURFEW_TRY(const auto realm, one_realm(context, o->realm));
    CURFEW_TRY(auto* api, context.api());
    CURFEW_TRY_STATUS(
        api->request(client::Method::kDelete, realm_path(realm, {"suppressions", o->id})).map([](const auto&) {}));
    context.note("Suppression " + safe_text(o->id) + " is lifted.");
    return kExitDone;
  };
  return c;
}

}  // namespace

Command signals_command() {
  auto c = make_command("signals", "See who needs attention and why; suppress what is expected");
  c.add(list_command());
  c.add(suppress_command());
  c.add(suppressions_command());
  c.add(unsuppress_command());
  return c;
}

}  // namespace curfew::cli
