#include "cli/report.h"

#include "cli/csv.h"
#include "cli/json_view.h"
#include "cli/text_width.h"

namespace curfew::cli {

namespace {

constexpr std::int64_t kLargestPage = 500;

std::string raw_cell(const Column& column, const boost::json::value& item) {
  return column.text ? column.text(item) : text_at(item, column.path);
}

std::vector<TableColumn> table_columns(const std::vector<Column>& columns) {
  std::vector<TableColumn> out;
  for (const auto& column : columns) {
    if (column.title.empty()) continue;
    TableColumn t{.title = column.title, .least = column.least};
    t.right = column.kind == Kind::kNumber;
    t.cut_in_the_middle = column.kind == Kind::kId;
    t.shrinks = column.kind == Kind::kText || column.kind == Kind::kId;
    out.push_back(std::move(t));
  }
  return out;
}

Paint paint(const std::vector<Column>& columns, const Style& style) {
  if (!style.on) return {};
  std::vector<Kind> kinds;
  for (const auto& column : columns)
    if (!column.title.empty()) kinds.push_back(column.kind);
  return [kinds, style](std::size_t i, const std::string& text, const std::string& padded) {
    const auto kind = kinds[i];
    if (kind == Kind::kType) return text == "offline" ? style.orange(padded) : style.blue(padded);
    if (kind == Kind::kOutcome) return text == "success" || text == "done" ? style.green(padded) : style.red(padded);
    if (kind == Kind::kYesNo) return text == "Yes" ? style.green(padded) : padded;
    return padded;
  };
}

// Prints pages as they come.
class Printer {
 public:
  Printer(Context& context, const std::vector<Column>& columns)
      : context_(context), columns_(columns), table_(table_columns(columns)), out_(context.terminal.out) {}

  void begin() {
    if (context_.format() == Format::kJson) out_ << "{\"items\":[";
    if (context_.format() != Format::kCsv) return;
    std::vector<std::string> names;
    for (const auto& column : columns_)
      if (!column.name.empty()) names.push_back(column.name);
    out_ << csv_line(names);
  }

  void page(const boost::json::array& items) {
    if (context_.format() == Format::kTable) return table_page(items);
    for (const auto& item : items) {
      switch (context_.format()) {
        case Format::kJson:
          out_ << (printed_ == 0 ? "\n" : ",\n") << safe_json(item);
          break;
        case Format::kJsonLines:
          out_ << safe_json(item) << "\n";
          break;
        default:
          out_ << csv_row(item);
      }
      ++printed_;
    }
  }

  // `last` is the answer that held the last page: what stands beside its items is kept.
  void end(const boost::json::value& last) {
    if (context_.format() != Format::kJson) return;
    out_ << (printed_ == 0 ? "]" : "\n]");
    if (last.is_object())
      for (const auto& [name, value] : last.get_object())
        if (name != "items") out_ << ",\"" << std::string_view(name.data(), name.size()) << "\":" << safe_json(value);
    out_ << "}\n";
  }

  std::int64_t printed() const { return printed_; }

 private:
  void table_page(const boost::json::array& items) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& item : items) {
      auto& row = rows.emplace_back();
      for (const auto& column : columns_)
        if (!column.title.empty()) row.push_back(cell(context_, column, item));
    }
    const auto style = context_.style();
    if (widths_.empty() && !rows.empty()) {  // the first page's widths serve them all
      widths_ = fit(table_, rows, context_.table_width());
      out_ << header_line(table_, widths_, style);
    }
    for (const auto& row : rows)
      out_ << row_line(table_, widths_, row, context_.table_width() != 0, paint(columns_, style));
    printed_ += static_cast<std::int64_t>(rows.size());
  }

  std::string csv_row(const boost::json::value& item) const {
    std::vector<std::string> cells;
    for (const auto& column : columns_)
      if (!column.name.empty())
        cells.push_back(safe_text(column.path.empty() ? raw_cell(column, item) : text_at(item, column.path)));
    return csv_line(cells);
  }

  Context& context_;
  const std::vector<Column>& columns_;
  std::vector<TableColumn> table_;
  std::vector<std::size_t> widths_;
  std::ostream& out_;
  std::int64_t printed_ = 0;
};

}  // namespace

std::string cell(const Context& context, const Column& column, const boost::json::value& item) {
  const auto raw = raw_cell(column, item);
  switch (column.kind) {
    case Kind::kTime:
      return context.shown_time(raw);
    case Kind::kYesNo:
      return raw == "true" ? "Yes" : raw == "false" ? "No" : "";
    case Kind::kNumber:
      return raw.empty() ? "-" : grouped(number_at(item, column.path));
    default:
      return safe_text(raw);
  }
}

std::string joined(const boost::json::array& items, std::string_view member) {
  std::string out;
  for (const auto& item : items) out += (out.empty() ? "" : ", ") + text_at(item, member);
  return out;
}

void Paging::add_to(Command& command, bool with_offset) {
  auto& option = command.option("limit", "N", &limit, "Items a page, 1 to 500; 25 otherwise, 500 with --all-pages.");
  option.least = 1;
  option.most = kLargestPage;
  if (with_offset) command.option("offset", "N", &offset, "Items to skip; not with --cursor.").least = 0;
  command.option("cursor", "TEXT", &cursor, "The page that `next` or `previous` of an earlier answer names.");
  command.flag("all-pages", &all_pages, "Every page, not only the first.");
}

Result<int> list(Context& context, const ListRequest& request, const Paging& paging,
                 const std::vector<Column>& columns) {
  if (paging.cursor && paging.offset)
    return invalid("--offset", "--offset and --cursor don't go together: give one of them.");
  CURFEW_TRY(auto* api, context.api());
  client::Fields base = request.query;
  if (paging.limit || paging.all_pages) base.emplace_back("limit", std::to_string(paging.limit.value_or(kLargestPage)));
  client::Fields query = base;
  if (paging.offset) query.emplace_back("offset", std::to_string(*paging.offset));
  if (paging.cursor) query.emplace_back("cursor", *paging.cursor);

  Printer printer(context, columns);
  for (bool first = true;; first = false) {
    CURFEW_TRY(const auto answer, api->get(request.path, query));
    if (first) printer.begin();
    const auto& items = array_at(answer.body, "items");
    printer.page(items);
    const auto next = text_at(answer.body, "next");
    if (!context.terminal.out) return fail(ErrorCode::kUnavailable, "not_written", "the output can't be written.");
    if (paging.all_pages && !next.empty() && !items.empty()) {
      query = base;  // an offset holds for the first page alone: a cursor says where it stands
      query.emplace_back("cursor", next);
      continue;
    }
    printer.end(answer.body);
    const bool people = context.format() == Format::kTable;
    if (printer.printed() == 0 && people) context.note(request.nothing);
    if (!next.empty()) {
      const auto total = at(answer.body, "total");
      const bool known = total != nullptr && !total->is_null();
      context.note(
          grouped(printer.printed()) +
          (known ? " of " + counted(number_at(answer.body, "total"), request.noun) : " " + request.noun + "s") +
          "; --all-pages shows all" + (people ? ", --cursor " + safe_text(next) + " the next ones." : "."));
    } else if (people && printer.printed() > 0 && context.terminal.out_tty) {
      context.note(counted(printer.printed(), request.noun) + ".");
    }
    return kExitDone;
  }
}

void print_rows(Context& context, const boost::json::array& items, const std::vector<Column>& columns) {
  Printer printer(context, columns);
  printer.begin();
  printer.page(items);
  printer.end(boost::json::value{});
}

void print_one(Context& context, const boost::json::value& value, const std::vector<Column>& columns) {
  auto& out = context.terminal.out;
  switch (context.format()) {
    case Format::kJson:
      out << pretty_json(value) << "\n";
      return;
    case Format::kJsonLines:
      out << safe_json(value) << "\n";
      return;
    case Format::kCsv:
      return print_rows(context, {value}, columns);
    case Format::kTable:
      break;
  }
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& column : columns) {
    if (column.title.empty()) continue;
    auto shown = cell(context, column, value);
    if (column.kind == Kind::kTime && !shown.empty() && !context.shared.absolute)
      shown += " (" + cli::safe_text(raw_cell(column, value)) + ")";
    pairs.emplace_back(column.title, shown.empty() ? "-" : std::move(shown));
  }
  out << facts(pairs, context.table_width(), context.style());
}

}  // namespace curfew::cli
