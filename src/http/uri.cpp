#include "http/uri.h"

#include <algorithm>

#include "base/text.h"

namespace curfew::http {
namespace {

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Result<std::string> decode_segment(std::string_view raw) {
  auto segment = percent_decode(raw);
  if (!segment) return invalid("path", "the path holds a broken percent escape; write '%' as %25");
  if (has_control(*segment)) return invalid("path", "the path holds a control character");
  if (!is_valid_utf8(*segment)) return invalid("path", "the path is not valid UTF-8");
  if (*segment == "." || *segment == "..") return invalid("path", "the path holds '.' or '..' as a segment");
  return segment;
}

Result<std::string> decode_query_text(std::string_view raw, std::string_view name) {
  auto text = percent_decode(raw, true);
  if (!text) return invalid(std::string(name), "a query parameter holds a broken percent escape; write '%' as %25");
  if (text->find('\0') != std::string::npos)
    return invalid(std::string(name), "a query parameter holds a NUL character");
  if (!is_valid_utf8(*text)) return invalid(std::string(name), "a query parameter is not valid UTF-8");
  return text;
}

}  // namespace

Result<PathParts> split_path(std::string_view path) {
  if (path.empty() || path.front() != '/') return invalid("path", "the path must begin with '/'");
  PathParts parts;
  path.remove_prefix(1);
  while (!path.empty()) {
    const auto slash = path.find('/');
    const std::string_view raw = path.substr(0, slash);
    if (raw.empty()) return invalid("path", "the path holds an empty segment ('//')");
    if (parts.segments.size() == kMaxPathSegments) {
      return fail(ErrorCode::kTooLarge, "path_too_deep",
                  "the path has more than " + std::to_string(kMaxPathSegments) + " segments", "path");
    }
    CURFEW_TRY(std::string segment, decode_segment(raw));
    parts.segments.push_back(std::move(segment));
    if (slash == std::string_view::npos) return parts;
    path.remove_prefix(slash + 1);
  }
  parts.trailing_slash = true;
  return parts;
}

Result<std::vector<QueryPair>> parse_query(std::string_view query) {
  std::vector<QueryPair> pairs;
  while (!query.empty()) {
    const auto end = query.find('&');
    const std::string_view piece = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (piece.empty()) continue;
    if (pairs.size() == kMaxQueryPairs) {
      return fail(ErrorCode::kTooLarge, "too_many_parameters",
                  "the query has more than " + std::to_string(kMaxQueryPairs) + " parameters");
    }
    const auto equals = piece.find('=');
    CURFEW_TRY(std::string name, decode_query_text(piece.substr(0, equals), {}));
    if (name.empty()) return invalid("", "a query parameter has no name");
    std::string value;
    if (equals != std::string_view::npos) {
      CURFEW_TRY(value, decode_query_text(piece.substr(equals + 1), name));
    }
    pairs.push_back({std::move(name), std::move(value)});
  }
  return pairs;
}

std::string build_query(const std::vector<QueryPair>& pairs) {
  std::string out;
  for (const QueryPair& pair : pairs) {
    if (!out.empty()) out += '&';
    out += percent_encode(pair.name);
    out += '=';
    out += percent_encode(pair.value);
  }
  return out;
}

std::string build_path(const std::vector<std::string>& segments) {
  std::string out;
  for (const std::string& segment : segments) {
    out += '/';
    out += percent_encode(segment);
  }
  if (out.empty()) out = "/";
  return out;
}

}  // namespace curfew::http
