#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/config_tree.h"

namespace app {

/// Keys of one section: what is read, and what interface and code will know in a later version.
struct KnownKeys {
    std::initializer_list<std::string_view> known;
    std::initializer_list<std::string_view> later;
};

/// Takes values out of a configuration tree and collects what is wrong with them, so that one look
/// shows every mistake. A getter that finds one answers what an absent key answers.
class ConfigReader {
public:
    /// Notes `PLACE: what`.
    void wrong(const ConfigNode& node, const std::string& what);

    /// True when `node` is a map whose keys are all known. `where` names it with a dot behind:
    /// `server.`.
    bool is_section(const ConfigNode& node, const std::string& where, const KnownKeys& keys);

    std::optional<std::string> text(const ConfigNode& map, std::string_view key,
                                    const std::string& where);
    std::optional<bool> truth(const ConfigNode& map, std::string_view key,
                              const std::string& where);
    /// A whole number of [0, most].
    std::optional<std::int64_t> whole(const ConfigNode& map, std::string_view key,
                                      const std::string& where, std::int64_t most);
    /// A number of [0, most], with up to three decimals.
    std::optional<double> number(const ConfigNode& map, std::string_view key,
                                 const std::string& where, double most);
    std::optional<std::vector<std::string>> texts(const ConfigNode& map, std::string_view key,
                                                  const std::string& where);
    /// `id`, which is needed; empty when it is wrong.
    std::string id(const ConfigNode& map, const std::string& where);
    /// `timezone`, and `region`.
    std::optional<std::string> zone(const ConfigNode& map, const std::string& where);
    std::optional<std::string> region(const ConfigNode& map, const std::string& where);
    /// The member; nullptr when it is absent or empty.
    static const ConfigNode* member(const ConfigNode& map, std::string_view key);

    const std::vector<std::string>& mistakes() const { return mistakes_; }

private:
    std::vector<std::string> mistakes_;
};

/// Durations in seconds at most: a leap year.
inline constexpr double config_seconds_max = 31'622'400;

/// `count` capital letters.
bool are_letters(std::string_view text, std::size_t count);

/// Letters, digits and `. _ : - @ +`, 1 to 64 of them.
bool is_config_id(std::string_view text);

}  // namespace app
