#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "store/read_view.h"

namespace query {

/// A step of a deviation, as others are told of it.
struct DeviationMessage {
    std::uint64_t number = 0;  ///< its place; the numbers of a partition rise
    std::uint64_t offset = 0;  ///< of the record that made it
    std::string company;
    std::string id;    ///< of the deviation, with the number of its revision
    std::string json;  ///< a CloudEvent; `data` as in `/v1/deviations`, as of this step
};

/// What is to be told behind `after`, at most `count_max`, in its order.
/// Errors: corrupt, unavailable - of the store. Threads: any.
base::Result<std::vector<DeviationMessage>> deviation_messages(const store::ReadView& view,
                                                               std::uint64_t after,
                                                               std::size_t count_max);

/// The number of the last one; 0: there is none.
base::Result<std::uint64_t> last_deviation_message(const store::ReadView& view);

}  // namespace query
