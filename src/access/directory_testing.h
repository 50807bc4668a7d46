// A directory with a clock that stands still, and the store that its documents go to, for its tests.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "access/access.h"
#include "access/documents.h"

namespace curfew::access {

inline constexpr Time kStart{1'772'357'400'000};
inline const IpAddress kHome = IpAddress::v4(0xcb007107);
inline constexpr const char* kPassword = "correct horse battery";

class DirectoryTest : public ::testing::Test {
 protected:
  template <class T>
  T commit(Result<Prepared<T>> prepared) {
    EXPECT_TRUE(prepared) << (prepared ? "" : prepared.error().message);
    store(prepared->documents);
    const Status adopted = directory.adopt(prepared->documents, prepared->version);
    EXPECT_TRUE(adopted) << (adopted ? "" : adopted.error().message);
    return prepared->value;
  }

  void store(const std::vector<DocumentChange>& documents) {
    for (const DocumentChange& change : documents) {
      if (change.bytes)
        stored[{change.table, change.key}] = *change.bytes;
      else
        stored.erase({change.table, change.key});
    }
  }

  // What another start would hold.
  std::unique_ptr<Directory> restarted() {
    auto again = std::make_unique<Directory>(clock, random, options);
    for (const auto& [place, bytes] : stored) EXPECT_TRUE(again->load(place.first, place.second, bytes));
    return again;
  }

  Operator add_operator(const std::string& username,
                        std::vector<Grant> grants = {{"production", {Permission::kSessionsRead}}}) {
    OperatorInput input;
    input.username = username;
    input.password = kPassword;
    input.grants = std::move(grants);
    return commit(directory.prepare_operator(input));
  }

  Directory::NewKey add_key(const std::string& name,
                            std::vector<Grant> grants = {{"production", {Permission::kSessionsWrite}}}) {
    return commit(directory.prepare_key(key_input(name, std::move(grants))));
  }

  static KeyInput key_input(const std::string& name,
                            std::vector<Grant> grants = {{"production", {Permission::kSessionsWrite}}}) {
    KeyInput input;
    input.name = name;
    input.grants = std::move(grants);
    return input;
  }

  SignIn enter(const std::string& username, const std::string& password = kPassword) {
    auto made = directory.sign_in(username, password, kHome);
    EXPECT_TRUE(made) << (made ? "" : made.error().message);
    store(made->documents);
    return *std::move(made);
  }

  ErrorCode refusal(const std::string& username, const std::string& password, const IpAddress& from = kHome) {
    const auto made = directory.sign_in(username, password, from);
    EXPECT_FALSE(made);
    return made ? ErrorCode::kInternal : made.error().code;
  }

  std::size_t stored_in(std::string_view table) const {
    std::size_t count = 0;
    for (const auto& [place, bytes] : stored) count += place.first == table ? 1 : 0;
    return count;
  }

  ManualClock clock{kStart};
  SystemRandom random;
  Options options;
  Directory directory{clock, random, options};
  std::map<std::pair<std::string, std::string>, std::string> stored;
};

}  // namespace curfew::access
