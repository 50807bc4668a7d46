#include "demo/demo.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include <boost/json.hpp>

namespace curfew::demo {
namespace {

namespace json = boost::json;

// The few calls that the demo makes, answered from a set of live sessions.
class Recorder final : public client::Transport {
 public:
  Result<client::Answer> send(const client::Request& request) override {
    client::Answer answer;
    if (request.path == "/api/v1/operators") {
      answer.body = {{"items", {{{"id", "op1"}, {"username", "admin"}, {"ownUser", nullptr}}}}};
    } else if (request.path == "/api/v1/operators/op1") {
      linked = true;
    } else if (request.path.ends_with("/sessions")) {
      const auto user =
          std::find_if(request.query.begin(), request.query.end(), [](const auto& f) { return f.first == "user"; });
      json::array items;
      if (user == request.query.end())
        for (const auto& [id, type] : live[realm_of(request.path)]) items.push_back({{"id", id}, {"type", type}});
      answer.body = {{"items", items}, {"total", items.size()}, {"next", nullptr}};
    } else if (request.method == client::Method::kPut && request.path.ends_with("/detection")) {
      trusted[realm_of(request.path)] = json::serialize(request.body->at("networks"));
    } else if (request.method == client::Method::kPost && request.path == "/api/v1/realms") {
      realms.insert(std::string(request.body->at("name").as_string()));
    } else if (!realms.contains(request.path.substr(request.path.rfind('/') + 1))) {
      return fail(ErrorCode::kNotFound, "realm_not_found", "no");
    }
    return answer;
  }
  Status stream(const client::Request&, const client::ChunkSink&) override { return {}; }
  Result<client::Answer> upload(const client::Request& request, const client::ChunkSource& source) override {
    for (auto chunk = source(); chunk && !chunk->empty(); chunk = source()) {
      std::string_view rest = *chunk;
      while (!rest.empty()) {
        const auto line = json::parse(rest.substr(0, rest.find('\n'))).as_object();
        rest.remove_prefix(rest.find('\n') + 1);
        const std::string id(line.at("id").as_string()), op(line.at("op").as_string());
        auto& here = live[realm_of(request.path)];
        if (op == "start")
          here[id] = std::string(line.at("type").as_string());
        else if (op == "end")
          here.erase(id);
        ++operations[op];
      }
    }
    return client::Answer{};
  }
  static std::string realm_of(const std::string& path) {
    const std::string prefix = "/api/v1/realms/";
    return path.substr(prefix.size(), path.find('/', prefix.size()) - prefix.size());
  }

  std::set<std::string> realms;
  std::map<std::string, std::string> trusted;  // networks by realm
  std::map<std::string, std::map<std::string, std::string>> live;
  std::map<std::string, int> operations;
  bool linked = false;
};

TEST(DemoTest, FillsAnEmptyServerOnceAndKeepsItAlive) {
  Recorder server;
  const ManualClock clock{Time{1'772'000'000'000}};
  Demo demo(server, clock);
  ASSERT_TRUE(demo.prepare());
  EXPECT_EQ(server.realms, (std::set<std::string>{"partners", "production"}));
  EXPECT_EQ(server.live["production"].size(), 1'200U + 6 + 1);
  EXPECT_EQ(server.live["partners"].size(), 150U);
  EXPECT_TRUE(server.linked);
  EXPECT_EQ(server.trusted["production"], R"([{"name":"Corporate","cidrs":["10.20.0.0/16"],"trusted":true}])");
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(demo.run_round());
  EXPECT_GT(server.operations["touch"], 500);
  EXPECT_GT(server.operations["end"], 50);
  EXPECT_GT(server.live["production"].size(), 900U);
  EXPECT_LT(server.live["production"].size(), 1'500U);
  const auto janes = std::count_if(server.live["production"].begin(), server.live["production"].end(),
                                   [](const auto& s) { return s.first.starts_with("jane-"); });
  EXPECT_EQ(janes, 6);

  const int started = server.operations["start"];
  Demo again(server, clock);
  ASSERT_TRUE(again.prepare());
  EXPECT_LE(server.operations["start"], started + 7)
      << "only the incident, which this recorder does not find by its user";
}

}  // namespace
}  // namespace curfew::demo
