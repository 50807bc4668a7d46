// PostgreSQL as somebody would tune it: an index for each order with what the page and the count need, trigrams for the
// search, an inverted index for the clients, prepared statements, rows and total in one round trip.
#include <libpq-fe.h>

#include "peers/peer.h"

namespace curfew::bench {
namespace {

class Connection {
 public:
  explicit Connection(const std::string& where) : connection_(PQconnectdb(where.c_str())) {
    if (PQstatus(connection_) != CONNECTION_OK) die("PostgreSQL: {}", PQerrorMessage(connection_));
  }
  ~Connection() { PQfinish(connection_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  PGconn* raw() { return connection_; }

  struct Free {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  using Rows = std::unique_ptr<PGresult, Free>;

  Rows run(const std::string& sql) { return checked(Rows(PQexec(connection_, sql.c_str()))); }
  void prepare(const char* name, const std::string& sql) {
    checked(Rows(PQprepare(connection_, name, sql.c_str(), 0, nullptr)));
  }
  Rows execute(const char* name, const std::vector<std::string>& values) {
    std::vector<const char*> texts;
    for (const std::string& value : values) texts.push_back(value.c_str());
    return checked(
        Rows(PQexecPrepared(connection_, name, static_cast<int>(texts.size()), texts.data(), nullptr, nullptr, 0)));
  }
  // Several statements in one round trip.
  std::vector<Rows> pipeline(const std::vector<std::pair<std::string, std::vector<std::string>>>& calls) {
    PQenterPipelineMode(connection_);
    for (const auto& [name, values] : calls) {
      std::vector<const char*> texts;
      for (const std::string& value : values) texts.push_back(value.c_str());
      PQsendQueryPrepared(connection_, name.c_str(), static_cast<int>(texts.size()), texts.data(), nullptr, nullptr, 0);
    }
    PQpipelineSync(connection_);
    std::vector<Rows> results;
    for (std::size_t i = 0; i < calls.size(); ++i) {
      results.push_back(checked(Rows(PQgetResult(connection_))));
      PQgetResult(connection_);  // the end of this statement
    }
    Rows sync(PQgetResult(connection_));
    if (PQresultStatus(sync.get()) != PGRES_PIPELINE_SYNC) die("PostgreSQL: no end of the pipeline");
    PQexitPipelineMode(connection_);
    return results;
  }

 private:
  Rows checked(Rows rows) {
    const ExecStatusType status = PQresultStatus(rows.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_COPY_IN)
      die("PostgreSQL: {}", PQerrorMessage(connection_));
    return rows;
  }
  PGconn* connection_;
};

constexpr const char* kTable = R"(
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE TABLE sessions (
  no bigint NOT NULL, started timestamptz NOT NULL, last_access timestamptz NOT NULL, id uuid NOT NULL, user_id uuid NOT NULL,
  realm smallint NOT NULL, offline boolean NOT NULL, remember boolean NOT NULL, ip inet NOT NULL,
  username text COLLATE "C" NOT NULL, email text NOT NULL, agent text NOT NULL, clients smallint[] NOT NULL)
  WITH (fillfactor = 90))";
constexpr const char* kIndexes[] = {
    "ALTER TABLE sessions ADD PRIMARY KEY (id, realm, offline)",
    "CREATE INDEX ON sessions (realm, last_access DESC, no DESC) INCLUDE (ip)",
    "CREATE INDEX ON sessions (realm, started DESC, no DESC)",
    "CREATE INDEX ON sessions (realm, offline, username, no)",
    "CREATE INDEX ON sessions (realm, ip)",
    "CREATE INDEX ON sessions (user_id)",
    "CREATE INDEX ON sessions USING gin (username gin_trgm_ops)",
    "CREATE INDEX ON sessions USING gin (clients) WHERE offline",
    "CREATE INDEX ON sessions USING gin (clients) WHERE NOT offline",
};
const std::string kColumns =
    "s.id, s.user_id, s.username, s.ip, s.started, s.last_access, s.offline, s.remember, s.agent, s.clients";

void prepare_questions(Connection& c) {
  const std::string latest = "s.last_access DESC, s.no DESC";
  c.prepare("all", "SELECT " + kColumns + " FROM sessions s WHERE realm = 1 ORDER BY " + latest + " LIMIT 25");
  c.prepare("all_count", "SELECT count(*) FROM sessions WHERE realm = 1");
  // The walk to the middle reads the index alone; only the 25 rows are fetched.
  c.prepare("deep", "SELECT " + kColumns +
                        " FROM sessions s WHERE no = ANY (ARRAY(SELECT no FROM sessions WHERE realm = 1 ORDER BY "
                        "last_access DESC, no "
                        "DESC OFFSET $1::bigint LIMIT 25)) ORDER BY " +
                        latest);
  const std::string counted = "SELECT " + kColumns + ", count(*) OVER () FROM sessions s WHERE realm = 1 AND ";
  const std::string end = " ORDER BY " + latest + " LIMIT 25";
  // Without the fence the planner walks the whole order for the first 25 of a few thousand.
  const std::string fenced = "WITH s AS MATERIALIZED (SELECT * FROM sessions WHERE realm = 1 AND ",
                    of_fenced = ") SELECT " + kColumns + ", count(*) OVER () FROM s" + end;
  c.prepare("client", fenced + "offline AND clients @> ARRAY[$1::smallint]" + of_fenced);
  c.prepare("part", fenced + "username LIKE '%' || $1 || '%'" + of_fenced);
  c.prepare("user", counted + "user_id = $1::uuid" + end);
  c.prepare("user_not", counted + "user_id = $1::uuid AND NOT ip <<= $2::inet" + end);
  c.prepare(
      "network",
      "SELECT " + kColumns +
          " FROM sessions s WHERE no = ANY (ARRAY(SELECT no FROM sessions WHERE realm = 1 AND ip BETWEEN $1::inet AND "
          "$2::inet ORDER BY last_access DESC, no DESC LIMIT 25)) ORDER BY " +
          latest);
  c.prepare("network_count", "SELECT count(*) FROM sessions WHERE realm = 1 AND ip BETWEEN $1::inet AND $2::inet");
  c.prepare("names",
            "SELECT " + kColumns + " FROM sessions s WHERE realm = 1 AND NOT offline ORDER BY username, no LIMIT 25");
  c.prepare("names_count", "SELECT count(*) FROM sessions WHERE realm = 1 AND NOT offline");
}

constexpr const char* kInsert =
    "INSERT INTO sessions (no, started, last_access, id, user_id, realm, offline, remember, ip, username, email, "
    "agent, clients) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

std::string clients_of(const session::Session& s) {
  std::string out = "{";
  for (const auto& link : s.clients)
    out += (out.size() > 1 ? "," : "") + std::to_string(std::stoi(link.client_id.substr(7)));
  return out + "}";
}
std::vector<std::string> values_of(const session::Session& s) {
  return {std::to_string(s.no.value),
          format_time(s.started),
          format_time(s.last_access),
          s.key.id,
          s.user_id,
          std::to_string(s.key.realm.value),
          s.key.type == session::SessionType::kOffline ? "t" : "f",
          s.remember_me ? "t" : "f",
          s.ip.to_string(),
          s.username,
          s.email,
          s.user_agent,
          clients_of(s)};
}

class PostgresWriter final : public Writer {
 public:
  explicit PostgresWriter(const std::string& where) : connection_(where) {
    connection_.run("SET synchronous_commit = on");
    connection_.prepare("insert", kInsert);
  }
  void start(const session::Session& session) override { connection_.execute("insert", values_of(session)); }

 private:
  Connection connection_;
};

class Postgres final : public Peer {
 public:
  explicit Postgres(const std::string& where) : where_(where), connection_(where), other_(where) {}
  std::string_view name() const override { return "PostgreSQL"; }

  void load(const Generator& generator) override {
    connection_.run(kTable);
    connection_.run("COPY sessions FROM STDIN");
    std::string rows;
    const auto send = [&] {
      if (PQputCopyData(connection_.raw(), rows.data(), static_cast<int>(rows.size())) != 1)
        die("PostgreSQL: COPY failed");
      rows.clear();
    };
    // The columns in the order of the table.
    for (std::uint64_t no = 1; no <= generator.size(); ++no) {
      const std::vector<std::string> values = values_of(generator.session(no));
      for (std::size_t i = 0; i < values.size(); ++i) rows.append(i > 0 ? "\t" : "").append(values[i]);
      rows += '\n';
      if (rows.size() > 1 << 20) send();
    }
    send();
    PQputCopyEnd(connection_.raw(), nullptr);
    while (PGresult* result = PQgetResult(connection_.raw())) {
      if (PQresultStatus(result) != PGRES_COMMAND_OK) die("PostgreSQL: {}", PQresultErrorMessage(result));
      PQclear(result);
    }
    connection_.run("CREATE UNIQUE INDEX ON sessions (no)");
    for (const char* index : kIndexes) connection_.run(index);
    connection_.run("ALTER TABLE sessions ALTER clients SET STATISTICS 1000");
    connection_.run("VACUUM ANALYZE sessions");
    connection_.run("CHECKPOINT");
    prepare_questions(connection_);
    connection_.prepare(
        "touch",
        "UPDATE sessions s SET last_access = v.at FROM unnest($1::uuid[], $2::smallint[], $3::boolean[], "
        "$4::timestamptz[]) v(id, realm, offline, at) WHERE (s.id, s.realm, s.offline) = (v.id, v.realm, v.offline)");
    connection_.prepare("touch_one",
                        "UPDATE sessions SET last_access = $4 WHERE id = $1::uuid AND realm = $2 AND offline = $3");
    connection_.prepare(
        "end",
        "DELETE FROM sessions s USING unnest($1::uuid[], $2::smallint[], $3::boolean[]) v(id, realm, offline) WHERE "
        "(s.id, s.realm, s.offline) = (v.id, v.realm, v.offline)");
    other_.prepare(
        "probe", "SELECT " + kColumns + " FROM sessions s WHERE realm = 2 ORDER BY last_access DESC, no DESC LIMIT 25");
    other_.prepare("probe_count", "SELECT count(*) FROM sessions WHERE realm = 2");
  }

  void ask(const Question& q) override {
    switch (q.kind) {
      case Kind::kAll:
        results_ = connection_.pipeline({{"all", {}}, {"all_count", {}}});
        return;
      case Kind::kDeepOffset:
        results_ = connection_.pipeline({{"deep", {std::to_string(q.offset)}}, {"all_count", {}}});
        return;
      case Kind::kOfflineClient:
        return one("client", {std::to_string(Generator::kClients - 1)});
      case Kind::kUsernamePart:
        return one("part", {std::string(kUsernamePart)});
      case Kind::kUser:
        return one("user", {q.user_id});
      case Kind::kUserNotNetwork:
        return one("user_not", {q.user_id, network_text(q.network)});
      case Kind::kNetwork: {
        const std::vector<std::string> range{fmt::format("10.{}.0.0", q.network),
                                             fmt::format("10.{}.255.255", q.network)};
        results_ = connection_.pipeline({{"network", range}, {"network_count", range}});
        return;
      }
      case Kind::kByUsername:
        results_ = connection_.pipeline({{"names", {}}, {"names_count", {}}});
        return;
    }
  }
  Answer answer() override {
    Answer answer;
    PGresult* rows = results_.front().get();
    for (int i = 0; i < PQntuples(rows); ++i) answer.ids.emplace_back(PQgetvalue(rows, i, 0));
    if (results_.size() > 1)
      answer.total = std::stoull(PQgetvalue(results_[1].get(), 0, 0));
    else if (PQntuples(rows) > 0)
      answer.total = std::stoull(PQgetvalue(rows, 0, PQnfields(rows) - 1));
    return answer;
  }

  void touch(std::span<const Touch> touches) override {
    if (!asynchronous_) connection_.run("SET synchronous_commit = off");
    asynchronous_ = true;
    std::vector<std::string> columns(4);
    const std::string_view open = touches.size() > 1 ? "{" : "";
    for (std::string& column : columns) column = open;
    for (const Touch& touch : touches) {
      if (columns[0].size() > open.size())
        for (std::string& column : columns) column += ',';
      append_key(columns, touch.key);
      columns[3] += format_time(touch.at);
    }
    if (touches.size() == 1) {
      connection_.execute("touch_one", columns);
      return;
    }
    for (std::string& column : columns) column += '}';
    connection_.execute("touch", columns);
  }
  std::unique_ptr<Writer> writer() override { return std::make_unique<PostgresWriter>(where_); }
  void begin_durable_writes() override {
    connection_.run("SET synchronous_commit = on");
    asynchronous_ = false;
  }
  void end(std::span<const session::SessionKey> keys) override {
    std::vector<std::string> columns(3, "{");
    for (const auto& key : keys) {
      if (columns[0].size() > 1)
        for (std::string& column : columns) column += ',';
      append_key(columns, key);
    }
    for (std::string& column : columns) column += '}';
    connection_.execute("end", columns);
  }
  std::uint64_t end_realm() override {
    const auto done = connection_.run("DELETE FROM sessions WHERE realm = 1");
    return std::stoull(PQcmdTuples(done.get()));
  }
  bool probe() override {
    other_.pipeline({{"probe", {}}, {"probe_count", {}}});
    return true;
  }
  Size size() override {
    const auto rows = connection_.run("SELECT pg_total_relation_size('sessions')");
    return {0, std::stoull(PQgetvalue(rows.get(), 0, 0))};
  }

 private:
  static void append_key(std::vector<std::string>& columns, const session::SessionKey& key) {
    columns[0] += key.id;
    columns[1] += std::to_string(key.realm.value);
    columns[2] += key.type == session::SessionType::kOffline ? 't' : 'f';
  }
  void one(const char* name, const std::vector<std::string>& values) {
    results_.clear();
    results_.push_back(connection_.execute(name, values));
  }

  std::string where_;
  Connection connection_, other_;
  std::vector<Connection::Rows> results_;
  bool asynchronous_ = false;
};

}  // namespace

std::unique_ptr<Peer> make_postgres(const std::string& connection) {
  return std::make_unique<Postgres>(connection);
}

}  // namespace curfew::bench
