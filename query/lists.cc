#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/base64.h"
#include "query/answers.h"
#include "query/meta.h"
#include "query/reading.h"
#include "query/roster.h"
#include "query/value_text.h"
#include "store/bytes.h"

namespace query {
namespace {

/// An instant that bounds a validity: null where it is unbounded.
void write_border(base::JsonWriter& out, base::UtcMillis at) {
    const bool is_open = at == base::since_ever || at == base::for_ever;
    write_instant(out, is_open ? std::nullopt : std::optional(at));
}

base::Result<std::string> finish(base::JsonWriter& out, Question& question) {
    BOOST_OUTCOME_TRY(write_meta(out, question));
    out.end_object();
    return out.take();
}

base::Result<store::SourceRow> source_row(Question& question, const std::string& id) {
    BOOST_OUTCOME_TRY(const auto ordinal, question.names().ordinal(store::Table::source, id));
    if (!ordinal) {
        return store::SourceRow{};
    }
    const std::string key = store::source_key(question.company().ordinal, kpi::Source(*ordinal));
    BOOST_OUTCOME_TRY(const auto row,
                      read_row<store::SourceRow>(question.rows(), store::Family::state, key));
    return row.value_or(store::SourceRow{});
}

void write_count(base::JsonWriter& out, std::string_view name,
                 const std::optional<std::uint64_t>& number) {
    out.key(name);
    if (number) {
        out.value(*number);
    } else {
        out.null();
    }
}

std::string item_id(const Question& question, std::uint64_t offset) {
    return std::to_string(question.view().partition) + "-" + std::to_string(offset);
}

/// Writes the members of an item into the open object.
base::Result<void> write_item(base::JsonWriter& out, Question& question, std::uint64_t offset,
                              const store::QuarantineRow& row) {
    BOOST_OUTCOME_TRY(const auto source, question.names().text(store::Table::source, row.source));
    out.member("id", item_id(question, offset)).key("source");
    write_text(out, source);
    out.member("reason", row.reason).member("stage", row.stage).key("origin").begin_object();
    out.key("file");
    write_text(out, row.file);
    write_count(out, "line", row.line);
    write_count(out, "byte", row.byte);
    write_count(out, "index", row.index);
    out.end_object().member("detail", row.detail).key("received_at");
    write_instant(out, row.received_at);
    out.member("bytes", row.bytes).member("state", row.state);
    return base::success();
}

/// What a list of quarantined items is narrowed to; empty texts narrow nothing.
struct ItemFilter {
    std::string reason;
    std::string state;
    std::optional<std::uint32_t> source;
    bool takes(const store::QuarantineRow& row) const {
        return (reason.empty() || row.reason == reason) && (state.empty() || row.state == state) &&
               (!source || row.source.value() == *source);
    }
};

base::Result<ItemFilter> item_filter(Question& question) {
    static constexpr std::array<std::string_view, 4> states{"", "open", "redriven", "discarded"};
    ItemFilter filter{
        std::string(question.param("reason")), std::string(question.param("state")), {}};
    if (std::find(states.begin(), states.end(), filter.state) == states.end()) {
        return bad_question("state: open, redriven or discarded");
    }
    if (const std::string_view source = question.param("source"); !source.empty()) {
        BOOST_OUTCOME_TRY(const auto ordinal,
                          question.names().ordinal(store::Table::source, source));
        filter.source = ordinal.value_or(unknown_ordinal);
    }
    return filter;
}

/// Writes the items of the page; gives the cursor of the next one and the number of all.
struct ItemPage {
    std::string cursor;
    std::uint64_t total = 0;
};

base::Result<ItemPage> write_items(base::JsonWriter& out, Question& question, const Page& page,
                                   const ItemFilter& filter) {
    ItemPage result;
    std::uint64_t shown = 0;
    std::string last;
    const std::string first = store::quarantine_key(0);
    const std::string prefix = first.substr(0, first.size() - sizeof(std::uint64_t));
    const auto show = [&](std::string_view key, std::string_view value) -> base::Result<bool> {
        BOOST_OUTCOME_TRY(const auto row, store::decode<store::QuarantineRow>(value));
        if (row.company != question.company().ordinal || !filter.takes(row)) {
            return true;
        }
        ++result.total;
        const std::string position(key.substr(prefix.size()));
        if (!page.after.empty() && position <= page.after) {
            return true;
        }
        if (page.limit && shown == *page.limit) {
            if (result.cursor.empty()) {
                result.cursor = question.cursor("quarantine", last);
            }
            return page.count_exact;
        }
        out.begin_object();
        BOOST_OUTCOME_TRY(write_item(out, question, store::KeyReader(position).u64(), row));
        out.end_object();
        last = position;
        ++shown;
        return true;
    };
    BOOST_OUTCOME_TRY(
        scan_rows(question.rows(), store::Family::state, first, store::prefix_end(prefix), show));
    return result;
}

std::string sha256_hex(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), hash.data(), &size, EVP_sha256(), nullptr) != 1) {
        return {};
    }
    std::string hex;
    for (unsigned i = 0; i < size; ++i) {
        hex.push_back(digits[hash[i] >> 4U]);
        hex.push_back(digits[hash[i] & 15U]);
    }
    return hex;
}

/// The offset of `<partition>-<offset>`; nullopt when the text is no id of this partition.
std::optional<std::uint64_t> offset_of(const Question& question, std::string_view id) {
    const std::size_t dash = std::min(id.find('-'), id.size());
    const std::string_view digits = id.substr(std::min(dash + 1, id.size()));
    std::uint64_t offset = 0;
    const auto [end, failed] =
        std::from_chars(digits.data(), digits.data() + digits.size(), offset);
    const bool is_number = failed == std::errc{} && end == digits.data() + digits.size();
    return is_number && item_id(question, offset) == id ? std::optional(offset) : std::nullopt;
}

}  // namespace

base::Result<std::string> managers(const store::ReadView& view, const Params& params,
                                   const Ports& ports) {
    BOOST_OUTCOME_TRY(Question question, Question::open(view, params, ports, {"at"}));
    BOOST_OUTCOME_TRY(const base::UtcMillis at, question.moment_or_now("at"));
    BOOST_OUTCOME_TRY(const auto roster, managers_between(question, {at, at + base::Millis(1)}));
    base::JsonWriter out;
    out.begin_object().key("managers").begin_array();
    for (const RosterEntry& entry : roster) {
        BOOST_OUTCOME_TRY(const auto team, question.names().text(store::Table::team, entry.team));
        out.begin_object().member("id", entry.id).key("name");
        write_word(out, entry.name);
        out.key("team");
        write_text(out, team);
        out.key("role");
        write_word(out, entry.role);
        out.key("from");
        write_border(out, entry.validity.from);
        out.key("until");
        write_border(out, entry.validity.until);
        out.end_object();
    }
    out.end_array();
    return finish(out, question);
}

base::Result<std::string> sources(const store::ReadView& view, const Params& params,
                                  const Ports& ports) {
    BOOST_OUTCOME_TRY(Question question, Question::open(view, params, ports, {}));
    std::vector<SourceInfo> configured = ports.sources;
    std::sort(configured.begin(), configured.end(),
              [](const SourceInfo& a, const SourceInfo& b) { return a.id < b.id; });
    base::JsonWriter out;
    out.begin_object().key("sources").begin_array();
    for (const SourceInfo& source : configured) {
        BOOST_OUTCOME_TRY(const auto row, source_row(question, source.id));
        out.begin_object().member("id", source.id).member("kind", source.kind).key("class");
        write_word(out, source.source_class);
        const std::string_view heard = row.last_received_at ? "ok" : "silent";
        out.member("state", source.state.empty() ? heard : std::string_view(source.state));
        out.key("last_event_at");
        write_instant(out, row.last_received_at);
        out.key("up_to");
        write_instant(out, row.up_to);
        out.member("events", row.applied + row.duplicate + row.stale);
        out.member("duplicates", row.duplicate).member("quarantined", row.quarantined);
        out.key("gaps").begin_array().end_array().end_object();
    }
    out.end_array();
    return finish(out, question);
}

base::Result<std::string> quarantine(const store::ReadView& view, const Params& params,
                                     const Ports& ports) {
    BOOST_OUTCOME_TRY(Question question,
                      Question::open(view, params, ports,
                                     {"reason", "source", "state", "limit", "cursor", "count"}));
    BOOST_OUTCOME_TRY(const ItemFilter filter, item_filter(question));
    BOOST_OUTCOME_TRY(const Page page, question.page("quarantine"));
    base::JsonWriter out;
    out.begin_object().key("items").begin_array();
    BOOST_OUTCOME_TRY(const ItemPage items, write_items(out, question, page, filter));
    out.end_array().key("next_cursor");
    write_word(out, items.cursor);
    if (page.count_exact) {
        out.member("total", items.total);
    }
    return finish(out, question);
}

base::Result<std::string> quarantine_item(const store::ReadView& view, std::string_view id,
                                          const Params& params, const Ports& ports) {
    BOOST_OUTCOME_TRY(Question question, Question::open(view, params, ports, {}));
    const auto offset = offset_of(question, id);
    std::optional<store::QuarantineRow> row;
    if (offset) {
        BOOST_OUTCOME_TRY(row, read_row<store::QuarantineRow>(question.rows(), store::Family::state,
                                                              store::quarantine_key(*offset)));
    }
    if (!row || row->company != question.company().ordinal) {
        return base::Error(base::ErrorCode::not_found, "no such item in quarantine");
    }
    std::optional<RawRecord> raw;
    if (ports.raw_record) {
        BOOST_OUTCOME_TRY(raw, ports.raw_record(*offset));
    }
    base::JsonWriter out;
    out.begin_object();
    BOOST_OUTCOME_TRY(write_item(out, question, *offset, *row));
    out.key("raw_base64");
    write_text(out, raw ? std::optional(base::base64(raw->bytes)) : std::nullopt);
    out.key("sha256");
    write_text(out, raw ? std::optional(sha256_hex(raw->bytes)) : std::nullopt);
    return finish(out, question);
}

}  // namespace query
