// What applying a realm's file would change, in words and as the API's bodies.
//
// Two texts of one duration, one network or one number are the same: only what differs in meaning is a change. So a
// file that has been applied changes nothing.
#pragma once

#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "base/time.h"
#include "cli/realm_file.h"

namespace curfew::cli {

struct RealmChange {
  std::string field;            // "policy.idleTimeout", "networks.Corporate", "rules.new_device.severity"
  std::string text;             // "policy: idle timeout from 30 min to 15 min"
  boost::json::value from, to;  // null: none
};

struct RealmChanges {
  std::vector<RealmChange> list;
  boost::json::object realm_patch;  // the API's RealmChange; empty: nothing
  boost::json::object detection;    // the API's DetectionPut; empty: nothing
};

// `realm` and `detection` as the API gives them now; null of a realm that is yet to be made.
RealmChanges changes_of(const RealmFile& file, const boost::json::value& realm, const boost::json::value& detection);

// "PT36H" → "1 d 12 h".
std::string duration_text(Duration duration);

}  // namespace curfew::cli
