#include "api/event_stream.h"

#include <optional>
#include <utility>

#include "api/admission.h"
#include "http/cookie.h"

namespace curfew::api {

void append_event(std::string& out, std::string_view id, std::string_view name, std::string_view data) {
  if (!id.empty()) {
    out += "id: ";
    out += id;
    out += '\n';
  }
  out += "event: ";
  out += name;
  out += "\ndata: ";
  out += data;
  out += "\n\n";
}

void EventStream::Doorbell::ring() {
  std::function<void()> now;
  {
    const std::lock_guard lock(mutex);
    rung = true;
    now = std::exchange(wake, nullptr);
  }
  if (now) now();
}

EventStream::EventStream(Services& services, std::function<bool()> allowed, bool gzip)
    : services_(services), allowed_(std::move(allowed)), bell_(std::make_shared<Doorbell>()) {
  if (gzip) gzip_.emplace();
  ++services_.streams;
  ticket_ = services_.heartbeat.listen([bell = bell_, may = allowed_] {
    const int beats = ++bell->beats;
    if (beats >= kMostBeats || (beats % 5 == 0 && !may())) bell->closed = true;
    if (bell->closed || beats - bell->last_sent >= kSignOfLifeBeats) bell->ring();
  });
}

EventStream::~EventStream() {
  ticket_.reset();
  --services_.streams;
}

http::BodySource::Pull EventStream::pull(std::string& out, std::function<void()> wake) {
  if (!gzip_) return pull_plain(out, std::move(wake));
  if (!begun_) gzip_->begin(out);
  std::string plain;
  const Pull pull = pull_plain(plain, std::move(wake));
  gzip_->add_plain(out, plain);
  if (!shared_.text.empty()) gzip_->add_part(shared_part_.first, shared_part_.second);
  if (pull == Pull::kEnd) gzip_->end(out);
  return pull;
}

void EventStream::share(std::shared_ptr<const engine::EventSlice> slice, std::size_t from, std::string& out) {
  // Who resumes in the middle of a slice gets its rest as a text of its own.
  if (from > 0) {
    out += std::string_view(slice->text).substr(from);
    return;
  }
  std::string_view text = slice->text;
  if (gzip_) {
    const engine::PackedText& packed = slice->packed();
    shared_part_ = {packed.check, text.size()};
    text = packed.bytes;
  }
  shared_ = {std::move(slice), text};
}

http::BodySource::Pull EventStream::pull_plain(std::string& out, std::function<void()> wake) {
  if (!std::exchange(begun_, true)) {
    out += ": open\n\n";  // so that the client knows at once that it is connected
    return Pull::kMore;
  }
  for (;;) {
    if (bell_->closed) return Pull::kEnd;
    {
      const std::lock_guard lock(bell_->mutex);
      bell_->rung = false;
    }
    const More more = take(out, [bell = bell_] { bell->ring(); });
    const bool silent = bell_->beats - bell_->last_sent >= kSignOfLifeBeats;
    if (more == More::kNothing && silent) out += ": alive\n\n";
    if (more != More::kNothing || silent) {
      bell_->last_sent = bell_->beats.load();
      return more == More::kEnd ? Pull::kEnd : Pull::kMore;
    }
    // What was rung for since take() began is looked at again; the transport is woken only for what comes later.
    const std::lock_guard lock(bell_->mutex);
    if (bell_->rung) continue;
    bell_->wake = std::move(wake);
    return Pull::kLater;
  }
}

std::function<bool()> still_allowed(Services& services, const Call& call) {
  // A cookie's stream ends with the sign-in; one over several realms when the caller's grants have changed in any way:
  // who comes back is admitted anew.
  std::optional<std::string> token;
  if (call.caller.signed_in) token = http::find_cookie(call.head, kCookie);
  return [&services, token, caller = call.caller, permission = *call.route->permission,
          realm = call.realm != nullptr ? call.realm->name : std::string()] {
    if (token && !services.directory.signed_in(*token)) return false;
    std::vector<access::Grant> grants;
    if (caller.kind == access::Caller::Kind::kOperator) {
      const auto found = services.directory.find_operator(caller.id);
      if (!found || found->disabled) return false;
      grants = found->grants;
    } else {
      const auto found = services.directory.find_key(caller.id);
      if (!found || (found->expires && *found->expires <= services.clock.now())) return false;
      grants = found->grants;
    }
    const access::Grants held(std::move(grants));
    return realm.empty() ? held.list() == caller.grants.list() : held.allows(permission, realm);
  };
}

http::Response stream_response(std::unique_ptr<http::BodySource> source, bool gzip) {
  http::Response response;
  response.headers.push_back({"Content-Type", "text/event-stream"});
  response.headers.push_back({"X-Accel-Buffering", "no"});  // nginx: pass events on as they come
  if (gzip) response.headers.push_back({"Content-Encoding", "gzip"});
  response.stream = std::move(source);
  return response;
}

Status room_for_stream(Services& services) {
  if (services.streams < kMostStreams) return {};
  return fail(ErrorCode::kResourceExhausted, "too_many_streams",
              "Too many event streams are open; try again in a moment.");
}

}  // namespace curfew::api
