#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "app/node.h"
#include "base/error.h"
#include "base/int128.h"
#include "store/read_view.h"

namespace app {

/// 32 hexadecimal digits.
std::string digest_text(base::Uint128 digest);

/// What a doctor looks at: the newest state of each partition, and the log that it must be the fold
/// of.
struct Examined {
    eventlog::LogReader& log;
    std::uint32_t partitions = 1;
    std::function<std::shared_ptr<const store::ReadView>(std::uint32_t partition)> view;
    std::function<bool(std::uint32_t partition)>
        is_here;                         ///< what another node folds is its matter
    std::string scratch;                 ///< a directory that is made and removed
    std::function<bool()> is_cancelled;  ///< asked every now and then
};

/// Proves that the views are the fold of the log and prints the answer `doctor`. Costs a replay.
/// While a later fact is still being applied it waits up to `patience`, then that partition is
/// `unknown`.
///
/// Errors: corrupt, unavailable - of log and store; cancelled: nothing can be said then.
base::Result<std::string> doctor_answer(const Examined& examined,
                                        std::chrono::milliseconds patience);

/// Rebuilds the views of every partition from the log and puts them into place.
struct ReplayOptions {
    std::optional<std::uint64_t> until;  ///< exclusive; only with `into`
    std::string into;                    ///< a directory beside the live views; empty: replace them
    std::function<bool()> is_cancelled = [] { return false; };  ///< asked every now and then
};

/// Also while the node folds and answers: the old views do so until the new ones take their place.
///
/// Returns: the answer `replay`. `changed` is null when the old views were of another offset.
/// Errors: invalid     - `until` of several partitions; `into` holds something already.
///         unavailable - the log no longer holds all that the views hold: they stay.
///         corrupt     - of log and store.
base::Result<std::string> replay(Node& node, const ReplayOptions& options);

}  // namespace app
