// The ends of connections and of the server, and answers that come late.
#include <gtest/gtest.h>

#include <thread>

#include "http/server.h"
#include "http/test_support.h"

namespace curfew::http::test {
namespace {

using namespace std::chrono_literals;

// An application that keeps its responders, to be answered whenever the test likes.
class Holder {
 public:
  explicit Holder(FunctionApplication& application) {
    application.on_handle = [this](RequestHead head, std::string, Responder respond) {
      if (head.path == "/now") return respond(Response(200, "text/plain", "now"));
      const std::lock_guard lock(mutex_);
      held_.push_back(std::move(respond));
    };
  }
  bool wait_for(std::size_t count) {
    return eventually([&] {
      const std::lock_guard lock(mutex_);
      return held_.size() >= count;
    });
  }
  Responder take() {
    const std::lock_guard lock(mutex_);
    Responder respond = std::move(held_.back());
    held_.pop_back();
    return respond;
  }

 private:
  std::mutex mutex_;
  std::vector<Responder> held_;
};

TEST(Responder, MayAnswerFromAnyThread) {
  FunctionApplication application;
  Holder holder(application);
  RunningServer running(application);
  Client client(running.port());
  for (int i = 0; i < 10; ++i) {
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(holder.wait_for(1));
    std::thread([respond = holder.take()]() mutable { respond(Response(200, "text/plain", "late")); }).join();
    EXPECT_EQ(client.read_answer().body, "late");
  }
}

TEST(Responder, MayAnswerAfterItsConnectionIsGone) {
  FunctionApplication application;
  Holder holder(application);
  RunningServer running(application);
  Client client(running.port());
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(holder.wait_for(1));
  client.reset();
  ASSERT_TRUE(eventually([&] { return running.server.counters().connections_open == 0; }));
  Event destroyed;
  Response response(200, "text/plain", "");
  response.stream = std::make_unique<FunctionSource>(nullptr, &destroyed);
  holder.take()(std::move(response));
  EXPECT_TRUE(destroyed.wait());
  EXPECT_EQ(Client(running.port()).get("/now").status, 200);
}

TEST(Responder, MayAnswerAfterItsServerIsGone) {
  FunctionApplication application;
  Holder holder(application);
  ServerOptions options;
  options.drain = 20ms;
  {
    RunningServer running(application, options);
    Client client(running.port());
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(holder.wait_for(1));
  }
  holder.take()(Response(200, "text/plain", "nobody hears it"));
}

TEST(Responder, AnAnswerToARequestThatWasCutDoesNotReachTheNext) {
  FunctionApplication application;
  Holder holder(application);
  RunningServer running(application);
  for (int i = 0; i < 20; ++i) {
    Client gone(running.port());
    gone.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(holder.wait_for(1));
    gone.reset();
    Client next(running.port());
    holder.take()(Response(200, "text/plain", "stale"));
    EXPECT_EQ(next.get("/now").body, "now");
  }
}

TEST(Stop, LetsARequestUnderWayEnd) {
  FunctionApplication application;
  Holder holder(application);
  ServerOptions options;
  options.threads = 1;  // so that both hear of the stop at once
  RunningServer running(application, options);
  Client client(running.port()), idle(running.port());
  EXPECT_EQ(idle.get("/now").status, 200);
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(holder.wait_for(1));
  std::thread stopper([&] { running.server.stop(); });
  EXPECT_TRUE(idle.at_end());  // what is idle is closed at once
  holder.take()(Response(200, "text/plain", "done"));
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.body, "done");
  EXPECT_EQ(answer.header("Connection"), "close");
  EXPECT_TRUE(client.at_end());
  client.shutdown_send();
  stopper.join();
  EXPECT_FALSE(Client(running.port()).connected());
}

TEST(Stop, ABodyUnderWayIsReadToItsEnd) {
  FunctionApplication application;
  RunningServer running(application);
  Client client(running.port()), idle(running.port());
  EXPECT_EQ(idle.get("/").status, 200);
  client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 100);
  std::thread stopper([&] { running.server.stop(); });
  EXPECT_TRUE(idle.at_end());
  client.send("abcdef");
  EXPECT_EQ(client.read_answer().body, "/a:abcdef");
  stopper.join();
}

TEST(Stop, EndsWaitingStreamsAtOnce) {
  FunctionApplication application;
  Event waiting, destroyed;
  application.on_handle = [&](RequestHead, std::string, Responder respond) {
    Response response(200, "text/event-stream", "");
    response.stream = std::make_unique<FunctionSource>(
        [&](std::string& out, const std::function<void()>&) {
          out += "data: x\n\n";
          waiting.set();
          return BodySource::Pull::kLater;
        },
        &destroyed);
    respond(std::move(response));
  };
  RunningServer running(application);
  Client client(running.port());
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(waiting.wait());
  running.server.stop();
  EXPECT_TRUE(destroyed.is_set());
  EXPECT_FALSE(client.read_answer().complete);
}

TEST(Stop, CutsWhatDoesNotEnd) {
  FunctionApplication application;
  Holder holder(application);
  ServerOptions options;
  options.drain = 30ms;
  RunningServer running(application, options);
  Client client(running.port()), half(running.port());
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  half.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  ASSERT_TRUE(holder.wait_for(1));
  running.server.stop();
  EXPECT_TRUE(client.at_end());
  EXPECT_EQ(half.read_to_end(), "");
  holder.take()(Response());
}

TEST(Stop, MayBeCalledTwiceAndWithoutStart) {
  FunctionApplication application;
  {
    RunningServer running(application);
    running.server.stop();
    running.server.stop();
  }
  Server never(ServerOptions(), application);
  never.stop();
}

TEST(Stop, UnderLoadLosesNothingOfWhatItAnswers) {
  FunctionApplication application;
  RunningServer running(application);
  std::atomic<int> answered{0}, broken{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      Client client(running.port());
      for (;;) {
        const Answer answer = client.get("/a");
        if (answer.status == 0) return;
        if (answer.status != 200 || answer.body != "/a:") ++broken;
        ++answered;
        if (answer.header("Connection") == "close") return;
      }
    });
  }
  EXPECT_TRUE(eventually([&] { return answered > 200; }));
  running.server.stop();
  for (auto& client : clients) client.join();
  EXPECT_EQ(broken, 0);
}

}  // namespace
}  // namespace curfew::http::test
