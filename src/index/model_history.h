// History: one random history of sessions, told to the index and to the model, and questions of every kind of which
// both must think the same. The same seed and the same calls give the same history. Errors: Failure, thrown where the
// two differ.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "index/model.h"
#include "index/model_draw.h"

namespace curfew::index {

struct Failure {
  std::string what;
};

// One history and its two witnesses.
class History {
 public:
  explicit History(std::uint64_t seed);

  void load(int rows);  // as a start does; before the first step
  // One change; sometimes the first of many that follow each other under one lock, and questions between them.
  void step();
  // All the rows, so many queries, a quarter as many questions of other kinds; at times of an index that was written
  // out and read back.
  void check(int queries);
  std::map<std::string_view, std::uint64_t> plans() const;  // how often the queries took which way

 private:
  static void expect(bool holds, const std::string& what);
  static void same(const session::Session& got, const session::Session& want, const std::string& where);
  Handle in_index(const session::SessionKey& key);

  // For a change: the stretch's lock, or one of its own.
  class Writing {
   public:
    explicit Writing(const History& history) {
      if (!history.stretch_) own_.emplace(*history.index_);
    }

   private:
    std::optional<Index::WriteLock> own_;
  };
  void change();

  // The steps: model_history.cpp.
  void insert();
  void touch();
  void update();
  void erase();
  void set_marks();
  void put_user();
  void forget_user();
  void name_client();
  void take_dirty();
  void drop_realm();
  void through_an_image();

  // The questions: model_checks.cpp.
  static void same_page(const Query& query, const Page& got, const Page& want);
  void check_query();
  void check_read_ahead();
  void check_rows();
  void check_sets();
  void check_directory();
  std::vector<std::uint64_t> latest(RealmId id, const Filter& filter, std::size_t limit);
  void check_neighbours(RealmId id, const std::string& user);
  void check_network(RealmId id, std::size_t limit);
  void check_address();  // requires: a live session
  void check_sweep();

  Draw draw_;
  std::unique_ptr<Index> index_;
  std::optional<Index::WriteLock> stretch_;          // many changes under one lock
  std::uint64_t left_ = 0;                           // of the stretch
  std::map<std::string_view, std::uint64_t> plans_;  // of indexes that an image took the place of
  std::size_t kept_ = 0;
  Model model_;
  std::vector<session::SessionKey> live_;
  std::vector<Cursor> old_cursors_;
  std::vector<std::pair<std::vector<RealmId>, Filter>>
      read_ahead_;  // filters whose search was read ahead, some time ago
  std::uint64_t last_no_ = 0;
  bool marking_ = false;
};

}  // namespace curfew::index
