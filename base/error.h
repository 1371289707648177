#pragma once

#include <boost/outcome/basic_result.hpp>
#include <boost/outcome/policy/terminate.hpp>
#include <boost/outcome/try.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace base {

/// What the caller may do about a failure. Values appear in log lines only; free to reorder.
enum class ErrorCode {
    invalid,         ///< the input or configuration is wrong; repeating it does not help
    not_found,       ///< what was asked for is not there
    already_exists,  ///< somebody else holds or made it
    corrupt,         ///< stored bytes contradict themselves; stop and name the place
    unavailable,     ///< not now; try again
    timeout,         ///< not in time; try again
    cancelled,       ///< the other side gave up
    exhausted,       ///< a limit is reached; try again later
};

/// The word for `code`, as it stands in log lines.
std::string_view to_string(ErrorCode code);

/// A failure: what the caller may do, and the context a person needs.
class Error {
public:
    Error(ErrorCode code, std::string context) : code_(code), context_(std::move(context)) {}

    ErrorCode code() const { return code_; }
    const std::string& context() const { return context_; }

    /// True when the same call may succeed later without any change of input.
    bool is_retryable() const {
        return code_ == ErrorCode::unavailable || code_ == ErrorCode::timeout ||
               code_ == ErrorCode::exhausted;
    }

    /// The same failure with `prefix` in front of its context: `within("append calls/3: ")`.
    Error within(std::string_view prefix) const {
        return Error(code_, std::string(prefix) + context_);
    }

private:
    ErrorCode code_;
    std::string context_;
};

/// A value or an Error. Discarding one is a compiler error. Use with BOOST_OUTCOME_TRY.
template <class T>
using Result = boost::outcome_v2::basic_result<T, Error, boost::outcome_v2::policy::terminate>;

inline auto success() {
    return boost::outcome_v2::success();
}

}  // namespace base
