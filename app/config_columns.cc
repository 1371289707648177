#include <algorithm>
#include <charconv>

#include "app/config_sources.h"

namespace app {
namespace {

using ingest::cdr_csv::Column;
using ingest::cdr_csv::Field;
using ingest::cdr_csv::Mapping;
using ingest::cdr_csv::TimeFormat;

constexpr std::string_view default_time = "%Y-%m-%d %H:%M:%S";

std::string list_of_words(const std::vector<std::string_view>& words) {
    std::string out;
    for (const std::string_view word : words) {
        out += (out.empty() ? "" : ", ") + std::string(word);
    }
    return out;
}

/// Reads the mapping of one source.
class ColumnsReader {
public:
    ColumnsReader(const ConfigNode& source, std::string where, ConfigReader& reader)
        : source_(source), where_(std::move(where)), reader_(reader) {}

    Mapping read() {
        read_separator();
        mapping_.header = reader_.truth(source_, "header", where_).value_or(false);
        read_time();
        read_columns();
        read_values();
        return std::move(mapping_);
    }

private:
    void read_separator() {
        const std::string text = reader_.text(source_, "separator", where_).value_or(",");
        const char separator = text.size() == 1 ? text.front() : '"';
        const bool is_alphanumeric = (separator >= '0' && separator <= '9') ||
                                     (separator >= 'a' && separator <= 'z') ||
                                     (separator >= 'A' && separator <= 'Z');
        if (is_alphanumeric ||
            std::string_view("\"\r\n").find(separator) != std::string_view::npos) {
            reader_.wrong(*source_.find("separator"),
                          where_ + "separator: expected one character, as , or ; or a tab");
            return;
        }
        mapping_.separator = separator;
    }

    void read_time() {
        const std::string text =
            reader_.text(source_, "time", where_).value_or(std::string(default_time));
        base::Result<TimeFormat> format = TimeFormat::parse(text);
        if (!format) {
            reader_.wrong(*source_.find("time"), where_ + "time: " + format.error().context());
            return;
        }
        mapping_.time = std::move(format).value();
    }

    void read_columns() {
        const ConfigNode* columns = ConfigReader::member(source_, "columns");
        if (columns == nullptr || columns->kind != ConfigNode::Kind::map) {
            reader_.wrong(columns == nullptr ? source_ : *columns,
                          where_ + (columns == nullptr ? "columns is needed"
                                                       : "columns: expected a map of columns"));
            return;
        }
        for (const auto& [name, node] : columns->members) {
            const std::string where = where_ + "columns." + name;
            const std::optional<Field> field = ingest::cdr_csv::field_of(name);
            if (!field) {
                reader_.wrong(node, "unknown key " + where);
            } else if (auto column = read_column(node, where)) {
                mapping_.column(*field) = std::move(column);
            }
        }
        for (const Field field : {Field::from, Field::to, Field::started_at}) {
            if (columns->find(name_of(field)) == nullptr) {
                reader_.wrong(*columns,
                              where_ + "columns." + std::string(name_of(field)) + " is needed");
            }
        }
        if (columns->find("ended_at") == nullptr && columns->find("duration") == nullptr) {
            reader_.wrong(*columns, where_ + "columns: one of ended_at and duration is needed");
        }
    }

    std::optional<Column> read_column(const ConfigNode& node, const std::string& where) {
        if (node.kind != ConfigNode::Kind::scalar || node.text.empty()) {
            reader_.wrong(node, where + ": expected the number of a column, or its name");
            return std::nullopt;
        }
        const bool is_number = std::ranges::all_of(
            node.text, [](char letter) { return letter >= '0' && letter <= '9'; });
        if (!is_number) {
            if (!mapping_.header) {
                reader_.wrong(node, where + ": a name needs header: true");
            }
            return Column{0, node.text};
        }
        std::uint32_t number = 0;
        const auto parsed =
            std::from_chars(node.text.data(), node.text.data() + node.text.size(), number);
        if (parsed.ec != std::errc{} || number == 0 ||
            number > ingest::cdr_csv::column_number_max) {
            reader_.wrong(node, where + ": expected a number from 1 to " +
                                    std::to_string(ingest::cdr_csv::column_number_max));
            return std::nullopt;
        }
        return Column{number, {}};
    }

    void read_values() {
        const ConfigNode* values = ConfigReader::member(source_, "values");
        if (values == nullptr) {
            return;
        }
        const std::string where = where_ + "values.";
        reader_.is_section(*values, where, {{"direction", "disposition"}, {}});
        for (const Field field : {Field::direction, Field::disposition}) {
            const ConfigNode* words = ConfigReader::member(*values, name_of(field));
            if (words != nullptr) {
                read_words(*words, where + std::string(name_of(field)), field);
            }
        }
    }

    void read_words(const ConfigNode& node, const std::string& where, Field field) {
        if (node.kind != ConfigNode::Kind::map) {
            reader_.wrong(node, where + ": expected a map of the file's words to ours");
            return;
        }
        if (!mapping_.column(field)) {
            reader_.wrong(node, where + ": columns." + std::string(name_of(field)) + " is needed");
        }
        const std::vector<std::string_view>& known = ingest::cdr_csv::words_of(field);
        for (const auto& [word, ours] : node.members) {
            if (ours.kind != ConfigNode::Kind::scalar ||
                std::ranges::count(known, std::string_view(ours.text)) == 0) {
                reader_.wrong(ours,
                              where + "." + word + ": expected one of " + list_of_words(known));
                continue;
            }
            mapping_.values[static_cast<std::size_t>(field)][word] = ours.text;
        }
    }

    const ConfigNode& source_;
    std::string where_;
    ConfigReader& reader_;
    Mapping mapping_;
};

}  // namespace

Mapping read_columns(const ConfigNode& source, const std::string& where, ConfigReader& reader) {
    return ColumnsReader(source, where, reader).read();
}

}  // namespace app
