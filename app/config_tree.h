#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace app {

struct ConfigMember;

/// A piece of the configuration with the place where a person finds it.
///
/// Scalars stay text: what `2026-11-02` or `0101` means is decided by the key that holds it.
struct ConfigNode {
    enum class Kind { null, scalar, list, map };
    Kind kind = Kind::null;
    std::string text;
    std::vector<ConfigNode> items;
    std::vector<ConfigMember> members;  ///< in the order of the file
    std::string place;  ///< `normwatch.yaml:12`, or the name of an environment variable

    /// The member of that name; nullptr when there is none.
    const ConfigNode* find(std::string_view name) const;
};

/// One key of a map.
struct ConfigMember {
    std::string name;
    ConfigNode value;
};

/// Variables by name.
using Environment = std::map<std::string, std::string>;

/// The process's variables whose names begin with NORMWATCH_.
Environment read_environment();

/// Reads YAML text. `name` is the file as errors show it.
///
/// Errors: invalid - `FILE:LINE: ...`: no YAML, a key twice in one map, an alias or a merge.
base::Result<ConfigNode> parse_config_tree(std::string_view text, const std::string& name);

/// Puts `NORMWATCH_SECTION__KEY` over the tree; names without `__` only when they are one of
/// `plain`. The value is read as YAML.
///
/// Errors: invalid - the value is no YAML, or the name runs through a value that has no members.
base::Result<void> apply_environment(ConfigNode& root, const Environment& environment,
                                     const std::vector<std::string>& plain);

}  // namespace app
