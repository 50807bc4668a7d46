// Random sessions and commands from a seed, for the tests of the modules that hold or store them.
#pragma once

#include <string>

#include "base/crypto.h"
#include "session/apply.h"

namespace curfew::session::testing {

inline std::string random_text(SeededRandom& random, std::size_t max) {
  std::string text(random.next() % (max + 1), '\0');
  for (char& c : text) c = static_cast<char>('a' + random.next() % 26);
  return text;
}

inline IpAddress random_ip(SeededRandom& random) {
  if (random.next() % 4 != 0) return IpAddress::v4(static_cast<std::uint32_t>(0x0a000000 + random.next() % 256));
  std::array<std::uint8_t, 16> bytes{};
  random.fill(bytes);
  bytes[0] = 0x20;
  return IpAddress::from_bytes(bytes);
}

// A session that validate_session accepts, under one of a few keys, users and clients, so that histories collide.
inline Session random_session(SeededRandom& random, std::size_t max_clients = 5) {
  Session session;
  session.no = SessionNo(random.next() % 1'000'000);
  session.key = {RealmId(static_cast<std::uint32_t>(1 + random.next() % 3)),
                 random.next() % 4 == 0 ? SessionType::kOffline : SessionType::kRegular,
                 "s-" + std::to_string(random.next() % 5)};
  session.user_id = "u-" + std::to_string(random.next() % 8 == 0);
  session.username = "user" + random_text(random, 12);
  session.email = random_text(random, 3);
  session.ip = random_ip(random);
  session.user_agent = random_text(random, 200);
  session.device_id = random_text(random, 4);
  session.started = Time{static_cast<std::int64_t>(1'700'000'000'000 + random.next() % 1000)};
  session.last_access = session.started + Duration{static_cast<std::int64_t>(random.next() % 1000)};
  session.remember_me = random.next() % 3 == 0;
  const std::size_t clients = random.next() % (max_clients + 1);
  for (std::size_t i = 0; i < clients; ++i) {
    session.clients.push_back({"client-" + std::to_string(i * 3 + random.next() % 3), session.started});
  }
  if (random.next() % 2 == 0) session.token_hash = hash_token(std::to_string(random.next()));
  return session;
}

inline Command random_command(SeededRandom& random) {
  Session session = random_session(random);
  const Time at = session.last_access;
  switch (random.next() % 8) {
    case 0:
      return EndSession{session.key, at, static_cast<EndCause>(random.next() % 6), random_text(random, 20)};
    case 1:
    case 2:
      return JoinClient{session.key, "client-" + std::to_string(random.next() % 90), at};
    case 3:
    case 4:
      return StartSession{std::move(session)};
    default:
      return TouchSession{session.key, at, random.next() % 2 ? std::optional(random_ip(random)) : std::nullopt};
  }
}

}  // namespace curfew::session::testing
