#include "api/params.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/limits.h"
#include "base/text.h"

namespace curfew::api {
namespace {

constexpr std::size_t kMaxParams = 200;
constexpr std::size_t kCursor = 2048;

std::string printable(std::string_view name) {
  std::string out;
  for (const char c : name.substr(0, 64)) out += c >= 0x20 && c < 0x7f ? c : '?';
  return out;
}

// The parameter's name in front of an error about its value.
Error named(Error error, std::string_view name) {
  error.field = std::string(name);
  return error;
}

}  // namespace

Result<Params> Params::parse(std::string_view query, std::span<const std::string_view> allowed) {
  Params params;
  constexpr std::size_t usual = 4;
  if (!query.empty()) params.values_.reserve(usual);
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = percent_decode(pair.substr(0, equals), true);
    auto value = percent_decode(equals < pair.size() ? pair.substr(equals + 1) : std::string_view(), true);
    if (!name || !value || !is_valid_utf8(*name) || !is_valid_utf8(*value))
      return fail(ErrorCode::kInvalidArgument, "invalid_value", "Percent-encode the parameters as UTF-8.",
                  printable(pair.substr(0, equals)));
    if (std::find(allowed.begin(), allowed.end(), *name) == allowed.end())
      return fail(ErrorCode::kInvalidArgument, "unknown_parameter",
                  "There is no parameter \"" + printable(*name) + "\" here.", printable(*name));
    const bool repeatable = std::find(kRepeatable.begin(), kRepeatable.end(), *name) != kRepeatable.end();
    if (!repeatable && params.has(*name))
      return fail(ErrorCode::kInvalidArgument, "repeated_parameter", "Give \"" + *name + "\" once.", *name);
    if (params.values_.size() == kMaxParams)
      return fail(ErrorCode::kInvalidArgument, "too_many_parameters", "Give at most 200 parameters.", *name);
    params.add(*std::move(name), *std::move(value));
  }
  return params;
}

const std::string* Params::find(std::string_view name) const {
  for (const auto& [n, v] : values_)
    if (n == name) return &v;
  return nullptr;
}

std::vector<std::string> Params::all(std::string_view name) const {
  std::vector<std::string> out;
  for (const auto& [n, v] : values_)
    if (n == name) out.push_back(v);
  return out;
}

Result<std::optional<std::string>> Params::text(std::string_view name, std::size_t max_bytes, bool may_be_empty) const {
  const std::string* value = find(name);
  if (value == nullptr) return std::nullopt;
  CURFEW_TRY_STATUS(check_text(name, *value, max_bytes, may_be_empty));
  return *value;
}

Result<std::optional<Time>> Params::time(std::string_view name) const {
  const std::string* value = find(name);
  if (value == nullptr) return std::nullopt;
  auto time = parse_time(*value);
  if (!time) return tl::make_unexpected(named(std::move(time).error(), name));
  return *time;
}

Result<std::optional<Duration>> Params::duration(std::string_view name) const {
  const std::string* value = find(name);
  if (value == nullptr) return std::nullopt;
  auto duration = parse_duration(*value);
  if (!duration) return tl::make_unexpected(named(std::move(duration).error(), name));
  return *duration;
}

Result<std::optional<bool>> Params::boolean(std::string_view name) const {
  const std::string* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (*value == "true") return true;
  if (*value == "false") return false;
  return invalid(std::string(name), std::string(name) + " is true or false.");
}

Result<std::optional<std::uint64_t>> Params::number(std::string_view name, std::uint64_t lowest,
                                                    std::uint64_t highest) const {
  const std::string* value = find(name);
  if (value == nullptr) return std::nullopt;
  std::uint64_t number = 0;
  const char* last = value->data() + value->size();
  const auto [end, error] = std::from_chars(value->data(), last, number);
  if (value->empty() || error != std::errc{} || end != last || number < lowest || number > highest)
    return invalid(std::string(name), std::string(name) + " is a whole number from " + std::to_string(lowest) + " to " +
                                          std::to_string(highest) + ".");
  return number;
}

Result<PageParams> parse_page(const Params& params) {
  PageParams page;
  CURFEW_TRY(const auto limit, params.number("limit", 1, limits::kPageSize));
  page.limit = static_cast<std::size_t>(limit.value_or(limits::kDefaultPageSize));
  CURFEW_TRY(const auto offset, params.number("offset", 0, std::uint64_t{1} << 53));
  page.offset = offset.value_or(0);
  CURFEW_TRY(page.cursor, params.text("cursor", kCursor));
  if (page.cursor && offset) return invalid("offset", "Give either cursor or offset.");
  return page;
}

}  // namespace curfew::api
