#include "app/standing_directory.h"

#include <utility>

#include "ingest/cloudevents/event_json.h"
#include "processors/activity_facts.h"
#include "processors/directory_entries.h"
#include "store/keys.h"
#include "store/rows.h"

namespace app {
namespace {

constexpr std::string_view configuration = "configuration";

base::Result<std::string> text_of(const store::ReadView& view, kpi::Company company,
                                  kpi::Subject subject) {
    if (!subject) {
        return std::string();
    }
    BOOST_OUTCOME_TRY(auto text, view.rows->get(store::Family::state,
                                                store::text_key(company, store::Table::subject,
                                                                subject.value())));
    return text ? std::move(*text) : std::string();
}

base::Result<StandingEntry> entry_of(const store::ReadView& view, kpi::Company company,
                                     events::Kind kind, std::string_view bytes) {
    BOOST_OUTCOME_TRY(const store::DirectoryRow row, store::decode<store::DirectoryRow>(bytes));
    StandingEntry entry;
    entry.kind = kind;
    entry.revision = row.head.revision.source;
    entry.voided = row.head.voided;
    if (!entry.event.head.ParseFromString(row.data)) {
        return base::Error(base::ErrorCode::corrupt, "a directory row holds no event");
    }
    entry.event.head.set_type(events::type_of_word(events::to_string(kind)));
    entry.event.head.set_source_revision(
        1);  // an entry of a file has none: only its payload compares
    for (const store::DirectoryRow::PartyTexts& texts : row.parties) {
        events::pb::Party party;
        party.set_kind(static_cast<events::pb::Party::Kind>(texts.kind));
        BOOST_OUTCOME_TRY(*party.mutable_normalised(), text_of(view, company, texts.normalised));
        BOOST_OUTCOME_TRY(*party.mutable_raw(), text_of(view, company, texts.raw));
        events::add_party(entry.event, std::move(party));
    }
    return entry;
}

bool is_of_configuration(const events::Event& event) {
    return event.head.has_settings() && event.head.settings().declared_by() == configuration;
}

void resolve(events::pb::Moment& moment, const kpi::Zone& zone) {
    moment.set_at(base::to_ms(processors::moment_at(moment, zone)));
}

/// Dates become instants in an entry that has a validity.
template <class Data>
void resolve_validity(Data& data, const kpi::Zone& zone) {
    if (data.has_from()) {
        resolve(*data.mutable_from(), zone);
    }
    if constexpr (requires { data.has_until(); }) {
        if (data.has_until()) {
            resolve(*data.mutable_until(), zone);
        }
    }
}

void resolve_moments(events::pb::Event& head, const kpi::Zone& zone) {
    using events::pb::Event;
    switch (head.data_case()) {
        case Event::kManager: return resolve_validity(*head.mutable_manager(), zone);
        case Event::kEndpoint: return resolve_validity(*head.mutable_endpoint(), zone);
        case Event::kClient: return resolve_validity(*head.mutable_client(), zone);
        case Event::kCalendar: return resolve_validity(*head.mutable_calendar(), zone);
        case Event::kAbsence: return resolve_validity(*head.mutable_absence(), zone);
        case Event::kNorm: return resolve_validity(*head.mutable_norm(), zone);
        case Event::kPlan: return resolve_validity(*head.mutable_plan(), zone);
        case Event::kSettings: return resolve_validity(*head.mutable_settings(), zone);
        default: return;
    }
}

std::string comparable(events::Event event, const kpi::Zone& zone) {
    resolve_moments(event.head, zone);
    return ingest::cloudevents::data_json(event);
}

}  // namespace

base::Result<std::vector<StandingEntry>> standing_entries(const store::ReadView& view,
                                                          const store::CompanyView& company,
                                                          events::Kind kind) {
    const std::string prefix = store::directory_key(company.ordinal, kind, "");
    std::vector<std::string> rows;
    BOOST_OUTCOME_TRY(view.rows->scan(store::Family::state, prefix, store::prefix_end(prefix),
                                      [&](std::string_view, std::string_view value) {
                                          rows.emplace_back(value);
                                          return true;
                                      }));
    std::vector<StandingEntry> entries;
    for (const std::string& row : rows) {
        BOOST_OUTCOME_TRY(StandingEntry entry, entry_of(view, company.ordinal, kind, row));
        if (!is_of_configuration(entry.event)) {
            entries.push_back(std::move(entry));
        }
    }
    return entries;
}

base::Result<std::optional<StandingEntry>> standing_entry(const store::ReadView& view,
                                                          const store::CompanyView& company,
                                                          const events::Event& event) {
    const events::Kind kind = events::kind_of(event.head);
    const std::string identity = processors::identity_of(event.head, company.directory->zone()).key;
    BOOST_OUTCOME_TRY(const auto row,
                      view.rows->get(store::Family::state,
                                     store::directory_key(company.ordinal, kind, identity)));
    if (!row) {
        return std::optional<StandingEntry>();
    }
    BOOST_OUTCOME_TRY(StandingEntry entry, entry_of(view, company.ordinal, kind, *row));
    return std::optional<StandingEntry>(std::move(entry));
}

bool is_same_entry(const events::Event& left, const events::Event& right, const kpi::Zone& zone) {
    return comparable(left, zone) == comparable(right, zone);
}

}  // namespace app
