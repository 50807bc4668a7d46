// A revocation from the command's side: what it would end, what it does, and what came of it.
#pragma once

#include <string>

#include <boost/json/value.hpp>

#include "cli/context.h"

namespace curfew::cli {

// A dry run's answer, for people: counts, users, clients, own sessions kept, a sample.
void print_plan(Context& context, const boost::json::value& plan, std::ostream& out);

// What such an answer, or a simulation's, says of its clients and its sample of so many sessions.
void print_clients_and_sample(Context& context, const boost::json::value& answer, std::int64_t sessions,
                              std::ostream& out);

// Follows a revocation that the server runs until it is over: by its events, and by asking now and then where those
// break off. Shows a progress bar. Ctrl-C asks the server to stop it. Gives the last state that was told. Needs an
// InterruptScope around it.
Result<boost::json::value> follow_revocation(Context& context, const std::string& realm, boost::json::value revocation);

// The result in the format that was asked for, failures in a table; and the exit status that it means.
int print_result(Context& context, const boost::json::value& revocation);

// kExitDone: all ended. kExitPartly: some. kExitFailed: none of those that were asked for.
int exit_status_of(const boost::json::value& revocation);

}  // namespace curfew::cli
