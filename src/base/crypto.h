// The few cryptographic helpers that everybody needs; all on OpenSSL.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace curfew {

using Digest = std::array<std::uint8_t, 32>;  // SHA-256

Digest sha256(std::string_view bytes);
Digest sha256(std::string_view first, std::string_view second);  // of the concatenation
Digest hmac_sha256(std::string_view key, std::string_view bytes);

// Compares in time that depends on the lengths alone.
bool constant_time_equal(std::string_view a, std::string_view b);

std::string to_hex(std::span<const std::uint8_t> bytes);
Result<std::string> from_hex(std::string_view text);
std::string base64url(std::string_view bytes);  // no padding
Result<std::string> from_base64url(std::string_view text);

// The source of unpredictable bytes: a port, so that a simulation is one seed. Threads: any.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
};

class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override;  // OpenSSL's CSPRNG; stops the program if it fails
};

// splitmix64 from a seed, for tests and simulations only. Not for threads.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  void fill(std::span<std::uint8_t> out) override;
  std::uint64_t next();

 private:
  std::uint64_t state_;
};

// 16 bytes as a version 4 UUID text; n bytes as base64url.
std::string random_uuid(Random& random);
std::string random_token(Random& random, std::size_t bytes);

}  // namespace curfew
