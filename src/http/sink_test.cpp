// Streamed request bodies: backpressure, bounds, and clients that vanish.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <mutex>
#include <thread>

#include "http/server.h"
#include "http/test_support.h"

namespace curfew::http::test {
namespace {

using namespace std::chrono_literals;

// A sink that keeps what it is fed, and pauses when it is told to.
struct Collector {
  std::mutex mutex;
  std::string bytes;
  std::function<void()> resume;
  std::size_t largest = 0, feeds = 0;
  bool pausing = false;
  Event paused, finished, aborted, destroyed;
};

class CollectingSink final : public BodySink {
 public:
  CollectingSink(Responder respond, std::shared_ptr<Collector> to) : respond_(std::move(respond)), to_(std::move(to)) {}
  ~CollectingSink() override { to_->destroyed.set(); }
  bool feed(std::string_view chunk, std::function<void()> resume) override {
    const std::lock_guard lock(to_->mutex);
    to_->bytes += chunk;
    to_->largest = std::max(to_->largest, chunk.size());
    ++to_->feeds;
    if (!to_->pausing) return true;
    to_->resume = std::move(resume);
    to_->paused.set();
    return false;
  }
  void finish() override {
    to_->finished.set();
    respond_(Response(200, "text/plain", std::to_string(to_->bytes.size())));
  }
  void abort() override { to_->aborted.set(); }

 private:
  Responder respond_;
  std::shared_ptr<Collector> to_;
};

class SinkTest : public testing::Test {
 protected:
  SinkTest() {
    options_.threads = 1;
    application_.on_plan = [](const RequestHead& head) { return BodyPlan{1000, head.path == "/sink"}; };
    application_.on_open = [this](RequestHead, Responder respond) {
      return std::make_unique<CollectingSink>(std::move(respond), collector_);
    };
  }
  FunctionApplication application_;
  ServerOptions options_;
  std::shared_ptr<Collector> collector_ = std::make_shared<Collector>();
};

TEST_F(SinkTest, AStreamedBodyArrivesWhole) {
  RunningServer running(application_, options_);
  Client client(running.port());
  std::string body;
  while (body.size() < 3'000'000) body += std::to_string(body.size()) + ",";
  client.send("POST /sink HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n");
  client.send(body);
  EXPECT_EQ(client.read_answer().body, std::to_string(body.size()));
  EXPECT_EQ(collector_->bytes, body);
  EXPECT_LE(collector_->largest, 64U * 1024);
  EXPECT_EQ(client.get("/next").body, "/next:");
}

TEST_F(SinkTest, AChunkedBodyArrivesWhole) {
  RunningServer running(application_, options_);
  Client client(running.port());
  client.send("POST /sink HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 100);
  std::string expected;
  for (std::size_t i = 1; i < 200; ++i) {
    const std::string chunk(i * 7, static_cast<char>('a' + i % 26));
    std::array<char, 24> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", chunk.size());
    client.send(size.data() + chunk + "\r\n");
    expected += chunk;
  }
  client.send("0\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.read_answer().body, std::to_string(expected.size()));
  EXPECT_EQ(collector_->bytes, expected);
  EXPECT_EQ(client.read_answer().body, "/next:");
}

TEST_F(SinkTest, ABodyOfNoBytesIsFinishedAtOnce) {
  RunningServer running(application_, options_);
  Client client(running.port());
  client.send("POST /sink HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.read_answer().body, "0");
}

TEST_F(SinkTest, APausedSinkIsFedNoMoreUntilItResumes) {
  collector_->pausing = true;
  options_.stream_read_deadline = 30ms;  // does not run while it is the sink that is slow
  RunningServer running(application_, options_);
  Client client(running.port());
  client.send("POST /sink HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  ASSERT_TRUE(collector_->paused.wait());
  client.send("3\r\ndef\r\n0\r\n\r\n");
  // The other connection on the same thread outlives several deadlines.
  Client other(running.port());
  for (int i = 0; i < 20; ++i) {
    std::this_thread::sleep_for(5ms);
    ASSERT_EQ(other.get("/").status, 200);
  }
  std::function<void()> resume;
  {
    const std::lock_guard lock(collector_->mutex);
    EXPECT_EQ(collector_->bytes, "abc");
    EXPECT_EQ(collector_->feeds, 1U);
    collector_->pausing = false;
    resume = collector_->resume;
  }
  resume();
  resume();  // once would do
  EXPECT_EQ(client.read_answer().body, "6");
}

TEST_F(SinkTest, APausedSinkHoldsTheClientBack) {
  collector_->pausing = true;
  RunningServer running(application_, options_);
  Client client(running.port());
  std::thread sender([&] {
    client.send("POST /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n");
    client.send(std::string(50'000'000, 'x'));
  });
  ASSERT_TRUE(collector_->paused.wait());
  // Until the sink goes on, the server takes in a buffer's worth; the rest waits in the kernel or with the client.
  EXPECT_LE(running.server.counters().bytes_in, 256U * 1024);
  {
    const std::lock_guard lock(collector_->mutex);
    collector_->pausing = false;
  }
  collector_->resume();
  EXPECT_EQ(client.read_answer().body, "50000000");
  sender.join();
}

TEST_F(SinkTest, AClientThatVanishesAbortsTheSink) {
  RunningServer running(application_, options_);
  Client client(running.port());
  client.send("POST /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
  ASSERT_TRUE(eventually([&] {
    const std::lock_guard lock(collector_->mutex);
    return collector_->bytes == "abc";
  }));
  client.reset();
  EXPECT_TRUE(collector_->aborted.wait());
  EXPECT_TRUE(collector_->destroyed.wait());
  EXPECT_FALSE(collector_->finished.is_set());
}

TEST_F(SinkTest, ABodyThatEndsEarlyAbortsTheSink) {
  RunningServer running(application_, options_);
  Client client(running.port());
  client.send("POST /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
  client.shutdown_send();
  EXPECT_TRUE(collector_->aborted.wait());
}

TEST_F(SinkTest, AMalformedChunkAbortsTheSinkAndIsAnswered400) {
  RunningServer running(application_, options_);
  Client client(running.port());
  client.send("POST /sink HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n");
  EXPECT_EQ(client.read_answer().status, 400);
  EXPECT_TRUE(collector_->aborted.wait());
}

TEST_F(SinkTest, ABodyThatIsNotWantedIsAnsweredAtOnce) {
  application_.on_open = [](RequestHead, Responder respond) {
    respond(Response(401, "text/plain", "no"));
    return nullptr;
  };
  RunningServer running(application_, options_);
  Client client(running.port());
  client.send("POST /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\nExpect: 100-continue\r\n\r\n");
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.header("Connection"), "close");
  Client sending(running.port());
  sending.send("POST /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n" + std::string(300'000, 'x'));
  EXPECT_EQ(sending.read_answer().status, 401);
}

TEST_F(SinkTest, ASinkMayAnswerBeforeTheEnd) {
  struct Sink final : BodySink {
    explicit Sink(Responder r) : respond(std::move(r)) {}
    bool feed(std::string_view, std::function<void()>) override {
      respond(Response(422, "text/plain", "enough"));
      return true;
    }
    void finish() override { ADD_FAILURE() << "finished after its answer"; }
    void abort() override {}
    Responder respond;
  };
  application_.on_open = [](RequestHead, Responder respond) { return std::make_unique<Sink>(std::move(respond)); };
  RunningServer running(application_, options_);
  Client whole(running.port());
  whole.send("POST /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_EQ(whole.read_answer().status, 422);
  EXPECT_EQ(whole.get("/next").status, 200);  // the body was complete: the connection goes on
  Client part(running.port());
  part.send("POST /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\n\r\nabc");
  const Answer answer = part.read_answer();
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(answer.header("Connection"), "close");
}

}  // namespace
}  // namespace curfew::http::test
