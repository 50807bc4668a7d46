// Lists and single things, printed as a table, JSON, CSV or JSON lines.
//
// json: what the server said, an item a line inside `items`. jsonl: an item a line. csv: a header and a row an item,
// times as they are. table: the columns that fit people. A list of any length takes the memory of one page.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/value.hpp>

#include "cli/context.h"
#include "cli/table.h"

namespace curfew::cli {

enum class Kind : std::uint8_t { kText, kTime, kNumber, kId, kType, kOutcome, kYesNo, kSeverity };

struct Column {
  std::string title = {};  // in tables, "Last Access"; empty: only in CSV
  std::string name = {};   // in CSV, "lastAccess"; empty: only in tables
  Kind kind = Kind::kText;
  std::string path = {};  // of the member
  // What tables show instead; CSV too where there is no path.
  std::function<std::string(const boost::json::value&)> text = {};
  std::size_t least = 6;  // narrowest in a table
  int spare = 0;          // left out of a table that has no room for all of them, the highest first; 0: never
};

// Options of all paged lists.
struct Paging {
  std::optional<std::int64_t> limit, offset;
  std::optional<std::string> cursor;
  bool all_pages = false;

  void add_to(Command& command, bool with_offset);
};

struct ListRequest {
  std::string path = {};
  client::Fields query;
  std::string noun;     // "session"
  std::string nothing;  // what to say when there is none, for people
  // What to say of the last answer besides, for people; may be empty.
  std::function<std::string(const boost::json::value&)> remark = {};
};

// Fetches and prints the pages that `paging` asks for.
Result<int> list(Context& context, const ListRequest& request, const Paging& paging,
                 const std::vector<Column>& columns);

// Rows that are at hand already.
void print_rows(Context& context, const boost::json::array& items, const std::vector<Column>& columns);

// The same rows as a table for people, whatever format was asked for, on either of the terminal's streams.
void print_table(Context& context, const boost::json::array& items, const std::vector<Column>& columns,
                 std::ostream& out);

// One thing: JSON in the formats for programs (csv: its columns), `rows` as names and values for people.
void print_one(Context& context, const boost::json::value& value, const std::vector<Column>& columns);

// A cell of a table, safe to show.
std::string cell(const Context& context, const Column& column, const boost::json::value& item);

// "portal, reports" of an array of texts or of objects with this member.
std::string joined(const boost::json::array& items, std::string_view member = {});

}  // namespace curfew::cli
