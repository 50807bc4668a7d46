#include "app/config.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <map>

namespace curfew::app {
namespace {

struct ConfigTest : testing::Test {
  ~ConfigTest() override { std::remove(path.c_str()); }
  Result<Config> load(const std::string& text, const Flags& flags = {}) {
    std::ofstream(path) << text;
    std::vector<std::string> names;
    for (const auto& [name, value] : env) names.push_back(name);
    return load_config(
        path,
        [this](const std::string& name) -> std::optional<std::string> {
          const auto it = env.find(name);
          return it == env.end() ? std::nullopt : std::optional(it->second);
        },
        names, flags);
  }
  std::string error(const std::string& text, const Flags& flags = {}) {
    const auto result = load(text, flags);
    return result ? "" : result.error().message;
  }
  std::map<std::string, std::string> env;
  std::string path =
      testing::TempDir() + "curfew_config_test_" + std::to_string(reinterpret_cast<std::uintptr_t>(this)) + ".toml";
};

TEST_F(ConfigTest, LaterSourceWins) {
  EXPECT_EQ(load("[server]\nlisten = \"127.0.0.1:1000\"")->port, 1000);
  env["CURFEW_SERVER_LISTEN"] = "127.0.0.1:2000";
  EXPECT_EQ(load("[server]\nlisten = \"127.0.0.1:1000\"")->port, 2000);
  EXPECT_EQ(load("[server]\nlisten = \"127.0.0.1:1000\"", {{"server.listen", "[::1]:3000"}})->port, 3000);
}

TEST_F(ConfigTest, MistakeIsNamedWithItsLine) {
  EXPECT_NE(error("[server]\n\nlisten = \"nowhere\"").find(path + ":3: server.listen must be HOST:PORT"),
            std::string::npos);
  EXPECT_NE(error("[server]\nlisten = \n").find(path + ":2"), std::string::npos);
  EXPECT_NE(error("[engine]\nqueue = 5").find(":2: engine.queue must be a whole number from 1000"), std::string::npos);
  EXPECT_NE(error("[log]\nlevel = \"loud\"").find("must be debug, info, warn or error"), std::string::npos);
  EXPECT_NE(error("[retention]\naudit = \"forever\"").find("ISO 8601"), std::string::npos);
  EXPECT_NE(error("[server]\ntrusted_proxies = [\"10.0.0.1/8\"]").find("10.0.0.0/8"), std::string::npos);
}

TEST_F(ConfigTest, DirectoryInTheFilesPlaceIsRefused) {
  const auto none = [](const std::string&) { return std::optional<std::string>(); };
  const auto result = load_config(testing::TempDir(), none, {}, {});
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("can't be read"), std::string::npos) << result.error().message;
  EXPECT_EQ(error(""), "");  // an empty file says nothing, and nothing wrong
}

TEST_F(ConfigTest, IndexImageCanBeTurnedOff) {
  EXPECT_TRUE(load("")->index_image);
  EXPECT_FALSE(load("[data]\nindex_image = false")->index_image);
  EXPECT_EQ(needs_restart(*load(""), *load("[data]\nindex_image = false")),
            std::vector<std::string>{"data.index_image"});
}

TEST_F(ConfigTest, UnknownSettingIsRefusedWhereverItStands) {
  EXPECT_NE(error("[server]\nport = 1").find(":2: there is no setting \"server.port\""), std::string::npos);
  EXPECT_NE(error("top = 1").find(":1: there is no setting \"top\""), std::string::npos);
  env["CURFEW_LOG_LEVLE"] = "info";
  EXPECT_NE(error("").find("CURFEW_LOG_LEVLE"), std::string::npos);
  env.clear();
  env["CURFEW_SERVER"] = "http://127.0.0.1:8080";
  EXPECT_EQ(error(""), "");
}

TEST_F(ConfigTest, RefusesToListenBeyondLoopbackWithoutTls) {
  EXPECT_NE(error("", {{"server.listen", "0.0.0.0:8080"}}).find("no TLS"), std::string::npos);
  EXPECT_NE(error("", {{"server.listen", "[::]:8080"}}).find("no TLS"), std::string::npos);
  EXPECT_EQ(error("[server]\nbehind_tls_proxy = true", {{"server.listen", "0.0.0.0:8080"}}), "");
  EXPECT_EQ(error("", {{"server.listen", "127.0.0.9:0"}}), "");
  EXPECT_NE(error("[server]\ntls_key = \"k\"").find("belong together"), std::string::npos);
}

TEST_F(ConfigTest, ReloadTellsWhatNeedsARestart) {
  Config a, b;
  b.log_level = LogLevel::kDebug;
  EXPECT_TRUE(needs_restart(a, b).empty());
  b.port = 1;
  b.data_dir = "elsewhere";
  EXPECT_EQ(needs_restart(a, b), (std::vector<std::string>{"server.listen", "data.dir"}));
}

}  // namespace
}  // namespace curfew::app
