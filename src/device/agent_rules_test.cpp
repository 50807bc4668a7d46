#include "device/agent_rules.h"

#include <gtest/gtest.h>
#include <re2/re2.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/crypto.h"
#include "base/limits.h"
#include "base/text.h"
#include "device/rules.h"

namespace curfew::device {
namespace {

const AgentRules& rules() {
  static const AgentRules rules;
  return rules;
}

std::string text_of(const YAML::Node& value) {
  return value.IsDefined() && !value.IsNull() ? value.as<std::string>() : std::string();
}

using Parts = std::vector<std::string>;

Parts browser(const Agent& a) {
  return {a.browser.family, a.browser.major, a.browser.minor, a.browser.patch};
}
Parts system(const Agent& a) {
  return {a.system.family, a.system.major, a.system.minor, a.system.patch, a.system.patch_minor};
}
Parts hardware(const Agent& a) {
  return {a.hardware.family, a.hardware.brand, a.hardware.model};
}

// One of uap-core's own suites: every case must have the answer that it names.
struct Suite {
  std::string file;
  std::size_t cases;
  Parts (*answer)(const Agent&);
  std::vector<std::string> members;
};

class UapCore : public testing::TestWithParam<Suite> {};

TEST_P(UapCore, EveryCaseOfItsOwnSuiteHasItsAnswer) {
  const Suite& suite = GetParam();
  const YAML::Node cases = YAML::LoadFile(CURFEW_UAP_CORE "/" + suite.file)["test_cases"];
  std::size_t count = 0, wrong = 0;
  for (const YAML::Node& one : cases) {
    ++count;
    Parts expected;
    for (const std::string& member : suite.members) expected.push_back(text_of(one[member]));
    const auto agent = one["user_agent_string"].as<std::string>();
    const Parts answer = suite.answer(rules().parse(agent));
    if (answer != expected && ++wrong <= 20)
      ADD_FAILURE() << agent << "\n  answer:   " << testing::PrintToString(answer)
                    << "\n  expected: " << testing::PrintToString(expected);
  }
  EXPECT_EQ(wrong, 0U);
  EXPECT_EQ(count, suite.cases);
}

const std::vector<std::string> kBrowser{"family", "major", "minor", "patch"},
    kSystem{"family", "major", "minor", "patch", "patch_minor"}, kHardware{"family", "brand", "model"};

INSTANTIATE_TEST_SUITE_P(
    Suites, UapCore,
    testing::Values(Suite{"tests/test_ua.yaml", 1425, browser, kBrowser},
                    Suite{"tests/test_os.yaml", 456, system, kSystem},
                    Suite{"tests/test_device.yaml", 16111, hardware, kHardware},
                    Suite{"test_resources/firefox_user_agent_strings.yaml", 243, browser, kBrowser},
                    Suite{"test_resources/opera_mini_user_agent_strings.yaml", 203, browser, kBrowser},
                    Suite{"test_resources/podcasting_user_agent_strings.yaml", 144, browser, kBrowser},
                    Suite{"test_resources/pgts_browser_list.yaml", 12500, browser, kBrowser},
                    Suite{"test_resources/additional_os_tests.yaml", 23, system, kSystem}),
    [](const auto& info) {
      const std::string& file = info.param.file;
      const std::size_t begin = file.find('/') + 1;
      return file.substr(begin, file.find('.') - begin);
    });

// The rules as they are told: every pattern in turn, as it stands.
class Plain {
 public:
  Plain(std::span<const Rule> all, std::array<std::size_t, kParts> defaults) : rules_(all), defaults_(defaults) {
    for (const Rule& rule : all) {
      re2::RE2::Options options(re2::RE2::Latin1);
      options.set_case_sensitive(!rule.any_case);
      options.set_max_mem(1 << 20);  // what AgentRules gives them
      patterns_.push_back(std::make_unique<re2::RE2>(rule.pattern, options));
      EXPECT_TRUE(patterns_.back()->ok()) << rule.pattern;
    }
  }

  Parts first_match(const std::string& text) const {
    std::array<re2::StringPiece, 10> groups;
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      const int wanted = std::min(patterns_[i]->NumberOfCapturingGroups() + 1, 10);
      groups.fill({});
      if (!patterns_[i]->Match(text, 0, text.size(), re2::RE2::UNANCHORED, groups.data(), wanted)) continue;
      Parts parts;
      for (std::size_t part = 0; part < kParts; ++part) {
        const char* const format = rules_[i].parts[part];
        std::string made = format != nullptr     ? format
                           : defaults_[part] > 0 ? "$" + std::to_string(defaults_[part])
                                                 : "";
        for (std::size_t n = 1; n < groups.size(); ++n) {
          const std::string mark = "$" + std::to_string(n);
          for (std::size_t at = 0; (at = made.find(mark, at)) != std::string::npos; at += groups[n].size())
            made.replace(at, mark.size(), groups[n].ToString());
        }
        made.erase(0, made.find_first_not_of(" \t"));
        made.erase(made.find_last_not_of(" \t") + 1);
        parts.push_back(made);
      }
      if (parts[0].empty()) parts[0] = "Other";
      return parts;
    }
    return {"Other", "", "", "", ""};
  }

 private:
  std::span<const Rule> rules_;
  std::array<std::size_t, kParts> defaults_;
  std::vector<std::unique_ptr<re2::RE2>> patterns_;
};

std::vector<std::string> agents_of_the_suites() {
  std::vector<std::string> agents;
  for (const char* const file : {"test_ua", "test_os", "test_device"})
    for (const YAML::Node& one : YAML::LoadFile(std::string(CURFEW_UAP_CORE "/tests/") + file + ".yaml")["test_cases"])
      agents.push_back(one["user_agent_string"].as<std::string>());
  return agents;
}

// Real strings, some cut together or stretched so that they exceed the bounds of patterns.
std::string varied(const std::vector<std::string>& agents, SeededRandom& random) {
  std::string agent = agents[random.next() % agents.size()];
  switch (random.next() % 4) {
    case 0:
      return agent;
    case 1:
      return agent.substr(0, random.next() % (agent.size() + 1)) + agents[random.next() % agents.size()];
    case 2:
      return agent.insert(random.next() % (agent.size() + 1), random.next() % 300, "x 1.;/"[random.next() % 6]);
    default:
      return agents[random.next() % agents.size()] + " " + agent + " " + agents[random.next() % agents.size()];
  }
}

TEST(AgentRules, NeitherTheFilterNorLoosePatternsChangeAnAnswer) {
  constexpr std::uint64_t kSeed = 11;
  const Plain browsers(browser_rules(), {1, 2, 3, 4, 0}), systems(system_rules(), {1, 2, 3, 4, 5}),
      others(hardware_rules(), {1, 0, 1, 0, 0});
  const std::vector<std::string> agents = agents_of_the_suites();
  SeededRandom random(kSeed);
  for (int i = 0; i < 500; ++i) {
    const std::string text = varied(agents, random).substr(0, limits::kUserAgent);
    if (!std::all_of(text.begin(), text.end(), [](char c) { return c > 0; })) continue;
    const Agent agent = rules().parse(text);
    Parts answer = browsers.first_match(text);
    answer.resize(4);
    EXPECT_EQ(browser(agent), answer) << "seed " << kSeed << ": " << text;
    EXPECT_EQ(system(agent), systems.first_match(text)) << "seed " << kSeed << ": " << text;
    answer = others.first_match(text);
    answer.resize(3);
    EXPECT_EQ(hardware(agent), answer) << "seed " << kSeed << ": " << text;
  }
}

TEST(AgentRules, PartsAreWholeCharactersAndWithinTheLimit) {
  const std::string accents = "\xC3\xA9";
  std::string name;
  while (name.size() < 600) name += accents;
  for (const std::string& agent : {name + "/3.2 CFNetwork/978.0.7", "x" + name + "/3 CFNetwork/1 Darwin/18",
                                   "Bot " + name + "bot/1.0", std::string(limits::kUserAgent - 1, 'x') + accents,
                                   std::string("\xff\xfe/3 CFNetwork/1"), std::string(3, '\0')}) {
    const Agent parsed = rules().parse(agent);
    for (const Parts& parts : {browser(parsed), system(parsed), hardware(parsed)})
      for (const std::string& part : parts) {
        EXPECT_TRUE(is_valid_utf8(part));
        EXPECT_LE(part.size(), limits::kUserAgent);
      }
  }
}

}  // namespace
}  // namespace curfew::device
