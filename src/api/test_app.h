// The whole API in one thread, over the real engine on the memory ledger, with a clock that stands still: what its
// tests share.
#pragma once

#include <gtest/gtest.h>
#include <simdjson.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access/access.h"
#include "api/application.h"
#include "engine/engine.h"
#include "ledger/memory_ledger.h"

namespace curfew::api {

struct Answer {
  int status = 0;
  std::vector<http::Header> headers;
  std::string body;
  std::unique_ptr<http::BodySource> stream;

  std::string header(std::string_view name) const {
    for (const auto& h : headers)
      if (h.name == name) return h.value;
    return {};
  }
  // The value under a JSON pointer: a string as it is, anything else as JSON; "(absent)" if there is none.
  std::string at(std::string_view pointer) const {
    simdjson::dom::parser parser;
    simdjson::dom::element root, value;
    if (parser.parse(body).get(root) != simdjson::SUCCESS) return "(not JSON)";
    if (pointer.empty()) return simdjson::minify(root);
    if (root.at_pointer(pointer).get(value) != simdjson::SUCCESS) return "(absent)";
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS) return std::string(text);
    return simdjson::minify(value);
  }
  std::string code() const { return at("/code"); }
};

class App {
 public:
  explicit App(Options options = {}, std::function<device::Place(const IpAddress&)> place = {}) {
    engine::Options engine_options;
    engine_options.threads = false;
    engine_options.place = std::move(place);
    engine = std::make_unique<engine::Engine>(ledger, clock, random, engine_options);
    options.threads = false;
    api = std::make_unique<Api>(*engine, directory, clock, options);
    if (!engine->open([](std::string_view, std::string_view, std::string_view) { return Status{}; })) std::abort();
    admin = key("admin", {{"-", {access::Permission::kAdmin}}});
  }
  ~App() {
    engine->stop();
    api->stop();
  }
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // A new key's text.
  std::string key(const std::string& name, std::vector<access::Grant> grants, std::optional<access::UserRef> own = {}) {
    access::KeyInput input;
    input.name = name;
    input.grants = std::move(grants);
    if (own) input.own_user = std::move(own);
    auto made = directory.prepare_key(input);
    if (!made || !directory.adopt(made->documents, made->version)) std::abort();
    return made->value.text;
  }

  void run() {
    for (int i = 0; i < 10'000 && engine->step(); ++i) {
    }
    engine->step();
  }

  struct Sent {
    std::shared_ptr<std::optional<http::Response>> answer = std::make_shared<std::optional<http::Response>>();
    http::Responder responder() {
      return http::Responder([slot = answer](http::Response response) { slot->emplace(std::move(response)); });
    }
    Answer take() {
      Answer out;
      if (!*answer) return out;
      out.status = (*answer)->status;
      out.headers = std::move((*answer)->headers);
      out.body = std::move((*answer)->body);
      out.stream = std::move((*answer)->stream);
      return out;
    }
  };

  static http::RequestHead head(http::Method method, const std::string& target, std::vector<http::Header> headers) {
    http::RequestHead head;
    head.method = method;
    const std::size_t mark = target.find('?');
    head.path = target.substr(0, mark);
    if (mark != std::string::npos) head.query = target.substr(mark + 1);
    head.headers = std::move(headers);
    head.remote = IpAddress::parse("192.0.2.10").value();
    head.request_id = "req-1";
    return head;
  }

  // Sends without waiting for the answer.
  Sent send(http::RequestHead head, std::string body = {}) {
    Sent sent;
    const http::BodyPlan plan = api->plan(head);
    if (plan.streamed) {
      auto sink = api->open(std::move(head), sent.responder());
      if (sink) {
        sink->feed(body, [] {});
        sink->finish();
        run();
      }
    } else {
      EXPECT_LE(body.size(), plan.max_bytes);
      api->handle(std::move(head), std::move(body), sent.responder());
    }
    return sent;
  }

  Answer call(http::Method method, const std::string& target, const std::string& key_text, std::string body = {},
              std::vector<http::Header> headers = {}) {
    if (!key_text.empty()) headers.push_back({"Authorization", "Bearer " + key_text});
    bool typed = false;
    for (const auto& h : headers) typed = typed || h.name == "Content-Type";
    if (!body.empty() && !typed) headers.push_back({"Content-Type", "application/json"});
    Sent sent = send(head(method, target, std::move(headers)), std::move(body));
    run();
    return sent.take();
  }
  Answer get(const std::string& target) { return call(http::Method::kGet, target, admin); }
  Answer post(const std::string& target, std::string body = {}) {
    return call(http::Method::kPost, target, admin, std::move(body));
  }
  Answer put(const std::string& target, std::string body) {
    return call(http::Method::kPut, target, admin, std::move(body));
  }
  Answer patch(const std::string& target, std::string body) {
    return call(http::Method::kPatch, target, admin, std::move(body));
  }
  Answer del(const std::string& target) { return call(http::Method::kDelete, target, admin); }
  Answer ingest(const std::string& realm, std::string lines) {
    return call(http::Method::kPost, "/api/v1/realms/" + realm + "/ingest", admin, std::move(lines),
                {{"Content-Type", "application/x-ndjson"}});
  }

  void realm(const std::string& name) {
    const Answer made = post("/api/v1/realms", R"({"name":")" + name + R"("})");
    EXPECT_EQ(made.status, 201) << made.body;
  }
  // A session of jane.doe or somebody else; the clock moves on by a second.
  void session(const std::string& realm_name, const std::string& type, const std::string& id,
               const std::string& user = "jane.doe", const std::string& ip = "203.0.113.7",
               const std::string& more = "") {
    const Answer made =
        put("/api/v1/realms/" + realm_name + "/sessions/" + type + "/" + id,
            R"({"userId":"u-)" + user + R"(","username":")" + user + R"(","ipAddress":")" + ip + "\"" + more + "}");
    EXPECT_EQ(made.status, 201) << made.body;
    clock.advance(Duration::seconds(1));
  }

  // What a stream gives now, without waiting.
  static std::string drain(http::BodySource& source, bool* ended = nullptr) {
    std::string out;
    for (int i = 0; i < 1'000; ++i) {
      const auto pull = source.pull(out, [] {});
      if (pull == http::BodySource::Pull::kMore) out += source.shared().text;
      if (ended != nullptr) *ended = pull == http::BodySource::Pull::kEnd;
      if (pull != http::BodySource::Pull::kMore) break;
    }
    return out;
  }

  ledger::MemoryLedger ledger;
  ManualClock clock{Time{1'772'000'000'000}};
  SeededRandom random{7};
  SeededRandom access_random{8};
  access::Directory directory{clock, access_random};
  std::unique_ptr<engine::Engine> engine;
  std::unique_ptr<Api> api;
  std::string admin;
};

}  // namespace curfew::api
