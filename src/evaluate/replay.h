// Logins through the very same Watch that the server runs, one after the other.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "evaluate/login.h"
#include "signal/settings.h"

namespace curfew::evaluate {

// What was said of a session the moment it began.
struct Verdict {
  std::uint32_t user = 0;
  std::uint16_t rules = 0;    // marks of the rules that name it
  std::uint8_t severity = 0;  // 0: none
  Attacker attacker = Attacker::kNone;
  std::uint32_t score = 0;  // severity first, then how many rules name it, and how gravely
};

class Replay {
 public:
  explicit Replay(signal::Settings settings = signal::Settings::defaults());
  ~Replay();

  // In the order of time; a login that comes late is taken for one of now. Failed logins start no session.
  void add(const Login& login);

  const std::vector<Verdict>& verdicts() const { return verdicts_; }
  std::uint64_t logins() const { return logins_; }
  std::size_t users() const;

  // Each session lasts so long: a day's work.
  static constexpr Duration kSession = Duration::hours(8);

 private:
  struct Impl;
  void pass(Time now);

  std::unique_ptr<Impl> impl_;
  std::vector<Verdict> verdicts_;
  std::uint64_t logins_ = 0;
};

}  // namespace curfew::evaluate
