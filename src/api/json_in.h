// JSON that comes in: small bodies and single lines, whole in memory, every member known and given once.
//
// Limits: the transport's on the length; nesting at most kMaxDepth. Values are checked as they are taken, and an error
// names the member by its path ("grants[0].realm").
#pragma once

#include <simdjson.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace curfew::api {

using JsonValue = simdjson::dom::element;

// Parses one text after another, reusing its memory. A value lives until the next parse.
class JsonParser {
 public:
  static constexpr std::size_t kMaxDepth = 16;
  Result<JsonValue> parse(std::string_view text);

 private:
  simdjson::dom::parser parser_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
};

// The members of one object.
class Fields {
 public:
  static constexpr std::size_t kMost = 24;

  // Refuses what is no object, a member that is not `allowed` (unknown_field) and one that is given twice
  // (repeated_field). `prefix` stands before the names in errors: "" or "filter.".
  static Result<Fields> open(const JsonValue& value, std::span<const std::string_view> allowed,
                             std::string prefix = {});

  const JsonValue* find(std::string_view name) const;  // null if absent
  bool has(std::string_view name) const { return find(name) != nullptr; }
  bool is_null(std::string_view name) const;  // present and null
  std::size_t size() const { return count_; }
  std::string path(std::string_view name) const { return prefix_ + std::string(name); }

  // Required: missing_field if absent. check_text with that limit.
  Result<std::string> text(std::string_view name, std::size_t max_bytes) const;
  Result<std::string> identifier(std::string_view name, std::size_t max_bytes) const;
  // Absent: nothing.
  Result<std::optional<std::string>> optional_text(std::string_view name, std::size_t max_bytes,
                                                   bool may_be_empty = false) const;
  // As it is, unchecked but for its length: for what somebody else validates.
  Result<std::optional<std::string_view>> raw_text(std::string_view name) const;
  Result<std::optional<Time>> optional_time(std::string_view name) const;
  Result<std::optional<bool>> optional_boolean(std::string_view name) const;
  Result<std::optional<simdjson::dom::array>> optional_array(std::string_view name, std::size_t max_items) const;

  tl::unexpected<Error> wrong(std::string_view name, std::string message) const;
  tl::unexpected<Error> missing(std::string_view name) const;

 private:
  std::array<std::string_view, kMost> names_;
  std::array<JsonValue, kMost> values_;
  std::size_t count_ = 0;
  std::string prefix_;
};

}  // namespace curfew::api
