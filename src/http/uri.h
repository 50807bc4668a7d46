// Paths and query strings as their parts, and back. Values, no state. Threads: any.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace curfew::http {

inline constexpr std::size_t kMaxPathSegments = 32;
inline constexpr std::size_t kMaxQueryPairs = 64;

struct PathParts {
  std::vector<std::string> segments;  // percent-decoded; a decoded '/' may stand within one
  bool trailing_slash = false;        // "/a/" is {"a"} with a trailing slash; "/" is {} with one
};

// `path` as in RequestHead::path: begins with '/', still percent-encoded. Refuses broken escapes, control characters,
// invalid UTF-8, "." and ".." (encoded or not), empty segments other than a trailing one, and more than
// kMaxPathSegments.
Result<PathParts> split_path(std::string_view path);

struct QueryPair {
  std::string name, value;
  friend bool operator==(const QueryPair&, const QueryPair&) = default;
};

// The pairs in their order, decoded ('+' is a space); "a" is {"a", ""}; empty pieces ("a=1&&b=2") are skipped. Refuses
// broken escapes, NUL, invalid UTF-8, empty names, and more than kMaxQueryPairs. The error's field is the parameter's
// name.
Result<std::vector<QueryPair>> parse_query(std::string_view query);

// "a=1&b=x%20y", without a leading '?'.
std::string build_query(const std::vector<QueryPair>& pairs);

// The path of those segments, each percent-encoded: {"users", "a/b"} → "/users/a%2Fb".
std::string build_path(const std::vector<std::string>& segments);

}  // namespace curfew::http
