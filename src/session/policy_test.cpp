#include "session/policy.h"

#include <gtest/gtest.h>

namespace curfew::session {
namespace {

constexpr Time kStarted{1'700'000'000'000};
constexpr Time kUsed = kStarted + Duration::hours(1);

Policy sample() {
  Policy policy;
  policy.idle_timeout = Duration::minutes(30);
  policy.max_lifetime = Duration::hours(10);
  policy.remember_me_idle_timeout = Duration::days(7);
  policy.offline_idle_timeout = Duration::days(30);
  return policy;
}

TEST(Policy, NoLimitsMeanNoExpiry) {
  EXPECT_FALSE(expiry_of(Policy{}, SessionType::kRegular, false, kStarted, kUsed));
  EXPECT_FALSE(expired(Policy{}, SessionType::kOffline, true, kStarted, kUsed, kMaxTime));
}

TEST(Policy, TheEarlierLimitEndsTheSession) {
  const auto idle = expiry_of(sample(), SessionType::kRegular, false, kStarted, kUsed);
  EXPECT_EQ(idle->at, kUsed + Duration::minutes(30));
  EXPECT_EQ(idle->cause, EndCause::kIdle);
  const Time late = kStarted + Duration::hours(9) + Duration::minutes(45);
  const auto lifetime = expiry_of(sample(), SessionType::kRegular, false, kStarted, late);
  EXPECT_EQ(lifetime->at, kStarted + Duration::hours(10));
  EXPECT_EQ(lifetime->cause, EndCause::kLifetime);
}

TEST(Policy, BothAtOnceIsTheLifetime) {
  const Time used = kStarted + Duration::hours(9) + Duration::minutes(30);
  EXPECT_EQ(expiry_of(sample(), SessionType::kRegular, false, kStarted, used)->cause, EndCause::kLifetime);
}

TEST(Policy, ExpiredFromTheVeryMillisecondOn) {
  const Time end = kUsed + Duration::minutes(30);
  EXPECT_FALSE(expired(sample(), SessionType::kRegular, false, kStarted, kUsed, end - Duration{1}));
  EXPECT_EQ(expired(sample(), SessionType::kRegular, false, kStarted, kUsed, end), EndCause::kIdle);
}

TEST(Policy, RememberMeFallsBackToTheRegularLimits) {
  const Limits limits = limits_for(sample(), SessionType::kRegular, true);
  EXPECT_EQ(limits.idle, Duration::days(7));
  EXPECT_EQ(limits.lifetime, Duration::hours(10));
}

TEST(Policy, OfflineSessionsHaveOnlyTheirOwnLimits) {
  for (const bool remember_me : {false, true}) {
    const Limits limits = limits_for(sample(), SessionType::kOffline, remember_me);
    EXPECT_EQ(limits.idle, Duration::days(30));
    EXPECT_FALSE(limits.lifetime);
  }
}

TEST(Policy, AChangeTouchesOnlyWhatItNames) {
  EXPECT_EQ(changed(sample(), {}), sample());
  PolicyChange change;
  change.idle_timeout = Duration::hours(2);
  change.max_lifetime.emplace();
  change.max_sessions_per_user = 3;
  change.victim = ConcurrencyVictim::kLeastRecentlyUsed;
  Policy expected = sample();
  expected.idle_timeout = Duration::hours(2);
  expected.max_lifetime.reset();
  expected.max_sessions_per_user = 3;
  expected.victim = ConcurrencyVictim::kLeastRecentlyUsed;
  EXPECT_EQ(changed(sample(), change), expected);
}

TEST(ValidatePolicy, LimitsAreExactAndNamed) {
  EXPECT_TRUE(validate_policy(Policy{}));
  EXPECT_TRUE(validate_policy(sample()));
  const std::pair<std::optional<Duration> Policy::*, const char*> fields[] = {
      {&Policy::idle_timeout, "idleTimeout"},
      {&Policy::max_lifetime, "maxLifetime"},
      {&Policy::remember_me_idle_timeout, "rememberMeIdleTimeout"},
      {&Policy::remember_me_max_lifetime, "rememberMeMaxLifetime"},
      {&Policy::offline_idle_timeout, "offlineIdleTimeout"},
      {&Policy::offline_max_lifetime, "offlineMaxLifetime"}};
  for (const auto& [member, name] : fields) {
    Policy policy;
    policy.*member = Duration{1000};
    EXPECT_TRUE(validate_policy(policy));
    policy.*member = Duration::days(36'525);
    EXPECT_TRUE(validate_policy(policy));
    for (const std::int64_t ms :
         {std::int64_t{-1}, std::int64_t{0}, std::int64_t{999}, Duration::days(36'525).ms + 1}) {
      policy.*member = Duration{ms};
      ASSERT_FALSE(validate_policy(policy));
      EXPECT_EQ(validate_policy(policy).error().field, name);
    }
  }
}

TEST(ValidatePolicy, SessionsPerUserAreOneToTenThousand) {
  Policy policy;
  for (const std::uint32_t most : {1U, 10'000U}) {
    policy.max_sessions_per_user = most;
    EXPECT_TRUE(validate_policy(policy));
  }
  for (const std::uint32_t most : {0U, 10'001U}) {
    policy.max_sessions_per_user = most;
    EXPECT_EQ(validate_policy(policy).error().field, "maxSessionsPerUser");
  }
}

}  // namespace
}  // namespace curfew::session
