// SQLite as somebody would tune it: in this process, write-ahead log, an index for each order with what the page and
// the count need, a trigram index over the usernames, a table of clients, prepared statements.
#include <sqlite3.h>

#include <filesystem>
#include <map>
#include <mutex>

#include "peers/peer.h"

namespace curfew::bench {
namespace {

class Database {
 public:
  explicit Database(const std::string& file) {
    if (sqlite3_open(file.c_str(), &database_) != SQLITE_OK) die("SQLite: {}", sqlite3_errmsg(database_));
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -1048576; PRAGMA mmap_size = "
        "17179869184;"
        "PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 4000; PRAGMA busy_timeout = 60000");
  }
  ~Database() { sqlite3_close_v2(database_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  sqlite3* raw() { return database_; }
  void run(const std::string& sql) {
    char* error = nullptr;
    if (sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, &error) != SQLITE_OK) die("SQLite: {}", error);
  }

 private:
  sqlite3* database_ = nullptr;
};

class Statement {
 public:
  Statement(Database& database, const std::string& sql) : database_(database) {
    if (sqlite3_prepare_v3(database.raw(), sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr) !=
        SQLITE_OK)
      die("SQLite: {}: {}", sql, sqlite3_errmsg(database.raw()));
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  Statement& bind(std::int64_t value) {
    sqlite3_bind_int64(statement_, ++bound_, value);
    return *this;
  }
  Statement& bind(std::string_view value) {
    sqlite3_bind_text(statement_, ++bound_, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
    return *this;
  }
  Statement& bind(const IpAddress& ip) {
    sqlite3_bind_blob(statement_, ++bound_, ip.bytes().data(), 16, SQLITE_TRANSIENT);
    return *this;
  }
  bool step() {
    const int status = sqlite3_step(statement_);
    if (status != SQLITE_ROW && status != SQLITE_DONE) die("SQLite: {}", sqlite3_errmsg(database_.raw()));
    return status == SQLITE_ROW;
  }
  void reset() {
    sqlite3_reset(statement_);
    bound_ = 0;
  }
  void execute() {
    while (step()) {
    }
    reset();
  }
  std::string_view text(int column) {
    return {reinterpret_cast<const char*>(sqlite3_column_text(statement_, column)),
            static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }
  std::int64_t number(int column) { return sqlite3_column_int64(statement_, column); }
  int columns() const { return sqlite3_column_count(statement_); }

 private:
  Database& database_;
  sqlite3_stmt* statement_ = nullptr;
  int bound_ = 0;
};

constexpr const char* kTables = R"(
CREATE TABLE sessions (no INTEGER PRIMARY KEY, realm INTEGER NOT NULL, offline INTEGER NOT NULL, id TEXT NOT NULL,
  user INTEGER NOT NULL, user_id TEXT NOT NULL, username TEXT NOT NULL, email TEXT NOT NULL, ip BLOB NOT NULL, started INTEGER NOT NULL,
  last_access INTEGER NOT NULL, remember INTEGER NOT NULL, agent TEXT NOT NULL, clients TEXT NOT NULL);
CREATE TABLE session_clients (client INTEGER NOT NULL, offline INTEGER NOT NULL, realm INTEGER NOT NULL, no INTEGER NOT NULL,
  PRIMARY KEY (client, offline, realm, no)) WITHOUT ROWID;
CREATE VIRTUAL TABLE names USING fts5(username, content='', tokenize='trigram'))";
constexpr const char* kIndexes = R"(
CREATE UNIQUE INDEX by_key ON sessions (id, realm, offline);
CREATE INDEX by_last_access ON sessions (realm, last_access, no, ip);
CREATE INDEX by_started ON sessions (realm, started, no);
CREATE INDEX by_username ON sessions (realm, offline, username, no);
CREATE INDEX by_ip ON sessions (realm, ip);
CREATE INDEX by_user ON sessions (user);
ANALYZE)";
const std::string kColumns =
    "SELECT id, user_id, username, ip, started, last_access, offline, remember, agent, clients";
constexpr const char* kInsert = "INSERT INTO sessions VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)";

void insert(Statement& row, Statement& client, const session::Session& s, std::int64_t user) {
  std::string clients;
  for (const auto& link : s.clients) clients.append(clients.empty() ? "" : ",").append(link.client_id);
  const bool offline = s.key.type == session::SessionType::kOffline;
  row.bind(static_cast<std::int64_t>(s.no.value))
      .bind(static_cast<std::int64_t>(s.key.realm.value))
      .bind(offline)
      .bind(s.key.id);
  row.bind(user).bind(s.user_id).bind(s.username).bind(s.email).bind(s.ip).bind(s.started.ms).bind(s.last_access.ms);
  row.bind(s.remember_me).bind(s.user_agent).bind(clients).execute();
  for (const auto& link : s.clients)
    client.bind(std::stoi(link.client_id.substr(7)))
        .bind(offline)
        .bind(static_cast<std::int64_t>(s.key.realm.value))
        .bind(static_cast<std::int64_t>(s.no.value))
        .execute();
}

// SQLite has one writer at a time: the callers wait for each other here, which costs less than in its own lock.
class SqliteWriter final : public Writer {
 public:
  struct Shared {
    explicit Shared(const std::string& file)
        : database(file), row(database, kInsert), client(database, "INSERT INTO session_clients VALUES (?,?,?,?)") {
      database.run("PRAGMA synchronous = FULL");
    }
    std::mutex mutex;
    Database database;
    Statement row, client;
  };
  explicit SqliteWriter(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
  void start(const session::Session& session) override {
    const std::lock_guard lock(shared_->mutex);
    shared_->database.run("BEGIN IMMEDIATE");
    insert(shared_->row, shared_->client, session, 0);
    shared_->database.run("COMMIT");
  }

 private:
  std::shared_ptr<Shared> shared_;
};

class Sqlite final : public Peer {
 public:
  explicit Sqlite(const std::string& file) : file_(file), database_(file) {}
  std::string_view name() const override { return "SQLite"; }

  void load(const Generator& generator) override {
    database_.run(kTables);
    database_.run("BEGIN");
    {
      Statement row(database_, kInsert), client(database_, "INSERT INTO session_clients VALUES (?,?,?,?)");
      for (std::uint64_t no = 1; no <= generator.size(); ++no)
        insert(row, client, generator.session(no), generator.owner(no));
      Statement name(database_, "INSERT INTO names (rowid, username) VALUES (?, ?)");
      for (std::uint32_t user = 0; user < generator.users(); ++user)
        name.bind(user).bind(generator.username(user)).execute();
    }
    database_.run("COMMIT");
    database_.run("INSERT INTO names(names) VALUES ('optimize')");
    database_.run(kIndexes);
    database_.run("PRAGMA wal_checkpoint(TRUNCATE)");
    prepare();
  }

  void ask(const Question& q) override {
    rows_.clear();
    total_ = 0;
    switch (q.kind) {
      case Kind::kAll:
        return page(s("all"), s("all_count"));
      case Kind::kDeepOffset:
        s("deep").bind(static_cast<std::int64_t>(q.offset));
        return page(s("deep"), s("all_count"));
      case Kind::kOfflineClient:
        for (const char* name : {"client", "client_count"})
          s(name).bind(static_cast<std::int64_t>(Generator::kClients - 1));
        return page(s("client"), s("client_count"));
      case Kind::kUsernamePart:
        for (const char* name : {"part", "part_count"}) s(name).bind(fmt::format("\"{}\"", kUsernamePart));
        for (const char* name : {"part", "part_count"}) s(name).bind(fmt::format("%{}%", kUsernamePart));
        return page(s("part"), s("part_count"));
      case Kind::kUser:
        for (const char* name : {"user", "user_count"}) s(name).bind(q.user);
        return page(s("user"), s("user_count"));
      case Kind::kUserNotNetwork:
      case Kind::kNetwork: {
        const Cidr network = *Cidr::parse(network_text(q.network));
        const bool all = q.kind == Kind::kNetwork;
        for (const char* name : {all ? "network" : "user_not", all ? "network_count" : "user_not_count"}) {
          if (!all) s(name).bind(q.user);
          s(name).bind(network.first()).bind(network.last());
        }
        return all ? page(s("network"), s("network_count")) : page(s("user_not"), s("user_not_count"));
      }
      case Kind::kByUsername:
        return page(s("names"), s("names_count"));
    }
  }
  Answer answer() override {
    Answer answer;
    for (const auto& row : rows_) answer.ids.push_back(row.front());
    answer.total = total_;
    return answer;
  }

  void touch(std::span<const Touch> touches) override {
    database_.run("BEGIN IMMEDIATE");
    for (const Touch& touch : touches) {
      s("touch").bind(touch.at.ms);
      bind_key(s("touch"), touch.key).execute();
    }
    database_.run("COMMIT");
  }
  void begin_durable_writes() override {
    database_.run("PRAGMA synchronous = FULL");
    shared_ = std::make_shared<SqliteWriter::Shared>(file_);
  }
  std::unique_ptr<Writer> writer() override { return std::make_unique<SqliteWriter>(shared_); }
  void end(std::span<const session::SessionKey> keys) override {
    database_.run("BEGIN IMMEDIATE");
    for (const auto& key : keys) {
      bind_key(s("end_clients"), key).execute();
      bind_key(s("end"), key).execute();
    }
    database_.run("COMMIT");
  }
  std::uint64_t end_realm() override {
    shared_.reset();
    database_.run(
        "BEGIN IMMEDIATE; DELETE FROM session_clients WHERE realm = 1; DELETE FROM sessions WHERE realm = 1; COMMIT");
    return static_cast<std::uint64_t>(sqlite3_changes64(database_.raw()));
  }
  Size size() override {
    database_.run("PRAGMA wal_checkpoint(TRUNCATE)");
    return {0, std::filesystem::file_size(file_)};
  }

 private:
  static Statement& bind_key(Statement& statement, const session::SessionKey& key) {
    return statement.bind(key.id)
        .bind(static_cast<std::int64_t>(key.realm.value))
        .bind(key.type == session::SessionType::kOffline);
  }
  Statement& s(std::string_view name) { return *statements_.at(std::string(name)); }
  void prepare() {
    const auto add = [&](const std::string& name, const std::string& sql) {
      statements_.emplace(name, std::make_unique<Statement>(database_, sql));
    };
    const auto both = [&](const std::string& name, const std::string& from, const std::string& order) {
      add(name, kColumns + from + " ORDER BY " + order + " LIMIT 25");
      add(name + "_count", "SELECT count(*)" + from);
    };
    const std::string latest = "last_access DESC, no DESC";
    both("all", " FROM sessions INDEXED BY by_last_access WHERE realm = 1", latest);
    // The walk to the middle reads the index alone; only the 25 rows are fetched.
    add("deep", kColumns + " FROM sessions WHERE no IN (SELECT no FROM sessions WHERE realm = 1 ORDER BY " + latest +
                    " LIMIT 25 OFFSET ?) ORDER BY " + latest);
    both("client",
         " FROM sessions WHERE no IN (SELECT no FROM session_clients WHERE client = ? AND offline = 1 AND realm = 1)",
         latest);
    // The names that share the trigrams, then those that really hold the text.
    both("part",
         " FROM sessions WHERE realm = 1 AND user IN (SELECT rowid FROM names WHERE names MATCH ?) AND username LIKE ?",
         latest);
    both("user", " FROM sessions WHERE realm = 1 AND user = ?", latest);
    both("user_not", " FROM sessions WHERE realm = 1 AND user = ? AND ip NOT BETWEEN ? AND ?", latest);
    add("network", kColumns +
                       " FROM sessions WHERE no IN (SELECT no FROM sessions INDEXED BY by_last_access WHERE realm = 1 "
                       "AND ip BETWEEN ? AND ?"
                       " ORDER BY last_access DESC, no DESC LIMIT 25) ORDER BY " +
                       latest);
    add("network_count", "SELECT count(*) FROM sessions INDEXED BY by_ip WHERE realm = 1 AND ip BETWEEN ? AND ?");
    both("names", " FROM sessions INDEXED BY by_username WHERE realm = 1 AND offline = 0", "username, no");
    add("touch", "UPDATE sessions SET last_access = ? WHERE id = ? AND realm = ? AND offline = ?");
    add("end", "DELETE FROM sessions WHERE id = ? AND realm = ? AND offline = ?");
    add("end_clients",
        "DELETE FROM session_clients WHERE (client, offline, realm, no) IN (SELECT c.value, s.offline, s.realm, s.no "
        "FROM sessions s, "
        "(WITH RECURSIVE n(value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM n WHERE value < 39) SELECT value FROM "
        "n) c "
        "WHERE s.id = ? AND s.realm = ? AND s.offline = ?)");
  }
  void page(Statement& rows, Statement& count) {
    while (rows.step()) {
      auto& row = rows_.emplace_back();
      for (int i = 0; i < rows.columns(); ++i) row.emplace_back(rows.text(i));
    }
    rows.reset();
    if (count.step()) total_ = static_cast<std::uint64_t>(count.number(0));
    count.reset();
  }

  std::string file_;
  Database database_;
  std::map<std::string, std::unique_ptr<Statement>> statements_;
  std::shared_ptr<SqliteWriter::Shared> shared_;
  std::vector<std::vector<std::string>> rows_;
  std::uint64_t total_ = 0;
};

}  // namespace

std::unique_ptr<Peer> make_sqlite(const std::string& file) {
  return std::make_unique<Sqlite>(file);
}

}  // namespace curfew::bench
