#include "cli/json_view.h"

#include <cstdio>

#include <boost/json/serialize.hpp>

#include "cli/text_width.h"

namespace curfew::cli {

namespace {

void pretty(const boost::json::value& value, std::size_t depth, std::string& out) {
  const auto indent = [&](std::size_t levels) { out.append(levels * 2, ' '); };
  if (value.is_object() && !value.get_object().empty()) {
    out += "{\n";
    bool first = true;
    for (const auto& [name, member] : value.get_object()) {
      if (!std::exchange(first, false)) out += ",\n";
      indent(depth + 1);
      out += safe_json(boost::json::value(name)) + ": ";
      pretty(member, depth + 1, out);
    }
    out += "\n";
    indent(depth);
    out += "}";
  } else if (value.is_array() && !value.get_array().empty()) {
    out += "[\n";
    bool first = true;
    for (const auto& item : value.get_array()) {
      if (!std::exchange(first, false)) out += ",\n";
      indent(depth + 1);
      pretty(item, depth + 1, out);
    }
    out += "\n";
    indent(depth);
    out += "]";
  } else {
    out += safe_json(value);
  }
}

}  // namespace

const boost::json::value* at(const boost::json::value& value, std::string_view path) {
  const boost::json::value* here = &value;
  while (!path.empty()) {
    const auto dot = path.find('.');
    if (!here->is_object()) return nullptr;
    const auto name = path.substr(0, dot);
    here = here->get_object().if_contains(boost::json::string_view(name.data(), name.size()));
    if (here == nullptr) return nullptr;
    path.remove_prefix(dot == std::string_view::npos ? path.size() : dot + 1);
  }
  return here;
}

std::string text_at(const boost::json::value& value, std::string_view path) {
  const auto* found = at(value, path);
  if (found == nullptr || found->is_null()) return {};
  if (found->is_string()) return std::string(found->get_string().data(), found->get_string().size());
  return boost::json::serialize(*found);
}

std::int64_t number_at(const boost::json::value& value, std::string_view path, std::int64_t otherwise) {
  const auto* found = at(value, path);
  if (found == nullptr) return otherwise;
  boost::system::error_code wrong;
  const auto number = found->to_number<std::int64_t>(wrong);
  return wrong ? otherwise : number;
}

bool is_true(const boost::json::value& value, std::string_view path) {
  const auto* found = at(value, path);
  return found != nullptr && found->is_bool() && found->get_bool();
}

const boost::json::array& array_at(const boost::json::value& value, std::string_view path) {
  static const boost::json::array kNone;
  const auto* found = at(value, path);
  return found != nullptr && found->is_array() ? found->get_array() : kNone;
}

std::string safe_json(const boost::json::value& value) {
  const std::string text = boost::json::serialize(value);
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto start = i;
    const char32_t c = next_code_point(text, i);
    if (is_unsafe(c)) {  // only inside strings: the serializer writes no blanks
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      out += escape;
    } else {
      out.append(text, start, i - start);
    }
  }
  return out;
}

std::string pretty_json(const boost::json::value& value) {
  std::string out;
  pretty(value, 0, out);
  return out;
}

}  // namespace curfew::cli
