#include "device/agent_rules.h"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <functional>
#include <string>
#include <vector>

#include "base/text.h"

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
using Answer = std::function<Parts(const Agent&)>;

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

}  // namespace
}  // namespace curfew::device
