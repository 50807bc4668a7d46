// Ingest: newline-delimited JSON, of any length, in bounded memory.
//
// Lines are parsed as they arrive and go to the engine in groups; a few groups are under way at once, and then the
// connection is read no further until one of them is durable. Lines take effect in their order. The answer counts what
// was accepted and refused, once all of it is durable. Threads: feed and finish on the connection's thread; the
// engine's answers on the sequencer's. A mutex between. Limits: limits::kIngestLine a line, kGroup operations a group,
// kUnderWay groups.
#pragma once

#include <memory>

#include "api/route.h"
#include "api/services.h"

namespace curfew::api {

std::unique_ptr<http::BodySink> open_ingest(Services& services, Call call);

}  // namespace curfew::api
