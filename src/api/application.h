// Api: the whole HTTP interface over the engine and the directory, as one http::Application.
//
// A request goes: route → who is it → may they → parameters and body → handler → answer. Everything but the handler is
// here, the same for every route, so that no handler can forget a permission. Threads: plan, handle and open from any
// thread at once. Handlers that read the disk or hash a password do so in the background. Ownership: engine, directory
// and clock outlive the Api. Stop the server, then the engine, before the Api is destroyed: the engine's answers may
// still refer to it.
#pragma once

#include <memory>
#include <string>

#include "api/services.h"
#include "http/message.h"

namespace curfew::api {

class Api final : public http::Application {
 public:
  // Sets the engine's event renderer: make the Api before engine.start().
  Api(engine::Engine& engine, access::Directory& directory, const Clock& clock, Options options = {});
  ~Api() override;

  http::BodyPlan plan(const http::RequestHead& head) override;
  void handle(http::RequestHead head, std::string body, http::Responder respond) override;
  std::unique_ptr<http::BodySink> open(http::RequestHead head, http::Responder respond) override;

  void beat();  // one heartbeat; for options.threads == false
  void stop();  // no heartbeats any more. Idempotent.

 private:
  Services services_;
};

}  // namespace curfew::api
