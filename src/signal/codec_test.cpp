// The bytes of profiles and settings: what was written is read, and nothing else is taken for it.
#include "base/crypto.h"
#include "signal/profile_store.h"
#include "signal/testing.h"

namespace curfew::signal {
namespace {

Profile some_profile(SeededRandom& random) {
  Profile out;
  const auto second = [&] {
    return Time{static_cast<std::int64_t>(1'700'000'000 + random.next() % 10'000'000) * 1000};
  };
  out.first_seen = second();
  out.sessions = random.next() % 20;
  out.learnt = SessionNo{random.next() % 1'000'000};
  for (std::uint64_t i = random.next() % (Profile::kMostSeenNetworks + 1); i > 0; --i)
    out.networks.push_back({{IpAddress::v4(static_cast<std::uint32_t>(random.next()) & 0xffffff00U),
                             static_cast<std::uint32_t>(random.next() % 3 == 0 ? random.next() : 0)},
                            second(),
                            second(),
                            random.next() % 12});
  for (std::uint64_t i = random.next() % (Profile::kMostSeenDevices + 1); i > 0; --i)
    out.devices.push_back({"ua:agent " + std::to_string(i), second(), second(), random.next() % 12});
  for (std::uint64_t i = random.next() % (Profile::kMostSeenCountries + 1); i > 0; --i)
    out.countries.push_back({"NO", second(), second(), random.next() % 12});
  for (std::uint64_t i = random.next() % (Profile::kMostIncidents + 1); i > 0; --i)
    out.incidents.push_back({Rule::kAwakened, SessionNo{random.next()}, second(), testing::ip("2001:db8::7"), "used"});
  if (random.next() % 2 == 0) out.last_place = Whereabouts{second(), testing::ip("192.0.2.1"), 52.5201, -13.405, 20};
  return out;
}

Settings some_settings() {
  Settings out = testing::with_office();
  out.networks.push_back({"Branch", {*Cidr::parse("2001:db8::/32"), *Cidr::parse("192.0.2.7")}, false});
  out.rules[Rule::kManySessions].deviations_milli = 3'500;
  out.rules[Rule::kIdle].enabled = false;
  Suppression all;
  all.id = "one";
  all.user_id = "ann";
  all.reason = "known";
  all.created_by = "admin";
  all.created = Time{1};
  all.expires = Time{2};
  Suppression some = all;
  some.rule = Rule::kTokenReplay;
  some.network = *Cidr::parse("203.0.113.0/24");
  some.device = "id:kiosk";
  out.suppressions = {all, some};
  return out;
}

// Whatever comes, it is refused or means something that has bytes of its own.
template <class Decode, class Encode>
void abuse(const std::string& bytes, SeededRandom& random, Decode decode, Encode encode) {
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode(bytes.substr(0, size)).has_value()) << size;
  EXPECT_FALSE(decode(bytes + '\0').has_value());
  for (int i = 0; i < 2'000; ++i) {
    std::string mutated = bytes;
    for (std::uint64_t n = 1 + random.next() % 3; n > 0; --n)
      mutated[random.next() % mutated.size()] = static_cast<char>(random.next());
    const auto read = decode(mutated);
    if (!read) continue;
    std::string again;
    encode(again, *read);
    EXPECT_TRUE(decode(again).has_value());
  }
}

TEST(ProfileBytes, AreReadAsTheyWereWritten) {
  SeededRandom random(11);
  for (int i = 0; i < 500; ++i) {
    const Profile profile = some_profile(random);
    std::string bytes;
    encode_profile(bytes, profile);
    const auto read = decode_profile(bytes);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(*read, profile);
  }
}

TEST(ProfileBytes, ThatAreBrokenAreRefused) {
  SeededRandom random(12);
  for (int i = 0; i < 20; ++i) {
    std::string bytes;
    encode_profile(bytes, some_profile(random));
    abuse(bytes, random, decode_profile, encode_profile);
  }
}

// In memory they have another form, in which nothing is lost either, and which leaves nothing behind.
TEST(ProfileStore, GivesWhatWasPut) {
  SeededRandom random(14);
  ProfileStore store;
  std::map<std::uint32_t, Profile> model;
  for (int i = 0; i < 1'000; ++i) {
    const auto user = static_cast<std::uint32_t>(random.next() % 20);
    Profile profile = some_profile(random);
    if (!profile.devices.empty()) profile.devices.back().key = "id:" + std::to_string(user);
    if (!profile.networks.empty())
      profile.networks.back().network.first_address = testing::ip(i % 2 == 0 ? "2001:db8:7::" : "2001:db8::7");
    if (random.next() % 4 == 0) {
      store.remove(user);
      model.erase(user);
    } else {
      EXPECT_TRUE(store.put(user, profile));
      EXPECT_FALSE(store.put(user, profile));
      model[user] = profile;
    }
    for (const auto& [known, expected] : model) ASSERT_EQ(store.get(known), expected) << i;
    ASSERT_EQ(store.get(user).has_value(), model.contains(user));
  }
  for (std::uint32_t user = 0; user < 20; ++user) store.remove(user);
  EXPECT_EQ(store.texts(), 0U);
}

TEST(ProfileStore, KeepsAnOrdinaryUserInSixtyBytes) {
  ProfileStore store;
  constexpr std::uint32_t users = 50'000;
  for (std::uint32_t user = 0; user < users; ++user) {
    Profile profile;
    const auto day = [](int n) { return Time{1'700'000'000'000 + n * 86'400'000LL}; };
    profile.first_seen = day(0);
    profile.sessions = 10;
    profile.networks = {{{IpAddress::v4(user << 8), 0}, day(0), day(9), 0},
                        {{IpAddress::v4(77 << 8), 0}, day(3), day(8), 4}};
    profile.devices = {{"ua:Firefox on Windows", day(0), day(9), 0}, {"ua:Safari on iPhone", day(3), day(8), 4}};
    store.put(user, profile);
  }
  EXPECT_LT(store.memory_bytes(), std::size_t{users} * 60 + (std::size_t{4} << 20));
}

TEST(ProfileBytes, OfALaterVersionAreRefusedByName) {
  std::string bytes;
  encode_profile(bytes, {});
  bytes[0] = 2;
  EXPECT_EQ(decode_profile(bytes).error().reason, "unknown_version");
}

TEST(ProfileBytes, ThatCannotBeReadAreAsNone) {
  testing::World world;
  world.start({"ann", "192.0.2.1"});
  Watch again(world.index, {});
  again.set_realm(testing::World::kRealm, std::make_shared<const Settings>());
  again.load_profile(testing::World::kRealm, world.number("ann"), "nonsense");
  again.loaded(world.now);
  EXPECT_EQ(again.devices(testing::World::kRealm, world.number("ann"), world.now).size(), 1U);
}

TEST(SettingsBytes, AreReadAsTheyWereWritten) {
  for (const Settings& settings : {Settings::defaults(), some_settings()}) {
    std::string bytes;
    encode_settings(bytes, settings);
    const auto read = decode_settings(bytes);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(*read, settings);
  }
}

TEST(SettingsBytes, ThatAreBrokenAreRefused) {
  SeededRandom random(13);
  std::string bytes;
  encode_settings(bytes, some_settings());
  abuse(bytes, random, decode_settings, encode_settings);
}

// An error of validate names the member as the API spells it.
TEST(Settings, AreRefusedByMember) {
  const auto field = [](auto change) {
    Settings settings = some_settings();
    change(settings);
    const Status status = validate(settings);
    return status ? std::string("accepted") : status.error().field;
  };
  EXPECT_EQ(field([](Settings&) {}), "accepted");
  EXPECT_EQ(field([](Settings& s) { s.networks[1].cidrs.clear(); }), "networks[1].cidrs");
  EXPECT_EQ(field([](Settings& s) { s.networks[0].cidrs.resize(65, s.networks[0].cidrs[0]); }), "networks[0].cidrs");
  EXPECT_EQ(field([](Settings& s) { s.networks[1].name = "Corporate"; }), "networks[1].name");
  EXPECT_EQ(field([](Settings& s) { s.networks.resize(65, s.networks[0]); }), "networks");
  EXPECT_EQ(field([](Settings& s) { s.rules[Rule::kManyNetworks].threshold = 1; }), "rules.many_networks.threshold");
  EXPECT_EQ(field([](Settings& s) { s.rules[Rule::kAwakened].asleep_for = Duration{1}; }), "rules.awakened.asleepFor");
  Settings many = some_settings();
  many.suppressions.resize(kMostSuppressions + 1, many.suppressions[0]);
  EXPECT_EQ(validate(many).error().code, ErrorCode::kTooLarge);
}

TEST(Names, OfRulesAndSeveritiesAreReadBack) {
  for (std::size_t i = 0; i < kRules; ++i)
    EXPECT_EQ(*parse_rule(to_string(static_cast<Rule>(i))), static_cast<Rule>(i));
  for (const Severity severity : {Severity::kLow, Severity::kMedium, Severity::kHigh})
    EXPECT_EQ(*parse_severity(to_string(severity)), severity);
  EXPECT_EQ(parse_rule("none").error().field, "rule");
  EXPECT_EQ(parse_severity("none").error().field, "severity");
  EXPECT_EQ(*marks_of("token_replay"), 1U << 5);
  EXPECT_EQ(*marks_of("any"), 7U << 13);
  EXPECT_EQ(*marks_of("high"), 1U << 15);
  EXPECT_EQ(marks_of("idle").error().field, "signal");
}

}  // namespace
}  // namespace curfew::signal
