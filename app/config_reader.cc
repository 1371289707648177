#include "app/config_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "kpi/local_time.h"

namespace app {

void ConfigReader::wrong(const ConfigNode& node, const std::string& what) {
    mistakes_.push_back(node.place + ": " + what);
}

bool ConfigReader::is_section(const ConfigNode& node, const std::string& where,
                              const KnownKeys& keys) {
    if (node.kind != ConfigNode::Kind::map) {
        const std::string name =
            where.empty() ? "configuration" : where.substr(0, where.size() - 1);
        wrong(node, name + ": expected a map of keys");
        return false;
    }
    bool all_known = true;
    for (const auto& [key, value] : node.members) {
        if (std::ranges::count(keys.known, std::string_view(key)) != 0) {
            continue;
        }
        all_known = false;
        const bool is_later = std::ranges::count(keys.later, std::string_view(key)) != 0;
        wrong(value, is_later ? where + key + " is not available in this version"
                              : "unknown key " + where + key);
    }
    return all_known;
}

const ConfigNode* ConfigReader::member(const ConfigNode& map, std::string_view key) {
    const ConfigNode* found = map.find(key);
    return found == nullptr || found->kind == ConfigNode::Kind::null ? nullptr : found;
}

std::optional<std::string> ConfigReader::text(const ConfigNode& map, std::string_view key,
                                              const std::string& where) {
    const ConfigNode* node = member(map, key);
    if (node == nullptr) {
        return std::nullopt;
    }
    if (node->kind != ConfigNode::Kind::scalar) {
        wrong(*node, where + std::string(key) + ": expected one value");
        return std::nullopt;
    }
    return node->text;
}

std::optional<bool> ConfigReader::truth(const ConfigNode& map, std::string_view key,
                                        const std::string& where) {
    const std::optional<std::string> word = text(map, key, where);
    if (!word) {
        return std::nullopt;
    }
    if (*word == "true" || *word == "false") {
        return *word == "true";
    }
    wrong(*member(map, key), where + std::string(key) + ": expected true or false");
    return std::nullopt;
}

std::optional<std::int64_t> ConfigReader::whole(const ConfigNode& map, std::string_view key,
                                                const std::string& where, std::int64_t most) {
    const std::optional<std::string> word = text(map, key, where);
    if (!word) {
        return std::nullopt;
    }
    std::int64_t value = -1;
    const char* end = word->data() + word->size();
    const auto parsed = std::from_chars(word->data(), end, value);
    if (parsed.ec == std::errc{} && parsed.ptr == end && value >= 0 && value <= most) {
        return value;
    }
    wrong(*member(map, key),
          where + std::string(key) + ": expected a whole number from 0 to " + std::to_string(most));
    return std::nullopt;
}

std::optional<double> ConfigReader::number(const ConfigNode& map, std::string_view key,
                                           const std::string& where, double most) {
    const std::optional<std::string> word = text(map, key, where);
    if (!word) {
        return std::nullopt;
    }
    double value = -1;
    const char* end = word->data() + word->size();
    const auto parsed = std::from_chars(word->data(), end, value, std::chars_format::fixed);
    if (parsed.ec == std::errc{} && parsed.ptr == end && value >= 0 && value <= most) {
        return std::round(value * 1000) / 1000;
    }
    wrong(*member(map, key), where + std::string(key) + ": expected a number from 0 to " +
                                 std::to_string(static_cast<std::int64_t>(most)));
    return std::nullopt;
}

std::optional<std::vector<std::string>> ConfigReader::texts(const ConfigNode& map,
                                                            std::string_view key,
                                                            const std::string& where) {
    const ConfigNode* node = member(map, key);
    if (node == nullptr) {
        return std::nullopt;
    }
    std::vector<std::string> out;
    if (node->kind == ConfigNode::Kind::list) {
        for (const ConfigNode& item : node->items) {
            if (item.kind == ConfigNode::Kind::scalar) {
                out.push_back(item.text);
            }
        }
        if (out.size() == node->items.size()) {
            return out;
        }
    }
    wrong(*node, where + std::string(key) + ": expected a list of words");
    return std::nullopt;
}

std::string ConfigReader::id(const ConfigNode& map, const std::string& where) {
    const std::optional<std::string> id = text(map, "id", where);
    if (!id) {
        wrong(map, where + "id is needed");
    } else if (!is_config_id(*id)) {
        wrong(*map.find("id"), where + "id: expected 1 to 64 letters, digits and . _ : - @ +");
    }
    return id.value_or("");
}

std::optional<std::string> ConfigReader::zone(const ConfigNode& map, const std::string& where) {
    const std::optional<std::string> name = text(map, "timezone", where);
    if (name && !kpi::Zone::find(*name)) {
        wrong(*map.find("timezone"), where + "timezone: there is no time zone " + *name);
    }
    return name;
}

std::optional<std::string> ConfigReader::region(const ConfigNode& map, const std::string& where) {
    const std::optional<std::string> region = text(map, "region", where);
    if (region && !are_letters(*region, 2)) {
        wrong(*map.find("region"), where + "region: expected two letters, as RU");
    }
    return region;
}

bool are_letters(std::string_view text, std::size_t count) {
    return text.size() == count &&
           std::ranges::all_of(text, [](char letter) { return letter >= 'A' && letter <= 'Z'; });
}

bool is_config_id(std::string_view text) {
    constexpr std::string_view others = "._:-@+";
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [&](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
               (letter >= '0' && letter <= '9') || others.find(letter) != std::string_view::npos;
    });
}

}  // namespace app
