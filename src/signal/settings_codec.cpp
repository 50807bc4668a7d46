// The bytes of a realm's settings (docs/formats/signals.md).
#include "session/bytes.h"
#include "session/codec.h"
#include "signal/settings.h"

namespace curfew::signal {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint64_t kNoRule = 255;

void put_rule(std::string& out, Rule rule, const RuleSettings& settings) {
  session::put_byte(out, settings.enabled ? 1 : 0);
  session::put_byte(out, static_cast<std::uint8_t>(settings.severity));
  for (const RuleNumber& number : numbers_of(rule)) session::put_zigzag(out, settings.*number.member);
  for (const RuleDuration& duration : durations_of(rule)) session::put_zigzag(out, (settings.*duration.member).ms);
}

bool read_rule(session::ByteReader& reader, Rule rule, RuleSettings& settings) {
  const std::uint8_t enabled = reader.byte(), severity = reader.byte();
  if (enabled > 1 || severity < 1 || severity > 3) return false;
  settings.enabled = enabled == 1;
  settings.severity = static_cast<Severity>(severity);
  for (const RuleNumber& number : numbers_of(rule)) settings.*number.member = reader.zigzag();
  for (const RuleDuration& duration : durations_of(rule)) settings.*duration.member = Duration{reader.zigzag()};
  return reader.ok();
}

bool read_cidr(session::ByteReader& reader, std::optional<Cidr>& out) {
  const std::string_view text = reader.bytes();
  auto cidr = Cidr::parse(text);
  if (!cidr) return false;
  out = *cidr;
  return true;
}

void put_suppression(std::string& out, const Suppression& s) {
  session::put_bytes(out, s.id);
  session::put_byte(out, s.rule ? static_cast<std::uint8_t>(*s.rule) : static_cast<std::uint8_t>(kNoRule));
  session::put_bytes(out, s.user_id);
  session::put_bytes(out, s.network ? s.network->to_string() : std::string());
  session::put_bytes(out, s.device);
  session::put_bytes(out, s.reason);
  session::put_bytes(out, s.created_by);
  session::put_zigzag(out, s.created.ms);
  session::put_zigzag(out, s.expires.ms);
}

bool read_suppression(session::ByteReader& reader, Suppression& s) {
  s.id = reader.bytes();
  const std::uint8_t rule = reader.byte();
  if (rule != kNoRule && rule >= kRules) return false;
  if (rule != kNoRule) s.rule = static_cast<Rule>(rule);
  s.user_id = reader.bytes();
  const std::string_view network = reader.bytes();
  if (!network.empty()) {
    auto cidr = Cidr::parse(network);
    if (!cidr) return false;
    s.network = *cidr;
  }
  s.device = reader.bytes();
  s.reason = reader.bytes();
  s.created_by = reader.bytes();
  s.created = Time{reader.zigzag()};
  s.expires = Time{reader.zigzag()};
  return reader.ok();
}

bool read_settings(session::ByteReader& reader, Settings& out) {
  const std::uint64_t networks = reader.varint();
  for (std::uint64_t i = 0; i < networks && reader.ok(); ++i) {
    NamedNetwork& network = out.networks.emplace_back();
    network.name = reader.bytes();
    network.trusted = reader.byte() == 1;
    const std::uint64_t cidrs = reader.varint();
    for (std::uint64_t n = 0; n < cidrs && reader.ok(); ++n) {
      std::optional<Cidr> cidr;
      if (!read_cidr(reader, cidr)) return false;
      network.cidrs.push_back(*cidr);
    }
  }
  // A rule that came later than the bytes keeps its default; one that we don't know can't be passed over.
  const std::uint64_t rules = reader.varint();
  if (rules > kRules) return false;
  for (std::uint64_t i = 0; i < rules; ++i)
    if (!read_rule(reader, static_cast<Rule>(i), out.rules.by_rule[i])) return false;
  const std::uint64_t suppressions = reader.varint();
  for (std::uint64_t i = 0; i < suppressions && reader.ok(); ++i)
    if (!read_suppression(reader, out.suppressions.emplace_back())) return false;
  return reader.ok();
}

}  // namespace

void encode_settings(std::string& out, const Settings& settings) {
  session::put_byte(out, kVersion);
  session::put_varint(out, settings.networks.size());
  for (const NamedNetwork& network : settings.networks) {
    session::put_bytes(out, network.name);
    session::put_byte(out, network.trusted ? 1 : 0);
    session::put_varint(out, network.cidrs.size());
    for (const Cidr& cidr : network.cidrs) session::put_bytes(out, cidr.to_string());
  }
  session::put_varint(out, kRules);
  for (std::size_t i = 0; i < kRules; ++i) put_rule(out, static_cast<Rule>(i), settings.rules.by_rule[i]);
  session::put_varint(out, settings.suppressions.size());
  for (const Suppression& suppression : settings.suppressions) put_suppression(out, suppression);
}

Result<Settings> decode_settings(std::string_view bytes) {
  session::ByteReader reader(bytes);
  if (reader.byte() != kVersion)
    return fail(ErrorCode::kDataLoss, "unknown_version",
                "a realm's detection settings have a version that this program does not know");
  Settings settings;
  if (!read_settings(reader, settings)) return session::corrupt("detection settings");
  CURFEW_TRY_STATUS(reader.finish("detection settings"));
  if (!validate(settings)) return session::corrupt("detection settings");
  return settings;
}

}  // namespace curfew::signal
