// What clients see that are broken, greedy, slow or malicious. Deadlines are short where they must pass and long
// everywhere else; the tests wait for what the server does, not for time.
#include <gtest/gtest.h>

#include <memory>

#include "http/server.h"
#include "http/test_support.h"

namespace curfew::http::test {
namespace {

using namespace std::chrono_literals;

void expect_refused(Client& client, int status, const std::string& code) {
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.status, status);
  EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
  EXPECT_EQ(answer.header("Connection"), "close");
  EXPECT_NE(answer.body.find("\"code\":\"" + code + "\""), std::string::npos) << answer.body;
  EXPECT_NE(answer.body.find("\"status\":" + std::to_string(status)), std::string::npos) << answer.body;
  EXPECT_EQ(client.read_some(), "");
}

class LimitsTest : public testing::Test {
 protected:
  LimitsTest() { options_.threads = 1; }
  FunctionApplication application_;
  ServerOptions options_;
};

TEST_F(LimitsTest, ALongTargetIsAnswered414) {
  options_.max_target_bytes = 200;
  RunningServer running(application_, options_);
  Client complete(running.port());
  complete.send("GET /" + std::string(200, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n");
  expect_refused(complete, 414, "uri_too_long");
  Client endless(running.port());
  endless.send("GET /" + std::string(1000, 'x'));
  expect_refused(endless, 414, "uri_too_long");
}

TEST_F(LimitsTest, ALargeHeadIsAnswered431) {
  options_.max_header_bytes = 1000;
  RunningServer running(application_, options_);
  Client complete(running.port());
  complete.send("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(1000, 'x') + "\r\n\r\n");
  expect_refused(complete, 431, "header_too_large");
  Client endless(running.port());
  endless.send("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(100'000, 'x'));
  expect_refused(endless, 431, "header_too_large");
}

TEST_F(LimitsTest, AHeadOfTheSizeAllowedIsRead) {
  RunningServer running(application_, options_);
  Client client(running.port());
  std::string request = "GET /a HTTP/1.1\r\nHost: a\r\nX: ";
  request += std::string(options_.max_header_bytes - request.size() - 4, 'x') + "\r\n\r\n";
  ASSERT_EQ(request.size(), options_.max_header_bytes);
  for (int i = 0; i < 3; ++i) {
    client.send(request);
    EXPECT_EQ(client.read_answer().body, "/a:");
  }
}

TEST_F(LimitsTest, ALargeBodyIsAnswered413) {
  RunningServer running(application_, options_);
  Client announced(running.port());
  announced.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n");
  expect_refused(announced, 413, "body_too_large");
  Client chunked(running.port());
  chunked.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'x') +
               "\r\n0\r\n\r\n");
  expect_refused(chunked, 413, "body_too_large");
  Client largest(running.port());
  largest.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x'));
  EXPECT_EQ(largest.read_answer().status, 200);
}

TEST_F(LimitsTest, TheAnswerSurvivesABodyThatIsStillBeingSent) {
  RunningServer running(application_, options_);
  Client client(running.port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n");
  client.send(std::string(500'000, 'x'));
  EXPECT_EQ(client.read_answer().status, 413);
}

TEST_F(LimitsTest, ABodyWhereNoneIsTakenIsAnswered413) {
  application_.on_plan = [](const RequestHead&) { return BodyPlan{}; };
  RunningServer running(application_, options_);
  Client client(running.port());
  client.send("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
  expect_refused(client, 413, "body_too_large");
}

TEST_F(LimitsTest, MalformedRequestsAreAnswered400) {
  RunningServer running(application_, options_);
  const std::string smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const std::string& request : {
           std::string("nonsense\r\n\r\n"),
           std::string("\x16\x03\x01\x02\x00\x01", 6),
           std::string("GET / HTTP/1.1\n"),
           std::string("GET / HTTP/1.1\r\n\r\n"),
           std::string("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n"),
           "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
           "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + smuggled,
           "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 40\r\n\r\n" + smuggled,
           "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n" + smuggled,
           "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n" + smuggled,
           "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n" + smuggled,
           "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n" + smuggled,
           "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(100'000, '0'),
       }) {
    Client client(running.port());
    client.send(request);
    expect_refused(client, 400, "malformed_request");
  }
  EXPECT_EQ(running.server.counters().bad_requests, 13U);
}

TEST_F(LimitsTest, AClientThatSaysNothingIsDroppedWithoutAWord) {
  options_.keep_alive = 30ms;
  RunningServer running(application_, options_);
  Client silent(running.port());
  EXPECT_TRUE(silent.at_end());
  std::unique_ptr<Client> once;
  EXPECT_TRUE(eventually([&] {  // again if this thread was too slow itself
    once = std::make_unique<Client>(running.port());
    return once->get("/").status == 200;
  }));
  EXPECT_TRUE(once->at_end());
}

TEST_F(LimitsTest, AHeadThatTakesTooLongIsAnswered408) {
  options_.header_deadline = 50ms;
  RunningServer running(application_, options_);
  Client client(running.port());
  client.send("GET / HTTP/1.1\r\nHost: a\r\n");
  expect_refused(client, 408, "request_timeout");
  EXPECT_EQ(running.server.counters().timeouts, 1U);
}

TEST_F(LimitsTest, DrippingBytesDoNotExtendTheHeadsDeadline) {
  options_.header_deadline = 50ms;
  RunningServer running(application_, options_);
  Client client(running.port());
  // More bytes than fit into patience unless the server ends it.
  bool sent = client.send("GET / HTTP/1.1\r\nHost: a\r\n");
  while (sent && running.server.counters().timeouts == 0) sent = client.send("X: y\r\n");
  EXPECT_EQ(running.server.counters().timeouts + running.server.counters().bad_requests, 1U);
}

TEST_F(LimitsTest, ABodyThatTakesTooLongIsAnswered408) {
  options_.body_deadline = 50ms;
  RunningServer running(application_, options_);
  Client client(running.port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  expect_refused(client, 408, "request_timeout");
}

TEST_F(LimitsTest, AStreamedBodyThatStallsIsAbortedAndAnswered408) {
  options_.stream_read_deadline = 50ms;
  Event aborted;
  struct Sink final : BodySink {
    Sink(Responder r, Event& a) : respond(std::move(r)), aborted(a) {}
    bool feed(std::string_view, std::function<void()>) override { return true; }
    void finish() override { respond(Response(200, "text/plain", "")); }
    void abort() override { aborted.set(); }
    Responder respond;
    Event& aborted;
  };
  application_.on_plan = [](const RequestHead&) { return BodyPlan{0, true}; };
  application_.on_open = [&](RequestHead, Responder respond) {
    return std::make_unique<Sink>(std::move(respond), aborted);
  };
  RunningServer running(application_, options_);
  Client client(running.port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  expect_refused(client, 408, "request_timeout");
  EXPECT_TRUE(aborted.wait());
}

TEST_F(LimitsTest, ConnectionsOverTheLimitAreAnswered503) {
  options_.max_connections = 2;
  RunningServer running(application_, options_);
  Client first(running.port()), second(running.port());
  EXPECT_EQ(first.get("/").status, 200);
  EXPECT_EQ(second.get("/").status, 200);
  Client third(running.port());
  const Answer answer = third.read_answer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_FALSE(answer.header("Retry-After").empty());
  EXPECT_NE(answer.body.find("overloaded"), std::string::npos);
  EXPECT_TRUE(third.at_end());
  EXPECT_EQ(running.server.counters().connections_refused, 1U);
  EXPECT_EQ(first.get("/").status, 200);
  // A place that becomes free is given to the next.
  second.reset();
  EXPECT_TRUE(eventually([&] { return Client(running.port()).get("/").status == 200; }));
}

TEST_F(LimitsTest, AReaderThatStopsReadingIsCut) {
  options_.write_deadline = 100ms;
  Event logged;
  application_.on_handle = [](RequestHead, std::string, Responder respond) {
    respond(Response(200, "text/plain", std::string(64 * 1024 * 1024, 'x')));
  };
  RunningServer running(application_, options_, [&](const AccessEntry& entry) {
    EXPECT_LT(entry.bytes_out, 64U * 1024 * 1024);
    logged.set();
  });
  Client client(running.port(), 4096);
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(logged.wait());
  EXPECT_EQ(running.server.counters().timeouts, 1U);
  EXPECT_TRUE(eventually([&] { return running.server.counters().connections_open == 0; }));
  EXPECT_FALSE(client.read_answer().complete);
}

}  // namespace
}  // namespace curfew::http::test
