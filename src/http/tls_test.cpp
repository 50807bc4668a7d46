#include "http/tls.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <fstream>
#include <thread>

#include "http/server.h"
#include "http/test_support.h"

namespace curfew::http::test {
namespace {

using namespace std::chrono_literals;

class TlsTest : public testing::Test {
 protected:
  TlsTest() {
    use(make_certificate("first.test"));
    options_.tls = files_;
    application_.on_handle = [](RequestHead head, std::string body, Responder respond) {
      respond(Response(200, "text/plain", body.empty() ? (head.secure ? "secure" : "plain") : body));
    };
    application_.on_plan = [](const RequestHead&) { return BodyPlan{10'000'000, false}; };
  }

  void use(const KeyPair& pair) {
    files_.certificate_chain = directory_.write("certificate.pem", pair.certificate);
    files_.private_key = directory_.write("key.pem", pair.key);
  }

  // The error of loading them now.
  std::string load_error() {
    const auto context = TlsContext::load(files_);
    return context ? "" : context.error().message;
  }

  TemporaryDirectory directory_;
  TlsFiles files_;
  FunctionApplication application_;
  ServerOptions options_;
};

TEST_F(TlsTest, ServesAsWithoutIt) {
  RunningServer running(application_, options_);
  Client client(running.port());
  ASSERT_TRUE(client.start_tls(0, "http/1.1"));
  EXPECT_EQ(client.alpn(), "http/1.1");
  EXPECT_EQ(client.tls_version(), "TLSv1.3");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.get("/").body, "secure");
  const std::string body(3'000'000, 'x');
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n" + body);
  EXPECT_EQ(client.read_answer().body, body);
  EXPECT_EQ(client.get("/", "Connection: close\r\n").status, 200);
  EXPECT_TRUE(client.at_end());
}

TEST_F(TlsTest, StreamsAndEndsWithTheClient) {
  Event waiting, destroyed;
  application_.on_handle = [&](RequestHead, std::string, Responder respond) {
    Response response(200, "text/event-stream", "");
    response.stream = std::make_unique<FunctionSource>(
        [&, left = 5](std::string& out, const std::function<void()>&) mutable {
          out += std::string(60'000, 'x');
          if (--left > 0) return BodySource::Pull::kMore;
          out += "last";
          waiting.set();
          return BodySource::Pull::kLater;
        },
        &destroyed);
    respond(std::move(response));
  };
  RunningServer running(application_, options_);
  Client client(running.port());
  ASSERT_TRUE(client.start_tls());
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(client.read_until("last").ends_with("last"));
  ASSERT_TRUE(waiting.wait());
  client.reset();
  EXPECT_TRUE(destroyed.wait());
}

TEST_F(TlsTest, SpeaksTls12ButNothingOlder) {
  RunningServer running(application_, options_);
  Client modern(running.port());
  ASSERT_TRUE(modern.start_tls(TLS1_2_VERSION));
  EXPECT_EQ(modern.tls_version(), "TLSv1.2");
  EXPECT_EQ(modern.get("/").body, "secure");
  Client old(running.port());
  EXPECT_FALSE(old.start_tls(TLS1_1_VERSION));
}

TEST_F(TlsTest, RefusesOtherProtocols) {
  RunningServer running(application_, options_);
  Client client(running.port());
  EXPECT_FALSE(client.start_tls(0, "h2"));
  Client plain(running.port());
  plain.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(plain.read_answer().status, 0);
}

TEST_F(TlsTest, AHandshakeThatStallsIsCut) {
  options_.header_deadline = 50ms;
  RunningServer running(application_, options_);
  Client client(running.port());
  EXPECT_TRUE(client.at_end());
}

TEST_F(TlsTest, AReaderThatStopsReadingIsCut) {
  options_.write_deadline = 100ms;
  application_.on_handle = [](RequestHead, std::string, Responder respond) {
    respond(Response(200, "text/plain", std::string(32 * 1024 * 1024, 'x')));
  };
  RunningServer running(application_, options_);
  Client client(running.port(), 4096);
  ASSERT_TRUE(client.start_tls());
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(eventually([&] { return running.server.counters().timeouts == 1; }));
}

TEST_F(TlsTest, ReloadServesTheNewCertificateAndKeepsOldConnections) {
  RunningServer running(application_, options_);
  Client before(running.port());
  ASSERT_TRUE(before.start_tls());
  EXPECT_EQ(before.peer_certificate_name(), "first.test");
  use(make_certificate("second.test"));
  ASSERT_TRUE(running.server.reload_tls());
  EXPECT_EQ(before.get("/").body, "secure");
  Client after(running.port());
  ASSERT_TRUE(after.start_tls());
  EXPECT_EQ(after.peer_certificate_name(), "second.test");
}

TEST_F(TlsTest, AFailedReloadKeepsTheOldCertificate) {
  RunningServer running(application_, options_);
  directory_.write("key.pem", "no key at all");
  EXPECT_FALSE(running.server.reload_tls());
  Client client(running.port());
  ASSERT_TRUE(client.start_tls());
  EXPECT_EQ(client.peer_certificate_name(), "first.test");
}

TEST_F(TlsTest, SaysWhichFileIsWrongAndWhy) {
  EXPECT_EQ(load_error(), "");
  const TlsFiles good = files_;
  files_.certificate_chain += ".missing";
  EXPECT_NE(load_error().find(files_.certificate_chain + "': the file can't be opened"), std::string::npos)
      << load_error();
  files_ = good;
  files_.private_key += ".missing";
  EXPECT_NE(load_error().find(files_.private_key + "': the file can't be opened"), std::string::npos) << load_error();
  files_ = good;
  directory_.write("certificate.pem", "nonsense");
  EXPECT_NE(load_error().find("not a PEM certificate chain"), std::string::npos) << load_error();
  use(make_certificate("a.test"));
  directory_.write("key.pem", "nonsense");
  EXPECT_NE(load_error().find("not a PEM private key"), std::string::npos) << load_error();
  directory_.write("key.pem", make_certificate("other.test").key);
  EXPECT_NE(load_error().find("does not belong to the certificate"), std::string::npos) << load_error();
}

TEST_F(TlsTest, AnEncryptedKeyIsReportedAsSuch) {
  directory_.write("key.pem", make_certificate("a.test", "secret").key);
  EXPECT_NE(load_error().find("encrypted"), std::string::npos) << load_error();
}

TEST_F(TlsTest, AServerWithABadKeyDoesNotStart) {
  directory_.write("key.pem", "nonsense");
  Server server(options_, application_);
  const Status started = server.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().field, "private_key");
}

}  // namespace
}  // namespace curfew::http::test
