#include "session/codec.h"

#include <gtest/gtest.h>

#include <limits>

#include "session/testing.h"

namespace curfew::session {
namespace {

using testing::random_command;
using testing::random_session;
using testing::random_text;

constexpr std::uint64_t kEdges[] = {0,          1,          127,        128,        16'383,     16'384,
                                    UINT32_MAX, 1ULL << 32, 1ULL << 62, 1ULL << 63, UINT64_MAX, UINT64_MAX - 1};

template <class T, class Encode>
std::string encoded(Encode encode, const T& value) {
  std::string out;
  encode(out, value);
  return out;
}

TEST(Varint, EdgesRoundTrip) {
  for (const std::uint64_t value : kEdges) {
    std::string out;
    put_varint(out, value);
    put_zigzag(out, static_cast<std::int64_t>(value));
    ByteReader reader(out);
    EXPECT_EQ(reader.varint(), value);
    EXPECT_EQ(reader.zigzag(), static_cast<std::int64_t>(value));
    EXPECT_TRUE(reader.finish("test"));
  }
}

TEST(Varint, ANumberHasOneForm) {
  const std::string_view refused[] = {
      {"\x80\x00", 2},                                 // 0 in two bytes
      {"\xff\x80\x00", 3},                             // a last group that says nothing
      "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",      // a 65th bit
      "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",  // eleven bytes
      "\x80",                                          // cut off
      "",
  };
  for (const std::string_view bytes : refused) {
    ByteReader reader(bytes);
    EXPECT_EQ(reader.varint(), 0U);
    EXPECT_FALSE(reader.ok());
  }
}

TEST(ByteReader, AfterTheFirstErrorEverythingIsEmpty) {
  ByteReader reader(std::string_view("\x05\x61\x62", 3));
  EXPECT_EQ(reader.bytes(), "");
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.byte(), 0);
  EXPECT_EQ(reader.varint(), 0U);
  EXPECT_EQ(reader.raw(1), "");
  EXPECT_EQ(reader.finish("test").error().code, ErrorCode::kDataLoss);
}

TEST(SessionCodec, RandomSessionsRoundTrip) {
  SeededRandom random(1);
  Session reused;
  for (int i = 0; i < 5'000; ++i) {
    const Session session = random_session(random, 64);
    const std::string bytes = encoded(encode_session, session);
    ASSERT_EQ(decode_session(bytes).value(), session);
    ASSERT_TRUE(decode_session_into(bytes, reused));
    ASSERT_EQ(reused, session);  // nothing of the one before shines through
    ASSERT_EQ(encoded(encode_session, reused), bytes);
  }
}

TEST(SessionCodec, TimesAtTheEndsOfTheirRangeRoundTrip) {
  for (const std::int64_t started : {INT64_MIN, std::int64_t{-1}, std::int64_t{0}, kMaxTime.ms, INT64_MAX}) {
    for (const std::int64_t last : {INT64_MIN, std::int64_t{0}, INT64_MAX}) {
      Session session;
      session.started = Time{started};
      session.last_access = Time{last};
      session.clients = {{"", Time{last}}};
      ASSERT_EQ(decode_session(encoded(encode_session, session)).value(), session);
    }
  }
}

// The example of docs/formats/records.md, byte by byte: the format must not move under stored data.
TEST(SessionCodec, TheBytesAreThoseOfTheDocument) {
  Session session;
  session.no = SessionNo(300);
  session.key = {RealmId(2), SessionType::kOffline, "s-1"};
  session.user_id = "u";
  session.username = "jane";
  session.ip = IpAddress::v4(0xcb007107);
  session.user_agent = "UA";
  session.started = Time{1000};
  session.last_access = Time{1300};
  session.remember_me = true;
  session.clients = {{"web", Time{1000}}};
  const std::string bytes = encoded(encode_session, session);
  EXPECT_EQ(to_hex({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}),
            "01"
            "ac02"
            "02"
            "03"
            "03732d31"
            "0175"
            "046a616e65"
            "00"
            "04cb007107"
            "025541"
            "00"
            "d00f"
            "d804"
            "01"
            "03776562"
            "00");
}

TEST(SessionCodec, TruncationsAndTrailingBytesAreRefused) {
  SeededRandom random(2);
  for (int i = 0; i < 100; ++i) {
    const std::string bytes = encoded(encode_session, random_session(random));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto cut = decode_session(std::string_view(bytes).substr(0, size));
      ASSERT_FALSE(cut);
      ASSERT_EQ(cut.error().code, ErrorCode::kDataLoss);
    }
    ASSERT_FALSE(decode_session(bytes + '\0'));
  }
}

TEST(SessionCodec, AnUnknownVersionIsNamed) {
  std::string bytes = encoded(encode_session, Session{});
  bytes[0] = 9;
  const auto refused = decode_session(bytes);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "unknown_record_version");
  EXPECT_NE(refused.error().message.find('9'), std::string::npos);
}

TEST(SessionCodec, ACountOfClientsBeyondTheInputTakesNoMemory) {
  std::string bytes = encoded(encode_session, Session{});
  bytes.pop_back();  // the count, which stands last
  put_varint(bytes, std::numeric_limits<std::uint64_t>::max() / 64);
  EXPECT_FALSE(decode_session(bytes));
}

// Whatever is accepted must be what encoding gives back: one value, one form.
template <class Decode, class Encode>
void expect_safe(std::string_view bytes, Decode decode, Encode encode) {
  const auto value = decode(bytes);
  if (!value) return;
  std::string again;
  encode(again, *value);
  ASSERT_EQ(again, bytes);
}

TEST(Codec, BitFlipsAndGarbageNeverCrashAndNeverHaveTwoForms) {
  SeededRandom random(3);
  for (int i = 0; i < 20'000; ++i) {
    std::string session = encoded(encode_session, random_session(random));
    std::string command = encoded(encode_command, random_command(random));
    for (std::uint64_t flips = 1 + random.next() % 3; flips > 0; --flips) {
      session[random.next() % session.size()] ^= static_cast<char>(1U << random.next() % 8);
      command[random.next() % command.size()] ^= static_cast<char>(1U << random.next() % 8);
    }
    expect_safe(session, decode_session, encode_session);
    expect_safe(command, decode_command, encode_command);

    std::string garbage(random.next() % 60, '\0');
    random.fill({reinterpret_cast<std::uint8_t*>(garbage.data()), garbage.size()});
    if (!garbage.empty()) garbage[0] = 1;
    expect_safe(garbage, decode_session, encode_session);
    expect_safe(garbage, decode_command, encode_command);
    expect_safe(garbage, decode_tombstone, encode_tombstone);
    expect_safe(garbage, decode_policy, encode_policy);
  }
}

TEST(CommandCodec, RandomCommandsRoundTripAndTruncationsAreRefused) {
  SeededRandom random(4);
  for (int i = 0; i < 2'000; ++i) {
    const Command command = random_command(random);
    const std::string bytes = encoded(encode_command, command);
    ASSERT_EQ(decode_command(bytes).value(), command);
    ASSERT_FALSE(decode_command(std::string_view(bytes).substr(0, random.next() % bytes.size())));
    ASSERT_FALSE(decode_command(bytes + "x"));
  }
}

TEST(TombstoneCodec, RoundTrips) {
  for (std::uint8_t cause = 0; cause <= 5; ++cause) {
    const Tombstone tombstone{Time{1'772'357'400'000}, static_cast<EndCause>(cause), UINT64_MAX};
    EXPECT_EQ(decode_tombstone(encoded(encode_tombstone, tombstone)).value(), tombstone);
  }
  EXPECT_FALSE(decode_tombstone(std::string_view("\x01\x00\x06\x00", 4)));  // no such cause
}

TEST(PolicyCodec, EveryCombinationOfLimitsRoundTrips) {
  for (unsigned mask = 0; mask < 128; ++mask) {
    Policy policy;
    if (mask & 1) policy.idle_timeout = Duration::minutes(30);
    if (mask & 2) policy.max_lifetime = Duration::hours(10);
    if (mask & 4) policy.remember_me_idle_timeout = Duration::days(7);
    if (mask & 8) policy.remember_me_max_lifetime = Duration::days(30);
    if (mask & 16) policy.offline_idle_timeout = Duration::days(30);
    if (mask & 32) policy.offline_max_lifetime = Duration::days(90);
    if (mask & 64) policy.max_sessions_per_user = 5;
    policy.victim = mask % 3 == 0 ? ConcurrencyVictim::kOldest : ConcurrencyVictim::kLeastRecentlyUsed;
    const std::string bytes = encoded(encode_policy, policy);
    EXPECT_EQ(decode_policy(bytes).value(), policy);
    EXPECT_FALSE(decode_policy(std::string_view(bytes).substr(0, bytes.size() - 1)));
  }
}

TEST(OriginCodec, RoundTripsWithinALargerRecord) {
  SeededRandom random(5);
  for (int i = 0; i < 500; ++i) {
    Origin origin;
    origin.kind = static_cast<ActorKind>(random.next() % 5);
    origin.actor_id = random_text(random, 20);
    origin.actor_name = random_text(random, 20);
    if (random.next() % 2 == 0) origin.ip = testing::random_ip(random);
    origin.request_id = random_text(random, 20);
    std::string bytes = encoded(encode_origin, origin);
    put_varint(bytes, 42);
    ByteReader reader(bytes);
    ASSERT_EQ(decode_origin(reader).value(), origin);
    ASSERT_EQ(reader.varint(), 42U);
    ASSERT_TRUE(reader.finish("test"));
  }
}

}  // namespace
}  // namespace curfew::session
