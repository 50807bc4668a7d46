// What a well-behaved client sees.
#include "http/server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <set>
#include <thread>

#include "http/test_support.h"

namespace curfew::http::test {
namespace {

using namespace std::chrono_literals;

TEST(Server, AnswersOneRequestAfterAnotherOnOneConnection) {
  FunctionApplication application;
  RunningServer running(application);
  Client client(running.port());
  for (int i = 0; i < 10; ++i) {
    const Answer answer = client.get("/a" + std::to_string(i) + "?q=1");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "/a" + std::to_string(i) + ":");
    EXPECT_FALSE(answer.has("Connection"));
  }
  EXPECT_EQ(running.server.counters().connections_accepted, 1U);
  EXPECT_EQ(running.server.counters().requests, 10U);
}

TEST(Server, AnswersPipelinedRequestsInTheirOrder) {
  FunctionApplication application;
  std::vector<std::thread> threads;
  std::mutex mutex;
  application.on_handle = [&](RequestHead head, std::string body, Responder respond) {
    // Every other one is answered late, from another thread.
    if (head.path.back() % 2 == 0) return respond(Response(200, "text/plain", head.path + body));
    const std::lock_guard lock(mutex);
    threads.emplace_back([path = head.path, respond = std::move(respond)]() mutable {
      std::this_thread::yield();
      respond(Response(200, "text/plain", path));
    });
  };
  std::string answers;
  {
    RunningServer running(application);
    Client client(running.port());
    std::string requests;
    for (int i = 0; i < 50; ++i) {
      requests += "POST /" + std::to_string(i % 10) + " HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    }
    ASSERT_TRUE(client.send(requests));
    for (int i = 0; i < 50; ++i) {
      const Answer answer = client.read_answer();
      ASSERT_EQ(answer.status, 200);
      EXPECT_EQ(answer.body.substr(0, 2), "/" + std::to_string(i % 10));
    }
  }
  for (auto& thread : threads) thread.join();
}

TEST(Server, AHeadRequestGetsTheHeadAlone) {
  FunctionApplication application;
  application.on_handle = [](RequestHead, std::string, Responder respond) {
    respond(Response(200, "text/plain", std::string(9000, 'x')));
  };
  RunningServer running(application);
  Client client(running.port());
  client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const Answer head = client.read_answer(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("Content-Length"), "9000");
  EXPECT_EQ(client.read_answer().body.size(), 9000U);
}

TEST(Server, BodylessAnswersHaveNoLength) {
  FunctionApplication application;
  application.on_handle = [](RequestHead head, std::string, Responder respond) {
    respond(Response(head.path == "/204" ? 204 : 304, "text/plain", "ignored"));
  };
  RunningServer running(application);
  Client client(running.port());
  for (const char* path : {"/204", "/304", "/204"}) {
    const Answer answer = client.get(path);
    EXPECT_EQ(std::to_string(answer.status), path + 1);
    EXPECT_FALSE(answer.has("Content-Length"));
  }
}

TEST(Server, EveryAnswerCarriesTheCommonHeaders) {
  FunctionApplication application;
  application.on_handle = [](RequestHead, std::string, Responder respond) {
    respond(Response(200, "text/plain", "x")
                .with("Content-Length", "99")
                .with("Connection", "upgrade")
                .with("Date", "never")
                .with("X-Own", "1"));
  };
  RunningServer running(application);
  Client client(running.port());
  const Answer answer = client.get("/");
  EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(answer.header("Referrer-Policy"), "no-referrer");
  EXPECT_EQ(answer.header("Content-Length"), "1");
  EXPECT_EQ(answer.header("Date").size(), 29U);
  EXPECT_EQ(answer.header("X-Own"), "1");
  EXPECT_FALSE(answer.has("Connection"));
  client.send("nonsense\r\n\r\n");
  EXPECT_EQ(client.read_answer().header("X-Content-Type-Options"), "nosniff");
}

TEST(Server, AHeaderThatWouldEndTheHeadEarlyIsNotSent) {
  FunctionApplication application;
  application.on_handle = [](RequestHead, std::string, Responder respond) {
    respond(Response(200, "text/plain", "x").with("Location", "/\r\nSet-Cookie: evil=1"));
  };
  RunningServer running(application);
  Client client(running.port());
  const Answer answer = client.get("/");
  EXPECT_EQ(answer.status, 500);
  EXPECT_FALSE(answer.has("Set-Cookie"));
}

TEST(Server, ASaneRequestIdIsKeptAndAnyOtherIsReplaced) {
  FunctionApplication application;
  application.on_handle = [](RequestHead head, std::string, Responder respond) {
    respond(Response(200, "text/plain", head.request_id));
  };
  RunningServer running(application);
  Client client(running.port());
  const std::string longest(64, 'a');
  EXPECT_EQ(client.get("/", "X-Request-Id: a.B_9-z\r\n").header("X-Request-Id"), "a.B_9-z");
  EXPECT_EQ(client.get("/", "X-Request-Id: " + longest + "\r\n").body, longest);
  std::set<std::string> made;
  for (const std::string& id : {std::string("X-Request-Id: " + longest + "b\r\n"), std::string("X-Request-Id: a b\r\n"),
                                std::string("X-Request-Id:\r\n"), std::string()}) {
    const Answer answer = client.get("/", id);
    EXPECT_EQ(answer.body.size(), 32U);
    EXPECT_EQ(answer.body.find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_EQ(answer.header("X-Request-Id"), answer.body);
    made.insert(answer.body);
  }
  EXPECT_EQ(made.size(), 4U);
}

TEST(Server, AskedToCloseItCloses) {
  FunctionApplication application;
  RunningServer running(application);
  Client client(running.port());
  const Answer answer = client.get("/", "Connection: close\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Connection"), "close");
  EXPECT_TRUE(client.at_end());
}

TEST(Server, SpeaksHttp10) {
  FunctionApplication application;
  RunningServer running(application);
  Client client(running.port());
  client.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /b HTTP/1.0\r\n\r\n");
  const Answer kept = client.read_answer();
  EXPECT_EQ(kept.header("Connection"), "keep-alive");
  EXPECT_EQ(kept.body, "/a:");
  EXPECT_EQ(client.read_answer().body, "/b:");
  EXPECT_TRUE(client.at_end());
}

TEST(Server, AClientThatHasSaidAllStillGetsItsAnswers) {
  FunctionApplication application;
  RunningServer running(application);
  Client client(running.port());
  client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n");
  client.shutdown_send();
  EXPECT_EQ(client.read_answer().body, "/a:");
  EXPECT_EQ(client.read_answer().body, "/b:");
  EXPECT_TRUE(client.at_end());
}

TEST(Server, ARequestMayComeByteByByte) {
  FunctionApplication application;
  RunningServer running(application);
  Client client(running.port());
  for (const char byte :
       std::string_view("POST /slow HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")) {
    ASSERT_TRUE(client.send({&byte, 1}));
  }
  EXPECT_EQ(client.read_answer().body, "/slow:abc");
}

TEST(Server, EmptyLinesBetweenRequestsAreForgiven) {
  FunctionApplication application;
  RunningServer running(application);
  Client client(running.port());
  client.send("\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.read_answer().body, "/a:");
  EXPECT_EQ(client.read_answer().body, "/b:");
}

TEST(Server, AHundredIsSentWhenTheBodyIsWanted) {
  FunctionApplication application;
  RunningServer running(application);
  Client client(running.port());
  client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 100);
  client.send("abc");
  EXPECT_EQ(client.read_answer().body, "/a:abc");
  // One that is too large is refused before it is sent.
  client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3000\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 413);
}

TEST(Server, AnUnansweredRequestIsAnswered500) {
  FunctionApplication application;
  application.on_handle = [](RequestHead head, std::string, Responder respond) {
    const Responder dropped = std::move(respond);
    if (head.path == "/throw") throw std::runtime_error("no");
  };
  RunningServer running(application);
  Client client(running.port());
  EXPECT_EQ(client.get("/drop").status, 500);
  EXPECT_EQ(client.get("/throw").status, 500);
}

TEST(Server, AnswersAreLoggedWithoutTheirQuery) {
  FunctionApplication application;
  std::mutex mutex;
  std::vector<std::string> seen;
  {
    RunningServer running(application, {}, [&](const AccessEntry& entry) {
      const std::lock_guard lock(mutex);
      seen.push_back(std::string(to_string(entry.method)) + " " + std::string(entry.path) + " " +
                     std::to_string(entry.status) + " " + std::string(entry.head->header("User-Agent")) + " " +
                     entry.head->remote.to_string());
      EXPECT_GT(entry.bytes_out, 0U);
      EXPECT_FALSE(entry.head->request_id.empty());
    });
    Client client(running.port());
    client.get("/a?secret=1", "User-Agent: probe\r\n");
    client.send("nonsense\r\n\r\n");
    client.read_answer();
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"GET /a 200 probe 127.0.0.1", "GET  400  127.0.0.1"}));
}

TEST(Server, ATrustedProxyNamesTheClient) {
  FunctionApplication application;
  application.on_handle = [](RequestHead head, std::string, Responder respond) {
    respond(Response(200, "text/plain", head.remote.to_string() + (head.secure ? " secure" : "")));
  };
  ServerOptions options;
  options.trusted_proxies.push_back(*Cidr::parse("127.0.0.0/8"));
  RunningServer trusting(application, options);
  RunningServer plain(application);
  const std::string headers = "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n";
  EXPECT_EQ(Client(trusting.port()).get("/", headers).body, "203.0.113.7 secure");
  EXPECT_EQ(Client(plain.port()).get("/", headers).body, "127.0.0.1");
}

TEST(Server, ThousandConnectionsAreServedAtOnce) {
  FunctionApplication application;
  RunningServer running(application);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 1000; ++i) {
    clients.push_back(std::make_unique<Client>(running.port()));
    ASSERT_TRUE(clients.back()->connected()) << i;
  }
  for (int round = 0; round < 2; ++round) {
    for (auto& client : clients) ASSERT_TRUE(client->send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n"));
    for (auto& client : clients) ASSERT_EQ(client->read_answer().body, "/a:");
  }
  EXPECT_EQ(running.server.counters().connections_open, 1000U);
  clients.clear();
  EXPECT_TRUE(eventually([&] { return running.server.counters().connections_open == 0; }));
}

// Each of those who connected while it was busy would otherwise wait for a round of all the others' requests.
TEST(Server, WhoeverConnectedComesInBeforeTheNextRound) {
  constexpr std::uint64_t waiting = 40;
  FunctionApplication application;
  Event busy, release;
  std::mutex mutex;
  std::vector<std::uint64_t> accepted;  // by the time each request is handled
  const RunningServer* server = nullptr;
  application.on_handle = [&](RequestHead head, std::string, Responder respond) {
    if (head.path == "/first") {
      busy.set();
      EXPECT_TRUE(release.wait());
    } else {
      const std::lock_guard lock(mutex);
      accepted.push_back(server->server.counters().connections_accepted);
    }
    respond(Response(200, "text/plain", "ok"));
  };
  ServerOptions options;
  options.threads = 1;
  RunningServer running(application, options);
  server = &running;
  Client first(running.port());
  ASSERT_TRUE(first.send("GET /first HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_TRUE(busy.wait());
  std::vector<std::unique_ptr<Client>> clients;
  for (std::uint64_t i = 0; i < waiting; ++i) {
    clients.push_back(std::make_unique<Client>(running.port()));
    ASSERT_TRUE(clients.back()->send("GET /other HTTP/1.1\r\nHost: a\r\n\r\n"));
  }
  release.set();
  for (const auto& client : clients) EXPECT_EQ(client->read_answer().status, 200);
  ASSERT_EQ(accepted.size(), waiting);
  EXPECT_GT(accepted.front(), waiting / 2);  // all of them, but for one that the system is late with
}

TEST(Server, APortInUseIsReportedWithTheAddress) {
  FunctionApplication application;
  RunningServer running(application);
  ServerOptions options;
  options.port = running.port();
  Server second(options, application);
  const Status started = second.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(started.error().message.find("127.0.0.1:" + std::to_string(options.port)), std::string::npos)
      << started.error().message;
}

TEST(Server, AHostThatIsNoAddressIsReported) {
  FunctionApplication application;
  ServerOptions options;
  options.host = "no address";
  Server server(options, application);
  const Status started = server.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace curfew::http::test
