#include <gtest/gtest.h>

#include <set>

#include "access/access.h"
#include "access/directory_testing.h"

namespace curfew::access {
namespace {

using enum Permission;

TEST_F(DirectoryTest, AnOperatorSignsInAndIsKnownByTheCookie) {
  const Operator ann = add_operator("Ann");
  EXPECT_EQ(ann.password_hash, "");
  EXPECT_EQ(ann.display_name, "Ann");
  const SignIn made = enter("aNn");
  const Caller caller = directory.authenticate_cookie(made.token).value();
  EXPECT_EQ(caller.kind, Caller::Kind::kOperator);
  EXPECT_EQ(caller.id, ann.id);
  EXPECT_EQ(caller.name, "Ann");
  EXPECT_EQ(caller.signed_in, kStart);
  EXPECT_EQ(caller.csrf_token, made.caller.csrf_token);
  EXPECT_EQ(caller.csrf_token.size(), 43U);
  EXPECT_TRUE(caller.grants.allows(kSessionsRead, "production"));
  for (const auto& [place, bytes] : stored) {
    EXPECT_EQ(bytes.find(made.token), std::string::npos);
    EXPECT_EQ(bytes.find(kPassword), std::string::npos);
    EXPECT_NE(place.second, made.token);
  }
}

TEST_F(DirectoryTest, WrongPasswordUnknownUserAndDisabledOperatorLookTheSame) {
  const Operator ann = add_operator("ann");
  const Operator bob = add_operator("bob");
  OperatorInput disable;
  disable.disabled = true;
  commit(directory.prepare_operator_update(bob.id, disable));
  std::set<std::string> messages;
  for (const char* username : {"ann", "bob", "nobody"}) {
    const auto refused = directory.sign_in(username, username == std::string("ann") ? "wrong" : kPassword, kHome);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kUnauthenticated);
    messages.insert(refused.error().message);
  }
  EXPECT_EQ(messages.size(), 1U);
  EXPECT_EQ(refusal("ann", ""), ErrorCode::kUnauthenticated);
  EXPECT_EQ(refusal("", ""), ErrorCode::kUnauthenticated);
  EXPECT_EQ(refusal("ann", std::string(5'000, 'x')), ErrorCode::kUnauthenticated);
}

TEST_F(DirectoryTest, FailuresOfOneAddressAreLimited) {
  add_operator("ann");
  const IpAddress bad = IpAddress::parse("2001:db8::1").value();
  const IpAddress neighbour = IpAddress::parse("2001:db8::ffff").value();
  for (int i = 0; i < options.attempts_per_address; ++i) {
    EXPECT_EQ(refusal("user" + std::to_string(i), "x", i % 2 ? bad : neighbour), ErrorCode::kUnauthenticated);
  }
  EXPECT_EQ(refusal("ann", kPassword, bad), ErrorCode::kResourceExhausted);
  EXPECT_EQ(directory.retry_after_s("ann", bad), 300);
  EXPECT_FALSE(directory.retry_after_s("ann", kHome));
  EXPECT_TRUE(directory.sign_in("ann", kPassword, kHome));
  clock.advance(Duration::minutes(5));
  EXPECT_TRUE(directory.sign_in("ann", kPassword, bad));
}

TEST_F(DirectoryTest, FailuresOfOneUsernameAreLimitedFromWhereverTheyCome) {
  add_operator("ann");
  for (int i = 0; i < options.attempts_per_username; ++i) {
    EXPECT_EQ(refusal(i % 2 ? "ann" : "ANN", "x", IpAddress::v4(static_cast<std::uint32_t>(i))),
              ErrorCode::kUnauthenticated);
  }
  EXPECT_EQ(refusal("ann", kPassword), ErrorCode::kResourceExhausted);
  EXPECT_TRUE(directory.retry_after_s("ann", kHome));
}

TEST_F(DirectoryTest, SuccessesAreNoFailures) {
  add_operator("ann");
  for (int i = 0; i < options.attempts_per_username + 2; ++i) enter("ann");
  EXPECT_FALSE(directory.retry_after_s("ann", kHome));
}

TEST_F(DirectoryTest, ASignInEndsWhenIdleOrTooOld) {
  add_operator("ann");
  const SignIn idle = enter("ann");
  const SignIn used = enter("ann");
  for (int i = 0; i < 23; ++i) {
    clock.advance(Duration::minutes(30));
    ASSERT_TRUE(directory.authenticate_cookie(used.token));
  }
  EXPECT_FALSE(directory.authenticate_cookie(idle.token));
  clock.advance(Duration::minutes(29));
  EXPECT_TRUE(directory.authenticate_cookie(used.token));
  clock.advance(Duration::minutes(1));  // twelve hours
  EXPECT_FALSE(directory.authenticate_cookie(used.token));
  // The next sign-in takes what has ended out of the store.
  enter("ann");
  EXPECT_EQ(stored_in("sign_ins"), 1U);
}

TEST_F(DirectoryTest, SigningOutEndsThatSignInAlone) {
  add_operator("ann");
  const SignIn one = enter("ann");
  const SignIn two = enter("ann");
  store(directory.sign_out(one.token));
  EXPECT_FALSE(directory.authenticate_cookie(one.token));
  EXPECT_TRUE(directory.authenticate_cookie(two.token));
  EXPECT_EQ(stored_in("sign_ins"), 1U);
  EXPECT_TRUE(directory.sign_out(one.token).empty());
  EXPECT_TRUE(directory.sign_out("").empty());
}

TEST_F(DirectoryTest, SignInsOutliveARestart) {
  add_operator("ann");
  const SignIn made = enter("ann");
  const auto again = restarted();
  EXPECT_EQ(again->authenticate_cookie(made.token)->csrf_token, made.caller.csrf_token);
  clock.advance(Duration::hours(1));
  EXPECT_FALSE(restarted()->authenticate_cookie(made.token));
}

TEST_F(DirectoryTest, ANewPasswordDisablingAndRemovalEndTheSignIns) {
  OperatorInput password, disabled;
  password.password = "another long password";
  disabled.disabled = true;
  for (int way = 0; way < 3; ++way) {
    const Operator ann = add_operator("ann" + std::to_string(way));
    const Operator bob = add_operator("bob" + std::to_string(way));
    const SignIn of_ann = enter(ann.username);
    const SignIn of_bob = enter(bob.username);
    auto prepared = way == 0   ? directory.prepare_operator_update(ann.id, password)
                    : way == 1 ? directory.prepare_operator_update(ann.id, disabled)
                               : directory.prepare_operator_removal(ann.id);
    const SignIn meanwhile = enter(ann.username);  // between preparing and adopting
    commit(std::move(prepared));
    EXPECT_FALSE(directory.authenticate_cookie(of_ann.token)) << way;
    EXPECT_FALSE(directory.authenticate_cookie(meanwhile.token)) << way;
    EXPECT_TRUE(directory.authenticate_cookie(of_bob.token)) << way;
    const auto again = restarted();
    EXPECT_FALSE(again->authenticate_cookie(of_ann.token)) << way;
    EXPECT_FALSE(again->authenticate_cookie(meanwhile.token)) << way;
    EXPECT_EQ(refusal(ann.username, kPassword), ErrorCode::kUnauthenticated);
  }
}

TEST_F(DirectoryTest, AnotherNameKeepsTheSignIns) {
  const Operator ann = add_operator("ann");
  const SignIn made = enter("ann");
  OperatorInput rename;
  rename.username = "anna";
  rename.grants = std::vector<Grant>{{"staging", {kAuditRead}}};
  commit(directory.prepare_operator_update(ann.id, rename));
  const Caller caller = directory.authenticate_cookie(made.token).value();
  EXPECT_EQ(caller.name, "anna");
  EXPECT_TRUE(caller.grants.allows(kAuditRead, "staging"));
  EXPECT_FALSE(caller.grants.sees("production"));
  EXPECT_EQ(refusal("ann", kPassword), ErrorCode::kUnauthenticated);
  enter("anna");
  add_operator("ann");  // the old name is free
}

TEST_F(DirectoryTest, AnOperatorHasABoundedNumberOfSignIns) {
  options.sign_in_idle = Duration::hours(10);
  Directory patient(clock, random, options);
  const auto ann = add_operator("ann");
  for (const auto& [place, bytes] : stored) ASSERT_TRUE(patient.load(place.first, place.second, bytes));
  // Stored ones stand for a hundred slow sign-ins.
  const Digest password_digest =
      sha256(decode_operator(ann.id, stored.at({"operators", ann.id})).value().password_hash);
  for (std::size_t i = 0; i < Directory::kSignInsPerOperator; ++i) {
    const StoredSignIn old{ann.id, kStart + Duration{static_cast<std::int64_t>(i)}, password_digest};
    ASSERT_TRUE(patient.load("sign_ins", to_hex(sha256("token" + std::to_string(i))), encode_sign_in(old)));
  }
  clock.advance(Duration::minutes(1));
  const SignIn made = patient.sign_in("ann", kPassword, kHome).value();
  EXPECT_FALSE(patient.authenticate_cookie("token0"));
  EXPECT_TRUE(patient.authenticate_cookie("token1"));
  EXPECT_TRUE(patient.authenticate_cookie(made.token));
  EXPECT_EQ(made.documents.size(), 2U);  // the oldest one's removal, and the new one
}

}  // namespace
}  // namespace curfew::access
