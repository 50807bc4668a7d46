// A realm's networks, rules and suppressions as JSON, both ways.
#pragma once

#include <optional>
#include <vector>

#include "api/json_in.h"
#include "base/json_writer.h"
#include "signal/settings.h"

namespace curfew::api {

// {"networks":[…],"rules":{…}}
void append_detection(JsonWriter& json, const signal::Settings& settings);
void append_suppression(JsonWriter& json, const signal::Suppression& suppression);

struct DetectionInput {
  std::optional<std::vector<signal::NamedNetwork>> networks;
  std::optional<signal::Rules> rules;  // those left out have their defaults
};
Result<DetectionInput> read_detection(const JsonValue& value);
// Without id, author and time.
Result<signal::Suppression> read_suppression(const JsonValue& value, Time now);

}  // namespace curfew::api
