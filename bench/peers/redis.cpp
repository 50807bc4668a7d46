// Redis as somebody would tune it: a sorted set for each order, sets for the filters, trigrams for the search, a packed
// text for each session, scripts that answer rows and total in one round trip, pipelines for writes.
//
// Keys, R being the realm: R:la (number by last access), R:un (regular ones by name), R:off, R:c:CLIENT, R:u:USER, R:ip
// (IPv4 by address), s:NUMBER (the row), k:R:TYPE:ID (its number), t:TRIGRAM and n (usernames, by user). Numbers have
// ten digits, so that equal scores stand in the order of the numbers.
#include <hiredis/hiredis.h>

#include <set>

#include "peers/peer.h"
#include "peers/redis_scripts.h"

namespace curfew::bench {
namespace {

struct Free {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, Free>;

class Connection {
 public:
  explicit Connection(const std::string& socket) : context_(redisConnectUnix(socket.c_str())) {
    if (context_ == nullptr || context_->err != 0) die("Redis: no connection to {}", socket);
  }
  ~Connection() { redisFree(context_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void send(const std::vector<std::string>& words) {
    std::vector<const char*> texts;
    std::vector<std::size_t> lengths;
    for (const std::string& word : words) {
      texts.push_back(word.data());
      lengths.push_back(word.size());
    }
    redisAppendCommandArgv(context_, static_cast<int>(words.size()), texts.data(), lengths.data());
    ++waiting_;
  }
  Reply receive() {
    void* reply = nullptr;
    if (redisGetReply(context_, &reply) != REDIS_OK) die("Redis: {}", context_->errstr);
    --waiting_;
    Reply owned(static_cast<redisReply*>(reply));
    if (owned->type == REDIS_REPLY_ERROR) die("Redis: {}", owned->str);
    return owned;
  }
  Reply run(const std::vector<std::string>& words) {
    send(words);
    return receive();
  }
  void drain() {
    while (waiting_ > 0) receive();
  }
  std::size_t waiting() const { return waiting_; }
  std::string load_script(const char* text) { return run({"SCRIPT", "LOAD", text})->str; }

 private:
  redisContext* context_;
  std::size_t waiting_ = 0;
};

std::string realm_of(const session::SessionKey& key) {
  return std::to_string(key.realm.value) + ":";
}
std::string key_of(const session::SessionKey& key) {
  return "k:" + realm_of(key) + (key.type == session::SessionType::kOffline ? "o:" : "r:") + key.id;
}
std::uint32_t v4_of(const IpAddress& ip) {
  const auto& b = ip.bytes();
  return static_cast<std::uint32_t>(b[12]) << 24 | static_cast<std::uint32_t>(b[13]) << 16 |
         static_cast<std::uint32_t>(b[14]) << 8 | b[15];
}

// Everything about one session, as commands.
void insert(Connection& c, const session::Session& s, std::uint32_t user) {
  const std::string no = fmt::format("{:010}", s.no.value), realm = realm_of(s.key);
  const bool offline = s.key.type == session::SessionType::kOffline;
  std::string clients;
  for (const auto& link : s.clients) clients.append(clients.empty() ? "" : ",").append(link.client_id.substr(7));
  c.send({"SET", "s:" + no,
          fmt::format("{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}", s.key.id, realm.substr(0, 1), offline ? "o" : "r", user,
                      s.username, clients, s.user_id, s.ip.to_string(), s.started.ms, s.remember_me ? 1 : 0,
                      s.user_agent)});
  c.send({"SET", key_of(s.key), no});
  c.send({"ZADD", realm + "la", std::to_string(s.last_access.ms), no});
  if (offline)
    c.send({"SADD", realm + "off", no});
  else
    c.send({"ZADD", realm + "un", "0", s.username + "|" + no});
  for (const auto& link : s.clients) c.send({"SADD", realm + "c:" + link.client_id.substr(7), no});
  c.send({"SADD", realm + "u:" + std::to_string(user), no});
  if (s.ip.is_v4()) c.send({"ZADD", realm + "ip", std::to_string(v4_of(s.ip)), no});
}

class RedisWriter final : public Writer {
 public:
  explicit RedisWriter(const std::string& socket) : connection_(socket) {}
  void start(const session::Session& session) override {
    connection_.send({"MULTI"});
    insert(connection_, session, static_cast<std::uint32_t>(session.no.value));
    connection_.send({"EXEC"});
    connection_.drain();
  }

 private:
  Connection connection_;
};

class Redis final : public Peer {
 public:
  explicit Redis(const std::string& socket) : socket_(socket), connection_(socket), other_(socket) {}
  std::string_view name() const override { return "Redis"; }

  void load(const Generator& generator) override {
    for (std::uint64_t no = 1; no <= generator.size(); ++no) {
      insert(connection_, generator.session(no), generator.owner(no));
      if (connection_.waiting() > 5000) connection_.drain();
    }
    for (std::uint32_t user = 0; user < generator.users(); ++user) {
      const std::string username = generator.username(user), number = std::to_string(user);
      connection_.send({"HSET", "n", number, username});
      std::set<std::string> trigrams;
      for (std::size_t i = 0; i + 3 <= username.size(); ++i) trigrams.insert(username.substr(i, 3));
      for (const std::string& trigram : trigrams) connection_.send({"SADD", "t:" + trigram, number});
      if (connection_.waiting() > 5000) connection_.drain();
    }
    connection_.drain();
    all_ = connection_.load_script(redis_scripts::kAll);
    names_ = connection_.load_script(redis_scripts::kNames);
    client_ = connection_.load_script(redis_scripts::kClient);
    part_ = connection_.load_script(redis_scripts::kPart);
    user_ = connection_.load_script(redis_scripts::kUser);
    network_ = connection_.load_script(redis_scripts::kNetwork);
    touch_ = connection_.load_script(redis_scripts::kTouch);
    end_ = connection_.load_script(redis_scripts::kEnd);
    end_realm_ = connection_.load_script(redis_scripts::kEndRealm);
  }

  void ask(const Question& q) override {
    const std::string first = std::to_string((10U << 24) + (q.network << 16));
    const std::string last = std::to_string((10U << 24) + (q.network << 16) + 65535);
    switch (q.kind) {
      case Kind::kAll:
        return call(all_, {"0"});
      case Kind::kDeepOffset:
        return call(all_, {std::to_string(q.offset)});
      case Kind::kByUsername:
        return call(names_, {});
      case Kind::kOfflineClient:
        return call(client_, {fmt::format("{:02}", Generator::kClients - 1)});
      case Kind::kUsernamePart:
        return call(part_, {std::string(kUsernamePart)});
      case Kind::kUser:
        return call(user_, {std::to_string(q.user), "", ""});
      case Kind::kUserNotNetwork:
        return call(user_, {std::to_string(q.user), first, last});
      case Kind::kNetwork:
        return call(network_, {first, last});
    }
  }
  // The rows, and last the total.
  Answer answer() override {
    Answer answer;
    for (std::size_t i = 0; i + 1 < reply_->elements; ++i) {
      const std::string_view row(reply_->element[i]->str, reply_->element[i]->len);
      answer.ids.emplace_back(row.substr(0, row.find('|')));
    }
    answer.total = static_cast<std::uint64_t>(reply_->element[reply_->elements - 1]->integer);
    return answer;
  }

  void touch(std::span<const Touch> touches) override {
    std::vector<std::string> words{"EVALSHA", touch_, "0"};
    for (const Touch& touch : touches) {
      words.push_back(key_of(touch.key));
      words.push_back(realm_of(touch.key) + "la");
      words.push_back(std::to_string(touch.at.ms));
    }
    connection_.run(words);
  }
  void begin_durable_writes() override { connection_.run({"CONFIG", "SET", "appendfsync", "always"}); }
  std::unique_ptr<Writer> writer() override { return std::make_unique<RedisWriter>(socket_); }
  void end(std::span<const session::SessionKey> keys) override {
    for (std::size_t at = 0; at < keys.size(); at += 1000) {
      std::vector<std::string> words{"EVALSHA", end_, "0"};
      for (std::size_t i = at; i < std::min(keys.size(), at + 1000); ++i) words.push_back(key_of(keys[i]));
      connection_.send(words);
    }
    connection_.drain();
  }
  std::uint64_t end_realm() override {
    std::uint64_t ended = 0;
    for (;;) {
      const auto n = static_cast<std::uint64_t>(connection_.run({"EVALSHA", end_realm_, "0", "1:", "1000"})->integer);
      if (n == 0) return ended;
      ended += n;
    }
  }
  bool probe() override {
    other_.run({"EVALSHA", all_, "0", "2:", "0"});
    return true;
  }
  Size size() override {
    const Reply info = connection_.run({"INFO", "memory"});
    const std::string_view text(info->str, info->len);
    const std::size_t at = text.find("used_memory:");
    return {std::stoull(std::string(text.substr(at + 12, 20))), 0};
  }

 private:
  void call(const std::string& script, const std::vector<std::string>& arguments) {
    std::vector<std::string> words{"EVALSHA", script, "0", "1:"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    reply_ = connection_.run(words);
  }

  std::string socket_;
  Connection connection_, other_;
  std::string all_, names_, client_, part_, user_, network_, touch_, end_, end_realm_;
  Reply reply_;
};

}  // namespace

std::unique_ptr<Peer> make_redis(const std::string& socket) {
  return std::make_unique<Redis>(socket);
}

}  // namespace curfew::bench
