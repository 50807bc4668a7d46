// One MaxMind database, in memory and known to be sound.
//
// The bytes are copied into memory that nobody can change, checked (mmdb_check.h), and only then given to libmaxminddb.
// Threads: any number may read.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "base/result.h"

namespace curfew::device {

class PlaceDatabase {
 public:
  // Both refuse, with kDataLoss, what is not sound; the file's also what is no file or too large.
  static Result<std::shared_ptr<const PlaceDatabase>> from_bytes(std::string_view bytes);
  static Result<std::shared_ptr<const PlaceDatabase>> from_file(int descriptor, std::uint64_t size);
  ~PlaceDatabase();
  PlaceDatabase(const PlaceDatabase&) = delete;
  PlaceDatabase& operator=(const PlaceDatabase&) = delete;

  const std::string& type() const { return type_; }
  std::int64_t built_s() const { return built_s_; }

  // What the database has on an address. Valid as long as the database.
  class Entry {
   public:
    using Path = std::initializer_list<const char*>;
    std::string text(Path path) const;              // empty: none, or not fit to be shown
    std::optional<double> number(Path path) const;  // an integer or a floating-point number
    bool flag(Path path) const;

   private:
    friend class PlaceDatabase;
    Entry(const PlaceDatabase& database, std::uint32_t offset) : database_(&database), offset_(offset) {}
    const PlaceDatabase* database_;
    std::uint32_t offset_;
  };
  std::optional<Entry> find(const IpAddress& address) const;

 private:
  struct Library;

  PlaceDatabase();
  static Result<std::shared_ptr<const PlaceDatabase>> open(int memory, std::uint64_t size);

  std::unique_ptr<Library> library_;
  std::string type_;
  std::int64_t built_s_ = 0;
};

}  // namespace curfew::device
