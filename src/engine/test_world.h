// A whole engine in one thread, on the memory ledger and a clock that stands still: what the engine's tests share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "ledger/memory_ledger.h"

namespace curfew::engine {

struct World {
  explicit World(Options o = {}) : options(o) {
    options.threads = false;
    open();
  }

  Status open() {
    engine = std::make_unique<Engine>(ledger, clock, random, options);
    return engine->open([](std::string_view, std::string_view, std::string_view) { return Status{}; });
  }
  // What a kill and a new start do.
  void crash() {
    ledger.crash();
    abandoned.push_back(std::move(engine));
    ledger.reopen();
    ASSERT_OPEN(open());
  }
  static void ASSERT_OPEN(const Status& status) {
    if (!status) throw std::runtime_error(status.error().message);
  }
  void run() {
    for (int i = 0; i < 10'000 && engine->step(); ++i) {
    }
    engine->step();
  }

  RealmId realm(const std::string& name, session::Policy policy = {}) {
    Result<Realm> made = fail(ErrorCode::kInternal, "", "no answer");
    engine->create_realm(name, name, policy, by("setup"), [&](Result<Realm> r) { made = std::move(r); });
    run();
    return made.value().id;
  }

  static session::Origin by(const std::string& who) {
    return {session::ActorKind::kOperator, who, who, IpAddress::v4(0x7f000001), "req-" + who};
  }

  session::Session session(RealmId realm_id, const std::string& id, const std::string& user,
                           const std::string& ip = "203.0.113.7") {
    session::Session s;
    s.key = {realm_id, session::SessionType::kRegular, id};
    s.user_id = "u-" + user;
    s.username = user;
    s.ip = IpAddress::parse(ip).value();
    s.started = s.last_access = clock.now();
    s.clients = {{"web-portal", clock.now()}};
    return s;
  }

  std::vector<CommandResult> submit(std::vector<session::Command> commands, const std::string& who = "ingest") {
    Result<std::vector<CommandResult>> out = fail(ErrorCode::kInternal, "", "no answer");
    engine->submit({std::move(commands), by(who), {}},
                   [&](Result<std::vector<CommandResult>> r) { out = std::move(r); });
    run();
    if (!out) throw std::runtime_error(out.error().message);
    return *out;
  }
  session::Outcome one(session::Command command) { return submit({std::move(command)}).front().outcome; }
  session::Outcome start(const session::Session& s) { return one(session::StartSession{s}); }
  session::Outcome end(const session::SessionKey& key) {
    return one(session::EndSession{key, clock.now(), session::EndCause::kRevoked, "test"});
  }

  std::optional<index::Index::Names> check(const session::SessionKey& key) {
    const auto realms = engine->realms();
    const Realm* known = realms->find(key.realm);
    return known == nullptr ? std::nullopt : engine->check(*known, key, std::nullopt);
  }
  std::optional<index::Index::Names> check_token(RealmId realm_id, std::string_view token) {
    const auto realms = engine->realms();
    const Realm* known = realms->find(realm_id);
    return known == nullptr ? std::nullopt : engine->check_token(*known, token, std::nullopt);
  }

  Result<Revocation> revoke(RevocationRequest request, Duration patience = Duration::seconds(60)) {
    Result<Revocation> out = fail(ErrorCode::kInternal, "", "no answer");
    if (request.origin.actor_id.empty()) request.origin = by("operator");
    engine->revoke(std::move(request), patience, [&](Result<Revocation> r) { out = std::move(r); });
    run();
    return out;
  }

  std::uint64_t live(RealmId realm_id) const { return engine->index().size(realm_id); }
  std::vector<audit::Record> audit(AuditQuery query = {}) const {
    query.all_realms = query.realms.empty();
    query.ascending = true;
    std::vector<audit::Record> out;
    if (auto status = engine->audit_log().visit(query,
                                                [&](const audit::Sealed& s) {
                                                  out.push_back(s.record);
                                                  return true;
                                                });
        !status)
      throw std::runtime_error(status.error().message);
    return out;
  }
  std::vector<audit::Record> ends() const {
    AuditQuery query;
    query.action = audit::action::kSessionEnded;
    return audit(query);
  }

  ledger::MemoryLedger ledger;
  ManualClock clock{Time{1'772'000'000'000}};
  SeededRandom random{1};
  Options options;
  std::unique_ptr<Engine> engine;
  std::vector<std::unique_ptr<Engine>> abandoned;  // what a crash leaves: never stopped in order
};

}  // namespace curfew::engine
