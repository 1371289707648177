#include "app/config_tree.h"

#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

#include "base/utf8.h"

namespace app {
namespace {

constexpr std::string_view variable_prefix = "NORMWATCH_";
constexpr int depth_max = 16;
constexpr const char* no_text = "expected one line of UTF-8";

base::Error wrong(const std::string& place, const std::string& what) {
    return base::Error(base::ErrorCode::invalid, place + ": " + what);
}

std::string place_of(const std::string& name, const YAML::Mark& mark) {
    return name + ":" + std::to_string((mark.line < 0 ? 0 : mark.line) + 1);
}

/// Whether it stands on one line of an answer and in an event, whose texts are UTF-8. YAML's
/// escapes make other bytes too: `\N` one that is none.
bool is_text(std::string_view text) {
    return base::is_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
               return static_cast<unsigned char>(c) < 0x20 && c != '\t';
           });
}

/// Reads one node; `place_name` with a line when `with_lines`, else as it stands.
class TreeReader {
public:
    TreeReader(std::string name, bool with_lines)
        : name_(std::move(name)), with_lines_(with_lines) {}

    base::Result<ConfigNode> read(const YAML::Node& node, int depth) const {
        ConfigNode out;
        out.place = place(node.Mark());
        if (depth > depth_max) {
            return wrong(out.place, "nested too deep");
        }
        if (node.IsMap()) {
            BOOST_OUTCOME_TRY(read_map(node, depth, out));
        } else if (node.IsSequence()) {
            out.kind = ConfigNode::Kind::list;
            for (const YAML::Node& item : node) {
                BOOST_OUTCOME_TRY(ConfigNode read_item, read(item, depth + 1));
                out.items.push_back(std::move(read_item));
            }
        } else if (node.IsScalar()) {
            out.text = node.Scalar();
            if (!is_text(out.text)) {
                return wrong(out.place, no_text);
            }
            const bool is_plain = node.Tag() != "!";
            const bool is_null =
                is_plain && (out.text.empty() || out.text == "~" || out.text == "null");
            out.kind = is_null ? ConfigNode::Kind::null : ConfigNode::Kind::scalar;
        }
        return out;
    }

private:
    std::string place(const YAML::Mark& mark) const {
        return with_lines_ ? place_of(name_, mark) : name_;
    }

    base::Result<void> read_map(const YAML::Node& node, int depth, ConfigNode& out) const {
        out.kind = ConfigNode::Kind::map;
        std::set<std::string> seen;
        for (const auto& member : node) {
            const std::string where = place(member.first.Mark());
            if (!member.first.IsScalar()) {
                return wrong(where, "a key must be one word");
            }
            const std::string key = member.first.Scalar();
            if (!is_text(key)) {
                return wrong(where, no_text);
            }
            if (key == "<<") {
                return wrong(where, "merging of maps (<<) is not supported");
            }
            if (!seen.insert(key).second) {
                return wrong(where, "key " + key + " stands there twice");
            }
            BOOST_OUTCOME_TRY(ConfigNode value, read(member.second, depth + 1));
            value.place = where;
            out.members.push_back({key, std::move(value)});
        }
        return base::success();
    }

    std::string name_;
    bool with_lines_;
};

base::Result<ConfigNode> parse(std::string_view text, const TreeReader& reader,
                               const std::string& name, bool with_lines) {
    try {
        return reader.read(YAML::Load(std::string(text)), 0);
    } catch (const YAML::Exception& failed) {
        return wrong(with_lines ? place_of(name, failed.mark) : name, failed.msg);
    }
}

/// `server`, `listen` of `SERVER__LISTEN`.
std::vector<std::string> parts_of(std::string_view name) {
    std::vector<std::string> parts(1);
    for (std::size_t n = 0; n < name.size(); ++n) {
        if (name.substr(n, 2) == "__") {
            parts.emplace_back();
            ++n;
        } else {
            parts.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(name[n])));
        }
    }
    return parts;
}

base::Result<void> put(ConfigNode& root, const std::vector<std::string>& path, ConfigNode value) {
    ConfigNode* node = &root;
    for (const std::string& part : path) {
        if (node->kind == ConfigNode::Kind::null) {
            node->kind = ConfigNode::Kind::map;
        }
        if (node->kind != ConfigNode::Kind::map) {
            return wrong(value.place, "what it names has no member " + part);
        }
        ConfigNode* next = nullptr;
        for (auto& [name, member] : node->members) {
            next = name == part ? &member : next;
        }
        if (next == nullptr) {
            node->members.push_back({part, ConfigNode{}});
            next = &node->members.back().value;
            next->place = value.place;
        }
        node = next;
    }
    *node = std::move(value);
    return base::success();
}

}  // namespace

const ConfigNode* ConfigNode::find(std::string_view name) const {
    for (const auto& [key, value] : members) {
        if (key == name) {
            return &value;
        }
    }
    return nullptr;
}

Environment read_environment() {
    Environment found;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const std::size_t equals = text.find('=');
        if (text.starts_with(variable_prefix) && equals != std::string_view::npos) {
            found.emplace(text.substr(0, equals), text.substr(equals + 1));
        }
    }
    return found;
}

base::Result<ConfigNode> parse_config_tree(std::string_view text, const std::string& name) {
    return parse(text, TreeReader(name, true), name, true);
}

base::Result<void> apply_environment(ConfigNode& root, const Environment& environment,
                                     const std::vector<std::string>& plain) {
    for (const auto& [name, text] : environment) {
        const std::vector<std::string> path =
            parts_of(std::string_view(name).substr(variable_prefix.size()));
        bool is_ours = path.size() > 1;
        for (const std::string& word : plain) {
            is_ours = is_ours || (path.size() == 1 && path.front() == word);
        }
        if (!is_ours) {
            continue;
        }
        BOOST_OUTCOME_TRY(ConfigNode value, parse(text, TreeReader(name, false), name, false));
        BOOST_OUTCOME_TRY(put(root, path, std::move(value)));
    }
    return base::success();
}

}  // namespace app
