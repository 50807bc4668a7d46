#include "base/bytes.h"

#include <fmt/format.h>

namespace curfew {

tl::unexpected<Error> corrupt(std::string_view what) {
  return fail(ErrorCode::kDataLoss, "corrupt_record",
              fmt::format("the stored bytes of a {} are not what was written", what));
}

}  // namespace curfew
