#include "device/agent_rules.h"

#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "device/literals.h"
#include "device/loosen.h"
#include "device/rules.h"

namespace curfew::device {
namespace {

// Of the lengths from 1 to 4 this one leaves the least to try for what looking for the words costs.
constexpr int kShortestWord = 2;
// Bounds from here on are dropped at first (loosen.h): measured, as the best of 20 to 100.
constexpr std::size_t kLeastBound = 50;
// The most that one pattern's automaton may take; measured on mutated strings, more is slower and lets it grow.
// Patterns as they stand need more to be compiled at all.
constexpr std::int64_t kLooseMemory = 1 << 18, kStrictMemory = 1 << 20;
constexpr std::size_t kGroups = 10;  // the match and $1 to $9

using Groups = std::array<re2::StringPiece, kGroups>;
using Parts = std::array<std::string, kParts>;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Patterns count bytes, so that a group may begin or end within a character.
std::string whole_characters(std::string_view bytes) {
  if (is_valid_utf8(bytes)) return std::string(bytes);
  std::string out;
  for (std::size_t at = 0; at < bytes.size();) {
    std::size_t size = 1;
    while (size <= 4 && at + size <= bytes.size() && !is_valid_utf8(bytes.substr(at, size))) ++size;
    if (size <= 4 && at + size <= bytes.size())
      out.append(bytes.substr(at, size));
    else
      size = 1;
    at += size;
  }
  return out;
}

std::string expanded(const char* format, const Groups& groups) {
  std::string out;
  for (std::string_view rest = format; !rest.empty(); rest.remove_prefix(1)) {
    if (rest[0] == '$' && rest.size() > 1 && rest[1] >= '1' && rest[1] <= '9') {
      const re2::StringPiece& group = groups[static_cast<std::size_t>(rest[1] - '0')];
      if (group.data() != nullptr) out.append(group.data(), group.size());
      rest.remove_prefix(1);
    } else {
      out.push_back(rest[0]);
    }
  }
  return out;
}

// Which group stands for a part that a rule does not give; 0: none.
constexpr std::array<std::size_t, kParts> kBrowserGroups{1, 2, 3, 4, 0}, kSystemGroups{1, 2, 3, 4, 5},
    kHardwareGroups{1, 0, 1, 0, 0};

Parts parts_of(const Rule& rule, const std::array<std::size_t, kParts>& defaults, const Groups& groups) {
  Parts parts;
  for (std::size_t i = 0; i < kParts; ++i) {
    std::string text;
    if (rule.parts[i] != nullptr)
      text = expanded(rule.parts[i], groups);
    else if (defaults[i] > 0 && groups[defaults[i]].data() != nullptr)
      text.assign(groups[defaults[i]].data(), groups[defaults[i]].size());
    parts[i] = whole_characters(trimmed(text));
  }
  return parts;
}

}  // namespace

struct AgentRules::Impl {
  // A section of the rules: what stands in the filter under the numbers from `first` on.
  struct Section {
    std::span<const Rule> rules;
    const std::array<std::size_t, kParts>& defaults;
    std::size_t first;
    std::size_t end() const { return first + rules.size(); }
  };
  // A rule's pattern as it is, where the filter has a loose one. Few are ever asked: made when first needed.
  struct Strict {
    std::size_t bound = 0;
    std::once_flag once;
    std::unique_ptr<re2::RE2> pattern;
  };

  re2::FilteredRE2 filter{kShortestWord};
  std::array<Section, 3> sections;  // browsers, systems, hardware
  std::unique_ptr<Strict[]> strict;
  std::optional<Literals> literals;

  Impl()
      : sections{{{browser_rules(), kBrowserGroups, 0},
                  {system_rules(), kSystemGroups, browser_rules().size()},
                  {hardware_rules(), kHardwareGroups, browser_rules().size() + system_rules().size()}}},
        strict(std::make_unique<Strict[]>(sections.back().end())) {
    for (const Section& section : sections)
      for (std::size_t i = 0; i < section.rules.size(); ++i) add(section.first + i, section.rules[i]);
    std::vector<std::string> words;
    filter.Compile(&words);
    literals.emplace(words);
  }

  static re2::RE2::Options options_of(const Rule& rule, std::int64_t memory) {
    // Bytes instead of characters: a "." is then one step of the automaton.
    re2::RE2::Options options(re2::RE2::Latin1);
    options.set_case_sensitive(!rule.any_case);
    options.set_log_errors(false);
    options.set_max_mem(memory);
    return options;
  }

  void add(std::size_t number, const Rule& rule) {
    const Loose loose = loosen(rule.pattern, kLeastBound);
    strict[number].bound = loose.bound;
    int given = 0;
    CURFEW_CHECK(filter.Add(loose.pattern, options_of(rule, kLooseMemory), &given) == re2::RE2::NoError &&
                     static_cast<std::size_t>(given) == number,
                 "RE2 takes uap-core's patterns");
  }

  static bool match(const re2::RE2& pattern, std::string_view text, Groups& groups) {
    const int wanted = std::min(pattern.NumberOfCapturingGroups() + 1, static_cast<int>(kGroups));
    groups.fill({});
    return pattern.Match({text.data(), text.size()}, 0, text.size(), re2::RE2::UNANCHORED, groups.data(), wanted);
  }

  bool match(std::size_t number, const Rule& rule, std::string_view text, Groups& groups) const {
    if (!match(filter.GetRE2(static_cast<int>(number)), text, groups)) return false;
    Strict& exact = strict[number];
    if (exact.bound == 0 || groups[0].size() <= exact.bound) return true;
    std::call_once(exact.once,
                   [&] { exact.pattern = std::make_unique<re2::RE2>(rule.pattern, options_of(rule, kStrictMemory)); });
    CURFEW_CHECK(exact.pattern->ok(), "RE2 takes uap-core's patterns");
    return match(*exact.pattern, text, groups);
  }

  // `candidates`: ascending numbers of the patterns that may match.
  std::optional<Parts> first_match(const Section& section, const std::vector<int>& candidates,
                                   std::string_view text) const {
    Groups groups;
    for (const int candidate : candidates) {
      const auto number = static_cast<std::size_t>(candidate);
      if (number < section.first) continue;
      if (number >= section.end()) break;
      const Rule& rule = section.rules[number - section.first];
      if (match(number, rule, text, groups)) return parts_of(rule, section.defaults, groups);
    }
    return std::nullopt;
  }
};

AgentRules::AgentRules() : impl_(std::make_unique<Impl>()) {}
AgentRules::~AgentRules() = default;

Agent AgentRules::parse(std::string_view user_agent) const {
  user_agent = user_agent.substr(0, limits::kUserAgent);
  std::vector<int> found, candidates;
  impl_->literals->find(user_agent, found);
  impl_->filter.AllPotentials(found, &candidates);

  const auto& [browsers, systems, hardware] = impl_->sections;
  Agent agent;
  if (auto parts = impl_->first_match(browsers, candidates, user_agent)) {
    auto& [family, major, minor, patch, none] = *parts;
    if (!family.empty()) agent.browser.family = std::move(family);
    agent.browser.major = std::move(major);
    agent.browser.minor = std::move(minor);
    agent.browser.patch = std::move(patch);
  }
  if (auto parts = impl_->first_match(systems, candidates, user_agent)) {
    auto& [family, major, minor, patch, patch_minor] = *parts;
    if (!family.empty()) agent.system.family = std::move(family);
    agent.system.major = std::move(major);
    agent.system.minor = std::move(minor);
    agent.system.patch = std::move(patch);
    agent.system.patch_minor = std::move(patch_minor);
  }
  if (auto parts = impl_->first_match(hardware, candidates, user_agent)) {
    auto& [family, brand, model, none, neither] = *parts;
    if (!family.empty()) agent.hardware.family = std::move(family);
    agent.hardware.brand = std::move(brand);
    agent.hardware.model = std::move(model);
  }
  return agent;
}

}  // namespace curfew::device
