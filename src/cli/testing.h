// For the tests of commands: a terminal made of strings and a server that records what it is asked.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "cli/cli.h"

namespace curfew::cli::testing {

inline client::Answer answer_of(std::string_view json, int status = 200) {
  client::Answer answer;
  answer.status = status;
  if (!json.empty()) answer.body = boost::json::parse(boost::json::string_view(json.data(), json.size()));
  return answer;
}

// Answers in the order in which answers were given; when they run out, an empty list.
class FakeServer {
 public:
  using Chunks = std::vector<std::string>;
  struct Stream {
    Chunks chunks;
    Status end;
  };

  std::vector<std::string> asked;  // "GET /api/v1/me?a=b", then " {body}" where there is one
  std::vector<client::Request> requests;
  std::vector<client::ClientOptions> connections;
  std::deque<Result<client::Answer>> answers;
  std::deque<Stream> streams;
  std::string uploaded;
  std::function<void()> on_stream = [] {};  // called before a stream's first piece
  std::function<void()> on_send = [] {};

  void then(std::string_view json, int status = 200) { answers.emplace_back(answer_of(json, status)); }
  void then_fail(ErrorCode code, std::string reason, std::string message) {
    answers.emplace_back(fail(code, std::move(reason), std::move(message)));
  }

  Result<client::Answer> next() {
    if (answers.empty()) return answer_of(R"({"items":[],"total":0,"next":null,"previous":null})");
    auto answer = std::move(answers.front());
    answers.pop_front();
    return answer;
  }

  void record(const client::Request& request) {
    requests.push_back(request);
    asked.push_back(std::string(to_string(request.method)) + " " + request.path + client::query_text(request.query) +
                    (request.body ? " " + boost::json::serialize(*request.body) : ""));
  }

  Connect connect() {
    return [this](client::ClientOptions options) -> Result<std::unique_ptr<client::Transport>> {
      connections.push_back(std::move(options));
      return std::unique_ptr<client::Transport>(std::make_unique<Link>(*this));
    };
  }

 private:
  class Link final : public client::Transport {
   public:
    explicit Link(FakeServer& server) : server_(server) {}
    Result<client::Answer> send(const client::Request& request) override {
      server_.record(request);
      server_.on_send();
      return server_.next();
    }
    Status stream(const client::Request& request, const client::ChunkSink& sink) override {
      server_.record(request);
      server_.on_stream();
      if (server_.streams.empty()) return fail(ErrorCode::kNotFound, "not_found", "no stream");
      auto stream = std::move(server_.streams.front());
      server_.streams.pop_front();
      for (const auto& chunk : stream.chunks)
        if (!sink(chunk)) return {};
      return stream.end;
    }
    Result<client::Answer> upload(const client::Request& request, const client::ChunkSource& source) override {
      server_.record(request);
      for (;;) {
        CURFEW_TRY(const auto piece, source());
        if (piece.empty()) break;
        server_.uploaded += piece;
      }
      return server_.next();
    }

   private:
    FakeServer& server_;
  };
};

// A command line, from its words to its texts and its exit status.
class Shell {
 public:
  std::istringstream in;
  std::ostringstream out, err;
  ManualClock clock{Time{1'772'357'400'000}};  // 2026-03-01T09:30:00Z
  SeededRandom random{1};
  std::map<std::string, std::string> env{{"HOME", "/nonexistent"}};
  std::atomic<bool> interrupted{false};
  FakeServer server;
  std::vector<Duration> slept;
  std::deque<std::string> secrets;
  Terminal terminal{.in = in, .out = out, .err = err, .clock = clock, .random = random};

  Shell() {
    terminal.env = [this](const char* name) -> std::optional<std::string> {
      const auto it = env.find(name);
      if (it == env.end()) return std::nullopt;
      return it->second;
    };
    terminal.sleep = [this](Duration d) { slept.push_back(d); };
    terminal.interrupted = &interrupted;
    terminal.read_secret = [this](std::string_view) -> Result<std::string> {
      if (secrets.empty()) return invalid("secret", "nobody is there");
      auto secret = secrets.front();
      secrets.pop_front();
      return secret;
    };
  }

  // A person at a terminal, who answers with these lines.
  void typing(const std::string& lines) {
    in.str(lines);
    terminal.in_tty = terminal.err_tty = true;
  }

  int run(const std::vector<std::string>& words) { return cli::run(words, terminal, server.connect()); }

  std::string only() const {
    return server.asked.size() == 1 ? server.asked.front() : std::to_string(server.asked.size()) + " requests";
  }
};

}  // namespace curfew::cli::testing
