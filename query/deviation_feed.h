#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "store/read_view.h"

namespace query {

/// How far somebody was told.
struct DeviationPlace {
    std::uint64_t number = 0;  ///< of the last message; 0: none
    std::uint64_t offset = 0;  ///< of the record that made it
};

/// A step of a deviation, as others are told of it.
struct DeviationMessage {
    DeviationPlace place;
    std::string company;
    std::string id;    ///< of the deviation, with the number of its revision
    std::string json;  ///< a CloudEvent; `data` as in `/v1/deviations`, as of this step
};

/// What is to be told behind `after`, at most `count_max`, in its order.
/// Errors: corrupt, unavailable - of the store. Threads: any.
base::Result<std::vector<DeviationMessage>> deviation_messages(const store::ReadView& view,
                                                               std::uint64_t after,
                                                               std::size_t count_max);

/// The place of the last one.
base::Result<DeviationPlace> last_deviation_message(const store::ReadView& view);

/// Where somebody goes on who was told up to `known`, perhaps by views that another version of the
/// program made: what a record at or before that one made is told already, whatever its number is.
/// Cost: a look; of other views one at every message.
base::Result<DeviationPlace> deviation_place(const store::ReadView& view,
                                             const DeviationPlace& known);

}  // namespace query
