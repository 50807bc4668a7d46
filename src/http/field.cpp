#include "http/field.h"

#include <array>
#include <cstddef>

namespace curfew::http {
namespace {

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

constexpr std::array<bool, 256> token_table() {
  std::array<bool, 256> table{};
  for (char c = '0'; c <= '9'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr auto kToken = token_table();

}  // namespace

bool iequals(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_token(std::string_view text) {
  for (char c : text) {
    if (!kToken[static_cast<unsigned char>(c)]) return false;
  }
  return !text.empty();
}

std::string_view next_item(std::string_view& list, char separator) {
  bool quoted = false;
  std::size_t at = 0;
  for (; at < list.size(); ++at) {
    if (quoted && list[at] == '\\') {
      ++at;
    } else if (list[at] == '"') {
      quoted = !quoted;
    } else if (!quoted && list[at] == separator) {
      break;
    }
  }
  if (at > list.size()) at = list.size();
  const std::string_view item = trim(list.substr(0, at));
  list.remove_prefix(at < list.size() ? at + 1 : at);
  return item;
}

}  // namespace curfew::http
