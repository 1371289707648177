#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/error.h"
#include "ingest/wall_clock.h"

namespace ingest::cdr_csv {

/// How a file writes its instants, as strftime says it: `%Y-%m-%d %H:%M:%S`.
///
/// Known are %Y %y %m %d %H %I %p %M %S %T %F %z %s %f %%; what stands between must stand there.
class TimeFormat {
public:
    /// Errors: invalid - an unknown %, one that stands there twice, or none that tells the day and
    ///                   the minute.
    static base::Result<TimeFormat> parse(std::string_view text);

    const std::string& text() const { return text_; }

    /// The instants that `value` may mean: in `zone`, unless the format has %z or %s.
    /// Rejections: `invalid_time` at `pointer`.
    std::variant<Readings, Rejection> read(std::string_view value, const std::string& pointer,
                                           const kpi::Zone& zone) const;

private:
    std::string text_;
    std::string parts_;  ///< the same with %T and %F written out
};

}  // namespace ingest::cdr_csv
