// One realm with its index and its watch, driven step by step. For the tests of this module and of those above it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "signal/watch.h"

namespace curfew::signal::testing {

inline IpAddress ip(std::string_view text) {
  return *IpAddress::parse(text);
}

// The agent string is the family.
inline std::shared_ptr<const device::Device> classify(std::string_view agent) {
  return std::make_shared<const device::Device>(
      device::Device{device::Kind::kDesktop, "", "", agent.empty() ? "Unknown device" : std::string(agent)});
}

struct Start {
  std::string user, address;
  std::string agent = "Firefox on Windows";
  std::string device_id = {};
};

class World {
 public:
  static constexpr RealmId kRealm{1};
  static constexpr Time kBegin{1'700'000'000'000};

  explicit World(Settings settings = Settings::defaults(), std::map<std::string, device::Place> places = {})
      : places_(std::move(places)), index(classify), watch(index, [this](const IpAddress& at) {
          const auto it = places_.find(at.to_string());
          return it == places_.end() ? device::Place{} : it->second;
        }) {
    set(std::move(settings));
    watch.loaded(now);
  }

  void set(Settings settings) {
    EXPECT_TRUE(validate(settings).has_value());
    const index::Index::WriteLock lock(index);
    watch.set_realm(kRealm, std::make_shared<const Settings>(std::move(settings)));
  }

  void pass(Duration time) { now = now + time; }

  index::Handle start(const Start& what) {
    session::Session s;
    s.no = SessionNo{++last_no_};
    s.key = {kRealm, session::SessionType::kRegular, "s" + std::to_string(s.no.value)};
    s.user_id = s.username = what.user;
    s.ip = ip(what.address);
    s.user_agent = what.agent;
    s.device_id = what.device_id;
    s.started = s.last_access = now;
    const index::Index::WriteLock lock(index);
    const index::Handle handle = index.insert(s);
    watch.started(handle, now);
    return handle;
  }

  void touch(const index::Handle& handle, std::string_view address) {
    const index::Index::WriteLock lock(index);
    const index::RowView row = index.view(handle);
    const Watch::Before before{row.last_access, row.ip, row.device_hash};
    if (!index.touch(handle, now, ip(address))) return;
    if (row.ip != ip(address))
      watch.touched(handle, before, now);
    else if (Watch::rested(row.last_access, now))
      watch.resumed(handle, row.user, row.last_access, now);
  }

  void update(const index::Handle& handle, std::string_view address, std::string_view agent) {
    const index::Index::WriteLock lock(index);
    const index::RowView row = index.view(handle);
    session::Session s = index.get(handle);
    s.ip = ip(address);
    s.user_agent = agent;
    s.last_access = now;
    index.update(handle, s);
    watch.updated(handle, {row.last_access, row.ip, row.device_hash}, now);
  }

  void end(const index::Handle& handle) {
    const index::Index::WriteLock lock(index);
    const index::RowView row = index.view(handle);
    index.erase(handle);
    watch.ended(kRealm, row.user, row.no, now);
  }

  // All that time and others resolve at this moment.
  void settle() {
    for (int round = 0; round < 3; ++round) {
      pass(Duration::seconds(15));
      while (watch.sweep(now, 64)) {
      }
    }
  }

  std::uint32_t number(const std::string& user) const { return *index.user_number(kRealm, user); }
  std::optional<UserFindings> findings(const std::string& user) const { return watch.findings(kRealm, number(user)); }
  std::optional<Finding> finding(const std::string& user, Rule rule) const {
    const auto all = findings(user);
    if (!all) return std::nullopt;
    const auto it =
        std::find_if(all->findings.begin(), all->findings.end(), [&](const Finding& f) { return f.rule == rule; });
    return it == all->findings.end() ? std::nullopt : std::optional(*it);
  }
  std::string reason(const std::string& user, Rule rule) const {
    const auto found = finding(user, rule);
    return found ? found->reason : std::string();
  }

  // A user of whom enough is known: an office that was used for three weeks.
  void learn(const std::string& user, std::string_view address = "198.51.100.7") {
    end(start({user, std::string(address)}));
    pass(Duration::days(21));
    end(start({user, std::string(address)}));
  }

  // Every session that a finding names has its marks, and no other has any.
  void verify_marks() const {
    std::vector<index::Handle> handles;
    for (std::uint32_t user = 0; user < index.user_slots(kRealm); ++user) {
      if (index.sessions_of(kRealm, user) == 0) {
        EXPECT_FALSE(watch.findings(kRealm, user));
        continue;
      }
      const auto found = watch.findings(kRealm, user);
      handles.clear();
      index.handles_of(kRealm, user, 1'000'000, handles);
      for (const index::Handle& handle : handles) {
        std::uint16_t wanted = 0;
        Severity worst{};
        if (found)
          for (const Finding& finding : found->findings) {
            if (std::find(finding.sessions.begin(), finding.sessions.end(), handle.no) == finding.sessions.end())
              continue;
            wanted = static_cast<std::uint16_t>(wanted | mark_of(finding.rule));
            worst = std::max(worst, finding.severity);
          }
        if (wanted != 0) wanted = static_cast<std::uint16_t>(wanted | mark_of(worst));
        EXPECT_EQ(index.marks(handle), wanted) << "session " << handle.no.value;
      }
    }
  }

 private:
  std::map<std::string, device::Place> places_;
  std::uint64_t last_no_ = 0;

 public:
  Time now = kBegin;
  index::Index index;
  Watch watch;
};

inline device::Place place(std::string country, double latitude, double longitude, std::uint32_t asn = 0) {
  device::Place out;
  out.country = std::move(country);
  out.latitude = latitude;
  out.longitude = longitude;
  if (asn != 0) out.asn = asn;
  return out;
}

inline Settings with_office() {
  Settings settings = Settings::defaults();
  settings.networks.push_back({"Corporate", {*Cidr::parse("10.20.0.0/16")}, true});
  return settings;
}

}  // namespace curfew::signal::testing
