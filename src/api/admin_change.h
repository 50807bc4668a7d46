// Changes to the directory: prepared, made durable with their audit record, adopted, answered; one at a time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/json_in.h"
#include "api/route.h"
#include "api/services.h"

namespace curfew::api {

// What one kind of change is made of. All of it runs on a background thread but `answer`.
template <class T>
struct DirectoryChange {
  std::string_view action;  // of the audit record
  std::function<Result<access::Prepared<T>>(access::Directory&)> prepare;
  std::function<std::string(const T&)> target;   // its name, for the record
  std::function<std::string(const T&)> details;  // a JSON object, for the record
  std::function<http::Response(const Call&, const T&)> answer;
};

std::vector<engine::DocumentChange> engine_documents(const std::vector<access::DocumentChange>& changes);

// Waits for its turn, then runs `work` in the background, holding the turn. False: answered 503.
void take_turn(Services& services, std::shared_ptr<Call> call, std::function<void(AdminLane::Turn)> work);

template <class T>
void change_directory(Services& services, Call call, DirectoryChange<T> change) {
  auto held = std::make_shared<Call>(std::move(call));
  take_turn(services, held, [&services, held, change = std::move(change)](AdminLane::Turn turn) {
    auto prepared = change.prepare(services.directory);
    if (!prepared) return held->refuse(prepared.error());
    audit::Record record = record_of(*held, change.action);
    record.target = change.target(prepared->value);
    record.details = change.details(prepared->value);
    auto made = std::make_shared<access::Prepared<T>>(*std::move(prepared));
    auto adopted = std::make_shared<Status>();
    services.engine.write_documents(
        engine_documents(made->documents), {std::move(record)},
        [&services, made, adopted] { *adopted = services.directory.adopt(made->documents, made->version); },
        [held, made, adopted, answer = change.answer, turn = std::move(turn)](Result<std::uint64_t> written) {
          if (!written) return held->refuse(written.error());
          if (!*adopted) return held->refuse(adopted->error());
          held->answer(answer(*held, made->value));
        });
  });
}

// [{"realm","permissions":[…]}…]
Result<std::optional<std::vector<access::Grant>>> read_grants(const Fields& fields);
// {"realm","userId"}, null for none; absent: unchanged.
Result<std::optional<std::optional<access::UserRef>>> read_own_user(const Fields& fields);
// {"id":…,"grants":[…]}
std::string grants_details(std::string_view id, const std::vector<access::Grant>& grants);

}  // namespace curfew::api
