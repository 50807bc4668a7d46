// Stored bytes: whatever is on the disk, a reader answers with the value that was written or with an error.
#include "audit/record.h"
#include "engine/job.h"
#include "engine/journal.h"
#include "fuzz_target.h"
#include "index/query.h"
#include "session/codec.h"
#include "signal/profile.h"
#include "signal/settings.h"

namespace curfew::fuzz {
namespace {

using namespace curfew::session;

Session sample_session() {
  Session session;
  session.no = SessionNo(70'000);
  session.key = {RealmId(3), SessionType::kOffline, "5f1c2f6e-2b1f-4f3a-9a53-0c6c1f1d2e3f"};
  session.user_id = "u-1";
  session.username = "jane.doe";
  session.email = "jane.doe@example.com";
  session.ip = *IpAddress::parse("2001:db8::7");
  session.user_agent = "Mozilla/5.0";
  session.started = Time{1'770'000'000'000};
  session.last_access = Time{1'770'000'060'000};
  session.remember_me = true;
  session.clients = {{"web-portal", session.started}, {"reports", session.last_access}};
  session.token_hash = hash_token("token");
  return session;
}

template <auto Encode, class T>
std::string encoded(const T& value) {
  std::string out;
  Encode(out, value);
  return out;
}

// What can be read is written back as the same bytes: a value has one form.
template <auto Decode, auto Encode>
void one_form(std::string_view bytes) {
  const auto value = Decode(bytes);
  if (value) FUZZ_CHECK((encoded<Encode>(*value) == bytes));
}

void audit_record(std::string_view bytes) {
  auto sealed = audit::unseal(bytes);
  if (!sealed) return;
  audit::ChainHead head{sealed->record.seq - 1, Time{INT64_MIN}, {}};
  std::string again;
  audit::seal(sealed->record, head, again);
  FUZZ_CHECK(again.substr(0, again.size() - 32) == bytes.substr(0, bytes.size() - 32));
  audit::Verifier verifier({});
  verifier.feed(1, bytes);
}

// Older versions are written back as the present one, which has one form.
void selection(std::string_view bytes) {
  const auto value = engine::decode_selection(bytes);
  if (!value) return;
  const std::string written = encoded<engine::encode_selection>(*value);
  const auto again = engine::decode_selection(written);
  FUZZ_CHECK(again && encoded<engine::encode_selection>(*again) == written);
}

// Positions and networks have more than one form of bytes; what is read has one.
template <auto Decode, auto Encode>
void one_meaning(std::string_view bytes) {
  const auto value = Decode(bytes);
  if (!value) return;
  const auto again = Decode(encoded<Encode>(*value));
  FUZZ_CHECK(again && *again == *value);
}

void cursor(std::string_view bytes) {
  const auto value = index::decode_cursor(bytes);
  if (!value) return;
  const auto again = index::decode_cursor(index::encode_cursor(*value));
  FUZZ_CHECK(again && again->no == value->no && again->key == value->key && again->backwards == value->backwards);
}

std::vector<std::string> session_seeds() {
  Session plain = sample_session();
  plain.key.type = SessionType::kRegular;
  plain.ip = *IpAddress::parse("203.0.113.7");
  plain.clients.clear();
  plain.token_hash.reset();
  return {encoded<encode_session>(sample_session()), encoded<encode_session>(plain)};
}

std::vector<Command> sample_commands() {
  const SessionKey key = sample_session().key;
  return {StartSession{sample_session()}, TouchSession{key, Time{1}, IpAddress::v4(0x0a140001)},
          JoinClient{key, "reports", Time{2}}, EndSession{key, Time{3}, EndCause::kIdle, "idle"}};
}

std::vector<std::string> command_seeds() {
  std::vector<std::string> seeds;
  for (const Command& command : sample_commands()) seeds.push_back(encoded<encode_command>(command));
  return seeds;
}

std::vector<std::string> policy_seeds() {
  Policy policy;
  policy.idle_timeout = Duration::minutes(30);
  policy.offline_max_lifetime = Duration::days(60);
  policy.max_sessions_per_user = 5;
  return {encoded<encode_policy>(policy), encoded<encode_policy>(Policy{})};
}

std::vector<std::string> audit_seeds() {
  audit::Record record;
  record.time = Time{1'770'000'000'000};
  record.action = std::string(audit::action::kSessionEnded);
  record.realm = RealmId(3);
  record.realm_name = "production";
  record.session_type = SessionType::kOffline;
  record.session_id = "s-1";
  record.session_ip = IpAddress::v4(0xcb007107);
  record.session_started = Time{1};
  audit::ChainHead head;
  std::string bytes;
  audit::seal(record, head, bytes);
  return {bytes};
}

std::vector<std::string> journal_seeds() {
  engine::JournalEntry entry;
  entry.time = Time{5};
  Origin origin;
  origin.kind = ActorKind::kOperator;
  origin.actor_name = "admin";
  entry.groups.push_back({origin, sample_commands()});
  return {encoded<engine::encode_journal>(entry)};
}

std::vector<std::string> selection_seeds() {
  index::Filter filter;
  filter.search = "oe";
  filter.user = "u-1";
  filter.clients = {"web-portal"};
  filter.ip = {*Cidr::parse("10.20.0.0/16")};
  filter.started_after = Time{5};
  filter.device_kinds = {device::Kind::kBot};
  filter.devices = {"ua:Firefox on Windows"};
  filter.marks = index::kHighSeverity;
  engine::Selection by_filter{{RealmId{1}}, engine::ByFilter{filter}, SessionType::kOffline, false, std::nullopt};
  engine::Selection by_name{
      {RealmId{1}}, engine::BySessions{{sample_session().key}}, std::nullopt, true, engine::OwnUser{RealmId{1}, "me"}};
  std::string old = encoded<engine::encode_selection>(by_name);
  old[0] = 1;
  return {encoded<engine::encode_selection>(by_filter), encoded<engine::encode_selection>(by_name), old};
}

std::vector<std::string> profile_seeds() {
  signal::Profile profile;
  profile.first_seen = Time{1'770'000'000'000};
  profile.sessions = 9;
  profile.networks = {{{*IpAddress::parse("203.0.113.0"), 64500}, profile.first_seen, profile.first_seen, 0},
                      {{*IpAddress::parse("2001:db8::"), 0}, Time{1'770'500'000'000}, Time{1'770'600'000'000}, 9}};
  profile.devices = {{"ua:Firefox on Windows", profile.first_seen, profile.first_seen, 0}};
  profile.countries = {{"NO", profile.first_seen, profile.first_seen, 0}};
  profile.incidents = {{signal::Rule::kTokenReplay, SessionNo(7), Time{1'770'600'000'000}, IpAddress::v4(1), "moved"}};
  profile.last_place = signal::Whereabouts{profile.first_seen, IpAddress::v4(1), 59.91, 10.75, 20};
  return {encoded<signal::encode_profile>(profile), encoded<signal::encode_profile>(signal::Profile{})};
}

std::vector<std::string> detection_seeds() {
  signal::Settings settings;
  settings.networks = {{"Corporate", {*Cidr::parse("10.20.0.0/16"), *Cidr::parse("2001:db8::/32")}, true}};
  signal::Suppression quiet;
  quiet.id = "one";
  quiet.rule = signal::Rule::kNewNetwork;
  quiet.network = *Cidr::parse("203.0.113.0/24");
  quiet.expires = Time{1'770'000'000'000};
  settings.suppressions = {quiet};
  return {encoded<signal::encode_settings>(settings), encoded<signal::encode_settings>(signal::Settings{})};
}

std::vector<std::string> cursor_seeds() {
  index::Cursor by_severity;
  by_severity.order = {index::SortBy::kSeverity, true};
  by_severity.key = std::string(1, '\3') + std::string(8, 'x');
  index::Cursor cursor;
  cursor.order = {index::SortBy::kUsername, false};
  cursor.key = "jane.doe";
  cursor.no = SessionNo(12);
  return {index::encode_cursor(cursor), index::encode_cursor(by_severity)};
}

}  // namespace

std::vector<Target> record_targets() {
  Tombstone tombstone;
  tombstone.ended = Time{1'770'000'000'000};
  tombstone.audit_seq = 9;
  return {
      {"session", one_form<decode_session, encode_session>, session_seeds()},
      {"tombstone", one_form<decode_tombstone, encode_tombstone>, {encoded<encode_tombstone>(tombstone)}},
      {"command", one_form<decode_command, encode_command>, command_seeds()},
      {"policy", one_form<decode_policy, encode_policy>, policy_seeds()},
      {"journal", one_form<engine::decode_journal, engine::encode_journal>, journal_seeds()},
      {"audit_record", audit_record, audit_seeds()},
      {"selection", selection, selection_seeds()},
      {"cursor", cursor, cursor_seeds()},
      {"profile", one_meaning<signal::decode_profile, signal::encode_profile>, profile_seeds()},
      {"detection", one_meaning<signal::decode_settings, signal::encode_settings>, detection_seeds()},
  };
}

}  // namespace curfew::fuzz
