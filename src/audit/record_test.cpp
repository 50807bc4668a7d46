#include "audit/record.h"

#include <gtest/gtest.h>

#include <vector>

#include "session/testing.h"

namespace curfew::audit {
namespace {

using session::testing::random_ip;
using session::testing::random_text;

Record random_record(SeededRandom& random) {
  Record record;
  record.time = Time{static_cast<std::int64_t>(1'700'000'000'000 + random.next() % 100)};
  record.action = random.next() % 2 ? action::kSessionEnded : action::kPolicyChanged;
  record.outcome = static_cast<AuditOutcome>(random.next() % 4);
  record.origin.kind = static_cast<session::ActorKind>(random.next() % 5);
  record.origin.actor_id = random_text(random, 20);
  record.origin.actor_name = random_text(random, 20);
  if (random.next() % 2) record.origin.ip = random_ip(random);
  record.origin.request_id = random_text(random, 20);
  record.realm = session::RealmId(static_cast<std::uint32_t>(random.next() % 4));
  record.realm_name = random_text(random, 10);
  record.reason = random_text(random, 60);
  record.code = random_text(random, 10);
  if (random.next() % 2) record.session_type = static_cast<session::SessionType>(random.next() % 2);
  record.session_id = random_text(random, 36);
  record.user_id = random_text(random, 36);
  record.username = random_text(random, 12);
  if (random.next() % 2) record.session_ip = random_ip(random);
  if (random.next() % 2) record.session_started = record.time - Duration::hours(3);
  if (random.next() % 2) record.session_last_access = record.time - Duration::hours(1);
  record.user_agent = random_text(random, 80);
  record.clients = random_text(random, 10);
  record.target = random_text(random, 10);
  if (random.next() % 2) record.details = "{\"count\":1}";
  record.revocation = random_text(random, 10);
  return record;
}

struct Chain {
  std::vector<std::string> entries;  // entry i has seq i + 1
  std::vector<Record> records;
  ChainHead head;
};

Chain chain_of(std::size_t count, std::uint64_t seed = 1) {
  SeededRandom random(seed);
  Chain chain;
  for (std::size_t i = 0; i < count; ++i) {
    Record record = random_record(random);
    seal(record, chain.head, chain.entries.emplace_back());
    chain.records.push_back(record);
  }
  return chain;
}

Verifier verify(const std::vector<std::string>& entries) {
  Verifier verifier{ChainHead{}};
  for (std::size_t i = 0; i < entries.size(); ++i) verifier.feed(i + 1, entries[i]);
  return verifier;
}

TEST(Seal, NumbersFromOneAndNeverGoesBackInTime) {
  const Chain chain = chain_of(500);
  for (std::size_t i = 0; i < chain.records.size(); ++i) {
    EXPECT_EQ(chain.records[i].seq, i + 1);
    if (i > 0) {
      EXPECT_GE(chain.records[i].time, chain.records[i - 1].time);
    }
  }
  EXPECT_EQ(chain.head.seq, 500U);
  EXPECT_EQ(chain.head.time, chain.records.back().time);
}

TEST(Seal, AppendsBehindWhatStandsThere) {
  SeededRandom random(9);
  const Record record = random_record(random);
  Record a = record, b = record;
  ChainHead head_a, head_b;
  std::string alone, behind = "prefix";
  seal(a, head_a, alone);
  seal(b, head_b, behind);
  EXPECT_EQ(behind, "prefix" + alone);
  EXPECT_EQ(head_a, head_b);
}

// In steps: numbered one after the other, their bytes made in any order, then chained.
TEST(Seal, InStepsIsTheSame) {
  const Chain chain = chain_of(20);
  SeededRandom random(1);
  std::vector<Record> records;
  ChainHead head;
  for (std::size_t i = 0; i < chain.records.size(); ++i) number(records.emplace_back(random_record(random)), head);
  std::vector<std::string> entries(records.size());
  for (std::size_t i = records.size(); i-- > 0;) encode(entries[i], records[i]);
  for (std::string& entry : entries) audit::chain(entry, head.hash);
  EXPECT_EQ(entries, chain.entries);
  EXPECT_EQ(head, chain.head);
}

TEST(Seal, TheHashIsThatOfThePreviousHashAndTheBody) {
  const Chain chain = chain_of(2);
  const auto body = [](const std::string& entry) { return std::string_view(entry).substr(0, entry.size() - 32); };
  const Digest first = sha256(std::string(32, '\0'), body(chain.entries[0]));
  EXPECT_EQ(unseal(chain.entries[0])->hash, first);
  const std::string_view previous(reinterpret_cast<const char*>(first.data()), first.size());
  EXPECT_EQ(unseal(chain.entries[1])->hash, sha256(previous, body(chain.entries[1])));
  EXPECT_EQ(unseal(chain.entries[1])->hash, chain.head.hash);
}

// The example of docs/formats/audit.md, byte by byte.
TEST(Seal, TheBytesAreThoseOfTheDocument) {
  Record record;
  record.time = Time{1000};
  record.action = action::kSessionEnded;
  record.origin = {session::ActorKind::kOperator, "o", "ann", IpAddress::v4(0x7f000001), "r"};
  record.realm = session::RealmId(2);
  record.realm_name = "p";
  record.reason = "x";
  record.code = "revoked";
  record.session_type = session::SessionType::kOffline;
  record.session_id = "s-1";
  record.user_id = "u";
  record.username = "jane";
  record.session_ip = IpAddress::v4(0xcb007107);
  record.session_started = Time{100};
  record.session_last_access = Time{200};
  record.clients = "web";
  ChainHead head;
  std::string bytes;
  seal(record, head, bytes);
  bytes.resize(bytes.size() - 32);
  EXPECT_EQ(to_hex({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}),
            "01"
            "01"
            "d00f"
            "0d73657373696f6e2e656e646564"
            "00"
            "01"
            "016f"
            "03616e6e"
            "047f000001"
            "0172"
            "02"
            "0170"
            "0178"
            "077265766f6b6564"
            "0f"
            "03732d31"
            "0175"
            "046a616e65"
            "04cb007107"
            "c801"
            "9003"
            "00"
            "03776562"
            "00"
            "00"
            "00");
  EXPECT_EQ(to_hex(head.hash), "2563ee8196afb78dd3ecc4214da2cfec23594cc39285ec618701aebc29b12966");
}

TEST(Unseal, GivesBackWhatWasSealed) {
  const Chain chain = chain_of(2'000);
  for (std::size_t i = 0; i < chain.entries.size(); ++i) {
    const auto sealed = unseal(chain.entries[i]);
    ASSERT_TRUE(sealed);
    ASSERT_EQ(sealed->record, chain.records[i]);
  }
}

TEST(Unseal, TruncationsAreRefused) {
  const Chain chain = chain_of(20);
  for (const std::string& entry : chain.entries) {
    for (std::size_t size = 0; size < entry.size(); ++size) {
      const auto cut = unseal(std::string_view(entry).substr(0, size));
      ASSERT_FALSE(cut);
      ASSERT_EQ(cut.error().code, ErrorCode::kDataLoss);
    }
  }
}

TEST(Unseal, AnUnknownVersionIsNamed) {
  std::string entry = chain_of(1).entries[0];
  entry[0] = 7;
  EXPECT_EQ(unseal(entry).error().reason, "unknown_record_version");
}

TEST(Unseal, GarbageNeverCrashes) {
  SeededRandom random(4);
  for (int i = 0; i < 20'000; ++i) {
    std::string garbage(random.next() % 200, '\0');
    random.fill({reinterpret_cast<std::uint8_t*>(garbage.data()), garbage.size()});
    if (!garbage.empty()) garbage[0] = 1;
    (void)unseal(garbage);
  }
}

TEST(Verifier, AWholeChainIsWhole) {
  const Chain chain = chain_of(300);
  const Verifier verifier = verify(chain.entries);
  EXPECT_FALSE(verifier.broken());
  EXPECT_EQ(verifier.checked(), 300U);
  EXPECT_EQ(verifier.head(), chain.head);
}

TEST(Verifier, EveryFlippedBitBreaksTheChainAtItsRecord) {
  const Chain chain = chain_of(5);
  const std::string& victim = chain.entries[2];
  for (std::size_t bit = 0; bit < victim.size() * 8; ++bit) {
    std::vector<std::string> entries = chain.entries;
    entries[2][bit / 8] ^= static_cast<char>(1U << bit % 8);
    const Verifier verifier = verify(entries);
    ASSERT_TRUE(verifier.broken()) << bit;
    ASSERT_EQ(verifier.broken()->seq, 3U) << bit;
    ASSERT_EQ(verifier.checked(), 2U);
  }
}

TEST(Verifier, ARemovedRecordBreaksTheChainAtItsNumber) {
  const Chain chain = chain_of(10);
  Verifier gap{ChainHead{}};
  for (std::size_t i = 0; i < 10; ++i) {
    if (i != 4) gap.feed(i + 1, chain.entries[i]);
  }
  ASSERT_TRUE(gap.broken());
  EXPECT_EQ(gap.broken()->seq, 5U);

  // Closing the gap by renumbering the keys does not help.
  std::vector<std::string> entries = chain.entries;
  entries.erase(entries.begin() + 4);
  EXPECT_EQ(verify(entries).broken()->seq, 5U);
}

TEST(Verifier, RecordsPutInSwappedOrGivenTwiceBreakTheChain) {
  const Chain chain = chain_of(10);
  const Chain other = chain_of(10, 2);
  std::vector<std::string> put_in = chain.entries;
  put_in.insert(put_in.begin() + 3, other.entries[3]);
  EXPECT_EQ(verify(put_in).broken()->seq, 4U);

  std::vector<std::string> swapped = chain.entries;
  std::swap(swapped[6], swapped[7]);
  EXPECT_EQ(verify(swapped).broken()->seq, 7U);

  Verifier twice{ChainHead{}};
  twice.feed(1, chain.entries[0]);
  twice.feed(1, chain.entries[0]);
  EXPECT_EQ(twice.broken()->seq, 2U);
}

TEST(Verifier, TheFirstBreakIsKept) {
  Chain chain = chain_of(10);
  chain.entries[2].back() ^= 1;
  chain.entries[7].back() ^= 1;
  const Verifier verifier = verify(chain.entries);
  EXPECT_EQ(verifier.broken()->seq, 3U);
  EXPECT_EQ(verifier.checked(), 2U);
}

TEST(Verifier, ATrimmedLogIsCheckedFromItsHeadOn) {
  SeededRandom random(1);
  ChainHead head, trimmed;
  std::vector<std::string> entries;
  for (int i = 0; i < 100; ++i) {
    Record record = random_record(random);
    seal(record, head, entries.emplace_back());
    if (i == 59) trimmed = head;
  }
  Verifier verifier(trimmed);
  for (std::size_t i = 60; i < 100; ++i) verifier.feed(i + 1, entries[i]);
  EXPECT_FALSE(verifier.broken());
  EXPECT_EQ(verifier.checked(), 40U);
  EXPECT_EQ(verifier.head(), head);

  Verifier whole{ChainHead{}};
  whole.feed(61, entries[60]);
  EXPECT_EQ(whole.broken()->seq, 1U);
}

TEST(AuditOutcome, WordsRoundTrip) {
  for (const AuditOutcome outcome :
       {AuditOutcome::kSuccess, AuditOutcome::kPartial, AuditOutcome::kFailed, AuditOutcome::kDenied}) {
    EXPECT_EQ(parse_audit_outcome(to_string(outcome)).value(), outcome);
  }
  EXPECT_EQ(parse_audit_outcome("ok").error().field, "outcome");
}

}  // namespace
}  // namespace curfew::audit
