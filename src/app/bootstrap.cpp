#include "app/bootstrap.h"

#include <future>

namespace curfew::app {
namespace {

std::vector<access::Grant> everything() {
  return {{std::string(access::kAllRealms), {access::Permission::kAdmin}}};
}

// Makes a prepared change durable, with its record, and adopts it. Waits: for start-up and shutdown only.
template <class T>
Status carry_out(access::Directory& directory, engine::Engine& engine, const access::Prepared<T>& prepared,
                 std::string_view action, const std::string& target) {
  std::vector<engine::DocumentChange> changes;
  for (const access::DocumentChange& change : prepared.documents)
    changes.push_back({change.table, change.key, change.bytes});
  audit::Record record;
  record.action = action;
  record.origin = {session::ActorKind::kSystem, "system", "system", {}, {}};
  record.target = target;
  auto promise = std::make_shared<std::promise<Status>>();
  auto adopted = std::make_shared<Status>();
  engine.write_documents(
      std::move(changes), std::move(record),
      [&directory, adopted, documents = prepared.documents, version = prepared.version] {
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
  // The key is checked before anything is written, so that a bad one leaves an empty server empty.
  if (input.api_key) {
    access::KeyInput key;
    key.name = "bootstrap";
    key.grants = everything();
    const auto checked = directory.prepare_key_with_text(key, *input.api_key);
    if (!checked)
      return fail(checked.error().code, checked.error().reason, "CURFEW_BOOTSTRAP_API_KEY: " + checked.error().message,
                  "CURFEW_BOOTSTRAP_API_KEY");
  }
  CURFEW_TRY_STATUS(carry_out(directory, engine, *prepared, audit::action::kOperatorCreated, "admin"));
  if (!input.admin_password) result.made_password = admin.password;
  if (input.api_key) {
    access::KeyInput key;
    key.name = "bootstrap";
    key.grants = everything();
    CURFEW_TRY(const auto made, directory.prepare_key_with_text(key, *input.api_key));
    CURFEW_TRY_STATUS(carry_out(directory, engine, made, audit::action::kKeyCreated, "bootstrap"));
  }
  return result;
}

Status remove_own_key(access::Directory& directory, engine::Engine& engine, const std::string& name) {
  for (const access::ApiKey& key : directory.keys()) {
    if (key.name != name) continue;
    CURFEW_TRY(const auto removal, directory.prepare_key_removal(key.id));
    CURFEW_TRY_STATUS(carry_out(directory, engine, removal, audit::action::kKeyDeleted, name));
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
  CURFEW_TRY_STATUS(carry_out(directory, engine, made, audit::action::kKeyCreated, name));
  return made.value.text;
}

}  // namespace curfew::app
