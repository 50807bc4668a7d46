// uap-core's rules, compiled: agent string → Agent.
//
// A string is read once for the words that the rules' patterns can't do without (literals.h); only patterns whose words
// are all there are tried, in uap-core's order, and the first that matches answers its section. RE2 matches in time
// linear in the string, whatever the string; there are no rules from outside.
//
// Threads: any number may call parse. Building takes about 70 ms of one core. Memory: 10 MB, and some 25 MB more after
// a hundred thousand strings that were made up to differ.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>

#include "device/agent.h"

namespace curfew::device {

class AgentRules {
 public:
  AgentRules();
  ~AgentRules();
  AgentRules(const AgentRules&) = delete;
  AgentRules& operator=(const AgentRules&) = delete;

  // Any bytes; what is longer than limits::kUserAgent is cut off there. The parts of the answer are valid UTF-8.
  Agent parse(std::string_view user_agent) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace curfew::device
