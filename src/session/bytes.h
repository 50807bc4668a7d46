// The building blocks of base/bytes.h, under the names by which the records of this module and those above it know
// them.
#pragma once

#include "base/bytes.h"

namespace curfew::session {

using curfew::ByteReader;
using curfew::corrupt;
using curfew::put_byte;
using curfew::put_bytes;
using curfew::put_varint;
using curfew::put_zigzag;

}  // namespace curfew::session
