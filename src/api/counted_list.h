// One page of a list that is whole in memory.
#pragma once

#include <cstdint>
#include <string>

#include "api/json_out.h"
#include "api/services.h"

namespace curfew::api {

// `limit`, `cursor` and `offset` of the call's query over `items`; `append` writes one.
template <class Items, class Append>
Result<http::Response> counted_list(Services& services, const Call& call, const Items& items, Append append) {
  CURFEW_TRY(const auto page, parse_page(call.params));
  CURFEW_TRY(const std::uint64_t offset, page_offset(page));
  ListEnd end{.total = items.size(), .next = {}, .previous = {}, .as_of = services.engine.as_of()};
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("items").begin_array();
  std::uint64_t shown = 0;
  for (std::uint64_t i = offset; i < items.size() && shown < page.limit; ++i, ++shown)
    append(json, items[static_cast<std::size_t>(i)]);
  set_offset_cursors(end, page, offset, shown);
  return list_response(call, json, body, end);
}

}  // namespace curfew::api
