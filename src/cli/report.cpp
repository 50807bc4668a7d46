#include "cli/report.h"

#include <algorithm>

#include "cli/csv.h"
#include "cli/json_view.h"
#include "cli/text_width.h"

namespace curfew::cli {

namespace {

constexpr std::int64_t kLargestPage = 500;

std::string raw_cell(const Column& column, const boost::json::value& item) {
  return column.text ? column.text(item) : text_at(item, column.path);
}

TableColumn table_column(const Column& column) {
  TableColumn t{.title = column.title, .least = column.least};
  t.right = column.kind == Kind::kNumber;
  t.cut_in_the_middle = column.kind == Kind::kId;
  t.shrinks = column.kind == Kind::kText || column.kind == Kind::kId || column.kind == Kind::kSeverity;
  return t;
}

std::string painted(Kind kind, const std::string& text, const std::string& padded, const Style& style) {
  if (kind == Kind::kType) return text == "offline" ? style.orange(padded) : style.blue(padded);
  if (kind == Kind::kOutcome) return text == "success" || text == "done" ? style.green(padded) : style.red(padded);
  if (kind == Kind::kYesNo) return text == "Yes" ? style.green(padded) : padded;
  if (kind != Kind::kSeverity) return padded;
  return text.starts_with("high") ? style.red(padded) : text.starts_with("medium") ? style.orange(padded) : padded;
}

// A table that grows page by page. The first rows decide which columns there are and how wide.
class PagedTable {
 public:
  PagedTable(const Context& context, const std::vector<Column>& columns, std::size_t width, Style style)
      : context_(context), width_(width), style_(style) {
    for (const auto& column : columns)
      if (!column.title.empty()) shown_.push_back(&column);
  }

  // The lines of these rows, after the header's where they are the first.
  std::string lines(const boost::json::array& items) {
    if (items.empty()) return {};
    std::string out;
    auto rows = rows_of(items);
    if (widths_.empty()) {
      while (width_ != 0 && leave_one_out(rows)) rows = rows_of(items);
      for (const auto* column : shown_) table_.push_back(table_column(*column));
      widths_ = fit(table_, rows, width_);
      out = header_line(table_, widths_, style_);
    }
    Paint paint;
    if (style_.on)
      paint = [this](std::size_t i, const std::string& text, const std::string& padded) {
        return painted(shown_[i]->kind, text, padded, style_);
      };
    for (const auto& row : rows) out += row_line(table_, widths_, row, width_ != 0, paint);
    return out;
  }

 private:
  using Rows = std::vector<std::vector<std::string>>;

  Rows rows_of(const boost::json::array& items) const {
    Rows rows;
    for (const auto& item : items) {
      auto& row = rows.emplace_back();
      for (const auto* column : shown_) row.push_back(cell(context_, *column, item));
    }
    return rows;
  }

  // True where the columns are too wide together at their narrowest, and one that can be spared has gone.
  bool leave_one_out(const Rows& rows) {
    std::vector<TableColumn> columns;
    for (const auto* column : shown_) columns.push_back(table_column(*column));
    const auto narrowest = fit(columns, rows, 1);
    std::size_t total = kColumnGap * (columns.size() - 1);
    for (const auto width : narrowest) total += width;
    if (total <= width_) return false;
    const auto spare = std::max_element(shown_.begin(), shown_.end(),
                                        [](const auto* a, const auto* b) { return a->spare < b->spare; });
    if ((*spare)->spare == 0) return false;
    shown_.erase(spare);
    return true;
  }

  const Context& context_;
  const std::size_t width_;
  const Style style_;
  std::vector<const Column*> shown_;
  std::vector<TableColumn> table_;
  std::vector<std::size_t> widths_;
};

// Prints pages as they come.
class Printer {
 public:
  Printer(Context& context, const std::vector<Column>& columns)
      : context_(context),
        columns_(columns),
        table_(context, columns, context.table_width(), context.style()),
        out_(context.terminal.out) {}

  void begin() {
    if (context_.format() == Format::kJson) out_ << "{\"items\":[";
    if (context_.format() != Format::kCsv) return;
    std::vector<std::string> names;
    for (const auto& column : columns_)
      if (!column.name.empty()) names.push_back(column.name);
    out_ << csv_line(names);
  }

  void page(const boost::json::array& items) {
    if (context_.format() == Format::kTable) {
      out_ << table_.lines(items);
      printed_ += static_cast<std::int64_t>(items.size());
      return;
    }
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
  std::string csv_row(const boost::json::value& item) const {
    std::vector<std::string> cells;
    for (const auto& column : columns_)
      if (!column.name.empty())
        cells.push_back(safe_text(column.path.empty() ? raw_cell(column, item) : text_at(item, column.path)));
    return csv_line(cells);
  }

  Context& context_;
  const std::vector<Column>& columns_;
  PagedTable table_;
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
    if (people && request.remark)
      if (const auto remark = request.remark(answer.body); !remark.empty()) context.note(remark);
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

void print_table(Context& context, const boost::json::array& items, const std::vector<Column>& columns,
                 std::ostream& out) {
  const bool err = &out == &context.terminal.err;
  const bool tty = err ? context.terminal.err_tty : context.terminal.out_tty;
  out << PagedTable(context, columns, tty ? context.terminal.width : 0, err ? context.err_style() : context.style())
             .lines(items);
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
