#include "world.h"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cstdio>
#include <cstdlib>

#include "base/json.h"

namespace query_test {

namespace json = boost::json;

namespace {

constexpr std::string_view company_id = "acme";

[[noreturn]] void give_up(const std::string& why) {
    std::fprintf(stderr, "test world: %s\n", why.c_str());
    std::abort();
}

template <class T>
T must(base::Result<T> result) {
    if (!result) {
        give_up(result.error().context());
    }
    return std::move(result).value();
}

void must(const base::Result<void>& result) {
    if (!result) {
        give_up(result.error().context());
    }
}

std::shared_ptr<store::ViewStore> memory_store() {
    return must(store::open_rocks_in_memory());
}

kpi::AssembledCall external_call(std::string_view instant, kpi::Direction direction) {
    kpi::AssembledCall call;
    call.direction = direction;
    call.started_at = at(instant);
    call.ended_at = call.started_at + std::chrono::minutes(5);
    call.segment = kpi::Segment::fresh;
    return call;
}

kpi::Participation participation(World& world, const Spoke& spoke) {
    kpi::Participation one;
    one.manager = world.manager(spoke.manager);
    one.team = world.team(spoke.team);
    one.endpoint = world.subject("101");
    one.result = kpi::OfferResult::answered;
    one.connected = true;
    one.talk = std::chrono::seconds(spoke.talk_seconds);
    one.ring = std::chrono::seconds(10);
    return one;
}

json::value parsed(const std::string& answer) {
    auto value = base::parse_json(answer);
    if (!value) {
        give_up(value.error().context() + " in " + answer);
    }
    return std::move(value).value();
}

const json::value* find(const json::value& value, std::string_view path) {
    if (path.empty()) {
        return &value;
    }
    const std::string_view name = path.substr(0, path.find('.'));
    const std::string_view rest = path.substr(std::min(path.size(), name.size() + 1));
    if (const json::object* object = value.if_object()) {
        const json::value* member = object->if_contains(name);
        return member == nullptr ? nullptr : find(*member, rest);
    }
    const json::array* array = value.if_array();
    const std::size_t position = static_cast<std::size_t>(std::atoi(std::string(name).c_str()));
    return array == nullptr || position >= array->size() ? nullptr : find((*array)[position], rest);
}

std::string plain(const json::value* value) {
    if (value == nullptr) {
        return "(absent)";
    }
    return value->is_string() ? std::string(value->as_string())
                              : base::JsonWriter().json(*value).take();
}

}  // namespace

World::World(std::string_view zone)
    : store_(memory_store()), rows_(*store_), cells_(rows_), names_(rows_) {
    must(rows_.open());
    kpi::SettingsEntry entry;
    entry.by_configuration = true;
    entry.company_name = "Acme";
    entry.zone = must(kpi::Zone::find(zone));
    entry.currency = kpi::Currency{'R', 'U', 'B'};
    settings_.put("configuration", entry);
    directory_.set_zone(*entry.zone);
    position_.log_time = at("2026-12-01T00:00:00Z");
    position_.next_offset = 100;
    ports_.now = [] { return at("2026-11-02T12:00:00Z"); };
}

std::uint32_t World::ordinal(store::Table table, std::string_view text) {
    return must(names_.intern(company_, table, text));
}

void World::index(store::Index index, std::uint64_t term, base::UtcMillis when,
                  const store::EntityKey& key) {
    if (term != 0) {
        rows_.put(
            store::Family::index,
            store::index_key({index, key.company, term, when, key.kind, key.native_id, key.scope}),
            "");
    }
}

void World::put_entity(const store::EntityKey& key, std::string_view row) {
    rows_.put(store::Family::entity, store::entity_key(key), row);
}

void World::add_call(std::string_view scope_name, const std::string& native_id,
                     store::CallRow row) {
    const store::EntityKey key{company_, store::kind_byte(events::Kind::call), scope(scope_name),
                               native_id};
    if (row.native_ids.empty()) {
        row.native_ids = {native_id};
    }
    const kpi::AssembledCall& call = row.call;
    index(store::Index::kind, key.kind, call.started_at, key);
    for (const kpi::Participation& one : call.participations) {
        index(store::Index::manager, one.manager.value(), call.started_at, key);
    }
    index(store::Index::manager, call.owner.value(), call.started_at, key);
    index(store::Index::manager, call.originator.value(), call.started_at, key);
    index(store::Index::client, call.client.value(), call.started_at, key);
    index(store::Index::subject, call.number.value(), call.started_at, key);
    for (const store::LegRow& one : row.legs) {
        index(store::Index::named, one.manager.value(), one.started_at, key);
        for (const std::string& tag : one.tags) {
            index(store::Index::tag, subject(tag).value(), call.started_at, key);
        }
    }
    put_entity(key, store::encode(row));
    must(cells_.replace(company_, {}, kpi::contributions(call)));
}

void World::add_alias(std::string_view scope_name, const std::string& alias,
                      const std::string& native_id) {
    put_entity({company_, store::alias_kind, scope(scope_name), alias},
               store::encode(store::AliasRow{native_id}));
}

void World::add_activity(events::Kind kind, std::string_view scope_name,
                         const std::string& native_id, const store::ActivityRow& row) {
    const store::EntityKey key{company_, store::kind_byte(kind), scope(scope_name), native_id};
    index(store::Index::kind, key.kind, row.at, key);
    for (const kpi::Contribution& one : row.contributions) {
        index(store::Index::kind, key.kind, one.at, key);
        index(store::Index::manager, one.manager.value(), one.at, key);
        index(store::Index::client, row.client.value(), one.at, key);
    }
    index(store::Index::client, row.client.value(), row.at, key);
    index(store::Index::client, row.resolved_client.value(), row.at, key);
    put_entity(key, store::encode(row));
    must(cells_.replace(company_, {}, row.contributions));
}

void World::add_item(std::uint64_t offset, const store::QuarantineRow& row) {
    store::QuarantineRow own = row;
    own.company = company_;
    rows_.put(store::Family::state, store::quarantine_key(offset), store::encode(own));
}

void World::set_source(std::string_view id, const store::SourceRow& row) {
    rows_.put(store::Family::state, store::source_key(company_, source(id)), store::encode(row));
}

void World::declare(std::string_view id, std::string_view team_id, kpi::Validity validity) {
    kpi::ManagerEntry entry;
    entry.manager = manager(id);
    entry.id = id;
    entry.name = "Name of " + entry.id;
    entry.role = "senior";
    entry.team = team(team_id);
    entry.validity = validity;
    directory_.put(entry.id + "/" + std::to_string(base::to_ms(validity.from)), entry);
}

void World::declare_client(std::string_view id, std::string_view name, std::string_view owner,
                           std::string_view client_class, kpi::Validity validity) {
    kpi::ClientEntry entry;
    entry.client = client(id);
    entry.id = id;
    entry.name = subject(name);
    entry.owner = manager(owner);
    entry.client_class = client_class;
    entry.validity = validity;
    directory_.put("client " + entry.id + "/" + std::to_string(base::to_ms(validity.from)), entry);
}

void World::set_payments(std::string_view client_id, std::vector<kpi::ClientPayment> payments) {
    rows_.put(store::Family::state, store::client_key(company_, client(client_id)),
              store::encode(store::ClientRow{std::move(payments)}));
}

store::ReadView World::view() {
    cells_.flush();
    must(rows_.commit());
    store::ReadView view;
    view.rows = store_->snapshot();
    view.position = position_;
    view.applied_offset = position_.next_offset;
    view.companies.emplace(company_id,
                           store::CompanyView{company_, std::string(company_id),
                                              std::make_shared<kpi::Directory>(directory_),
                                              std::make_shared<kpi::SettingsTimeline>(settings_)});
    return view;
}

base::UtcMillis at(std::string_view instant) {
    const auto found = kpi::parse_instant(instant);
    if (!found) {
        give_up("no instant: " + std::string(instant));
    }
    return *found;
}

store::LegRow leg(World& world, std::string_view source, const std::string& id) {
    store::LegRow leg;
    leg.kind = store::LegKind::cdr;
    leg.native_id = id;
    leg.second_id = id;
    leg.third_id = "1";
    leg.head.sources = {world.source(source)};
    leg.head.observations = {
        {world.source(source), "/" + std::string(source), id, 7, at("2026-11-02T08:00:00Z")}};
    leg.result = 1;
    return leg;
}

store::CallRow answered(World& world, std::string_view instant, const std::vector<Spoke>& spoke,
                        std::string_view number) {
    store::CallRow row;
    row.call = external_call(instant, kpi::Direction::inbound);
    row.call.disposition = kpi::Disposition::answered;
    row.call.number = world.subject(number);
    row.call.anonymous = number.empty();
    row.call.segment = number.empty() ? kpi::Segment::none : kpi::Segment::fresh;
    row.call.wait = std::chrono::seconds(10);
    row.call.ivr = base::Millis(0);
    for (const Spoke& one : spoke) {
        row.call.participations.push_back(participation(world, one));
        row.call.talk += std::chrono::seconds(one.talk_seconds);
    }
    row.legs = {leg(world, "pbx-1", "leg-" + std::string(instant))};
    row.legs.front().started_at = row.call.started_at;
    return row;
}

store::CallRow missed(World& world, std::string_view instant, std::string_view manager,
                      std::string_view team) {
    store::CallRow row;
    row.call = external_call(instant, kpi::Direction::inbound);
    row.call.disposition = kpi::Disposition::no_answer;
    row.call.number = world.subject("+79161110009");
    row.call.wait = std::chrono::seconds(30);
    row.call.missed = true;
    row.call.owned = true;
    row.call.owner = world.manager(manager);
    (manager.empty() ? row.call.owner_team : row.call.owner_own_team) = world.team(team);
    row.legs = {leg(world, "pbx-1", "leg-" + std::string(instant))};
    row.legs.front().started_at = row.call.started_at;
    return row;
}

store::CallRow outbound(World& world, std::string_view instant, std::string_view manager,
                        std::string_view team, int talk_seconds) {
    store::CallRow row;
    row.call = external_call(instant, kpi::Direction::outbound);
    row.call.disposition =
        talk_seconds > 0 ? kpi::Disposition::answered : kpi::Disposition::no_answer;
    row.call.number = world.subject("+74951234567");
    row.call.dialled = world.subject("84951234567");
    row.call.originator = world.manager(manager);
    row.call.originator_team = world.team(team);
    if (talk_seconds > 0) {
        row.call.participations.push_back(
            participation(world, {std::string(manager), std::string(team), talk_seconds}));
        row.call.talk = std::chrono::seconds(talk_seconds);
    }
    row.legs = {leg(world, "pbx-1", "leg-" + std::string(instant))};
    row.legs.front().started_at = row.call.started_at;
    return row;
}

std::string text_of(const base::Result<std::string>& answer) {
    return answer ? answer.value()
                  : std::string(base::to_string(answer.error().code())) + ": " +
                        answer.error().context();
}

std::string member_of(const std::string& answer, std::string_view path) {
    const json::value value = parsed(answer);
    return plain(find(value, path));
}

std::string rows_of(const std::string& answer, std::string_view kpi) {
    std::string lines;
    const json::value value = parsed(answer);
    const json::value* rows = find(value, "rows");
    for (const json::value& row : rows == nullptr ? json::array() : rows->as_array()) {
        std::string line;
        for (const auto& member : row.as_object()) {
            if (member.key() != "values") {
                line += (line.empty() ? "" : " ") + std::string(member.key()) + "=" +
                        plain(&member.value());
            }
        }
        lines += line + ": " + plain(find(row, "values." + std::string(kpi))) + "\n";
    }
    return lines;
}

std::string column_of(const std::string& answer, std::string_view list, std::string_view member) {
    std::string joined;
    const json::value value = parsed(answer);
    const json::value* items = find(value, list);
    for (const json::value& item : items == nullptr ? json::array() : items->as_array()) {
        joined += (joined.empty() ? "" : " ") + plain(find(item, member));
    }
    return joined;
}

}  // namespace query_test
