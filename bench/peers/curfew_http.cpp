// Curfew as others reach it: the server in a process of its own, over HTTP on the loopback.
#include <unistd.h>

#include <thread>

#include "base/json_writer.h"
#include "peers/http_client.h"
#include "peers/peer.h"

namespace curfew::bench {
namespace {

constexpr std::string_view kLines = "application/x-ndjson";
std::string realm_path(session::RealmId realm) {
  return realm == Generator::kMainRealm ? "/api/v1/realms/main" : "/api/v1/realms/small";
}

void append_fields(JsonWriter& json, const session::Session& s) {
  json.field("userId", s.user_id).field("username", s.username).field("email", s.email);
  json.field("ipAddress", s.ip.to_string()).field("userAgent", s.user_agent).field("rememberMe", s.remember_me);
  json.field("started", s.started).field("lastAccess", s.last_access).key("clients").begin_array();
  for (const auto& link : s.clients)
    json.begin_object().field("clientId", link.client_id).field("since", link.since).end_object();
  json.end_array();
}

std::uint64_t number_after(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  if (at == std::string_view::npos) die("HTTP: no {} in {}", name, text.substr(0, 300));
  return std::stoull(std::string(text.substr(at + name.size(), 20)));
}

class HttpWriter final : public Writer {
 public:
  HttpWriter(const std::string& address, const std::string& key) : client_(address, key) {}
  void start(const session::Session& session) override {
    body_.clear();
    JsonWriter json(body_);
    json.begin_object();
    append_fields(json, session);
    json.end_object();
    const std::string target = fmt::format("{}/sessions/{}/{}", realm_path(session.key.realm),
                                           session::to_string(session.key.type), session.key.id);
    if (const int status = client_.call("PUT", target, body_); status / 100 != 2)
      die("HTTP: {} {}", status, client_.body());
  }

 private:
  HttpClient client_;
  std::string body_;
};

class CurfewHttp final : public Peer {
 public:
  CurfewHttp(const std::string& address, const std::string& key, int process)
      : address_(address), key_(key), process_(process), client_(address, key), other_(address, key) {}
  std::string_view name() const override { return "Curfew HTTP"; }

  void load(const Generator& generator) override {
    std::string lines[2];
    for (const char* name : {"main", "small"})
      expect(201,
             client_.call("POST", "/api/v1/realms", fmt::format(R"({{"name":"{}","displayName":"{}"}})", name, name)));
    for (std::uint64_t no = 1; no <= generator.size(); ++no) {
      const session::Session session = generator.session(no);
      std::string& text = lines[session.key.realm == Generator::kMainRealm ? 0 : 1];
      JsonWriter json(text);
      json.begin_object()
          .field("op", "start")
          .field("type", session::to_string(session.key.type))
          .field("id", session.key.id);
      append_fields(json, session);
      json.end_object();
      text += '\n';
      if (text.size() > 4 << 20) ingest(session.key.realm, text);
    }
    ingest(Generator::kMainRealm, lines[0]);
    ingest(Generator::kSmallRealm, lines[1]);
  }

  void ask(const Question& q) override {
    std::string target = "/api/v1/realms/main/sessions?limit=25";
    switch (q.kind) {
      case Kind::kAll:
        break;
      case Kind::kDeepOffset:
        target += "&offset=" + std::to_string(q.offset);
        break;
      case Kind::kOfflineClient:
        target += "&type=offline&client=" + Generator::client_id(Generator::kClients - 1);
        break;
      case Kind::kUsernamePart:
        target.append("&search=").append(kUsernamePart);
        break;
      case Kind::kUser:
        target += "&user=" + q.user_id;
        break;
      case Kind::kUserNotNetwork:
        target += "&user=" + q.user_id + fmt::format("&ipNot=10.{}.0.0%2F16", q.network);
        break;
      case Kind::kNetwork:
        target += fmt::format("&ip=10.{}.0.0%2F16", q.network);
        break;
      case Kind::kByUsername:
        target += "&type=regular&sort=username";
        break;
    }
    expect(200, client_.call("GET", target));
  }
  Answer answer() override {
    Answer answer;
    const std::string_view body = client_.body();
    constexpr std::string_view kId = "\"id\":\"";
    for (std::size_t at = body.find(kId); at != std::string_view::npos; at = body.find(kId, at + 1)) {
      const std::size_t from = at + kId.size(), end = body.find('"', from);
      // Evidence names sessions, too; only the rows themselves go on with their realm.
      if (body.substr(end).starts_with("\",\"realm\":")) answer.ids.emplace_back(body.substr(from, end - from));
    }
    answer.total = number_after(body, "\"total\":");
    return answer;
  }
  bool ping() override {
    expect(200, client_.call("GET", "/livez"));
    return true;
  }

  void touch(std::span<const Touch> touches) override {
    if (touches.size() == 1) {
      const session::SessionKey& key = touches.front().key;
      const std::string target =
          fmt::format("{}/sessions/{}/{}/touch", realm_path(key.realm), session::to_string(key.type), key.id);
      const int status = client_.call("POST", target, fmt::format(R"({{"at":"{}"}})", format_time(touches.front().at)));
      if (status / 100 != 2) die("HTTP: {} {}", status, client_.body());
      return;
    }
    std::string lines[2];
    for (const Touch& touch : touches) {
      std::string& text = lines[touch.key.realm == Generator::kMainRealm ? 0 : 1];
      JsonWriter json(text);
      json.begin_object()
          .field("op", "touch")
          .field("type", session::to_string(touch.key.type))
          .field("id", touch.key.id);
      json.field("at", touch.at).end_object();
      text += '\n';
    }
    ingest(Generator::kMainRealm, lines[0]);
    ingest(Generator::kSmallRealm, lines[1]);
  }
  std::unique_ptr<Writer> writer() override { return std::make_unique<HttpWriter>(address_, key_); }
  void end(std::span<const session::SessionKey> keys) override {
    std::string body;
    JsonWriter json(body);
    json.begin_object().key("sessions").begin_array();
    for (const auto& key : keys)
      json.begin_object().field("type", session::to_string(key.type)).field("id", key.id).end_object();
    json.end_array().field("reason", "benchmark").end_object();
    if (revoke(body) != keys.size()) die("HTTP: not all of the chosen ones ended");
  }
  std::uint64_t end_realm() override { return revoke(R"({"all":true,"reason":"benchmark"})"); }
  bool probe() override {
    expect(200, other_.call("GET", "/api/v1/realms/small/sessions?limit=25"));
    return true;
  }
  Size size() override { return {resident_bytes(process_), 0}; }

 private:
  void expect(int wanted, int status) {
    if (status != wanted) die("HTTP: {} instead of {}: {}", status, wanted, client_.body().substr(0, 500));
  }
  void ingest(session::RealmId realm, std::string& lines) {
    if (lines.empty()) return;
    expect(200, client_.call("POST", realm_path(realm) + "/ingest", lines, kLines));
    if (number_after(client_.body(), "\"refused\":") != 0) die("HTTP: refused: {}", client_.body().substr(0, 500));
    lines.clear();
  }
  std::uint64_t revoke(const std::string& body) {
    const int status = client_.call("POST", "/api/v1/realms/main/revocations", body);
    if (status == 200) return number_after(client_.body(), "\"revoked\":");
    expect(202, status);
    const std::string_view text = client_.body();
    const std::size_t at = text.find("\"id\":\"") + 6;
    const std::string target =
        "/api/v1/realms/main/revocations/" + std::string(text.substr(at, text.find('"', at) - at));
    for (;;) {
      expect(200, client_.call("GET", target));
      if (client_.body().find("\"state\":\"running\"") == std::string_view::npos)
        return number_after(client_.body(), "\"revoked\":");
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  std::string address_, key_;
  int process_;
  HttpClient client_, other_;
};

}  // namespace

std::unique_ptr<Peer> make_http(const std::string& address, const std::string& api_key, int process) {
  return std::make_unique<CurfewHttp>(address, api_key, process);
}

}  // namespace curfew::bench
