#include "client/sse.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace curfew::client {

void SseParser::restart() {
  pending_.clear();
  type_.clear();
  data_.clear();
  has_data_ = after_cr_ = overflowed_ = false;
}

bool SseParser::feed(std::string_view chunk, const Handler& handler) {
  while (!overflowed_ && !chunk.empty()) {
    if (after_cr_ && chunk.front() == '\n') chunk.remove_prefix(1);
    after_cr_ = false;
    const auto end = chunk.find_first_of("\r\n");
    const auto part = chunk.substr(0, end);
    if (pending_.size() + data_.size() + part.size() > kMaxEventBytes) {
      overflowed_ = true;
      break;
    }
    pending_ += part;
    if (end == std::string_view::npos) return true;
    after_cr_ = chunk[end] == '\r';
    chunk.remove_prefix(end + 1);
    const std::string whole = std::exchange(pending_, {});
    if (!line(whole, handler)) return false;
  }
  return !overflowed_;
}

bool SseParser::line(std::string_view text, const Handler& handler) {
  if (text.empty()) {
    const bool complete = std::exchange(has_data_, false);
    SseEvent event{last_id_, std::exchange(type_, {}), std::exchange(data_, {})};
    if (!complete) return true;
    if (event.type.empty()) event.type = "message";
    return handler(event);
  }
  const auto colon = text.find(':');
  if (colon == 0) return true;  // a comment
  const auto name = text.substr(0, colon);
  auto value = colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
  if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  if (name == "data") {
    if (has_data_) data_ += '\n';
    data_ += value;
    has_data_ = true;
  } else if (name == "event") {
    type_ = value;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) last_id_ = value;
  } else if (name == "retry") {
    std::int64_t ms = 0;
    const auto [rest, bad] = std::from_chars(value.data(), value.data() + value.size(), ms);
    if (bad == std::errc{} && rest == value.data() + value.size() && ms >= 0)
      retry_ = Duration{std::min<std::int64_t>(ms, 60'000)};
  }
  return true;
}

}  // namespace curfew::client
