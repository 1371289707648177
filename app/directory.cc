#include "app/directory.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <vector>

#include "app/standing_directory.h"
#include "base/json.h"
#include "ingest/cloudevents/event_json.h"
#include "ingest/directory_yaml.h"
#include "ingest/position.h"
#include "processors/directory_entries.h"

namespace app {
namespace {

namespace yaml = ingest::directory_yaml;

constexpr std::string_view sender = "directory";
constexpr std::size_t group_bytes_max = std::size_t{8} << 20;

/// One difference. `wanted` absent: a removal.
struct Change {
    std::string section;
    std::vector<std::string> key;
    std::optional<StandingEntry> standing;  ///< also a removed one, when `wanted` comes back
    std::optional<events::Event> wanted;

    bool is_removal() const { return !wanted; }
    bool is_addition() const { return wanted && (!standing || standing->voided); }
};

std::vector<std::string> key_of(const events::Event& event, const kpi::Zone& zone) {
    return ingest::cloudevents::directory_identity(event, zone);
}

base::Result<std::vector<Change>> changes_of(const store::ReadView& view,
                                             const store::CompanyView& company,
                                             const yaml::Directory& wanted) {
    const kpi::Zone& zone = company.directory->zone();
    std::vector<Change> changes;
    for (const std::string& section : wanted.sections) {
        const events::Kind kind = events::kind_of_word(yaml::word_of(section));
        std::vector<std::vector<std::string>> named;
        for (const yaml::Entry& entry : wanted.entries) {
            if (entry.section != section) {
                continue;
            }
            named.push_back(key_of(entry.event, zone));
            BOOST_OUTCOME_TRY(auto standing, standing_entry(view, company, entry.event));
            if (!standing || standing->voided ||
                !is_same_entry(standing->event, entry.event, zone)) {
                changes.push_back({section, named.back(), std::move(standing), entry.event});
            }
        }
        std::ranges::sort(named);
        BOOST_OUTCOME_TRY(std::vector<StandingEntry> all, standing_entries(view, company, kind));
        for (StandingEntry& entry : all) {
            std::vector<std::string> key = key_of(entry.event, zone);
            if (!entry.voided && !std::ranges::binary_search(named, key)) {
                changes.push_back({section, std::move(key), std::move(entry), std::nullopt});
            }
        }
    }
    std::ranges::sort(changes, [](const Change& left, const Change& right) {
        return std::tie(left.section, left.key) < std::tie(right.section, right.key);
    });
    return changes;
}

void write_payload(base::JsonWriter& out, const events::Event* event) {
    if (event == nullptr) {
        out.null();
    } else {
        out.raw(ingest::cloudevents::data_json(*event));
    }
}

std::string changes_json(const std::vector<Change>& changes, bool applied, std::uint32_t partition,
                         std::uint64_t offset, std::string_view collector) {
    base::JsonWriter out;
    out.begin_object().key("changes").begin_array();
    for (const Change& change : changes) {
        const bool has_before = change.standing && !change.standing->voided;
        out.begin_object()
            .member("section", std::string_view(change.section))
            .key("key")
            .begin_array();
        for (const std::string& part : change.key) {
            if (part.empty()) {
                out.null();
            } else {
                out.value(std::string_view(part));
            }
        }
        out.end_array().member("change", change.is_removal()    ? "remove"
                                         : change.is_addition() ? "add"
                                                                : "change");
        out.key("from");
        write_payload(out, has_before ? &change.standing->event : nullptr);
        out.key("to");
        write_payload(out, change.wanted ? &*change.wanted : nullptr);
        out.end_object();
    }
    out.end_array().member("applied", applied);
    ingest::write_position(out, partition, offset, collector);
    return out.end_object().take();
}

/// Builds and appends the events of one run.
class Applying {
public:
    Applying(Node& node, const CompanyConfig& company, std::uint32_t partition)
        : node_(node),
          partition_(partition),
          context_(company_context(company, std::string(sender), node.clock().now())),
          run_(std::to_string(base::to_ms(context_.received_at)) + "-" +
               std::to_string(node.log().durable_end(partition_))) {}

    base::Result<std::uint64_t> append(const std::vector<Change>& changes, const kpi::Zone& zone) {
        events::Event begin = envelope("directory.begin", "begin");
        begin.head.mutable_directory_begin()->set_run(run_);
        BOOST_OUTCOME_TRY(add(begin));
        std::size_t number = 0;
        for (const Change& change : changes) {
            BOOST_OUTCOME_TRY(add(event_of(change, zone, ++number)));
        }
        events::Event applied = envelope("directory.applied", "applied");
        applied.head.mutable_directory_applied()->set_run(run_);
        BOOST_OUTCOME_TRY(add(applied));
        BOOST_OUTCOME_TRY(flush());
        return next_offset_;
    }

private:
    events::Event envelope(std::string_view word, const std::string& id) const {
        events::Event event;
        complete(event, word, id);
        return event;
    }

    void complete(events::Event& event, std::string_view word, const std::string& id) const {
        ingest::fill_envelope(event.head, word, context_);
        event.head.set_source("/" + std::string(sender));
        event.head.set_id("directory-" + run_ + "-" + id);
        event.head.set_time(base::to_ms(context_.received_at));
    }

    events::Event event_of(const Change& change, const kpi::Zone& zone, std::size_t number) const {
        if (change.is_removal()) {
            events::Event event = envelope("void", std::to_string(number));
            events::pb::Void& target = *event.head.mutable_void_();
            target.set_kind(std::string(events::to_string(change.standing->kind)));
            target.set_entity_id(processors::identity_of(change.standing->event.head, zone).name);
            target.set_revision(change.standing->revision);
            return event;
        }
        events::Event event = *change.wanted;
        complete(event, events::word_of_type(event.head.type()), std::to_string(number));
        event.head.set_source_revision(change.standing ? change.standing->revision + 1 : 1);
        return event;
    }

    base::Result<void> add(const events::Event& event) {
        records_.push_back({events::encode(event), context_.received_at});
        bytes_ += records_.back().bytes.size();
        return bytes_ >= group_bytes_max ? flush() : base::success();
    }

    base::Result<void> flush() {
        if (!records_.empty()) {
            BOOST_OUTCOME_TRY(
                const eventlog::Appended appended,
                eventlog::append_and_wait(node_.log(), partition_, std::move(records_)));
            next_offset_ = appended.next_offset;
            records_.clear();
            bytes_ = 0;
        }
        return base::success();
    }

    Node& node_;
    eventlog::Partition partition_;
    ingest::MapContext context_;
    std::string run_;
    std::vector<eventlog::Record> records_;
    std::size_t bytes_ = 0;
    std::uint64_t next_offset_ = 0;
};

}  // namespace

base::Result<std::string> change_directory(Node& node, const DirectoryRequest& request) {
    const CompanyConfig* company = node.config().company(request.company);
    if (company == nullptr) {
        return base::Error(base::ErrorCode::invalid, "there is no company " + request.company);
    }
    const std::shared_ptr<const store::ReadView> view = node.view(request.company);
    const store::CompanyView& standing = view->companies.at(request.company);
    ingest::MapContext context = company_context(*company, std::string(sender), node.clock().now());
    context.company_zone = standing.directory->zone();
    BOOST_OUTCOME_TRY(const yaml::Directory wanted,
                      yaml::read(request.text, request.file_name, context));
    BOOST_OUTCOME_TRY(const std::vector<Change> changes, changes_of(*view, standing, wanted));
    const std::uint32_t partition = node.partition(request.company);
    std::uint64_t offset = node.log().durable_end(eventlog::Partition(partition));
    const bool is_allowed = request.prune || std::ranges::none_of(changes, [](const Change& c) {
                                return c.is_removal();
                            });
    const bool applied = request.mode == DirectoryMode::apply && is_allowed;
    if (applied && !changes.empty()) {
        Applying run(node, *company, partition);
        BOOST_OUTCOME_TRY(offset, run.append(changes, standing.directory->zone()));
    }
    return changes_json(changes, applied, partition, offset, node.collector());
}

base::Result<std::string> directory_text(const store::ReadView& view, const std::string& company) {
    const auto found = view.companies.find(company);
    if (found == view.companies.end()) {
        return base::Error(base::ErrorCode::invalid, "there is no company " + company);
    }
    std::vector<yaml::Section> sections;
    for (auto number = static_cast<int>(events::Kind::team);
         number <= static_cast<int>(events::Kind::settings); ++number) {
        const auto kind = static_cast<events::Kind>(number);
        BOOST_OUTCOME_TRY(const std::vector<StandingEntry> entries,
                          standing_entries(view, found->second, kind));
        yaml::Section section{std::string(yaml::section_of(events::to_string(kind))), {}};
        for (const StandingEntry& entry : entries) {
            if (!entry.voided) {
                section.entries.push_back(ingest::cloudevents::data_json(entry.event));
            }
        }
        if (!section.entries.empty()) {
            sections.push_back(std::move(section));
        }
    }
    return yaml::write(sections);
}

}  // namespace app
