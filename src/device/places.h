// Address → place, from MaxMind databases that the operator supplies: cities, autonomous systems, anonymizers. Each may
// be missing; without any, every place is empty.
//
// Invariants: a database is used only if all of it is well-formed (mmdb_check.h); one that is not, or can't be read,
// changes nothing: the one before stays. What is used is a copy in memory: overwriting or cutting off the file does
// not touch it. Threads: any may look up; one calls reload. A look-up takes a few microseconds and no lock but to take
// the databases' reference.
// Limits: files of at most limits::kPlaceDatabase bytes; names are at most kPlaceText bytes, longer ones are cut.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"

namespace curfew::device {

inline constexpr std::size_t kPlaceText = 100;

// What isn't known is empty.
struct Place {
  std::string country;  // ISO 3166-1, "DE"
  std::string city;     // its English name
  std::optional<double> latitude, longitude;
  std::optional<std::uint16_t> accuracy_km;  // the radius within which the address probably is
  std::optional<std::uint32_t> asn;
  std::string organization;  // of the autonomous system
  bool anonymizer = false;   // a VPN, an open proxy, Tor
  friend bool operator==(const Place&, const Place&) = default;
};

// Paths; empty: none.
struct PlaceFiles {
  std::string city, asn, anonymizer;
};

// For people and logs: what a database says of itself.
struct PlaceSource {
  std::string path, type;    // "GeoLite2-City"
  std::int64_t built_s = 0;  // seconds since 1970
};

class PlaceDatabase;

class Places {
 public:
  explicit Places(PlaceFiles files);  // reads nothing yet
  ~Places();

  // Reads those files that are there for the first time or have been replaced (another inode, time or size). Says what
  // went wrong, once for each state of a file; `field` is "city", "asn" or "anonymizer". Takes a second for each 100
  // MB.
  std::vector<Error> reload();

  Place lookup(const IpAddress& address) const;

  // Another number once reload() has put a database in use: what was looked up before may be told otherwise now.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

  std::vector<PlaceSource> sources() const;  // of the databases in use

 private:
  enum Role : std::size_t { kCity, kAsn, kAnonymizer, kRoles };
  using Databases = std::array<std::shared_ptr<const PlaceDatabase>, kRoles>;
  // What a file was like when it was last read.
  struct Stamp {
    std::uint64_t device = 0, inode = 0, size = 0;
    std::int64_t seconds = 0, nanoseconds = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };

  Status reload(Role role);
  std::shared_ptr<const Databases> databases() const;

  const std::array<std::string, kRoles> paths_;
  std::array<std::optional<Stamp>, kRoles> stamps_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Databases> databases_;
  std::atomic<std::uint64_t> version_{0};
};

}  // namespace curfew::device
