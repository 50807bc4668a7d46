#include "app/bootstrap.h"

#include <future>
#include <utility>

namespace curfew::app {
namespace {

std::vector<access::Grant> everything() {
  return {{std::string(access::kAllRealms), {access::Permission::kAdmin}}};
}

audit::Record record_of(std::string_view action, const std::string& target) {
  audit::Record record;
  record.action = action;
  record.origin = {session::ActorKind::kSystem, "system", "system", {}, {}};
  record.target = target;
  return record;
}

// Makes prepared changes durable, with their records, and adopts them. Waits: for start-up and shutdown only.
Status carry_out(access::Directory& directory, engine::Engine& engine, std::vector<access::DocumentChange> documents,
                 std::uint64_t version, std::vector<audit::Record> records) {
  std::vector<engine::DocumentChange> changes;
  for (const access::DocumentChange& change : documents) changes.push_back({change.table, change.key, change.bytes});
  auto promise = std::make_shared<std::promise<Status>>();
  auto adopted = std::make_shared<Status>();
  engine.write_documents(
      std::move(changes), std::move(records),
      [&directory, adopted, documents = std::move(documents), version] {
        *adopted = directory.adopt(documents, version);
      },
      [promise, adopted](const Result<std::uint64_t>& written) {
        promise->set_value(written ? *adopted : Status(tl::make_unexpected(written.error())));
      });
  return promise->get_future().get();
}

}  // namespace

Result<BootstrapResult> bootstrap(access::Directory& directory, engine::Engine& engine, Random& random,
                                  const BootstrapInput& input) {
  BootstrapResult result;
  if (!directory.empty()) return result;
  access::OperatorInput admin;
  admin.username = "admin";
  admin.display_name = "Administrator";
  admin.password = input.admin_password ? *input.admin_password : random_token(random, 18);
  admin.grants = everything();
  auto prepared = directory.prepare_operator(admin);
  if (!prepared)
    return fail(prepared.error().code, prepared.error().reason,
                "CURFEW_BOOTSTRAP_ADMIN_PASSWORD: " + prepared.error().message, "CURFEW_BOOTSTRAP_ADMIN_PASSWORD");
  std::vector<access::DocumentChange> documents = prepared->documents;
  std::vector<audit::Record> records{record_of(audit::action::kOperatorCreated, "admin")};
  if (input.api_key) {
    access::KeyInput key;
    key.name = "bootstrap";
    key.grants = everything();
    auto made = directory.prepare_key_with_text(key, *input.api_key);
    if (!made)
      return fail(made.error().code, made.error().reason, "CURFEW_BOOTSTRAP_API_KEY: " + made.error().message,
                  "CURFEW_BOOTSTRAP_API_KEY");
    documents.insert(documents.end(), made->documents.begin(), made->documents.end());
    records.push_back(record_of(audit::action::kKeyCreated, "bootstrap"));
  }
  if (!input.admin_password) {
    if (input.keep_password) CURFEW_TRY_STATUS(input.keep_password(*admin.password));
    result.made_password = admin.password;
  }
  CURFEW_TRY_STATUS(carry_out(directory, engine, std::move(documents), prepared->version, std::move(records)));
  return result;
}

Status remove_own_key(access::Directory& directory, engine::Engine& engine, const std::string& name) {
  for (const access::ApiKey& key : directory.keys()) {
    if (key.name != name) continue;
    CURFEW_TRY(const auto removal, directory.prepare_key_removal(key.id));
    CURFEW_TRY_STATUS(carry_out(directory, engine, removal.documents, removal.version,
                                {record_of(audit::action::kKeyDeleted, name)}));
  }
  return {};
}

Result<std::string> renew_own_key(access::Directory& directory, engine::Engine& engine, const std::string& name,
                                  const std::vector<access::Grant>& grants) {
  CURFEW_TRY_STATUS(remove_own_key(directory, engine, name));
  access::KeyInput input;
  input.name = name;
  input.grants = grants;
  CURFEW_TRY(const auto made, directory.prepare_key(input));
  CURFEW_TRY_STATUS(
      carry_out(directory, engine, made.documents, made.version, {record_of(audit::action::kKeyCreated, name)}));
  return made.value.text;
}

}  // namespace curfew::app
