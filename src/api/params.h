// Query strings and forms: named texts, percent-decoded, each known and given once unless it may be repeated.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace curfew::api {

// The parameters that may be given more than once.
inline constexpr std::array<std::string_view, 7> kRepeatable{"ip",     "ipNot",   "client",    "device",
                                                             "signal", "network", "networkNot"};

// Values are valid UTF-8. At most 200 parameters.
class Params {
 public:
  Params() = default;

  // Refuses what is not `allowed` (unknown_parameter), and a second value of what is not kRepeatable.
  static Result<Params> parse(std::string_view query, std::span<const std::string_view> allowed);

  void add(std::string name, std::string value) { values_.emplace_back(std::move(name), std::move(value)); }
  bool has(std::string_view name) const { return find(name) != nullptr; }
  const std::string* find(std::string_view name) const;  // the first
  std::vector<std::string> all(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& list() const { return values_; }

  // Absent: nothing. Otherwise of that form, or an error that names the parameter.
  Result<std::optional<std::string>> text(std::string_view name, std::size_t max_bytes,
                                          bool may_be_empty = false) const;
  Result<std::optional<Time>> time(std::string_view name) const;
  Result<std::optional<Duration>> duration(std::string_view name) const;
  Result<std::optional<bool>> boolean(std::string_view name) const;
  Result<std::optional<std::uint64_t>> number(std::string_view name, std::uint64_t lowest, std::uint64_t highest) const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

// Which page of a list: `cursor` or `offset`, and `limit`.
struct PageParams {
  std::size_t limit = 25;
  std::uint64_t offset = 0;
  std::optional<std::string> cursor;
};
Result<PageParams> parse_page(const Params& params);

}  // namespace curfew::api
