#include "http/response_head.h"

#include <array>
#include <charconv>
#include <ctime>

#include "http/field.h"

namespace curfew::http {
namespace {

constexpr std::string_view kSecurityHeaders =
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n";

// Headers that the transport writes itself; what the application says of them is left out.
bool is_transports(std::string_view name) {
  switch (name.size()) {
    case 4:
      return iequals(name, "Date");
    case 10:
      return iequals(name, "Connection") || iequals(name, "Keep-Alive");
    case 12:
      return iequals(name, "X-Request-Id");
    case 14:
      return iequals(name, "Content-Length");
    case 15:
      return iequals(name, "Referrer-Policy");
    case 17:
      return iequals(name, "Transfer-Encoding");
    case 22:
      return iequals(name, "X-Content-Type-Options");
    default:
      return false;
  }
}

template <class Number>
void append_number(std::string& out, Number value) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

}  // namespace

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return status < 300 ? "OK" : status < 400 ? "Redirect" : "Error";
  }
}

bool can_send(const std::vector<Header>& headers) {
  for (const Header& header : headers) {
    if (!is_token(header.name)) return false;
    // Without a way out of the loop, so that the compiler looks at many bytes at once.
    bool good = true;
    for (const char c : header.value) good &= (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) || c == '\t';
    if (!good) return false;
  }
  return true;
}

void append_head(std::string& out, const ResponseHead& head) {
  out += "HTTP/1.1 ";
  append_number(out, head.status);
  out += ' ';
  out += reason_phrase(head.status);
  out += "\r\nDate: ";
  out += head.date;
  out += "\r\nX-Request-Id: ";
  out += head.request_id;
  out += "\r\n";
  if (head.framing == Framing::kLength) {
    out += "Content-Length: ";
    append_number(out, head.length);
    out += "\r\n";
  } else if (head.framing == Framing::kChunked) {
    out += "Transfer-Encoding: chunked\r\n";
  }
  if (!head.keep_alive) {
    out += "Connection: close\r\n";
  } else if (!head.http11) {
    out += "Connection: keep-alive\r\n";
  }
  out += kSecurityHeaders;
  for (const Header& header : *head.headers) {
    if (is_transports(header.name)) continue;
    out += header.name;
    out += ": ";
    out += header.value;
    out += "\r\n";
  }
  out += "\r\n";
}

std::string imf_fixdate(std::int64_t unix_seconds) {
  static constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = unix_seconds;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::string out;
  const auto two = [&out](int value) {
    out += static_cast<char>('0' + value / 10 % 10);
    out += static_cast<char>('0' + value % 10);
  };
  out += kDays[static_cast<std::size_t>(parts.tm_wday)];
  out += ", ";
  two(parts.tm_mday);
  out += ' ';
  out += kMonths[static_cast<std::size_t>(parts.tm_mon)];
  out += ' ';
  append_number(out, parts.tm_year + 1900);
  out += ' ';
  two(parts.tm_hour);
  out += ':';
  two(parts.tm_min);
  out += ':';
  two(parts.tm_sec);
  out += " GMT";
  return out;
}

}  // namespace curfew::http
