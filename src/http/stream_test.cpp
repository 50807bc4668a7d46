// Streamed answers: backpressure, bounds, and clients that vanish.
#include <gtest/gtest.h>

#include <thread>

#include "http/server.h"
#include "http/test_support.h"

namespace curfew::http::test {
namespace {

using namespace std::chrono_literals;
using Pull = BodySource::Pull;

class StreamTest : public testing::Test {
 protected:
  StreamTest() { options_.threads = 1; }

  // Answers every request with a stream of that function.
  void stream(FunctionSource::Function function, Event* destroyed = nullptr) {
    application_.on_handle = [function = std::move(function), destroyed](RequestHead, std::string, Responder respond) {
      Response response(200, "text/plain", "");
      response.stream = std::make_unique<FunctionSource>(function, destroyed);
      respond(std::move(response));
    };
  }

  FunctionApplication application_;
  ServerOptions options_;
};

TEST_F(StreamTest, AStreamedAnswerIsChunkedAndTheConnectionGoesOn) {
  stream([left = 5](std::string& out, const std::function<void()>&) mutable {
    out += std::string(50'000, static_cast<char>('a' + left));
    return --left > 0 ? Pull::kMore : Pull::kEnd;
  });
  RunningServer running(application_, options_);
  Client client(running.port());
  for (int i = 0; i < 3; ++i) {
    const Answer answer = client.get("/");
    EXPECT_EQ(answer.header("Transfer-Encoding"), "chunked");
    EXPECT_TRUE(answer.complete);
    EXPECT_EQ(answer.body.size(), 250'000U);
    EXPECT_EQ(answer.body[249'999], 'b');
  }
}

TEST_F(StreamTest, AnEmptyStreamIsAnEmptyBody) {
  stream([](std::string&, const std::function<void()>&) { return Pull::kEnd; });
  RunningServer running(application_, options_);
  Client client(running.port());
  const Answer answer = client.get("/");
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(client.get("/").status, 200);
}

TEST_F(StreamTest, AHeadRequestPullsNothing) {
  stream([](std::string&, const std::function<void()>&) -> Pull { throw std::logic_error("pulled"); });
  RunningServer running(application_, options_);
  Client client(running.port());
  client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nHEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.read_answer(true).status, 200);
  EXPECT_EQ(client.read_answer(true).status, 200);
}

TEST_F(StreamTest, AnHttp10ClientReadsUntilTheEnd) {
  stream([left = 3](std::string& out, const std::function<void()>&) mutable {
    out += "abc";
    return --left > 0 ? Pull::kMore : Pull::kEnd;
  });
  RunningServer running(application_, options_);
  Client client(running.port());
  client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const Answer answer = client.read_answer();
  EXPECT_FALSE(answer.has("Transfer-Encoding"));
  EXPECT_EQ(answer.body, "abcabcabc");
}

TEST_F(StreamTest, ASourceWakesItsStreamFromAnyThread) {
  std::vector<std::thread> threads;
  stream([&threads, left = 20](std::string& out, const std::function<void()>& wake) mutable {
    if (left == 0) return Pull::kEnd;
    out += "event\n";
    --left;
    if (left % 4 == 0) {
      wake();  // at once, before it has said that there is nothing
    } else {
      threads.emplace_back(wake);
    }
    return Pull::kLater;
  });
  {
    RunningServer running(application_, options_);
    Client client(running.port());
    const Answer answer = client.get("/");
    EXPECT_TRUE(answer.complete);
    EXPECT_EQ(answer.body.size(), 120U);
  }
  for (auto& thread : threads) thread.join();
}

TEST_F(StreamTest, WhatIsThereIsSentBeforeTheRestComes) {
  std::function<void()> wake;
  Event waiting;
  stream([&, step = 0](std::string& out, std::function<void()> w) mutable {
    out += step++ == 0 ? "first" : "second";
    if (step == 2) return Pull::kEnd;
    wake = std::move(w);
    waiting.set();
    return Pull::kLater;
  });
  RunningServer running(application_, options_);
  Client client(running.port());
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_NE(client.read_until("first\r\n"), "");
  ASSERT_TRUE(waiting.wait());
  wake();
  EXPECT_EQ(client.read_until("0\r\n\r\n"), "6\r\nsecond\r\n0\r\n\r\n");
}

TEST_F(StreamTest, AnAbortedStreamIsSeenToBeIncomplete) {
  stream([first = true](std::string& out, const std::function<void()>&) mutable {
    if (!std::exchange(first, false)) return Pull::kAbort;
    out += std::string(20'000, 'x');
    return Pull::kMore;
  });
  RunningServer running(application_, options_);
  Client client(running.port());
  const Answer answer = client.get("/");
  EXPECT_EQ(answer.status, 200);
  EXPECT_FALSE(answer.complete);
}

TEST_F(StreamTest, AClientThatLeavesEndsAWaitingStream) {
  Event waiting, destroyed;
  std::function<void()> wake;
  stream(
      [&](std::string& out, std::function<void()> w) {
        out += "x";
        wake = std::move(w);
        waiting.set();
        return Pull::kLater;
      },
      &destroyed);
  RunningServer running(application_, options_);
  auto client = std::make_unique<Client>(running.port());
  client->send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(waiting.wait());
  client.reset();
  EXPECT_TRUE(destroyed.wait());
  wake();  // too late, and harmless
  EXPECT_TRUE(eventually([&] { return running.server.counters().connections_open == 0; }));
}

TEST_F(StreamTest, AClientThatVanishesMidwayEndsItsStream) {
  Event destroyed;
  stream(
      [](std::string& out, const std::function<void()>&) {
        out += std::string(60'000, 'x');
        return Pull::kMore;
      },
      &destroyed);
  RunningServer running(application_, options_);
  Client client(running.port());
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_NE(client.read_some(), "");
  client.reset();
  EXPECT_TRUE(destroyed.wait());
}

TEST_F(StreamTest, ASlowReaderIsNotPulledForAndIsCut) {
  options_.write_deadline = 200ms;
  Event destroyed;
  std::atomic<std::uint64_t> pulled{0};
  stream(
      [&](std::string& out, const std::function<void()>&) {
        out += std::string(60'000, 'x');
        pulled += 60'000;
        return Pull::kMore;
      },
      &destroyed);
  RunningServer running(application_, options_);
  Client client(running.port(), 4096);
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(destroyed.wait());
  // What was pulled has left for the socket, but for one chunk that is held.
  EXPECT_LE(pulled.load(), running.server.counters().bytes_out + 128 * 1024);
  EXPECT_EQ(running.server.counters().timeouts, 1U);
}

TEST_F(StreamTest, AnEndlessStreamDoesNotStarveItsNeighbours) {
  Event destroyed;
  application_.on_handle = [&](RequestHead head, std::string, Responder respond) {
    Response response(200, "text/plain", "");
    if (head.path == "/endless") {
      response.stream = std::make_unique<FunctionSource>(
          [](std::string& out, const std::function<void()>&) {
            out += std::string(60'000, 'x');
            return Pull::kMore;
          },
          &destroyed);
    }
    respond(std::move(response));
  };
  RunningServer running(application_, options_);
  Client greedy(running.port());
  greedy.send("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    while (!stop && !greedy.read_some().empty()) {
    }
  });
  Client modest(running.port());
  for (int i = 0; i < 20; ++i) EXPECT_EQ(modest.get("/").status, 200);
  stop = true;
  reader.join();
  greedy.reset();
  EXPECT_TRUE(destroyed.wait());
}

}  // namespace
}  // namespace curfew::http::test
