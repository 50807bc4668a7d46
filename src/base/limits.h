// Every limit on what comes from outside, in one place. docs and openapi.json quote these; tests walk them.
#pragma once

#include <cstddef>

namespace curfew::limits {

inline constexpr std::size_t kRealmName = 64;
inline constexpr std::size_t kDisplayName = 255;
inline constexpr std::size_t kSessionId = 128;
inline constexpr std::size_t kUserId = 255;
inline constexpr std::size_t kUsername = 255;
inline constexpr std::size_t kEmail = 254;
inline constexpr std::size_t kUserAgent = 1024;
inline constexpr std::size_t kDeviceId = 128;
inline constexpr std::size_t kClientId = 255;
inline constexpr std::size_t kClientsPerSession = 64;
inline constexpr std::size_t kReason = 1000;
inline constexpr std::size_t kSearch = 255;
inline constexpr std::size_t kCidrsPerFilter = 64;
inline constexpr std::size_t kDevicesPerFilter = 64;
inline constexpr std::size_t kDeviceKey = 160;  // "id:" or "ua:" and the text
inline constexpr std::size_t kPageSize = 500;
inline constexpr std::size_t kDefaultPageSize = 25;
inline constexpr std::size_t kRealms = 10'000;
inline constexpr std::size_t kClientsPerRealm = 10'000;
inline constexpr std::size_t kSessionsPerRevocation = 10'000;  // named one by one; filters have no limit
inline constexpr std::size_t kFailuresListed = 1'000;
inline constexpr std::size_t kRefusalsListed = 100;
inline constexpr std::size_t kIngestLine = 64 * 1024;
inline constexpr std::size_t kJsonBody = 1024 * 1024;
inline constexpr std::size_t kIdempotencyKey = 128;
inline constexpr std::size_t kPlaceDatabase = std::size_t{1} << 30;  // a file of the operator

}  // namespace curfew::limits
