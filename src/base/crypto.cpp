#include "base/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <memory>

#include "base/check.h"

namespace curfew {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";
constexpr char kBase64Url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

struct MdContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// Fetched once: a lookup by name for every digest would cost more than the digest of a short text.
const EVP_MD* sha256_method() {
  static const EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  CURFEW_CHECK(method != nullptr, "OpenSSL must offer SHA-256");
  return method;
}

// The context is kept a thread, as its creation dominates the digest of a short text.
EVP_MD_CTX* begin_sha256() {
  thread_local const std::unique_ptr<EVP_MD_CTX, MdContextDeleter> context(EVP_MD_CTX_new());
  CURFEW_CHECK(context != nullptr, "out of memory for a digest");
  CURFEW_CHECK(EVP_DigestInit_ex2(context.get(), sha256_method(), nullptr) == 1, "SHA-256 must start");
  return context.get();
}

void update(EVP_MD_CTX* context, std::string_view bytes) {
  CURFEW_CHECK(EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1, "SHA-256 must go on");
}

Digest finish(EVP_MD_CTX* context) {
  Digest digest;
  CURFEW_CHECK(EVP_DigestFinal_ex(context, digest.data(), nullptr) == 1, "SHA-256 must finish");
  return digest;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

int base64url_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '-') return 62;
  if (c == '_') return 63;
  return -1;
}

}  // namespace

Digest sha256(std::string_view bytes) {
  EVP_MD_CTX* context = begin_sha256();
  update(context, bytes);
  return finish(context);
}

Digest sha256(std::string_view first, std::string_view second) {
  EVP_MD_CTX* context = begin_sha256();
  update(context, first);
  update(context, second);
  return finish(context);
}

Digest hmac_sha256(std::string_view key, std::string_view bytes) {
  CURFEW_CHECK(key.size() <= 1U << 20, "an HMAC key is short");
  Digest digest;
  unsigned int length = 0;
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  const unsigned char* made =
      HMAC(sha256_method(), key.data(), static_cast<int>(key.size()), data, bytes.size(), digest.data(), &length);
  CURFEW_CHECK(made != nullptr && length == digest.size(), "HMAC-SHA-256 must succeed");
  return digest;
}

bool constant_time_equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
  std::string text(bytes.size() * 2, '\0');
  std::size_t at = 0;
  for (const std::uint8_t byte : bytes) {
    text[at++] = kHexDigits[byte >> 4];
    text[at++] = kHexDigits[byte & 15];
  }
  return text;
}

Result<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) {
    return fail(ErrorCode::kInvalidArgument, "invalid_value", "hexadecimal text needs an even number of digits");
  }
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) {
      return fail(ErrorCode::kInvalidArgument, "invalid_value", "hexadecimal text may hold only 0-9 and a-f");
    }
    bytes.push_back(static_cast<char>(high << 4 | low));
  }
  return bytes;
}

std::string base64url(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t pending = 0;
  int bits = 0;
  for (const char c : bytes) {
    pending = pending << 8 | static_cast<std::uint8_t>(c);
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text.push_back(kBase64Url[pending >> bits & 63]);
    }
  }
  if (bits > 0) text.push_back(kBase64Url[pending << (6 - bits) & 63]);
  return text;
}

Result<std::string> from_base64url(std::string_view text) {
  const auto refused = [](const char* why) { return fail(ErrorCode::kInvalidArgument, "invalid_value", why); };
  if (text.size() % 4 == 1) return refused("base64url text of this length cannot be whole");
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t pending = 0;
  int bits = 0;
  for (const char c : text) {
    const int value = base64url_value(c);
    if (value < 0) return refused("base64url text may hold only A-Z, a-z, 0-9, '-' and '_', without padding");
    pending = pending << 6 | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes.push_back(static_cast<char>(pending >> bits & 0xff));
    }
  }
  // One byte string has one text: otherwise two tokens could name the same secret.
  if ((pending & ((1U << bits) - 1)) != 0) return refused("base64url text ends with bits that belong to nothing");
  return bytes;
}

void SystemRandom::fill(std::span<std::uint8_t> out) {
  CURFEW_CHECK(out.size() <= 1U << 20, "random bytes are asked for in small amounts");
  CURFEW_CHECK(RAND_bytes(out.data(), static_cast<int>(out.size())) == 1, "the system must give random bytes");
}

std::uint64_t SeededRandom::next() {
  state_ += 0x9e3779b97f4a7c15ULL;
  std::uint64_t z = state_;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
  return z ^ z >> 31;
}

void SeededRandom::fill(std::span<std::uint8_t> out) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i % 8 == 0) word = next();
    out[i] = static_cast<std::uint8_t>(word);
    word >>= 8;
  }
}

std::string random_uuid(Random& random) {
  std::array<std::uint8_t, 16> bytes{};
  random.fill(bytes);
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);  // version 4
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);  // the variant of RFC 9562
  std::string text = to_hex(bytes);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) text.insert(at, 1, '-');
  return text;
}

std::string random_token(Random& random, std::size_t bytes) {
  std::string raw(bytes, '\0');
  random.fill({reinterpret_cast<std::uint8_t*>(raw.data()), raw.size()});
  std::string token = base64url(raw);
  OPENSSL_cleanse(raw.data(), raw.size());
  return token;
}

}  // namespace curfew
