#include "processors/directory_entries.h"

#include <algorithm>
#include <boost/json.hpp>

#include "processors/activity_facts.h"

namespace processors {
namespace {

using events::pb::Event;
using store::Table;

/// Builds both forms of an identity part by part.
class IdentityWriter {
public:
    explicit IdentityWriter(const kpi::Zone& zone) : zone_(zone) {}
    IdentityWriter& text(std::string_view part) {
        key_.text(part);
        parts_.emplace_back(part);
        return *this;
    }
    IdentityWriter& moment(bool present, const events::pb::Moment& moment) {
        const base::UtcMillis at = present ? moment_at(moment, zone_) : base::since_ever;
        key_.i64(base::to_ms(at));
        parts_.push_back(present ? kpi::render(at) : std::string());
        return *this;
    }
    DirectoryIdentity take() {
        while (!parts_.empty() && parts_.back().empty()) {
            parts_.pop_back();
        }
        std::string name;
        for (std::size_t i = 0; i < parts_.size(); ++i) {
            name += (i == 0 ? "" : "/") + parts_[i];
        }
        return {.key = key_.take(), .name = std::move(name)};
    }

private:
    const kpi::Zone& zone_;
    store::KeyWriter key_;
    std::vector<std::string> parts_;
};

void norm_identity(IdentityWriter& writer, const events::pb::Norm& norm) {
    writer.text(norm.kpi()).text(norm.segment()).text(norm.per());
    writer.text(norm.manager()).text(norm.role()).text(norm.team()).text(norm.client_class());
    writer.moment(norm.has_from(), norm.from());
}

template <class Message>
kpi::Validity validity(const Message& entry, const kpi::Zone& zone) {
    return validity_of(entry.has_from() ? &entry.from() : nullptr,
                       entry.has_until() ? &entry.until() : nullptr, zone);
}

constexpr std::array<std::string_view, 7> weekdays{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

int weekday_of(std::string_view word) {
    const auto found = std::find(weekdays.begin(), weekdays.end(), word);
    return found == weekdays.end() ? -1 : static_cast<int>(found - weekdays.begin());
}

/// Minutes since midnight of `09:30`; -1 when it is no time of day.
int minutes_of(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0 || colon > 2 || text.size() - colon != 3) {
        return -1;
    }
    int minutes = 0;
    for (const std::string_view part : {text.substr(0, colon), text.substr(colon + 1)}) {
        int number = 0;
        for (const char c : part) {
            if (c < '0' || c > '9') {
                return -1;
            }
            number = number * 10 + (c - '0');
        }
        minutes = minutes * 60 + number;
    }
    return minutes;
}

std::vector<std::pair<int, int>> spans_of(const boost::json::value& value) {
    std::vector<std::pair<int, int>> spans;
    if (!value.is_array()) {
        return spans;
    }
    for (const boost::json::value& one : value.get_array()) {
        const std::string_view text =
            one.is_string() ? std::string_view(one.get_string()) : std::string_view();
        const auto dash = text.find('-');
        if (dash == std::string_view::npos) {
            continue;
        }
        const auto trimmed = [](std::string_view part) {
            while (!part.empty() && part.front() == ' ') {
                part.remove_prefix(1);
            }
            while (!part.empty() && part.back() == ' ') {
                part.remove_suffix(1);
            }
            return part;
        };
        const int from = minutes_of(trimmed(text.substr(0, dash)));
        const int until = minutes_of(trimmed(text.substr(dash + 1)));
        if (from >= 0 && until > from) {
            spans.emplace_back(from, until);
        }
    }
    return spans;
}

/// `mon-fri: [...]`; a single day's own line wins over a range that holds it.
void read_weekdays(kpi::CalendarEntry& entry, const std::string& text) {
    boost::system::error_code failed;
    const boost::json::value value = boost::json::parse(text, failed);
    if (failed || !value.is_object()) {
        return;
    }
    bool own_line[7] = {};
    for (const auto& [name, spans] : value.get_object()) {
        std::string word(name);
        std::transform(word.begin(), word.end(), word.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        const auto dash = word.find('-');
        const int first = weekday_of(std::string_view(word).substr(0, dash));
        const int last =
            dash == std::string::npos ? first : weekday_of(std::string_view(word).substr(dash + 1));
        for (int day = std::max(first, 0); first >= 0 && day <= last; ++day) {
            const bool single = dash == std::string::npos;
            if (single || !own_line[day]) {
                entry.hours[day] = spans_of(spans);
                own_line[day] = single;
            }
        }
    }
}

base::Result<DirectoryEntry> calendar_of(const events::pb::Calendar& calendar, Names& names,
                                         kpi::Company company, const kpi::Zone& zone) {
    kpi::CalendarEntry entry;
    entry.id = calendar.id();
    read_weekdays(entry, calendar.weekdays());
    for (const std::string& holiday : calendar.holidays()) {
        if (const auto date = kpi::parse_date(holiday)) {
            entry.holidays.push_back(*date);
        }
    }
    BOOST_OUTCOME_TRY(entry.for_manager, names.intern_as<kpi::Manager>(company, Table::manager,
                                                                       calendar.for_manager()));
    entry.for_role = calendar.for_role();
    BOOST_OUTCOME_TRY(entry.for_team,
                      names.intern_as<kpi::Team>(company, Table::team, calendar.for_team()));
    entry.for_everybody = calendar.for_manager().empty() && calendar.for_role().empty() &&
                          calendar.for_team().empty();
    entry.validity = validity(calendar, zone);
    return DirectoryEntry(std::move(entry));
}

base::Result<DirectoryEntry> client_of(const events::pb::Client& client,
                                       const std::vector<InternedParty>& parties, Names& names,
                                       kpi::Company company, const kpi::Zone& zone) {
    kpi::ClientEntry entry;
    entry.id = client.id();
    BOOST_OUTCOME_TRY(entry.client,
                      names.intern_as<kpi::Client>(company, Table::client, client.id()));
    BOOST_OUTCOME_TRY(entry.owner,
                      names.intern_as<kpi::Manager>(company, Table::manager, client.owner()));
    const auto party = [&](std::uint32_t index) {
        return index != 0 && index <= parties.size() ? parties[index - 1] : InternedParty{};
    };
    entry.name = party(client.name()).text;
    entry.client_class = client.class_();
    for (const std::uint32_t phone : client.phones()) {
        entry.phones.push_back(party(phone).normalised);
    }
    for (const std::uint32_t mail : client.emails()) {
        entry.mails.push_back(party(mail).normalised);
    }
    std::erase(entry.phones, kpi::Subject());
    std::erase(entry.mails, kpi::Subject());
    entry.validity = validity(client, zone);
    return DirectoryEntry(std::move(entry));
}

base::Result<DirectoryEntry> endpoint_of(const events::pb::Endpoint& endpoint, Names& names,
                                         kpi::Company company, const kpi::Zone& zone) {
    kpi::EndpointEntry entry;
    entry.kind = kpi::endpoint_kind_of(endpoint.kind()).value_or(kpi::EndpointKind::extension);
    entry.address = endpoint.address();
    entry.normalised = endpoint.normalised();
    entry.manager_id = endpoint.manager();
    BOOST_OUTCOME_TRY(entry.manager,
                      names.intern_as<kpi::Manager>(company, Table::manager, endpoint.manager()));
    BOOST_OUTCOME_TRY(entry.team,
                      names.intern_as<kpi::Team>(company, Table::team, endpoint.team()));
    entry.validity = validity(endpoint, zone);
    // What assembly may show or be asked for by this entry.
    for (const std::string_view text :
         {std::string_view(entry.address), address_part(entry.address),
          std::string_view(entry.normalised)}) {
        BOOST_OUTCOME_TRY(names.intern(company, Table::subject, text));
    }
    return DirectoryEntry(std::move(entry));
}

base::Result<DirectoryEntry> settings_of(const events::pb::Settings& settings,
                                         const kpi::Zone& zone) {
    kpi::SettingsEntry entry;
    entry.from = settings.has_from() ? moment_at(settings.from(), zone) : base::since_ever;
    entry.by_configuration = settings.declared_by() == "configuration";
    boost::system::error_code failed;
    const boost::json::value kpis =
        boost::json::parse(settings.kpis().empty() ? "{}" : settings.kpis(), failed);
    if (!failed && kpis.is_object()) {
        for (const auto& [name, value] : kpis.get_object()) {
            if (value.is_number()) {
                entry.numbers[std::string(name)] = value.to_number<double>();
            } else if (value.is_string()) {
                entry.words[std::string(name)] = std::string(value.get_string());
            }
        }
    }
    if (settings.has_company_name()) {
        entry.company_name = settings.company_name();
    }
    if (settings.has_timezone()) {
        BOOST_OUTCOME_TRY(entry.zone, kpi::Zone::find(settings.timezone()));
    }
    if (settings.has_region()) {
        entry.region = settings.region();
    }
    if (settings.has_currency() && settings.currency().size() == 3) {
        kpi::Currency currency{};
        std::copy_n(settings.currency().begin(), 3, currency.begin());
        entry.currency = currency;
    }
    if (entry.by_configuration) {
        entry.mail_domains = {settings.mail_domains().begin(), settings.mail_domains().end()};
    }
    entry.source_count = {settings.source_count().begin(), settings.source_count().end()};
    entry.lateness_seconds = {settings.source_lateness_seconds().begin(),
                              settings.source_lateness_seconds().end()};
    return DirectoryEntry(std::move(entry));
}

}  // namespace

kpi::Validity validity_of(const events::pb::Moment* from, const events::pb::Moment* until,
                          const kpi::Zone& zone) {
    return {.from = from == nullptr ? base::since_ever : moment_at(*from, zone),
            .until = until == nullptr ? base::for_ever : moment_at(*until, zone)};
}

DirectoryIdentity identity_of(const Event& head, const kpi::Zone& zone) {
    IdentityWriter writer(zone);
    switch (head.data_case()) {
        case Event::kTeam: writer.text(head.team().id()); break;
        case Event::kManager:
            writer.text(head.manager().id())
                .moment(head.manager().has_from(), head.manager().from());
            break;
        case Event::kEndpoint:
            writer.text(head.endpoint().kind()).text(head.endpoint().address());
            writer.moment(head.endpoint().has_from(), head.endpoint().from());
            break;
        case Event::kClient:
            writer.text(head.client().id()).moment(head.client().has_from(), head.client().from());
            break;
        case Event::kCalendar:
            writer.text(head.calendar().id())
                .moment(head.calendar().has_from(), head.calendar().from());
            break;
        case Event::kAbsence:
            writer.text(head.absence().manager())
                .moment(head.absence().has_from(), head.absence().from());
            break;
        case Event::kNorm: norm_identity(writer, head.norm()); break;
        case Event::kPlan: norm_identity(writer, head.plan()); break;
        case Event::kCheckpoint: writer.text(head.checkpoint().id()); break;
        default:
            writer.text(head.settings().declared_by());
            writer.moment(head.settings().has_from(), head.settings().from());
    }
    return writer.take();
}

std::string canonical_void_name(std::string_view entity_id, const kpi::Zone& zone) {
    while (!entity_id.empty() && entity_id.back() == '/') {
        entity_id.remove_suffix(1);
    }
    const auto slash = entity_id.rfind('/');
    if (slash == std::string_view::npos) {
        return std::string(entity_id);
    }
    const std::string_view last = entity_id.substr(slash + 1);
    std::string name(entity_id.substr(0, slash + 1));
    if (const auto instant = kpi::parse_instant(last)) {
        return name + kpi::render(*instant);
    }
    if (const auto date = kpi::parse_date(last)) {
        return name + kpi::render(zone.day_start(*date));
    }
    return std::string(entity_id);
}

base::Result<DirectoryEntry> entry_of(const Event& head, const std::vector<InternedParty>& parties,
                                      Names& names, kpi::Company company, const kpi::Zone& zone) {
    switch (head.data_case()) {
        case Event::kManager: {
            const events::pb::Manager& manager = head.manager();
            kpi::ManagerEntry entry{.manager = {},
                                    .id = manager.id(),
                                    .name = manager.name(),
                                    .role = manager.role(),
                                    .team = {},
                                    .validity = validity(manager, zone)};
            BOOST_OUTCOME_TRY(entry.manager,
                              names.intern_as<kpi::Manager>(company, Table::manager, manager.id()));
            BOOST_OUTCOME_TRY(entry.team,
                              names.intern_as<kpi::Team>(company, Table::team, manager.team()));
            return DirectoryEntry(std::move(entry));
        }
        case Event::kTeam: {
            BOOST_OUTCOME_TRY(names.intern(company, Table::team, head.team().id()));
            return DirectoryEntry();
        }
        case Event::kEndpoint: return endpoint_of(head.endpoint(), names, company, zone);
        case Event::kClient: return client_of(head.client(), parties, names, company, zone);
        case Event::kCalendar: return calendar_of(head.calendar(), names, company, zone);
        case Event::kSettings: return settings_of(head.settings(), zone);
        default: return DirectoryEntry();
    }
}

}  // namespace processors
