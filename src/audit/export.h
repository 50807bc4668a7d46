// Audit records as text for other programs: JSON lines and CSV.
#pragma once

#include <string>

#include "audit/record.h"

namespace curfew::audit {

enum class ExportFormat : std::uint8_t { kJsonLines, kCsv };
Result<ExportFormat> parse_export_format(std::string_view text);  // "jsonl", "csv"; others are refused, naming these

// One record as the API's JSON object (no newline).
void append_json(std::string& out, const Record& record, const Digest& hash);

// The CSV header row and one row a record, RFC 4180 with CRLF. A cell that a spreadsheet would take for a formula (a
// leading = + - @, tab or CR) is led by an apostrophe.
void append_csv_header(std::string& out);
void append_csv(std::string& out, const Record& record, const Digest& hash);

}  // namespace curfew::audit
