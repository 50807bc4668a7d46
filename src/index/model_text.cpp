#include "index/model_text.h"

#include <sstream>

namespace curfew::index {

std::string describe(const session::Session& s) {
  std::ostringstream out;
  out << "#" << s.no.value << " r" << s.key.realm.value << " " << to_string(s.key.type) << " " << s.key.id << " user "
      << s.user_id << "/" << s.username << "/" << s.email << " " << s.ip.to_string() << " " << s.started.ms << ".."
      << s.last_access.ms << " " << s.remember_me << " ua " << s.user_agent << " dev " << s.device_id;
  for (const auto& link : s.clients) out << " " << link.client_id << "@" << link.since.ms;
  return out.str();
}

std::string describe(const Filter& f) {
  std::ostringstream out;
  if (!f.search.empty()) out << " search=" << f.search;
  if (f.type) out << " type=" << to_string(*f.type);
  for (const auto& c : f.clients) out << " client=" << c;
  if (f.user) out << " user=" << *f.user;
  for (const auto& c : f.ip) out << " ip=" << c.to_string();
  for (const auto& c : f.ip_not) out << " ip_not=" << c.to_string();
  if (f.started_after) out << " started>=" << f.started_after->ms;
  if (f.started_before) out << " started<" << f.started_before->ms;
  if (f.last_access_after) out << " last>=" << f.last_access_after->ms;
  if (f.last_access_before) out << " last<" << f.last_access_before->ms;
  if (f.remember_me) out << " remember=" << *f.remember_me;
  for (const auto kind : f.device_kinds) out << " kind=" << device::to_string(kind);
  for (const auto& key : f.devices) out << " device=" << key;
  if (f.marks != 0) out << " marks=" << f.marks;
  return out.str();
}

std::string describe(const Query& q) {
  std::ostringstream out;
  for (const RealmId realm : q.realms) out << "r" << realm.value << " ";
  const Order order = q.cursor ? q.cursor->order : q.order;
  out << "sort=" << static_cast<int>(order.by) << (order.descending ? " desc" : " asc") << " limit=" << q.limit;
  if (q.cursor)
    out << " cursor at #" << q.cursor->no.value << (q.cursor->backwards ? " backwards" : " forwards");
  else
    out << " offset=" << q.offset;
  return out.str() + describe(q.filter);
}

}  // namespace curfew::index
