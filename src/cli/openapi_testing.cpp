#include "cli/openapi_testing.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/time.h"

namespace curfew::cli::testing {

namespace {

using boost::json::object;
using boost::json::value;

const object& document() {
  static const value kDocument = [] {
    std::ifstream file(CURFEW_OPENAPI_FILE);
    std::ostringstream text;
    text << file.rdbuf();
    return boost::json::parse(text.str());
  }();
  return kDocument.as_object();
}

const object& resolved(const object& node) {
  const auto* ref = node.if_contains("$ref");
  if (ref == nullptr) return node;
  const value* here = nullptr;
  std::istringstream parts(std::string(std::string_view(ref->as_string()).substr(2)));  // after "#/"
  for (std::string part; std::getline(parts, part, '/');)
    here = here == nullptr ? &document().at(part) : &here->as_object().at(part);
  return resolved(here->as_object());
}

std::vector<std::string> segments(const std::string& path) {
  std::vector<std::string> out;
  std::istringstream in(path);
  for (std::string part; std::getline(in, part, '/');) out.push_back(part);
  return out;
}

// The operation of the path with the fewest variables that fits.
const object* operation(const client::Request& request) {
  const auto asked = segments(request.path);
  const object* best = nullptr;
  std::size_t fewest = 99;
  for (const auto& [path, methods] : document().at("paths").as_object()) {
    const auto known = segments(std::string(path));
    if (known.size() != asked.size()) continue;
    std::size_t variables = 0;
    bool fits = true;
    for (std::size_t i = 0; i < known.size(); ++i) {
      if (known[i].starts_with('{'))
        ++variables;
      else
        fits = fits && known[i] == asked[i];
    }
    std::string method(to_string(request.method));
    std::transform(method.begin(), method.end(), method.begin(), [](char c) { return static_cast<char>(c | 0x20); });
    const auto* found = methods.as_object().if_contains(method);
    if (!fits || found == nullptr || variables >= fewest) continue;
    fewest = variables;
    best = &found->as_object();
  }
  return best;
}

bool allows(const object& schema, std::string_view type) {
  const auto* types = schema.if_contains("type");
  if (types == nullptr) return true;
  if (types->is_string()) return types->as_string() == boost::json::string_view(type.data(), type.size());
  return std::any_of(types->as_array().begin(), types->as_array().end(), [&](const value& v) {
    return v.as_string() == boost::json::string_view(type.data(), type.size());
  });
}

std::string type_of(const value& v) {
  if (v.is_null()) return "null";
  if (v.is_bool()) return "boolean";
  if (v.is_string()) return "string";
  if (v.is_array()) return "array";
  if (v.is_object()) return "object";
  return v.is_double() ? "number" : "integer";
}

std::string misfit_of(const object& unresolved, const value& v, const std::string& where) {
  const object& schema = resolved(unresolved);
  if (const auto* any = schema.if_contains("oneOf"); any != nullptr && schema.if_contains("properties") == nullptr) {
    std::string last;
    for (const auto& one : any->as_array())
      if ((last = misfit_of(one.as_object(), v, where)).empty()) return {};
    return last;
  }
  const auto type = type_of(v);
  if (!allows(schema, type) && !(type == "integer" && allows(schema, "number"))) return where + ": is a " + type;
  if (const auto* values = schema.if_contains("enum"); values != nullptr)
    if (std::find(values->as_array().begin(), values->as_array().end(), v) == values->as_array().end())
      return where + ": not in the enum";
  if (const auto* format = schema.if_contains("format"); format != nullptr && v.is_string()) {
    const std::string_view text(v.as_string());
    if (format->as_string() == "date-time" && !parse_time(text)) return where + ": no time";
    if (format->as_string() == "duration" && !parse_duration(text)) return where + ": no duration";
  }
  if (v.is_array() && schema.if_contains("items") != nullptr)
    for (const auto& item : v.as_array())
      if (auto wrong = misfit_of(schema.at("items").as_object(), item, where + "[]"); !wrong.empty()) return wrong;
  if (!v.is_object() || schema.if_contains("properties") == nullptr) return {};
  const auto& known = schema.at("properties").as_object();
  for (const auto& [name, member] : v.as_object()) {
    const auto* property = known.if_contains(name);
    if (property == nullptr) return where + "." + std::string(name) + ": is not known";
    if (auto wrong = misfit_of(property->as_object(), member, where + "." + std::string(name)); !wrong.empty())
      return wrong;
  }
  if (const auto* required = schema.if_contains("required"))
    for (const auto& name : required->as_array())
      if (!v.as_object().contains(name.as_string()))
        return where + "." + std::string(name.as_string()) + ": is missing";
  return {};
}

value sample(const object& unresolved) {
  const object& schema = resolved(unresolved);
  if (const auto* all = schema.if_contains("allOf")) {
    object merged;
    for (const auto& part : all->as_array()) {
      const auto one = sample(part.as_object());
      for (const auto& [name, member] : one.as_object()) merged[name] = member;
    }
    return merged;
  }
  if (const auto* any = schema.if_contains("oneOf"); any != nullptr && schema.if_contains("properties") == nullptr)
    return sample(any->as_array().front().as_object());
  if (const auto* values = schema.if_contains("enum")) return values->as_array().front();
  if (const auto* constant = schema.if_contains("const")) return *constant;
  if (allows(schema, "string")) {
    const auto* format = schema.if_contains("format");
    if (format != nullptr && format->as_string() == "date-time") return "2026-03-01T08:00:00.000Z";
    return format != nullptr && format->as_string() == "duration" ? "PT30M" : "text";
  }
  if (allows(schema, "boolean")) return true;
  if (allows(schema, "integer") || allows(schema, "number")) return 7;
  if (allows(schema, "array")) return boost::json::array{sample(schema.at("items").as_object())};
  object out;
  if (const auto* properties = schema.if_contains("properties"))
    for (const auto& [name, member] : properties->as_object()) out[name] = sample(member.as_object());
  return out;
}

}  // namespace

std::string misfit(const client::Request& request) {
  const object* op = operation(request);
  if (op == nullptr) return std::string(to_string(request.method)) + " " + request.path + ": no such operation";
  std::vector<std::string> query, headers;
  if (const auto* parameters = op->if_contains("parameters"))
    for (const auto& entry : parameters->as_array()) {
      const auto& parameter = resolved(entry.as_object());
      const std::string name(parameter.at("name").as_string());
      if (parameter.at("in").as_string() == "query") query.push_back(name);
      if (parameter.at("in").as_string() == "header") headers.push_back(name);
    }
  for (const auto& field : request.query)
    if (std::find(query.begin(), query.end(), field.first) == query.end())
      return "parameter " + field.first + ": is not known";
  for (const auto& field : request.headers)
    if (field.first != "Cookie" && std::find(headers.begin(), headers.end(), field.first) == headers.end())
      return "header " + field.first + ": is not known";
  const auto* body = op->if_contains("requestBody");
  if (!request.body) return {};
  if (body == nullptr) return "a body where there is none";
  return misfit_of(body->at("content").at("application/json").at("schema").as_object(), *request.body, "body");
}

value full_answer(const client::Request& request) {
  const object* op = operation(request);
  if (op == nullptr) return {};
  for (const auto& [status, response] : op->at("responses").as_object()) {
    const auto* content = response.as_object().if_contains("content");
    if (!status.starts_with('2') || content == nullptr || !content->as_object().contains("application/json")) continue;
    auto answer = sample(content->at("application/json").at("schema").as_object());
    if (answer.as_object().contains("next")) answer.as_object()["next"] = nullptr;
    return answer;
  }
  return {};
}

}  // namespace curfew::cli::testing
