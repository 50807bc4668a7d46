#include "evaluate/replay.h"

#include <algorithm>
#include <deque>

#include "device/agents.h"
#include "evaluate/generator.h"
#include "signal/watch.h"

namespace curfew::evaluate {
namespace {

constexpr session::RealmId kRealm{1};
constexpr Duration kSweep = Duration::minutes(30);

device::Place place_of(const Login& login) {
  device::Place out;
  out.country = login.country;
  out.city = login.city;
  if (login.asn != 0) out.asn = login.asn;
  if (const auto position = position_of(login.country, login.city)) {
    out.latitude = position->first;
    out.longitude = position->second;
    out.accuracy_km = std::uint16_t{20};
  }
  return out;
}

Verdict verdict_of(const std::optional<signal::UserFindings>& found, session::SessionNo no) {
  Verdict out;
  if (!found) return out;
  std::uint32_t gravity = 0;
  for (const signal::Finding& finding : found->findings) {
    if (std::find(finding.sessions.begin(), finding.sessions.end(), no) == finding.sessions.end()) continue;
    out.rules = static_cast<std::uint16_t>(out.rules | signal::mark_of(finding.rule));
    out.severity = std::max(out.severity, static_cast<std::uint8_t>(finding.severity));
    gravity += static_cast<std::uint32_t>(finding.severity);
  }
  out.score = out.severity * 100U + gravity;
  return out;
}

}  // namespace

struct Replay::Impl {
  Impl()
      : index([this](std::string_view agent) { return agents.classify(agent); }),
        watch(index, [this](const IpAddress& ip) {
          const auto it = places.find(ip);
          return it == places.end() ? device::Place{} : it->second;
        }) {}

  device::Agents agents;
  std::unordered_map<IpAddress, device::Place> places;
  index::Index index;
  signal::Watch watch;
  struct Live {
    Time until;
    index::Handle handle;
    std::uint32_t user;
  };
  std::deque<Live> live;
  Time now, next_sweep;
  std::uint64_t last_no = 0;
};

Replay::Replay(signal::Settings settings) : impl_(std::make_unique<Impl>()) {
  impl_->watch.set_realm(kRealm, std::make_shared<const signal::Settings>(std::move(settings)));
  impl_->watch.loaded(Time{0});
}
Replay::~Replay() = default;

std::size_t Replay::users() const {
  return impl_->index.user_slots(kRealm);
}

// What ends, and what lapses, until now.
void Replay::pass(Time now) {
  Impl& impl = *impl_;
  impl.now = std::max(impl.now, now);
  while (!impl.live.empty() && impl.live.front().until <= impl.now) {
    const Impl::Live ending = impl.live.front();
    impl.live.pop_front();
    const index::Index::WriteLock lock(impl.index);
    impl.index.erase(ending.handle);
    impl.watch.ended(kRealm, ending.user, ending.handle.no, ending.until);
  }
  if (impl.now < impl.next_sweep) return;
  impl.next_sweep = impl.now + kSweep;
  while (impl.watch.sweep(impl.now, 4'096)) {
  }
}

void Replay::add(const Login& login) {
  ++logins_;
  if (!login.successful) return;
  pass(login.at);
  Impl& impl = *impl_;
  impl.places.insert_or_assign(login.ip, place_of(login));
  session::Session session;
  session.no = session::SessionNo{++impl.last_no};
  session.key = {kRealm, session::SessionType::kRegular, std::to_string(impl.last_no)};
  session.user_id = session.username = login.user;
  session.ip = login.ip;
  session.user_agent = login.user_agent;
  session.started = session.last_access = impl.now;
  Verdict verdict;
  {
    const index::Index::WriteLock lock(impl.index);
    const index::Handle handle = impl.index.insert(session);
    impl.watch.started(handle, impl.now);
    const std::uint32_t user = impl.index.view(handle).user;
    impl.live.push_back({impl.now + kSession, handle, user});
    verdict = verdict_of(impl.watch.findings(kRealm, user), session.no);
    verdict.user = user;
    verdict.attacker = login.attacker;
  }
  impl.watch.take_raised();
  std::vector<signal::DirtyProfile> dirty;
  impl.watch.take_dirty(16, dirty);
  verdicts_.push_back(verdict);
}

}  // namespace curfew::evaluate
