#include "base/crypto.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

namespace curfew {
namespace {

// Vectors of FIPS 180-4 and RFC 4231.
TEST(Sha256, MatchesThePublishedVectors) {
  EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, TwoPartsDigestLikeTheirConcatenation) {
  EXPECT_EQ(sha256("ab", "c"), sha256("abc"));
  EXPECT_EQ(sha256("", "abc"), sha256("abc"));
  EXPECT_NE(sha256("ab", "c"), sha256("ab", "d"));
}

TEST(Sha256, ThreadsDoNotShareAContext) {
  const Digest expected = sha256("shared text");
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 2000; ++j) wrong += sha256("shared", " text") == expected ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(HmacSha256, MatchesRfc4231) {
  EXPECT_EQ(to_hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(HmacSha256, AnEmptyKeyIsAKeyOfItsOwn) {
  EXPECT_EQ(to_hex(hmac_sha256("", "")), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(ConstantTimeEqual, ComparesLengthAndContent) {
  EXPECT_TRUE(constant_time_equal("", ""));
  EXPECT_TRUE(constant_time_equal("secret", "secret"));
  EXPECT_FALSE(constant_time_equal("secret", "secreT"));
  EXPECT_FALSE(constant_time_equal("secret", "secrets"));
  EXPECT_FALSE(constant_time_equal(std::string_view("a\0b", 3), std::string_view("a\0c", 3)));
}

TEST(Hex, RoundTripsAndRefusesTheRest) {
  const std::vector<std::uint8_t> bytes{0x00, 0x7f, 0x80, 0xff};
  EXPECT_EQ(to_hex(bytes), "007f80ff");
  EXPECT_EQ(from_hex("007F80ff").value(), std::string("\x00\x7f\x80\xff", 4));
  EXPECT_EQ(from_hex("").value(), "");
  EXPECT_FALSE(from_hex("abc"));
  EXPECT_FALSE(from_hex("zz"));
  EXPECT_FALSE(from_hex("0x"));
}

TEST(Base64Url, MatchesRfc4648WithoutPadding) {
  const std::pair<const char*, const char*> vectors[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},         {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, text] : vectors) {
    EXPECT_EQ(base64url(plain), text);
    EXPECT_EQ(from_base64url(text).value(), plain);
  }
  EXPECT_EQ(base64url("\xfb\xff"), "-_8");
}

TEST(Base64Url, RefusesASecondTextForTheSameBytes) {
  EXPECT_FALSE(from_base64url("Zh"));    // "f" with bits left over
  EXPECT_FALSE(from_base64url("Zm9="));  // padding
  EXPECT_FALSE(from_base64url("+/8"));   // the other alphabet
  EXPECT_FALSE(from_base64url("Z"));
  EXPECT_FALSE(from_base64url("Zm 9v"));
}

TEST(Base64Url, RoundTripsRandomBytes) {
  SeededRandom random(7);
  for (int i = 0; i < 500; ++i) {
    std::string bytes(random.next() % 80, '\0');
    random.fill({reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
    EXPECT_EQ(from_base64url(base64url(bytes)).value(), bytes);
  }
}

TEST(SeededRandom, OneSeedGivesOneSequence) {
  SeededRandom a(1), b(1), c(2);
  EXPECT_EQ(a.next(), b.next());
  EXPECT_NE(a.next(), c.next());
  SeededRandom zero(0);
  EXPECT_EQ(zero.next(), 0xe220a8397b1dcdafULL);  // the published first output of splitmix64
}

TEST(RandomUuid, IsVersionFourAndDistinct) {
  SystemRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) {
    const std::string uuid = random_uuid(random);
    ASSERT_EQ(uuid.size(), 36U);
    EXPECT_EQ(uuid[8], '-');
    EXPECT_EQ(uuid[13], '-');
    EXPECT_EQ(uuid[14], '4');
    EXPECT_EQ(uuid[18], '-');
    EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos);
    EXPECT_EQ(uuid[23], '-');
    seen.insert(uuid);
  }
  EXPECT_EQ(seen.size(), 200U);
}

TEST(RandomToken, HoldsTheBytesAskedFor) {
  SystemRandom random;
  EXPECT_EQ(random_token(random, 32).size(), 43U);
  EXPECT_EQ(from_base64url(random_token(random, 32)).value().size(), 32U);
  EXPECT_NE(random_token(random, 32), random_token(random, 32));
}

}  // namespace
}  // namespace curfew
