#include "device/places.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "base/limits.h"
#include "device/place_database.h"

namespace curfew::device {
namespace {

using Entry = PlaceDatabase::Entry;

constexpr std::array<std::string_view, 3> kRoleNames{"city", "asn", "anonymizer"};

struct Descriptor {
  int value;
  ~Descriptor() {
    if (value >= 0) close(value);
  }
};

std::string first_text(const Entry& entry, std::initializer_list<Entry::Path> paths) {
  for (const Entry::Path& path : paths)
    if (std::string text = entry.text(path); !text.empty()) return text;
  return {};
}

std::optional<double> within(std::optional<double> number, double least, double most) {
  if (number && *number >= least && *number <= most) return number;
  return std::nullopt;
}

bool is_country(std::string_view code) {
  return code.size() == 2 && code[0] >= 'A' && code[0] <= 'Z' && code[1] >= 'A' && code[1] <= 'Z';
}

// MaxMind's own databases nest; those that others make of open data, such as DB-IP's, are flat.
void read_city(const Entry& entry, Place& place) {
  place.country = first_text(entry, {{"country", "iso_code"}, {"country_code"}});
  if (!is_country(place.country)) place.country.clear();
  place.city = first_text(entry, {{"city", "names", "en"}, {"city"}});
  auto latitude = entry.number({"location", "latitude"}), longitude = entry.number({"location", "longitude"});
  if (!latitude || !longitude) latitude = entry.number({"latitude"}), longitude = entry.number({"longitude"});
  latitude = within(latitude, -90, 90);
  longitude = within(longitude, -180, 180);
  if (latitude && longitude) {
    place.latitude = latitude;
    place.longitude = longitude;
    if (const auto radius = within(entry.number({"location", "accuracy_radius"}), 0, UINT16_MAX))
      place.accuracy_km = static_cast<std::uint16_t>(*radius);
  }
}

void read_asn(const Entry& entry, Place& place) {
  if (const auto number = within(entry.number({"autonomous_system_number"}), 1, UINT32_MAX))
    place.asn = static_cast<std::uint32_t>(*number);
  place.organization = entry.text({"autonomous_system_organization"});
}

void read_anonymizer(const Entry& entry, Place& place) {
  for (const char* const name :
       {"is_anonymous", "is_anonymous_vpn", "is_public_proxy", "is_residential_proxy", "is_tor_exit_node"})
    place.anonymizer = place.anonymizer || entry.flag({name});
}

}  // namespace

Places::Places(PlaceFiles files)
    : paths_{std::move(files.city), std::move(files.asn), std::move(files.anonymizer)},
      databases_(std::make_shared<const Databases>()) {}

Places::~Places() = default;

std::shared_ptr<const Places::Databases> Places::databases() const {
  const std::lock_guard lock(mutex_);
  return databases_;
}

std::vector<Error> Places::reload() {
  std::vector<Error> errors;
  for (const Role role : {kCity, kAsn, kAnonymizer}) {
    if (paths_[role].empty()) continue;
    if (auto status = reload(role); !status) {
      Error error = std::move(status).error();
      error.field = kRoleNames[role];
      error.message = paths_[role] + ": " + error.message;
      if (databases()->at(role) != nullptr) error.message += " The database that was read before stays in use.";
      errors.push_back(std::move(error));
    }
  }
  return errors;
}

Status Places::reload(Role role) {
  // Neither waits for the writer of a pipe nor becomes the terminal of anything.
  const Descriptor file{open(paths_[role].c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  struct stat found{};
  if (file.value < 0 || fstat(file.value, &found) != 0) {
    const int reason = errno;
    // Told once: no file has this stamp.
    if (stamps_[role] == Stamp{}) return {};
    stamps_[role] = Stamp{};
    return fail(ErrorCode::kUnavailable, "database_unreadable",
                "The file can't be opened: " + std::string(std::strerror(reason)) + ".");
  }
  const Stamp stamp{found.st_dev, found.st_ino, static_cast<std::uint64_t>(found.st_size), found.st_mtim.tv_sec,
                    found.st_mtim.tv_nsec};
  if (stamps_[role] == stamp) return {};
  stamps_[role] = stamp;
  if (!S_ISREG(found.st_mode)) return fail(ErrorCode::kInvalidArgument, "not_a_file", "That is not a file.");
  if (stamp.size > limits::kPlaceDatabase)
    return fail(ErrorCode::kTooLarge, "database_too_large",
                "The file is larger than " + std::to_string(limits::kPlaceDatabase >> 20) + " MiB.");
  CURFEW_TRY(auto database, PlaceDatabase::from_file(file.value, stamp.size));
  Databases changed = *databases();
  changed[role] = std::move(database);
  auto next = std::make_shared<const Databases>(std::move(changed));
  {
    const std::lock_guard lock(mutex_);
    databases_.swap(next);
  }
  // Behind it: whoever sees the new number looks up in the new database.
  version_.fetch_add(1, std::memory_order_release);
  return {};
}

Place Places::lookup(const IpAddress& address) const {
  constexpr std::array kReaders{read_city, read_asn, read_anonymizer};
  const auto databases = this->databases();
  Place place;
  for (std::size_t role = 0; role < kRoles; ++role) {
    if ((*databases)[role] == nullptr) continue;
    if (const auto entry = (*databases)[role]->find(address)) kReaders[role](*entry, place);
  }
  return place;
}

std::vector<PlaceSource> Places::sources() const {
  std::vector<PlaceSource> sources;
  const auto databases = this->databases();
  for (std::size_t role = 0; role < kRoles; ++role)
    if (const auto& database = (*databases)[role])
      sources.push_back({paths_[role], database->type(), database->built_s()});
  return sources;
}

}  // namespace curfew::device
