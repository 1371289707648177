#include "processors/directory_fold.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>

#include "base/ensure.h"

namespace processors {
namespace {

using store::Dirt;
using store::Family;

/// Where the row of an identity's name is found: a void names an entry by text.
store::EntityKey void_key(const CompanyState& company, events::Kind kind, const std::string& name) {
    return {company.ordinal,
            store::kind_byte(events::Kind::voided),
            {},
            void_target(events::to_string(kind), name)};
}

std::string data_of(const events::pb::Event& head) {
    events::pb::Event bare;
    const auto* reflection = head.GetReflection();
    const auto* field =
        reflection->GetOneofFieldDescriptor(head, head.GetDescriptor()->FindOneofByName("data"));
    bare.GetReflection()
        ->MutableMessage(&bare, field)
        ->CopyFrom(reflection->GetMessage(head, field));
    // Maps in one order: equal entries are equal bytes.
    std::string bytes;
    {
        google::protobuf::io::StringOutputStream stream(&bytes);
        google::protobuf::io::CodedOutputStream coded(&stream);
        coded.SetSerializationDeterministic(true);
        ENSURE(bare.SerializeToCodedStream(&coded));
    }
    return bytes;
}

kpi::Validity validity_of_entry(const DirectoryEntry& entry) {
    return std::visit(
        [](const auto& one) -> kpi::Validity {
            using Entry = std::decay_t<decltype(one)>;
            if constexpr (std::is_same_v<Entry, std::monostate>) {
                return {};
            } else if constexpr (std::is_same_v<Entry, kpi::SettingsEntry>) {
                return {.from = one.from, .until = base::for_ever};
            } else {
                return one.validity;
            }
        },
        entry);
}

}  // namespace

base::Result<void> DirectoryFold::load() {
    is_loading_ = true;
    for (auto& [ordinal, company] : state_.companies) {
        // Twice: the first time tells the zone in which the dates of settings are read.
        for (int pass = 0; pass < 2; ++pass) {
            BOOST_OUTCOME_TRY(load_kind(company, events::Kind::settings));
        }
        for (auto kind = store::kind_byte(events::Kind::team);
             kind < store::kind_byte(events::Kind::settings); ++kind) {
            BOOST_OUTCOME_TRY(load_kind(company, static_cast<events::Kind>(kind)));
        }
    }
    state_.dirt.clear();  // loading moves nothing
    is_loading_ = false;
    return base::success();
}

base::Result<void> DirectoryFold::load_kind(CompanyState& company, events::Kind kind) {
    const std::string prefix = store::directory_key(company.ordinal, kind, std::string_view());
    std::vector<std::pair<std::string, std::string>> rows;
    BOOST_OUTCOME_TRY(state_.store.scan(Family::state, prefix, store::prefix_end(prefix),
                                        [&](std::string_view key, std::string_view value) {
                                            rows.emplace_back(key, value);
                                            return true;
                                        }));
    for (const auto& [key, value] : rows) {
        BOOST_OUTCOME_TRY(const auto row, store::decode<store::DirectoryRow>(value));
        events::pb::Event head;
        head.ParseFromString(row.data);
        company.entry_keys[void_target(events::to_string(kind),
                                       identity_of(head, company.directory.zone()).name)] = key;
        if (!row.head.voided) {
            BOOST_OUTCOME_TRY(const auto entry, entry_of_row(company, row));
            BOOST_OUTCOME_TRY(set(company, key, DirectoryEntry(), entry));
        }
    }
    return base::success();
}

base::Result<Verdict> DirectoryFold::apply(CompanyState& company, const Incoming& incoming) {
    const events::pb::Event& head = incoming.event.head;
    const events::Kind kind = events::kind_of(head);
    const DirectoryIdentity identity = identity_of(head, company.directory.zone());
    const std::string key = store::directory_key(company.ordinal, kind, identity.key);
    BOOST_OUTCOME_TRY(const auto stored, state_.read<store::DirectoryRow>(Family::state, key));
    const Verdict verdict =
        judge(stored ? &stored->head : nullptr, incoming.revision, incoming.fingerprint);
    if (verdict == Verdict::duplicate) {
        store::DirectoryRow noted = *stored;
        if (observe(noted.head, incoming.delivery)) {
            state_.write(Family::state, key, noted);
        }
        return verdict;
    }
    if (verdict == Verdict::stale || verdict == Verdict::conflict) {
        return verdict;
    }
    store::DirectoryRow row;
    row.head = head_of(incoming.revision, incoming.fingerprint, incoming.delivery);
    row.data = data_of(head);
    for (std::size_t i = 0; i < incoming.parties.size(); ++i) {
        const auto party_kind = incoming.event.personal.parties(static_cast<int>(i)).kind();
        row.parties.push_back({.kind = static_cast<std::uint8_t>(party_kind),
                               .normalised = incoming.parties[i].normalised,
                               .raw = incoming.parties[i].text});
    }
    BOOST_OUTCOME_TRY(row.head.voided,
                      is_voided(company, kind, identity.name, incoming.revision.source));
    DirectoryEntry before;
    if (stored && !stored->head.voided) {
        BOOST_OUTCOME_TRY(before, entry_of_row(company, *stored));
    }
    BOOST_OUTCOME_TRY(auto after, entry_of(head, incoming.parties, state_.names, company.ordinal,
                                           company.directory.zone()));
    if (row.head.voided) {
        after = DirectoryEntry();
    }
    company.entry_keys[void_target(events::to_string(kind), identity.name)] = key;
    state_.write(Family::state, key, row);
    const kpi::Zone zone = company.directory.zone();
    BOOST_OUTCOME_TRY(set(company, key, before, after));
    if (!(zone == company.directory.zone())) {
        BOOST_OUTCOME_TRY(zone_changed(company));
    }
    return verdict;
}

base::Result<void> DirectoryFold::apply_void(CompanyState& company, events::Kind kind,
                                             const std::string& name) {
    const auto found = company.entry_keys.find(void_target(events::to_string(kind), name));
    if (found == company.entry_keys.end()) {
        return base::success();
    }
    const std::string key = found->second;
    BOOST_OUTCOME_TRY(auto row, state_.read<store::DirectoryRow>(Family::state, key));
    if (!row || row->head.voided) {
        return base::success();
    }
    BOOST_OUTCOME_TRY(row->head.voided, is_voided(company, kind, name, row->head.revision.source));
    if (!row->head.voided) {
        return base::success();
    }
    BOOST_OUTCOME_TRY(const auto before, entry_of_row(company, *row));
    state_.write(Family::state, key, *row);
    return set(company, key, before, DirectoryEntry());
}

base::Result<DirectoryEntry> DirectoryFold::entry_of_row(CompanyState& company,
                                                         const store::DirectoryRow& row) {
    events::pb::Event head;
    if (!head.ParseFromString(row.data)) {
        return base::Error(base::ErrorCode::corrupt, "a directory row holds no entry");
    }
    std::vector<InternedParty> parties;
    for (const auto& party : row.parties) {
        parties.push_back({.normalised = party.normalised, .text = party.raw});
    }
    return entry_of(head, parties, state_.names, company.ordinal, company.directory.zone());
}

base::Result<bool> DirectoryFold::is_voided(const CompanyState& company, events::Kind kind,
                                            const std::string& name, std::uint64_t revision) {
    BOOST_OUTCOME_TRY(const auto voids,
                      state_.read<store::VoidRow>(
                          Family::entity, store::entity_key(void_key(company, kind, name))));
    return voids && voids->hits(revision);
}

base::Result<void> DirectoryFold::set(CompanyState& company, const std::string& row_key,
                                      const DirectoryEntry& before, const DirectoryEntry& after) {
    BOOST_OUTCOME_TRY(touch(company, before));
    const bool is_settings = std::holds_alternative<kpi::SettingsEntry>(before) ||
                             std::holds_alternative<kpi::SettingsEntry>(after);
    std::visit(
        [&](const auto& entry) {
            using Entry = std::decay_t<decltype(entry)>;
            if constexpr (std::is_same_v<Entry, kpi::SettingsEntry>) {
                company.timeline.put(row_key, entry);
            } else if constexpr (!std::is_same_v<Entry, std::monostate>) {
                company.directory.put(row_key, entry);
            } else if (is_settings) {
                company.timeline.erase(row_key);
            } else {
                company.directory.erase(row_key);
            }
        },
        after);
    if (is_settings) {
        company.settings_changed();
    }
    ++company.directory_version;
    if (!is_loading_) {
        BOOST_OUTCOME_TRY(watches_.directory_changed(company, before));
        BOOST_OUTCOME_TRY(watches_.directory_changed(company, after));
    }
    return touch(company, after);
}

base::Result<void> DirectoryFold::zone_changed(CompanyState& company) {
    for (const auto& [target, key] : company.entry_keys) {
        BOOST_OUTCOME_TRY(const auto row, state_.read<store::DirectoryRow>(Family::state, key));
        if (!row || row->head.voided) {
            continue;
        }
        BOOST_OUTCOME_TRY(const auto entry, entry_of_row(company, *row));
        BOOST_OUTCOME_TRY(set(company, key, DirectoryEntry(), entry));
    }
    state_.touch(company, Dirt::What::everything, 0, base::since_ever, base::for_ever);
    return base::success();
}

base::Result<void> DirectoryFold::touch(CompanyState& company, const DirectoryEntry& entry) {
    const kpi::Validity validity = validity_of_entry(entry);
    const auto dirty = [&](Dirt::What what, std::uint32_t ordinal) {
        if (ordinal != 0 || what == Dirt::What::everything) {
            state_.touch(company, what, ordinal, validity.from, validity.until);
        }
    };
    if (const auto* manager = std::get_if<kpi::ManagerEntry>(&entry)) {
        dirty(Dirt::What::manager, manager->manager.value());
    } else if (const auto* endpoint = std::get_if<kpi::EndpointEntry>(&entry)) {
        for (const std::string_view text :
             {std::string_view(endpoint->address), address_part(endpoint->address),
              std::string_view(endpoint->normalised)}) {
            BOOST_OUTCOME_TRY(const std::uint32_t subject,
                              state_.names.find(company.ordinal, store::Table::subject, text));
            dirty(Dirt::What::subject, subject);
        }
    } else if (const auto* client = std::get_if<kpi::ClientEntry>(&entry)) {
        dirty(Dirt::What::client, client->client.value());
        for (const auto* subjects : {&client->phones, &client->mails}) {
            for (const kpi::Subject one : *subjects) {
                dirty(Dirt::What::subject, one.value());
            }
        }
    } else if (std::holds_alternative<kpi::CalendarEntry>(entry) ||
               std::holds_alternative<kpi::SettingsEntry>(entry)) {
        // Absences and norms decide about no contribution.
        dirty(Dirt::What::everything, 0);
    }
    return base::success();
}

}  // namespace processors
