// The demo's people: who signs in, with what, from where, and to which applications. Everything follows from a seed.
//
// Threads: one. The people and companies are made up; addresses are of the documentation ranges and of private
// networks.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto.h"
#include "base/time.h"

namespace curfew::demo {

struct Person {
  std::string user_id, username, email;
  std::string agent;  // of their usual browser
  std::string phone;  // of their phone's; may be empty
  std::string office_ip, home_ip, mobile_ip;
  bool remembers = false;  // ticks "remember me"
};

struct App {
  std::string_view id, name;
  int weight;    // how often it is used
  bool offline;  // it keeps offline sessions
};

// One session to start, as the ingest takes it.
struct NewSession {
  bool offline = false;
  std::string id, user_id, username, email, ip, agent;
  Time started, last_access;
  bool remember_me = false;
  std::vector<const App*> apps;
};

std::span<const std::string_view> desktop_agents();
std::span<const std::string_view> phone_agents();

class Population {
 public:
  Population(std::uint64_t seed, std::string_view domain, std::size_t people);

  static std::span<const App> apps();
  const std::vector<Person>& people() const { return people_; }

  // A believable session of a random person that began up to `ago` before `now` and has been used since.
  NewSession session(Time now, Duration ago);
  // What jane.doe's account looks like on the day of the incident: one session from the corporate network 10.20.0.0/16,
  // and several from places where she is not. `run` makes the ids new.
  static std::vector<NewSession> incident(Time now, std::string_view run);

  std::uint64_t below(std::uint64_t n) { return random_.next() % n; }
  bool chance(unsigned percent) { return below(100) < percent; }

 private:
  std::string session_id(bool offline);
  void choose_apps(NewSession& session);

  SeededRandom random_;
  std::vector<Person> people_;
};

// An NDJSON line for the ingest, with its newline.
void append_start(std::string& out, const NewSession& session);

}  // namespace curfew::demo
