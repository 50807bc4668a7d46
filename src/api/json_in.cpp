#include "api/json_in.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/text.h"

namespace curfew::api {

Result<JsonValue> JsonParser::parse(std::string_view text) {
  const std::size_t needed = text.size() + simdjson::SIMDJSON_PADDING;
  if (capacity_ < needed) {
    capacity_ = std::max<std::size_t>(needed, 4096);
    buffer_ = std::make_unique<char[]>(capacity_);
  }
  std::memcpy(buffer_.get(), text.data(), text.size());
  std::memset(buffer_.get() + text.size(), ' ', simdjson::SIMDJSON_PADDING);
  if (parser_.max_depth() != kMaxDepth || parser_.capacity() < text.size()) {
    if (parser_.allocate(std::max<std::size_t>(text.size(), 4096), kMaxDepth) != simdjson::SUCCESS)
      return fail(ErrorCode::kResourceExhausted, "out_of_memory", "No memory for this body now.");
  }
  JsonValue value;
  const auto error = parser_.parse(buffer_.get(), text.size(), false).get(value);
  switch (error) {
    case simdjson::SUCCESS:
      return value;
    case simdjson::EMPTY:
      return fail(ErrorCode::kInvalidArgument, "invalid_json", "The body is empty; send a JSON object.");
    case simdjson::DEPTH_ERROR:
      return fail(ErrorCode::kInvalidArgument, "invalid_json", "Nest at most 16 levels of objects and arrays.");
    case simdjson::UTF8_ERROR:
      return fail(ErrorCode::kInvalidArgument, "invalid_json", "The text is not valid UTF-8.");
    default:
      return fail(ErrorCode::kInvalidArgument, "invalid_json", "The text is not valid JSON.");
  }
}

Result<Fields> Fields::open(const JsonValue& value, std::span<const std::string_view> allowed, std::string prefix) {
  CURFEW_CHECK(allowed.size() <= kMost, "every allowed member has its place");
  Fields fields;
  fields.prefix_ = std::move(prefix);
  simdjson::dom::object object;
  if (value.get(object) != simdjson::SUCCESS) {
    std::string field = fields.prefix_;
    if (!field.empty()) field.pop_back();  // the dot
    return invalid(field, field.empty() ? "Send a JSON object." : field + " is an object.");
  }
  for (const auto& [name, member] : object) {
    const auto known = std::find(allowed.begin(), allowed.end(), name);
    if (known == allowed.end()) {
      std::string shown;
      for (const char c : name.substr(0, 64)) shown += c >= 0x20 && c < 0x7f ? c : '?';
      return fail(ErrorCode::kInvalidArgument, "unknown_field", "There is no member \"" + shown + "\" here.",
                  fields.prefix_ + shown);
    }
    if (fields.has(name))
      return fail(ErrorCode::kInvalidArgument, "repeated_field", "Give \"" + std::string(name) + "\" once.",
                  fields.path(name));
    fields.names_[fields.count_] = *known;
    fields.values_[fields.count_++] = member;
  }
  return fields;
}

const JsonValue* Fields::find(std::string_view name) const {
  for (std::size_t i = 0; i < count_; ++i)
    if (names_[i] == name) return &values_[i];
  return nullptr;
}

bool Fields::is_null(std::string_view name) const {
  const JsonValue* value = find(name);
  return value != nullptr && value->is_null();
}

tl::unexpected<Error> Fields::wrong(std::string_view name, std::string message) const {
  return invalid(path(name), std::move(message));
}

tl::unexpected<Error> Fields::missing(std::string_view name) const {
  return fail(ErrorCode::kInvalidArgument, "missing_field", path(name) + " is required.", path(name));
}

Result<std::optional<std::string_view>> Fields::raw_text(std::string_view name) const {
  const JsonValue* value = find(name);
  if (value == nullptr) return std::nullopt;
  std::string_view text;
  if (value->get(text) != simdjson::SUCCESS) return wrong(name, path(name) + " is a string.");
  return text;
}

Result<std::optional<std::string>> Fields::optional_text(std::string_view name, std::size_t max_bytes,
                                                         bool may_be_empty) const {
  CURFEW_TRY(const auto text, raw_text(name));
  if (!text) return std::nullopt;
  CURFEW_TRY_STATUS(check_text(path(name), *text, max_bytes, may_be_empty));
  return std::string(*text);
}

Result<std::string> Fields::text(std::string_view name, std::size_t max_bytes) const {
  CURFEW_TRY(auto text, optional_text(name, max_bytes));
  if (!text) return missing(name);
  return *std::move(text);
}

Result<std::string> Fields::identifier(std::string_view name, std::size_t max_bytes) const {
  CURFEW_TRY(const auto text, raw_text(name));
  if (!text) return missing(name);
  CURFEW_TRY_STATUS(check_identifier(path(name), *text, max_bytes));
  return std::string(*text);
}

Result<std::optional<Time>> Fields::optional_time(std::string_view name) const {
  CURFEW_TRY(const auto text, raw_text(name));
  if (!text) return std::nullopt;
  auto time = parse_time(*text);
  if (time) return *time;
  Error error = std::move(time).error();
  error.field = path(name);
  return tl::make_unexpected(std::move(error));
}

Result<std::optional<bool>> Fields::optional_boolean(std::string_view name) const {
  const JsonValue* value = find(name);
  if (value == nullptr) return std::nullopt;
  bool flag = false;
  if (value->get(flag) != simdjson::SUCCESS) return wrong(name, path(name) + " is true or false.");
  return flag;
}

Result<std::optional<simdjson::dom::array>> Fields::optional_array(std::string_view name, std::size_t max_items) const {
  const JsonValue* value = find(name);
  if (value == nullptr) return std::nullopt;
  simdjson::dom::array array;
  if (value->get(array) != simdjson::SUCCESS) return wrong(name, path(name) + " is an array.");
  if (array.size() > max_items)
    return wrong(name, path(name) + " holds at most " + std::to_string(max_items) + " items; this one is longer.");
  return array;
}

}  // namespace curfew::api
