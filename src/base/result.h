// Result<T>: a value, or an Error that says what is wrong, where, and how to mend it.
//
// Errors are for what the world does to us: bad input, a full disk, a missing session. Our own mistakes are checked
// with CURFEW_CHECK (check.h) and stop the program. No function that returns a Result throws.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace curfew {

// The canonical set. One table in api/problem.cpp maps each to an HTTP status, one in cli/ to an exit status.
enum class ErrorCode : std::uint8_t {
  kInvalidArgument,   // the caller's input is wrong; sending it again cannot help
  kUnauthenticated,   // nobody we know
  kPermissionDenied,  // somebody we know, who may not
  kNotFound,
  kAlreadyExists,
  kConflict,           // the state is not the one the caller presumed
  kTooLarge,           // over a limit that the message names
  kResourceExhausted,  // too many now; later may help
  kUnavailable,        // a part that is needed does not answer, or can't write
  kDeadlineExceeded,
  kCancelled,
  kDataLoss,  // stored bytes are not what was written
  kInternal,
};

// "invalid_argument", …; stable, used in logs and as the default problem code.
std::string_view to_string(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string reason;   // stable snake_case word for programs, such as "plan_drifted"; empty means to_string(code)
  std::string message;  // one sentence for people: what, the limit, the way out; never a credential
  std::string field;    // the name of the field or parameter at fault, where there is one

  std::string_view reason_or_code() const { return reason.empty() ? to_string(code) : std::string_view(reason); }
};

template <class T>
using Result = tl::expected<T, Error>;

using Status = Result<void>;

// return fail(ErrorCode::kNotFound, "session_not_active", "…");
inline tl::unexpected<Error> fail(ErrorCode code, std::string reason, std::string message, std::string field = {}) {
  return tl::unexpected<Error>(Error{code, std::move(reason), std::move(message), std::move(field)});
}
inline tl::unexpected<Error> invalid(std::string field, std::string message) {
  return fail(ErrorCode::kInvalidArgument, "invalid_" + std::string(field.empty() ? "request" : "value"),
              std::move(message), std::move(field));
}

#define CURFEW_CONCAT_(a, b) a##b
#define CURFEW_CONCAT(a, b) CURFEW_CONCAT_(a, b)
// CURFEW_TRY(auto page, index.query(q)); leaves the function with the error, or names the value.
#define CURFEW_TRY(declaration, expression)                                            \
  auto CURFEW_CONCAT(result_, __LINE__) = (expression);                                \
  if (!CURFEW_CONCAT(result_, __LINE__))                                               \
    return ::tl::make_unexpected(std::move(CURFEW_CONCAT(result_, __LINE__)).error()); \
  declaration = *std::move(CURFEW_CONCAT(result_, __LINE__))
#define CURFEW_TRY_STATUS(expression) \
  if (auto status_ = (expression); !status_) return ::tl::make_unexpected(std::move(status_).error())

}  // namespace curfew
