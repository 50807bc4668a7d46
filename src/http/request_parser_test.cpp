#include "http/request_parser.h"

#include <gtest/gtest.h>

namespace curfew::http {
namespace {

struct Parsed {
  std::optional<Refusal> refusal;
  RequestHead head;
  RequestFraming framing;
};

Parsed parse(std::string_view text, HeadLimits limits = {}) {
  Parsed parsed;
  parsed.refusal = parse_head(text, limits, parsed.head, parsed.framing);
  return parsed;
}

int status(std::string_view text, HeadLimits limits = {}) {
  const Parsed parsed = parse(text, limits);
  return parsed.refusal ? parsed.refusal->status : 0;
}

int with_headers(const std::string& headers, const std::string& version = "1.1") {
  return status("POST / HTTP/" + version + "\r\n" + headers + "\r\n");
}

TEST(ParseHead, FillsTheHead) {
  const Parsed parsed =
      parse("DELETE /a/b%20c?x=y&z HTTP/1.1\r\nHost: example.org:8080\r\nX-Thing:  a b \r\nEmpty:\r\n\r\n");
  ASSERT_FALSE(parsed.refusal) << parsed.refusal->detail;
  EXPECT_EQ(parsed.head.method, Method::kDelete);
  EXPECT_EQ(parsed.head.path, "/a/b%20c");
  EXPECT_EQ(parsed.head.query, "x=y&z");
  EXPECT_EQ(parsed.head.header("x-thing"), "a b");
  EXPECT_EQ(parsed.head.headers.size(), 3U);
  EXPECT_TRUE(parsed.framing.keep_alive);
  EXPECT_FALSE(parsed.framing.has_body());
}

TEST(ParseHead, KnowsWhenTheConnectionEnds) {
  EXPECT_FALSE(parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n").framing.keep_alive);
  EXPECT_FALSE(parse("GET / HTTP/1.0\r\n\r\n").framing.keep_alive);
  EXPECT_TRUE(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").framing.keep_alive);
}

TEST(ParseHead, UnknownMethodsAreOther) {
  EXPECT_EQ(parse("BREW / HTTP/1.1\r\nHost: a\r\n\r\n").head.method, Method::kOther);
  EXPECT_EQ(parse("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n").head.method, Method::kOther);
}

TEST(ParseHead, AnAbsoluteTargetLosesItsFront) {
  const Parsed parsed = parse("GET http://example.org/a?b HTTP/1.1\r\nHost: example.org\r\n\r\n");
  ASSERT_FALSE(parsed.refusal);
  EXPECT_EQ(parsed.head.path, "/a");
  EXPECT_EQ(parsed.head.query, "b");
  EXPECT_EQ(parse("GET http://example.org HTTP/1.1\r\nHost: example.org\r\n\r\n").head.path, "/");
}

TEST(ParseHead, RefusesTargetsThatAreNoPaths) {
  for (const char* target :
       {"a", "*", "example.org:443", "ftp://a/b", "http:///x", "http://a b/", "/a#b", "/\x80", "/a\x7f"}) {
    EXPECT_EQ(status(std::string("GET ") + target + " HTTP/1.1\r\nHost: a\r\n\r\n"), 400) << target;
  }
  EXPECT_EQ(status("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
}

TEST(ParseHead, RefusesMalformedHeads) {
  for (const char* head :
       {"GET /\r\n\r\n", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\n: a\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\x01z\r\n\r\n", "get / http/1.1\r\nHost: a\r\n\r\n"}) {
    EXPECT_EQ(status(head), 400) << head;
  }
}

TEST(ParseHead, RefusesLineEndingsThatOthersReadOtherwise) {
  EXPECT_EQ(with_headers("Host: a\nX: b\r\n"), 400);
  EXPECT_EQ(with_headers("Host: a\rX: b\r\n"), 400);
  EXPECT_EQ(with_headers("Host: a\r\nX: b\r\n c\r\n"), 400);
  EXPECT_EQ(with_headers("Host: a\r\nX: b\r\n\tc\r\n"), 400);
  EXPECT_EQ(with_headers(" Host: a\r\n"), 400);
}

TEST(ParseHead, RefusesTwoLengthsOrALengthBesideACoding) {
  EXPECT_EQ(with_headers("Host: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n"), 400);
  EXPECT_EQ(with_headers("Host: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n"), 400);
  EXPECT_EQ(with_headers("Host: a\r\nContent-Length: 3, 3\r\n"), 400);
  EXPECT_EQ(with_headers("Host: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n"), 400);
  EXPECT_EQ(with_headers("Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n"), 400);
}

TEST(ParseHead, RefusesLengthsThatAreNoNumbers) {
  for (const char* length : {"", "-1", "+1", "0x10", "1e3", "1 2", "99999999999999999999", "18446744073709551616"}) {
    EXPECT_EQ(with_headers(std::string("Host: a\r\nContent-Length: ") + length + "\r\n"), 400) << length;
  }
}

TEST(ParseHead, TheOnlyCodingIsChunkedAndStandsOnce) {
  EXPECT_EQ(with_headers("Host: a\r\nTransfer-Encoding: chunked\r\n"), 0);
  EXPECT_EQ(with_headers("Host: a\r\nTransfer-Encoding: Chunked\r\n"), 0);
  for (const char* coding : {"gzip", "gzip, chunked", "chunked, gzip", "chunked, chunked", "identity", "\"chunked\"",
                             "xchunked", "chunked;q=1", ""}) {
    EXPECT_EQ(with_headers(std::string("Host: a\r\nTransfer-Encoding: ") + coding + "\r\n"), 400) << coding;
  }
  EXPECT_EQ(with_headers("Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400);
  EXPECT_EQ(with_headers("Host: a\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"), 400);
  EXPECT_EQ(with_headers("Host: a\r\nTransfer-Encoding: chunked\r\n", "1.0"), 400);
}

TEST(ParseHead, HostStandsOnceAndIsAHost) {
  EXPECT_EQ(with_headers(""), 400);
  EXPECT_EQ(with_headers("", "1.0"), 0);
  EXPECT_EQ(with_headers("Host: a\r\nHost: a\r\n"), 400);
  for (const char* host : {"", "a b", "a/b", "a@b", "a,b", "http://a", "a\"b"}) {
    const bool comma = std::string_view(host) == "a,b";  // a registered name may hold one
    EXPECT_EQ(with_headers(std::string("Host: ") + host + "\r\n"), comma ? 0 : 400) << host;
  }
  EXPECT_EQ(with_headers("Host: [::1]:8080\r\n"), 0);
}

TEST(ParseHead, NamesTheLimitThatIsBroken) {
  const HeadLimits limits{1000, 100};
  const Parsed target = parse("GET /" + std::string(100, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n", limits);
  ASSERT_TRUE(target.refusal);
  EXPECT_EQ(target.refusal->status, 414);
  EXPECT_EQ(target.refusal->code, "uri_too_long");
  EXPECT_NE(target.refusal->detail.find("100"), std::string::npos);
  const Parsed size = parse("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(1000, 'x') + "\r\n\r\n", limits);
  ASSERT_TRUE(size.refusal);
  EXPECT_EQ(size.refusal->status, 431);
  EXPECT_EQ(size.refusal->code, "header_too_large");
  std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (std::size_t i = 0; i < kMaxHeaderFields; ++i) many += "a: b\r\n";
  EXPECT_EQ(status(many + "\r\n"), 431);
}

TEST(ParseHead, AnUnknownExpectationIsRefused) {
  EXPECT_TRUE(parse("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-Continue\r\n\r\n")
                  .framing.expects_continue);
  EXPECT_EQ(with_headers("Host: a\r\nExpect: tea\r\n"), 417);
}

TEST(CheckPartialHead, RefusesAsSoonAsItIsHopeless) {
  const HeadLimits limits{1000, 100};
  EXPECT_FALSE(check_partial_head("GET / HT", 0, limits));
  EXPECT_EQ(check_partial_head("\x16\x03\x01", 0, limits)->status, 400);
  EXPECT_EQ(check_partial_head("GET / HTTP/1.1\nHost: a\n\n", 0, limits)->status, 400);
  EXPECT_EQ(check_partial_head("GET /" + std::string(200, 'x'), 0, limits)->status, 414);
  EXPECT_EQ(check_partial_head("GET / HTTP/1.1\r\nX: " + std::string(1000, 'x'), 0, limits)->status, 431);
}

TEST(FindHeadEnd, FindsAnEndThatCameInPieces) {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\nrest";
  for (std::size_t seen = 0; seen < head.size() - 4; ++seen)
    EXPECT_EQ(find_head_end(head, seen), head.size() - 4) << seen;
  EXPECT_EQ(find_head_end("GET / HTTP/1.1\r\n\r", 0), std::string_view::npos);
}

TEST(BodyReader, ReadsExactlyTheLength) {
  RequestFraming framing;
  framing.content_length = 5;
  BodyReader reader(framing);
  EXPECT_EQ(reader.next("hel").body, "hel");
  EXPECT_FALSE(reader.done());
  const BodyReader::Piece piece = reader.next("lo GET");
  EXPECT_EQ(piece.body, "lo");
  EXPECT_EQ(piece.consumed, 2U);
  EXPECT_TRUE(reader.done());
}

TEST(BodyReader, ReadsChunksAndReportsBrokenOnes) {
  RequestFraming framing;
  framing.chunked = true;
  BodyReader reader(framing);
  EXPECT_EQ(reader.next("2\r\nab\r\n").body, "ab");
  EXPECT_FALSE(reader.done());
  EXPECT_TRUE(reader.next("\r\nx").malformed);
}

TEST(BodyReader, WithoutABodyItIsDone) {
  EXPECT_TRUE(BodyReader(RequestFraming()).done());
}

}  // namespace
}  // namespace curfew::http
