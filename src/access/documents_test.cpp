#include "access/documents.h"

#include <gtest/gtest.h>

namespace curfew::access {
namespace {

using enum Permission;

Operator sample_operator() {
  Operator one;
  one.id = "op-1";
  one.username = "ann";
  one.display_name = "Ann";
  one.grants = {{"-", {kAdmin}}, {"production", {kSessionsRead, kAuditRead}}};
  one.own_user = UserRef{"production", "u-1"};
  one.password_hash = "$argon2id$…";
  one.created = Time{1'772'357'400'000};
  one.disabled = true;
  return one;
}

ApiKey sample_key() {
  ApiKey key;
  key.id = "key-1";
  key.name = "ingest";
  key.grants = {{"production", {kSessionsWrite}}};
  key.secret_hash = sha256("secret");
  key.created = Time{1'772'357'400'000};
  key.expires = Time{1'800'000'000'000};
  return key;
}

TEST(Documents, OperatorsRoundTrip) {
  for (const bool full : {true, false}) {
    Operator one = sample_operator();
    if (!full) {
      one.own_user.reset();
      one.disabled = false;
      one.grants.clear();
    }
    const Operator read = decode_operator("op-1", encode_operator(one)).value();
    EXPECT_EQ(read.id, one.id);
    EXPECT_EQ(read.username, one.username);
    EXPECT_EQ(read.display_name, one.display_name);
    EXPECT_EQ(read.grants, one.grants);
    EXPECT_EQ(read.own_user, one.own_user);
    EXPECT_EQ(read.password_hash, one.password_hash);
    EXPECT_EQ(read.created, one.created);
    EXPECT_EQ(read.disabled, one.disabled);
    EXPECT_EQ(encode_operator(read), encode_operator(one));
  }
}

TEST(Documents, KeysRoundTrip) {
  for (const bool full : {true, false}) {
    ApiKey key = sample_key();
    if (full) key.own_user = UserRef{"production", "u-1"};
    if (!full) key.expires.reset();
    const ApiKey read = decode_key("key-1", encode_key(key)).value();
    EXPECT_EQ(read.id, key.id);
    EXPECT_EQ(read.name, key.name);
    EXPECT_EQ(read.grants, key.grants);
    EXPECT_EQ(read.own_user, key.own_user);
    EXPECT_EQ(read.secret_hash, key.secret_hash);
    EXPECT_EQ(read.created, key.created);
    EXPECT_EQ(read.expires, key.expires);
  }
}

TEST(Documents, SignInsRoundTrip) {
  const StoredSignIn sign_in{"op-1", Time{1'772'357'400'000}, sha256("hash")};
  EXPECT_EQ(decode_sign_in(encode_sign_in(sign_in)).value(), sign_in);
}

TEST(Documents, TruncationsAndGarbageAreRefused) {
  const std::string one = encode_operator(sample_operator());
  const std::string key = encode_key(sample_key());
  for (std::size_t size = 0; size < one.size(); ++size) {
    ASSERT_EQ(decode_operator("x", one.substr(0, size)).error().code, ErrorCode::kDataLoss);
  }
  for (std::size_t size = 0; size < key.size(); ++size) ASSERT_FALSE(decode_key("x", key.substr(0, size)));
  EXPECT_FALSE(decode_operator("x", one + "x"));
  EXPECT_FALSE(decode_key("x", key + "x"));

  SeededRandom random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = random.next() % 2 ? one : key;
    bytes[random.next() % bytes.size()] ^= static_cast<char>(1U << random.next() % 8);
    (void)decode_operator("x", bytes);
    (void)decode_key("x", bytes);
    (void)decode_sign_in(bytes);
  }
}

}  // namespace
}  // namespace curfew::access
