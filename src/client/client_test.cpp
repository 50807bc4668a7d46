// The client against a server of a few lines on the loopback interface that answers from a script.
#include "client/client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <deque>
#include <mutex>
#include <thread>

namespace curfew::client {
namespace {

// Takes one connection after the other; on each reads one request, sends the next answer of the script and closes.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<std::string> answers) : answers_(answers.begin(), answers.end()) {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    listen(listener_, 8);
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~ScriptedServer() { stop(); }

  void stop() {
    if (!thread_.joinable()) return;
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  // Valid after stop().
  std::vector<std::string> requests;

 private:
  static bool complete(const std::string& text) {
    const auto head = text.find("\r\n\r\n");
    if (head == std::string::npos) return false;
    if (text.find("Transfer-Encoding: chunked") != std::string::npos) return text.ends_with("0\r\n\r\n");
    const auto at = text.find("Content-Length: ");
    return at == std::string::npos ||
           text.size() >= head + 4 + static_cast<std::size_t>(std::atoi(text.c_str() + at + 16));
  }

  void serve() {
    for (int peer; (peer = accept(listener_, nullptr, nullptr)) >= 0; close(peer)) {
      std::string text;
      char buffer[4096];
      for (ssize_t got; !complete(text) && (got = read(peer, buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(got));
      requests.push_back(text);
      if (answers_.empty()) continue;
      const auto answer = answers_.front();
      answers_.pop_front();
      for (std::size_t sent = 0; sent < answer.size();) {
        const auto n = send(peer, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
        if (n <= 0) break;
        sent += static_cast<std::size_t>(n);
      }
      // Waits for the client's end, so that closing does not reset what it has not read yet.
      shutdown(peer, SHUT_WR);
      while (read(peer, buffer, sizeof buffer) > 0) {
      }
    }
  }

  int listener_ = -1;
  int port_ = 0;
  std::deque<std::string> answers_;
  std::thread thread_;
};

std::string http(int status, std::string_view body, std::string_view headers = "") {
  return "HTTP/1.1 " + std::to_string(status) +
         " X\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(headers) +
         "\r\n" + std::string(body);
}

ClientOptions to(const ScriptedServer& server, std::vector<Duration>* pauses = nullptr) {
  ClientOptions options;
  options.server = server.url();
  options.api_key = "secret-key";
  options.pause = [pauses](Duration d) {
    if (pauses != nullptr) pauses->push_back(d);
  };
  return options;
}

TEST(Client, SendsKeyPathQueryAndBody) {
  ScriptedServer server({http(201, R"({"id":"k1"})", "X-Request-Id: r7\r\n")});
  auto client = *Client::open(to(server));
  const auto answer = client->request(Method::kPost, "/api/v1/keys", {{"a", "b c"}}, boost::json::value{{"name", "x"}});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body.at("id").as_string(), "k1");
  EXPECT_EQ(answer->header("x-request-id"), "r7");
  server.stop();
  ASSERT_EQ(server.requests.size(), 1U);
  const auto& text = server.requests[0];
  EXPECT_TRUE(text.starts_with("POST /api/v1/keys?a=b%20c HTTP/1.1\r\n")) << text;
  EXPECT_NE(text.find("Authorization: Bearer secret-key\r\n"), std::string::npos);
  EXPECT_NE(text.find("Content-Type: application/json\r\n"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\r\n\r\n{\"name\":\"x\"}"));
}

TEST(Client, EveryMethodIsSentAsItself) {
  const std::string done = "HTTP/1.1 204 X\r\nConnection: close\r\n\r\n";
  ScriptedServer server({done, done, done, done});
  auto client = *Client::open(to(server));
  for (const auto method : {Method::kPut, Method::kPatch, Method::kDelete, Method::kPost}) {
    const auto answer = client->request(method, "/x");
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_TRUE(answer->body.is_null());
  }
  server.stop();
  EXPECT_TRUE(server.requests[0].starts_with("PUT /x "));
  EXPECT_TRUE(server.requests[1].starts_with("PATCH /x "));
  EXPECT_TRUE(server.requests[2].starts_with("DELETE /x "));
  EXPECT_TRUE(server.requests[3].starts_with("POST /x "));
}

TEST(Client, AProblemBecomesAnError) {
  ScriptedServer server({http(403, R"({"code":"forbidden","detail":"You lack SESSIONS:DELETE."})")});
  const auto answer = (*Client::open(to(server)))->get("/x");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(answer.error().message, "You lack SESSIONS:DELETE.");
}

TEST(Client, RepeatsWhatMayBeRepeatedAndWaitsAsAsked) {
  std::vector<Duration> pauses;
  ScriptedServer server({http(503, "{}", "Retry-After: 2\r\n"), "", http(200, "{}")});
  auto client = *Client::open(to(server, &pauses));
  EXPECT_TRUE(client->get("/x"));
  server.stop();
  EXPECT_EQ(server.requests.size(), 3U);
  EXPECT_EQ(pauses, (std::vector<Duration>{Duration{2000}, Duration{400}}));
}

TEST(Client, GivesUpAfterThreeAttempts) {
  ScriptedServer server({http(503, "{}"), http(503, "{}"), http(503, "{}"), http(200, "{}")});
  const auto answer = (*Client::open(to(server)))->get("/x");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
  server.stop();
  EXPECT_EQ(server.requests.size(), 3U);
}

TEST(Client, DoesNotWaitLongerThanPeopleDo) {
  ScriptedServer server({http(429, "{}", "Retry-After: 600\r\n")});
  const auto answer = (*Client::open(to(server)))->get("/x");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kResourceExhausted);
  EXPECT_NE(answer.error().message.find("600 s"), std::string::npos);
}

TEST(Client, NeverRepeatsAPostThatIsNotMarked) {
  ScriptedServer server({"", http(200, "{}")});
  auto client = *Client::open(to(server));
  EXPECT_FALSE(client->request(Method::kPost, "/x"));
  server.stop();
  EXPECT_EQ(server.requests.size(), 1U);
}

TEST(Client, RepeatsAMarkedPost) {
  ScriptedServer server({"", http(200, "{}")});
  auto client = *Client::open(to(server));
  Request request{.method = Method::kPost,
                  .path = "/x",
                  .body = boost::json::object{},
                  .headers = {{"Idempotency-Key", "i1"}},
                  .repeatable = true};
  EXPECT_TRUE(client->send(request));
  server.stop();
  ASSERT_EQ(server.requests.size(), 2U);
  EXPECT_NE(server.requests[1].find("Idempotency-Key: i1"), std::string::npos);
}

TEST(Client, NobodyThereIsSaidPlainlyWithoutTheKey) {
  std::string url;
  {
    ScriptedServer gone({});
    url = gone.url();
  }
  ClientOptions options;
  options.server = url;
  options.api_key = "secret-key";
  options.pause = [](Duration) { FAIL() << "a refused connection is not retried"; };
  const auto answer = (*Client::open(options))->get("/x");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().reason, "no_server");
  EXPECT_TRUE(answer.error().message.starts_with("no server at " + url)) << answer.error().message;
  EXPECT_EQ(answer.error().message.find("secret-key"), std::string::npos);
}

TEST(Client, WhatIsNotJsonIsNotOurServer) {
  ScriptedServer server({http(200, "<html></html>")});
  const auto answer = (*Client::open(to(server)))->get("/x");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().reason, "not_json");
}

TEST(Client, RedirectsAreNotFollowed) {
  ScriptedServer server({http(302, "", "Location: http://127.0.0.1:1/\r\n"), http(200, "{}")});
  EXPECT_FALSE((*Client::open(to(server)))->get("/x"));
  server.stop();
  EXPECT_EQ(server.requests.size(), 1U);
}

TEST(Client, StreamsABodyAndStopsWhenToldTo) {
  ScriptedServer server({http(200, "one\ntwo\n"), http(200, "one\ntwo\n")});
  auto client = *Client::open(to(server));
  std::string got;
  Request request{.path = "/export"};
  request.accept = "application/x-ndjson";
  EXPECT_TRUE(client->stream(request, [&](std::string_view chunk) {
    got += chunk;
    return true;
  }));
  EXPECT_EQ(got, "one\ntwo\n");
  EXPECT_TRUE(client->stream(request, [](std::string_view) { return false; }));
}

TEST(Client, AStreamThatIsCutShortIsAnError) {
  ScriptedServer server({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\none\n\r\n"});
  std::string got;
  const auto status = (*Client::open(to(server)))->stream({.path = "/export"}, [&](std::string_view chunk) {
    got += chunk;
    return true;
  });
  EXPECT_EQ(got, "one\n");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kUnavailable);
}

TEST(Client, ARefusedStreamGivesTheProblem) {
  ScriptedServer server({http(404, R"({"code":"not_found","detail":"No such realm."})")});
  const auto status = (*Client::open(to(server)))->stream({.path = "/events"}, [](std::string_view) {
    ADD_FAILURE();
    return true;
  });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "No such realm.");
}

TEST(Client, AnInterruptEndsAStreamThatIsSilent) {
  std::atomic<bool> interrupted{false};
  ScriptedServer server(
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/event-stream\r\n\r\n2\r\n:\n\r\n"});
  auto options = to(server);
  options.interrupted = [&] { return interrupted.load(); };
  const auto status = (*Client::open(options))->stream({.path = "/events"}, [&](std::string_view) {
    interrupted = true;
    return true;
  });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kCancelled);
}

TEST(Client, UploadsPiecesAsTheyCome) {
  ScriptedServer server({http(200, R"({"accepted":2})")});
  auto client = *Client::open(to(server));
  std::deque<std::string> pieces{"{}\n", std::string(100'000, 'x') + "\n", ""};
  Request request{.method = Method::kPost, .path = "/ingest"};
  const auto answer = client->upload(request, [&]() -> Result<std::string> {
    auto piece = pieces.front();
    pieces.pop_front();
    return piece;
  });
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body.at("accepted").to_number<int>(), 2);
  server.stop();
  EXPECT_NE(server.requests[0].find("Content-Type: application/x-ndjson"), std::string::npos);
  EXPECT_GT(server.requests[0].size(), 100'000U);
}

TEST(Client, ASourceThatFailsEndsTheUploadWithItsError) {
  ScriptedServer server({});
  auto client = *Client::open(to(server));
  Request request{.method = Method::kPost, .path = "/ingest"};
  const auto answer = client->upload(request, []() -> Result<std::string> { return invalid("line", "too long"); });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message, "too long");
}

TEST(Client, TheKeyIsNotSentInTheClearToStrangers) {
  ClientOptions options;
  options.server = "http://curfew.example.com";
  EXPECT_TRUE(Client::open(options));  // without a key there is nothing to hide
  options.api_key = "secret-key";
  const auto refused = Client::open(options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "plain_http");
  options.allow_plain_http = true;
  EXPECT_TRUE(Client::open(options));
}

TEST(Client, AMissingCaFileIsNamed) {
  ClientOptions options;
  options.server = "https://127.0.0.1:1";
  options.ca_file = "/nonexistent/ca.pem";
  const auto client = Client::open(options);
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().field, "caFile");
}

}  // namespace
}  // namespace curfew::client
