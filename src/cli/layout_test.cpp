// Tables, CSV, progress and times.
#include <gtest/gtest.h>

#include "cli/csv.h"
#include "cli/json_view.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "cli/text_width.h"
#include "cli/when.h"

namespace curfew::cli {
namespace {

const std::vector<TableColumn> kColumns{{.title = "Username", .least = 6},
                                        {.title = "IP Address", .shrinks = false},
                                        {.title = "Id", .least = 9, .cut_in_the_middle = true}};
const std::vector<std::vector<std::string>> kRows{{"jane.doe", "203.0.113.7", "0123456789abcdef0123456789abcdef"},
                                                  {"田中太郎さん", "2001:db8::1", "f"}};

TEST(Table, WithoutAWidthNothingIsCut) {
  EXPECT_EQ(table(kColumns, kRows, 0, {}),
            "Username      IP Address   Id\n"
            "jane.doe      203.0.113.7  0123456789abcdef0123456789abcdef\n"
            "田中太郎さん  2001:db8::1  f\n");
}

TEST(Table, FitsTheTerminalAndShortensIdsInTheMiddle) {
  EXPECT_EQ(table(kColumns, kRows, 40, {}),
            "Username      IP Address   Id\n"
            "jane.doe      203.0.113.7  01234567…cdef\n"
            "田中太郎さん  2001:db8::1  f\n");
}

TEST(Table, NoLineIsWiderThanTheTerminalWhileItCanShrink) {
  for (std::size_t width = 30; width < 90; ++width) {
    std::istringstream lines(table(kColumns, kRows, width, {}));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(display_width(line), width) << line;
  }
}

TEST(Table, ColumnsKeepTheirMinimumOnATinyTerminal) {
  const auto widths = fit(kColumns, kRows, 5);
  EXPECT_EQ(widths, (std::vector<std::size_t>{6, 11, 9}));
}

TEST(Table, ColoursOnlyWhenTheStyleIsOn) {
  EXPECT_EQ(table(kColumns, kRows, 0, {}).find('\x1b'), std::string::npos);
  EXPECT_NE(table(kColumns, kRows, 0, {.on = true}).find('\x1b'), std::string::npos);
}

TEST(Facts, WrapsValuesUnderThemselves) {
  EXPECT_EQ(facts({{"Name", "a b c"}, {"Long Name", "one two three four five"}}, 31, {}),
            "Name       a b c\n"
            "Long Name  one two three four\n"
            "           five\n");
}

TEST(Csv, CellsThatASpreadsheetWouldRunAreLedByAnApostrophe) {
  EXPECT_EQ(csv_cell("=1+1"), "'=1+1");
  EXPECT_EQ(csv_cell("+49"), "'+49");
  EXPECT_EQ(csv_cell("-2"), "'-2");
  EXPECT_EQ(csv_cell("@SUM(A1)"), "'@SUM(A1)");
  EXPECT_EQ(csv_cell("  =1"), "'  =1");
  EXPECT_EQ(csv_cell("jane.doe"), "jane.doe");
  EXPECT_EQ(csv_cell("a=b"), "a=b");
}

TEST(Csv, QuotesWhatNeedsQuotes) {
  EXPECT_EQ(csv_line({"a,b", "say \"hi\"", "line\nend", ""}), "\"a,b\",\"say \"\"hi\"\"\",\"line\nend\",\r\n");
  EXPECT_EQ(csv_cell("=a,b"), "\"'=a,b\"");
}

TEST(ProgressLine, ShowsShareCountsAndFailures) {
  EXPECT_EQ(progress_line({.done = 5, .failed = 1, .total = 10}, "session", 60),
            "[============>           ]   50%  5 of 10 sessions, 1 failed");
  EXPECT_EQ(progress_line({.done = 10, .failed = 0, .total = 10}, "session", 40),
            "[=============]  100%  10 of 10 sessions");
  EXPECT_EQ(progress_line({.done = 12345}, "line", 40), "12,345 lines");
}

TEST(ProgressLine, NeverExceedsTheWidth) {
  for (std::size_t width = 1; width < 120; ++width)
    for (std::int64_t done = 0; done <= 1000; done += 125)
      EXPECT_LE(display_width(progress_line({.done = done, .failed = 3, .total = 1000}, "session", width)), width);
}

TEST(ProgressLine, CountsBeyondTheTotalDoNotBreakIt) {
  EXPECT_EQ(progress_line({.done = 20, .failed = 0, .total = 10}, "session", 40),
            "[=============]  100%  20 of 10 sessions");
}

TEST(When, RelativeTimesReadLikeSpeech) {
  const Time now{1'772'357'400'000};
  const auto ago = [&](std::int64_t s) { return relative_time(now, Time{now.ms - s * 1000}); };
  EXPECT_EQ(ago(0), "just now");
  EXPECT_EQ(ago(42), "42 s ago");
  EXPECT_EQ(ago(300), "5 min ago");
  EXPECT_EQ(ago(3 * 3600), "3 h ago");
  EXPECT_EQ(ago(3 * 86400), "3 d ago");
  EXPECT_EQ(ago(100 * 86400), "2025-11-21");
  EXPECT_EQ(ago(-7200), "in 2 h");
  EXPECT_EQ(absolute_time(now), "2026-03-01 09:30:00Z");
}

TEST(When, WhatIsNoTimeIsShownHarmless) {
  EXPECT_EQ(shown_time("\x1b[2J", Time{0}, false), "[2J");
  EXPECT_EQ(shown_time("", Time{0}, false), "");
}

TEST(SafeJson, ControlsAreEscapedAndTheValueStays) {
  const boost::json::value value{{"name", "a\x1b[2J\xc2\x9b\xe2\x80\xae\x7f"}};
  EXPECT_EQ(safe_json(value), "{\"name\":\"a\\u001b[2J\\u009b\\u202e\\u007f\"}");
}

TEST(JsonView, MissingAndWrongMembersReadAsNothing) {
  const boost::json::value value{{"a", {{"b", 7}}}, {"t", "x"}, {"n", nullptr}, {"yes", true}};
  EXPECT_EQ(text_at(value, "a.b"), "7");
  EXPECT_EQ(number_at(value, "a.b"), 7);
  EXPECT_EQ(text_at(value, "a.c"), "");
  EXPECT_EQ(text_at(value, "t.b"), "");
  EXPECT_EQ(text_at(value, "n"), "");
  EXPECT_EQ(number_at(value, "t", -1), -1);
  EXPECT_TRUE(is_true(value, "yes"));
  EXPECT_FALSE(is_true(value, "t"));
  EXPECT_TRUE(array_at(value, "t").empty());
}

}  // namespace
}  // namespace curfew::cli
