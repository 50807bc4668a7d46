// JSON bodies and lines.
#include <array>

#include "api/json_in.h"
#include "base/text.h"
#include "fuzz_target.h"

namespace curfew::fuzz {
namespace {

void json(std::string_view bytes) {
  static constexpr std::array<std::string_view, 4> kAllowed = {"name", "since", "on", "list"};
  api::JsonParser parser;
  const auto value = parser.parse(bytes);
  if (!value) return;
  const auto fields = api::Fields::open(*value, kAllowed);
  if (!fields) return;
  FUZZ_CHECK(fields->size() <= kAllowed.size());
  if (const auto name = fields->text("name", 20)) FUZZ_CHECK(name->size() <= 20 && is_valid_utf8(*name));
  if (const auto name = fields->identifier("name", 20)) FUZZ_CHECK(name->size() <= 20);
  (void)fields->optional_text("name", 5, true);
  (void)fields->optional_time("since");
  (void)fields->optional_boolean("on");
  (void)fields->optional_array("list", 3);
}

}  // namespace

std::vector<Target> json_targets() {
  return {{"json",
           json,
           {R"({"name":"production","since":"2026-03-01T09:30:00.000Z","on":true,"list":[1,{"a":[]}]})",
            R"({"name":"\ud83d\ude42","name":null})", R"([[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]])"}}};
}

}  // namespace curfew::fuzz
