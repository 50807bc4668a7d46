#include "app/bootstrap.h"

#include <gtest/gtest.h>

#include "access/documents.h"
#include "ledger/memory_ledger.h"

namespace curfew::app {
namespace {

constexpr const char* kKey = "cfk_bootstrap-key-0123456789";

struct BootstrapTest : testing::Test {
  BootstrapTest() { open(); }
  ~BootstrapTest() override { engine->stop(); }
  void open() {
    directory = std::make_unique<access::Directory>(clock, random);
    engine = std::make_unique<engine::Engine>(ledger, clock, random, engine::Options{});
    EXPECT_TRUE(engine->open([this](std::string_view table, std::string_view key, std::string_view bytes) {
      return directory->load(table, key, bytes);
    }));
    engine->start();
  }
  void restart() {
    engine->stop();
    open();
  }
  Result<BootstrapResult> run() { return bootstrap(*directory, *engine, random, input); }

  ManualClock clock{Time{1'772'000'000'000}};
  SystemRandom random;
  ledger::MemoryLedger ledger;
  std::unique_ptr<access::Directory> directory;
  std::unique_ptr<engine::Engine> engine;
  BootstrapInput input;
  const IpAddress home = IpAddress::v4(0x7f000001);
};

TEST_F(BootstrapTest, MakesAnOperatorAndTheKeyOnce) {
  input.api_key = kKey;
  std::string kept;
  input.keep_password = [&](const std::string& password) {
    kept = password;
    return Status{};
  };
  const auto made = run();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->made_password, kept);
  restart();
  EXPECT_TRUE(directory->sign_in("admin", kept, home));
  EXPECT_TRUE(directory->authenticate_key(kKey));
  const auto again = run();
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->made_password);
  EXPECT_EQ(directory->operators().size(), 1U);
}

TEST_F(BootstrapTest, NobodyIsMadeWhosePasswordCouldNotBeKept) {
  input.api_key = kKey;
  input.keep_password = [](const std::string&) -> Status {
    return fail(ErrorCode::kUnavailable, "cannot_write", "no space");
  };
  EXPECT_EQ(run().error().reason, "cannot_write");
  EXPECT_TRUE(directory->empty());
  restart();
  EXPECT_TRUE(directory->empty());
  input.keep_password = [](const std::string&) { return Status{}; };
  EXPECT_TRUE(run());
}

TEST_F(BootstrapTest, AThingThatIsWrongLeavesTheServerEmpty) {
  input.api_key = "short";
  input.keep_password = [](const std::string&) -> Status {
    ADD_FAILURE() << "kept for nobody";
    return {};
  };
  EXPECT_EQ(run().error().field, "CURFEW_BOOTSTRAP_API_KEY");
  input.api_key = kKey;
  input.admin_password = "";
  EXPECT_EQ(run().error().field, "CURFEW_BOOTSTRAP_ADMIN_PASSWORD");
  restart();
  EXPECT_TRUE(directory->empty());
}

TEST_F(BootstrapTest, OperatorAndKeyAreOneCommit) {
  input.api_key = kKey;
  input.admin_password = "correct horse battery";
  ledger.set_disk_full(true);
  EXPECT_FALSE(run());
  ledger.set_disk_full(false);
  restart();
  EXPECT_TRUE(directory->empty());
  ASSERT_TRUE(run());
  engine->stop();
  std::size_t operators = 0, keys = 0, records = 0;
  EXPECT_TRUE(ledger.load_documents([&](std::string_view table, std::string_view, std::string_view) {
    operators += table == access::kOperatorsTable;
    keys += table == access::kKeysTable;
  }));
  EXPECT_TRUE(ledger.scan_audit(1, ~0ULL, false, [&](std::uint64_t, std::string_view) { return ++records > 0; }));
  EXPECT_EQ(operators, 1U);
  EXPECT_EQ(keys, 1U);
  EXPECT_EQ(records, 2U);
  EXPECT_EQ(ledger.position(), 1U);
}

}  // namespace
}  // namespace curfew::app
