#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "access/access.h"
#include "access/directory_testing.h"

namespace curfew::access {
namespace {

using enum Permission;

TEST_F(DirectoryTest, AKeyIsShownOnceAndKnownAfterwards) {
  EXPECT_TRUE(directory.empty());
  const Directory::NewKey made = add_key("ingest");
  EXPECT_FALSE(directory.empty());
  EXPECT_TRUE(made.text.starts_with("cfk_"));
  EXPECT_EQ(made.text.size(), 47U);
  EXPECT_EQ(made.key.secret_hash, Digest{});
  for (const auto& [place, bytes] : stored) EXPECT_EQ(bytes.find(made.text), std::string::npos);

  const Caller caller = directory.authenticate_key(made.text).value();
  EXPECT_EQ(caller.kind, Caller::Kind::kApiKey);
  EXPECT_EQ(caller.id, made.key.id);
  EXPECT_EQ(caller.name, "ingest");
  EXPECT_TRUE(caller.grants.allows(kSessionsWrite, "production"));
  EXPECT_FALSE(caller.signed_in);
  EXPECT_EQ(restarted()->authenticate_key(made.text)->id, made.key.id);
}

TEST_F(DirectoryTest, AnUnknownKeyIsRefused) {
  const Directory::NewKey made = add_key("ingest");
  for (const std::string& text : {std::string(), std::string("cfk_"), made.text + "A", made.text.substr(1),
                                  made.text.substr(0, 46), std::string(100'000, 'x')}) {
    EXPECT_EQ(directory.authenticate_key(text).error().code, ErrorCode::kUnauthenticated);
  }
}

TEST_F(DirectoryTest, AKeyIsNotKnownBeforeItIsAdopted) {
  const auto prepared = directory.prepare_key(key_input("ingest")).value();
  EXPECT_FALSE(directory.authenticate_key(prepared.value.text));
  EXPECT_TRUE(directory.adopt(prepared.documents, prepared.version));
  EXPECT_TRUE(directory.authenticate_key(prepared.value.text));
}

TEST_F(DirectoryTest, AKeyExpiresAtItsTime) {
  KeyInput input = key_input("ingest");
  input.expires = kStart + Duration::hours(1);
  const auto made = commit(directory.prepare_key(input));
  clock.set(kStart + Duration::hours(1) - Duration{1});
  EXPECT_TRUE(directory.authenticate_key(made.text));
  clock.set(kStart + Duration::hours(1));
  EXPECT_FALSE(directory.authenticate_key(made.text));
  input.name = "late";
  EXPECT_EQ(directory.prepare_key(input).error().field, "expiresAt");
}

TEST_F(DirectoryTest, AKeyWithAGivenTextHasLimits) {
  const std::string text = "bootstrap-key-0123456789";
  const auto made = commit(directory.prepare_key_with_text(key_input("bootstrap", {{"-", {kAdmin}}}), text));
  EXPECT_EQ(made.text, text);
  EXPECT_TRUE(directory.authenticate_key(text)->grants.administrator());
  EXPECT_EQ(directory.prepare_key_with_text(key_input("other"), text).error().code, ErrorCode::kAlreadyExists);
  EXPECT_FALSE(directory.prepare_key_with_text(key_input("a"), std::string(19, 'x')));
  EXPECT_TRUE(directory.prepare_key_with_text(key_input("a"), std::string(20, 'x')));
  EXPECT_TRUE(directory.prepare_key_with_text(key_input("a"), std::string(200, 'x')));
  EXPECT_FALSE(directory.prepare_key_with_text(key_input("a"), std::string(201, 'x')));
  EXPECT_FALSE(directory.prepare_key_with_text(key_input("a"), std::string(30, ' ')));
}

TEST_F(DirectoryTest, AKeyIsChangedAndRemoved) {
  const auto made = add_key("ingest");
  KeyInput change;
  change.name = "ingest-2";
  change.grants = {{"staging", {kAuditRead}}};
  change.own_user = UserRef{"staging", "u-9"};
  const ApiKey changed = commit(directory.prepare_key_update(made.key.id, change));
  EXPECT_EQ(changed.name, "ingest-2");
  EXPECT_EQ(changed.secret_hash, Digest{});
  const Caller caller = directory.authenticate_key(made.text).value();
  EXPECT_TRUE(caller.grants.allows(kAuditRead, "staging"));
  EXPECT_FALSE(caller.grants.allows(kSessionsWrite, "production"));
  EXPECT_EQ(caller.own_user, (UserRef{"staging", "u-9"}));

  change = {};
  change.own_user = std::optional<UserRef>();
  commit(directory.prepare_key_update(made.key.id, change));
  EXPECT_FALSE(directory.authenticate_key(made.text)->own_user);

  commit(directory.prepare_key_removal(made.key.id));
  EXPECT_FALSE(directory.authenticate_key(made.text));
  EXPECT_TRUE(stored.empty());
  EXPECT_EQ(directory.prepare_key_removal(made.key.id).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(directory.prepare_key_update(made.key.id, change).error().code, ErrorCode::kNotFound);
}

TEST_F(DirectoryTest, NamesAreDistinct) {
  add_key("ingest");
  EXPECT_EQ(directory.prepare_key(key_input("ingest")).error().code, ErrorCode::kAlreadyExists);
  const Operator ann = add_operator("Ann");
  OperatorInput input;
  input.username = "aNN";
  input.password = kPassword;
  const auto taken = directory.prepare_operator(input);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(taken.error().field, "username");
  // Another spelling of one's own name is free.
  EXPECT_TRUE(directory.prepare_operator_update(ann.id, input));
}

TEST_F(DirectoryTest, OperatorInputIsChecked) {
  const auto field = [&](auto change) {
    OperatorInput input;
    input.username = "ann";
    input.password = kPassword;
    change(input);
    const auto prepared = directory.prepare_operator(input);
    return prepared ? std::string() : prepared.error().field;
  };
  EXPECT_EQ(field([](OperatorInput&) {}), "");
  EXPECT_EQ(field([](OperatorInput& in) { in.username.reset(); }), "username");
  EXPECT_EQ(field([](OperatorInput& in) { in.username = ""; }), "username");
  EXPECT_EQ(field([](OperatorInput& in) { in.username = std::string(256, 'x'); }), "username");
  EXPECT_EQ(field([](OperatorInput& in) { in.password.reset(); }), "password");
  EXPECT_EQ(field([](OperatorInput& in) { in.password = "eleven chrs"; }), "password");
  EXPECT_EQ(field([](OperatorInput& in) { in.password = std::string(1025, 'x'); }), "password");
  EXPECT_EQ(field([](OperatorInput& in) { in.password = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"; }),
            "password");
  EXPECT_EQ(field([](OperatorInput& in) {
              in.username = "Administrator";
              in.password = "administrator";
            }),
            "password");
  EXPECT_EQ(field([](OperatorInput& in) { in.grants = std::vector<Grant>{{"production", {}}}; }), "grants");
  EXPECT_EQ(field([](OperatorInput& in) { in.own_user = UserRef{"production", ""}; }), "ownUser");
}

TEST_F(DirectoryTest, TheLastAdministratorStays) {
  const Operator ann = add_operator("ann", {{"-", {kAdmin}}});
  EXPECT_EQ(directory.prepare_operator_removal(ann.id).error().reason, "last_administrator");
  OperatorInput weaker, disabled, renamed;
  weaker.grants = std::vector<Grant>{{"production", {kAdmin}}};
  disabled.disabled = true;
  renamed.display_name = "Ann";
  EXPECT_EQ(directory.prepare_operator_update(ann.id, weaker).error().code, ErrorCode::kConflict);
  EXPECT_EQ(directory.prepare_operator_update(ann.id, disabled).error().code, ErrorCode::kConflict);
  EXPECT_TRUE(directory.prepare_operator_update(ann.id, renamed));

  // A key that will expire is no successor; one that will not is.
  KeyInput expiring = key_input("short", {{"-", {kAdmin}}});
  expiring.expires = kStart + Duration::days(1);
  commit(directory.prepare_key(expiring));
  EXPECT_FALSE(directory.prepare_operator_removal(ann.id));
  const auto key = add_key("break-glass", {{"-", {kAdmin}}});
  commit(directory.prepare_operator_removal(ann.id));
  EXPECT_FALSE(directory.prepare_key_removal(key.key.id));
  KeyInput limit;
  limit.expires = kStart + Duration::days(1);
  EXPECT_FALSE(directory.prepare_key_update(key.key.id, limit));
}

TEST_F(DirectoryTest, ADirectoryWithoutAdministratorsMayChange) {
  const auto key = add_key("ingest");
  commit(directory.prepare_key_removal(key.key.id));
  EXPECT_TRUE(directory.empty());
}

TEST_F(DirectoryTest, AChangePreparedBeforeAnotherWasAdoptedIsRefused) {
  const auto first = directory.prepare_key(key_input("a")).value();
  const auto second = directory.prepare_key(key_input("a")).value();
  EXPECT_TRUE(directory.adopt(first.documents, first.version));
  EXPECT_EQ(directory.adopt(second.documents, second.version).error().code, ErrorCode::kConflict);
  EXPECT_FALSE(directory.authenticate_key(second.value.text));
  // The same documents once more are no change.
  EXPECT_TRUE(directory.adopt(first.documents, first.version));
  EXPECT_EQ(directory.keys().size(), 1U);
}

TEST_F(DirectoryTest, ListsAreInOrderAndHoldNoSecrets) {
  for (const char* name : {"bob", "Ann", "carl"}) {
    add_operator(name);
    add_key(name);
  }
  std::vector<std::string> operators, keys;
  for (const Operator& one : directory.operators()) {
    operators.push_back(one.username);
    EXPECT_EQ(one.password_hash, "");
    EXPECT_EQ(directory.find_operator(one.id)->password_hash, "");
  }
  for (const ApiKey& key : directory.keys()) {
    keys.push_back(key.name);
    EXPECT_EQ(key.secret_hash, Digest{});
    EXPECT_EQ(directory.find_key(key.id)->secret_hash, Digest{});
  }
  EXPECT_EQ(operators, (std::vector<std::string>{"Ann", "bob", "carl"}));
  EXPECT_EQ(keys, (std::vector<std::string>{"Ann", "bob", "carl"}));
  EXPECT_FALSE(directory.find_operator("nobody"));
  EXPECT_FALSE(directory.find_key("nothing"));
}

TEST_F(DirectoryTest, CallersAreKnownWhileOthersChange) {
  const auto key = add_key("steady");
  add_operator("ann");
  const SignIn made = enter("ann");
  std::atomic<bool> done{false};
  std::atomic<int> refused{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!done) {
        if (!directory.authenticate_key(key.text)) ++refused;
        if (!directory.authenticate_cookie(made.token)) ++refused;
        (void)directory.operators();
      }
    });
  }
  for (int i = 0; i < 50; ++i) commit(directory.prepare_key_removal(add_key("key" + std::to_string(i)).key.id));
  enter("ann");
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(refused, 0);
}

TEST_F(DirectoryTest, BrokenDocumentsAreRefused) {
  EXPECT_EQ(directory.load("operators", "x", "garbage").error().code, ErrorCode::kDataLoss);
  EXPECT_EQ(directory.load("keys", "x", "").error().code, ErrorCode::kDataLoss);
  EXPECT_EQ(directory.load("sign_ins", "x", "\x01").error().code, ErrorCode::kDataLoss);
  EXPECT_EQ(directory.load("other", "x", "\x01").error().code, ErrorCode::kDataLoss);
  EXPECT_TRUE(directory.empty());
}

}  // namespace
}  // namespace curfew::access
