#pragma once

#include <cstdint>
#include <filesystem>

#include "base/error.h"

namespace store {

/// One directory of views of a partition. Views are never changed to another format or rule: they
/// are folded anew into the next generation, which then becomes the current one.
struct Generation {
    std::uint64_t number = 1;
    std::filesystem::path directory;  ///< `<views of the partition>/<number>`
};

/// The generation that `CURRENT` names. `path` is `<data_dir>/views/<partition>`; where nothing is
/// yet, generation 1 is made and becomes current.
///
/// Errors: corrupt - CURRENT is unreadable, or missing beside views it would have to choose from;
///         unavailable - the disk refuses.
base::Result<Generation> open_current(const std::filesystem::path& path);

/// Makes the empty directory of a generation with a number that none had before. It answers nothing
/// until `make_current`.
base::Result<Generation> begin_next(const std::filesystem::path& path);

/// From now on, also after a power cut, `open_current` gives `number`. The directory is there and
/// whole.
///
/// Errors: not_found - there is no such directory; unavailable. CURRENT is then as before.
base::Result<void> make_current(const std::filesystem::path& path, std::uint64_t number);

/// Removes every generation but the current one; other files stay. Nobody has them open.
base::Result<void> remove_others(const std::filesystem::path& path);

}  // namespace store
