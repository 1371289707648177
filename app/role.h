#pragma once

namespace app {

/// What a process does of taking in, folding and answering. One process does all of it, or, over
/// Kafka, several share it.
struct Role {
    bool takes_in = true;
    bool folds = true;
    bool answers = true;
};

inline constexpr Role serve_role{};
inline constexpr Role collect_role{.takes_in = true, .folds = false, .answers = false};
inline constexpr Role process_role{.takes_in = false, .folds = true, .answers = true};
inline constexpr Role query_role{.takes_in = false, .folds = false, .answers = true};

}  // namespace app
