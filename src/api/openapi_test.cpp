// openapi.json and the table of routes say the same, in both directions.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <map>
#include <set>

#include "api/assets.h"
#include "api/route.h"

namespace curfew::api {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

class OpenapiTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(parser_.parse(openapi_document()).get(document_), simdjson::SUCCESS); }

  element resolve(element value) const {
    std::string_view ref;
    if (value["$ref"].get(ref) != simdjson::SUCCESS) return value;
    element out;
    EXPECT_EQ(document_.at_pointer(ref.substr(1)).get(out), simdjson::SUCCESS) << ref;
    return out;
  }

  static std::string lower(http::Method method) {
    std::string out(http::to_string(method));
    std::transform(out.begin(), out.end(), out.begin(), [](char c) { return static_cast<char>(c | 0x20); });
    return out;
  }

  static std::string text(element value, std::string_view name) {
    std::string_view out;
    return value[name].get(out) == simdjson::SUCCESS ? std::string(out) : std::string();
  }

  // operationId → ("get /path", the operation)
  std::map<std::string, std::pair<std::string, element>> operations() const {
    std::map<std::string, std::pair<std::string, element>> out;
    object paths;
    EXPECT_EQ(document_["paths"].get(paths), simdjson::SUCCESS);
    for (const auto& [path, methods] : paths)
      for (const auto& [method, operation] : object(methods))
        out[text(operation, "operationId")] = {std::string(method) + " " + std::string(path), operation};
    return out;
  }

  simdjson::dom::parser parser_;
  element document_;
};

TEST_F(OpenapiTest, EveryRouteIsDescribedAndEveryDescriptionIsARoute) {
  const auto described = operations();
  std::set<std::string> routed;
  for (const Route& route : routes()) {
    const std::string name(route.operation);
    EXPECT_TRUE(routed.insert(name).second) << name << " stands twice";
    const auto found = described.find(name);
    ASSERT_NE(found, described.end()) << name;
    EXPECT_EQ(found->second.first, lower(route.method) + " " + std::string(route.pattern));
  }
  for (const auto& [name, operation] : described) EXPECT_TRUE(routed.contains(name)) << name;
}

TEST_F(OpenapiTest, PermissionsAgree) {
  const auto described = operations();
  for (const Route& route : routes()) {
    const element operation = described.at(std::string(route.operation)).second;
    std::string wanted = "public";
    if (route.access == Access::kAuthenticated) wanted = "authenticated";
    if (route.permission) wanted = access::to_string(*route.permission);
    EXPECT_EQ(text(operation, "x-permission"), wanted) << route.operation;
    EXPECT_EQ(text(operation, "x-permission-scope"), route.access == Access::kServer ? "server" : "")
        << route.operation;
    EXPECT_EQ(route.permission.has_value(), route.access == Access::kRealm || route.access == Access::kServer);
    simdjson::dom::array security;
    const bool open = operation["security"].get(security) == simdjson::SUCCESS && security.size() == 0;
    EXPECT_EQ(open, route.access == Access::kPublic) << route.operation;
  }
}

TEST_F(OpenapiTest, ParametersAgree) {
  const auto described = operations();
  for (const Route& route : routes()) {
    std::set<std::string> query, path;
    bool all_realms = false, csrf = false;
    simdjson::dom::array parameters;
    if (described.at(std::string(route.operation)).second["parameters"].get(parameters) == simdjson::SUCCESS) {
      for (const element one : parameters) {
        const element parameter = resolve(one);
        if (text(parameter, "in") == "query") query.insert(text(parameter, "name"));
        if (text(parameter, "in") == "path") path.insert("{" + text(parameter, "name") + "}");
        csrf = csrf || text(parameter, "name") == "X-CSRF-Token";
        all_realms = all_realms || text(parameter["schema"], "$ref") == "#/components/schemas/RealmOrAll";
      }
    }
    EXPECT_EQ(query, std::set<std::string>(route.parameters.begin(), route.parameters.end())) << route.operation;
    EXPECT_EQ(all_realms, route.all_realms) << route.operation;
    EXPECT_EQ(csrf, route.method != http::Method::kGet && route.access != Access::kPublic) << route.operation;
    std::set<std::string> variables;
    for (std::size_t at = route.pattern.find('{'); at != std::string_view::npos; at = route.pattern.find('{', at + 1))
      variables.insert(std::string(route.pattern.substr(at, route.pattern.find('}', at) - at + 1)));
    EXPECT_EQ(path, variables) << route.operation;
  }
}

TEST_F(OpenapiTest, BodiesAgreeAndRefuseUnknownMembers) {
  const auto described = operations();
  const std::map<Body, std::string> types{{Body::kJson, "application/json"},
                                          {Body::kOptionalJson, "application/json"},
                                          {Body::kForm, "application/x-www-form-urlencoded"},
                                          {Body::kStream, "application/x-ndjson"}};
  for (const Route& route : routes()) {
    object content;
    const bool has_body =
        described.at(std::string(route.operation)).second["requestBody"]["content"].get(content) == simdjson::SUCCESS;
    ASSERT_EQ(has_body, route.body != Body::kNone) << route.operation;
    if (!has_body) continue;
    for (const auto& [type, media] : content) {
      EXPECT_EQ(type, types.at(route.body)) << route.operation;
      const element schema = resolve(media["schema"]);
      simdjson::dom::array lines;
      if (schema["oneOf"].get(lines) == simdjson::SUCCESS && route.body == Body::kStream) {
        for (const element line : lines) EXPECT_FALSE(bool(line["additionalProperties"])) << route.operation;
      } else {
        bool open = true;
        EXPECT_EQ(schema["additionalProperties"].get(open), simdjson::SUCCESS) << route.operation;
        EXPECT_FALSE(open) << route.operation;
      }
    }
  }
}

void collect_refs(element value, std::set<std::string>& refs) {
  if (value.is_object()) {
    for (const auto& [name, member] : object(value)) {
      if (name == "$ref") refs.insert(std::string(std::string_view(member)));
      collect_refs(member, refs);
    }
  } else if (value.is_array()) {
    for (const element item : simdjson::dom::array(value)) collect_refs(item, refs);
  }
}

TEST_F(OpenapiTest, EveryReferenceResolvesAndEveryComponentIsUsed) {
  std::set<std::string> refs;
  collect_refs(document_, refs);
  for (const std::string& ref : refs) {
    element out;
    EXPECT_EQ(document_.at_pointer(std::string_view(ref).substr(1)).get(out), simdjson::SUCCESS) << ref;
  }
  for (const char* kind : {"schemas", "parameters", "responses"})
    for (const auto& [name, ignored] : object(document_["components"][kind]))
      EXPECT_TRUE(refs.contains("#/components/" + std::string(kind) + "/" + std::string(name))) << kind << " " << name;
}

}  // namespace
}  // namespace curfew::api
