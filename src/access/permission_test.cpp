#include "access/permission.h"

#include <gtest/gtest.h>

namespace curfew::access {
namespace {

using enum Permission;

TEST(Permission, WordsRoundTrip) {
  for (int i = 0; i < kPermissions; ++i) {
    const auto permission = static_cast<Permission>(i);
    EXPECT_EQ(parse_permission(to_string(permission)).value(), permission);
  }
  EXPECT_EQ(to_string(kAdmin), "ADMIN:*");
  for (const char* text : {"", "sessions:read", "SESSIONS", "SESSIONS:*", "ADMIN"})
    EXPECT_FALSE(parse_permission(text));
  EXPECT_NE(parse_permission("x").error().message.find("SESSIONS:READ"), std::string::npos);
}

TEST(Grants, NobodyMayDoAnything) {
  const Grants none;
  EXPECT_FALSE(none.allows(kSessionsRead, "production"));
  EXPECT_FALSE(none.allows_somewhere(kSessionsRead));
  EXPECT_FALSE(none.sees("production"));
  EXPECT_FALSE(none.administrator());
  EXPECT_TRUE(none.on("production").empty());
  EXPECT_TRUE(none.list().empty());
}

TEST(Grants, ARealmsGrantHoldsThereAlone) {
  const Grants grants({{"production", {kSessionsRead, kSessionsDelete}}, {"staging", {kAuditRead}}});
  EXPECT_TRUE(grants.allows(kSessionsDelete, "production"));
  EXPECT_FALSE(grants.allows(kSessionsDelete, "staging"));
  EXPECT_FALSE(grants.allows(kSessionsRead, "production2"));
  EXPECT_FALSE(grants.allows(kSessionsRead, ""));
  EXPECT_FALSE(grants.allows(kSessionsRead, kAllRealms));
  EXPECT_TRUE(grants.sees("staging"));
  EXPECT_FALSE(grants.sees("other"));
  EXPECT_TRUE(grants.allows_somewhere(kAuditRead));
  EXPECT_FALSE(grants.allows_everywhere(kAuditRead));
  EXPECT_FALSE(grants.allows_somewhere(kUsersRead));
  EXPECT_EQ(grants.on("production"), (std::vector{kSessionsRead, kSessionsDelete}));
}

TEST(Grants, AGrantForAllRealmsHoldsInEach) {
  const Grants grants({{"-", {kSessionsRead}}, {"production", {kSessionsDelete}}});
  EXPECT_TRUE(grants.allows(kSessionsRead, "anything"));
  EXPECT_TRUE(grants.allows_everywhere(kSessionsRead));
  EXPECT_TRUE(grants.sees("anything"));
  EXPECT_FALSE(grants.allows(kSessionsDelete, "anything"));
  EXPECT_EQ(grants.on("production"), (std::vector{kSessionsRead, kSessionsDelete}));
  EXPECT_EQ(grants.on("anything"), (std::vector{kSessionsRead}));
}

TEST(Grants, AdminImpliesEverythingWhereItIsHeld) {
  const Grants local({{"production", {kAdmin}}});
  EXPECT_TRUE(local.allows(kSessionsDelete, "production"));
  EXPECT_FALSE(local.allows(kSessionsDelete, "staging"));
  EXPECT_TRUE(local.allows_somewhere(kPoliciesWrite));
  EXPECT_FALSE(local.administrator());
  EXPECT_EQ(local.on("production").size(), static_cast<std::size_t>(kPermissions));
  const Grants global({{"-", {kAdmin}}});
  EXPECT_TRUE(global.administrator());
  EXPECT_TRUE(global.allows(kAuditRead, "anything"));
  EXPECT_TRUE(global.allows_everywhere(kSessionsCheck));
}

TEST(Grants, AreKeptInOrderWithoutRepetition) {
  const Grants grants({{"b", {kAuditRead, kSessionsRead, kAuditRead}}, {"a", {kAdmin}}});
  EXPECT_EQ(grants.list(), (std::vector<Grant>{{"a", {kAdmin}}, {"b", {kSessionsRead, kAuditRead}}}));
}

TEST(ValidateGrants, RefusesEmptyOnesRepeatedRealmsAndTooMany) {
  EXPECT_TRUE(validate_grants({}));
  EXPECT_TRUE(validate_grants({{"-", {kAdmin}}, {"production", {kSessionsRead}}}));
  EXPECT_FALSE(validate_grants({{"production", {}}}));
  EXPECT_FALSE(validate_grants({{"", {kAdmin}}}));
  EXPECT_FALSE(validate_grants({{std::string(65, 'x'), {kAdmin}}}));
  EXPECT_FALSE(validate_grants({{"a", {kAdmin}}, {"b", {kAdmin}}, {"a", {kSessionsRead}}}));
  std::vector<Grant> many;
  for (int i = 0; i < 1'000; ++i) many.push_back({"r" + std::to_string(i), {kSessionsRead}});
  EXPECT_TRUE(validate_grants(many));
  many.push_back({"one-more", {kSessionsRead}});
  EXPECT_EQ(validate_grants(many).error().field, "grants");
}

}  // namespace
}  // namespace curfew::access
