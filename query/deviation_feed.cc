#include "query/deviation_feed.h"

#include <limits>

#include "query/deviation_json.h"
#include "query/names.h"
#include "query/reading.h"

namespace query {
namespace {

using store::EpisodeRow;
using store::OutboxRow;

constexpr std::string_view event_type = "normwatch.deviation.v1";

base::Error damaged(std::string what) {
    return {base::ErrorCode::corrupt, "a deviation that is to be told of " + std::move(what)};
}

base::Result<DeviationMessage> message_of(const store::ReadView& view, std::uint64_t number,
                                          const OutboxRow& told) {
    const store::CompanyView* company = nullptr;
    for (const auto& [id, one] : view.companies) {
        company = one.ordinal == told.company ? &one : company;
    }
    if (company == nullptr) {
        return damaged("is of no company");
    }
    BOOST_OUTCOME_TRY(auto row, read_row<EpisodeRow>(*view.rows, store::Family::state,
                                                     store::episode_key(told.episode())));
    if (!row || row->history.size() <= told.step) {
        return damaged("is not there");
    }
    row->history.resize(told.step + 1);
    Names names(*view.rows, company->ordinal);
    BOOST_OUTCOME_TRY(const auto manager, names.text(store::Table::manager, told.manager));
    BOOST_OUTCOME_TRY(const auto team, names.text(store::Table::team, row->team));
    const DeviationNames whose{company->id, manager.value_or(""), team};
    const std::string id = deviation_id(whose, *row) + "." + std::to_string(told.step + 1);
    base::JsonWriter out;
    out.begin_object().member("specversion", "1.0").member("id", id);
    out.member("source", "/normwatch/" + company->id).member("type", event_type);
    out.member("time", kpi::render(row->last().at)).member("subject", whose.manager);
    out.member("datacontenttype", "application/json").key("data");
    write_deviation(out, whose, *row, {});
    return DeviationMessage{.place = {number, told.offset},
                            .company = company->id,
                            .id = id,
                            .json = out.end_object().take()};
}

}  // namespace

base::Result<std::vector<DeviationMessage>> deviation_messages(const store::ReadView& view,
                                                               std::uint64_t after,
                                                               std::size_t count_max) {
    std::vector<DeviationMessage> messages;
    const auto add = [&](std::string_view key, std::string_view value) -> base::Result<bool> {
        BOOST_OUTCOME_TRY(const auto told, store::decode<OutboxRow>(value));
        BOOST_OUTCOME_TRY(auto message, message_of(view, store::read_outbox_key(key), told));
        messages.push_back(std::move(message));
        return messages.size() < count_max;
    };
    BOOST_OUTCOME_TRY(scan_rows(*view.rows, store::Family::state, store::outbox_key(after + 1),
                                store::outbox_key(std::numeric_limits<std::uint64_t>::max()), add));
    return messages;
}

base::Result<DeviationPlace> last_deviation_message(const store::ReadView& view) {
    BOOST_OUTCOME_TRY(
        const auto last,
        view.rows->last_key(store::Family::state, store::outbox_key(0),
                            store::outbox_key(std::numeric_limits<std::uint64_t>::max())));
    if (!last) {
        return DeviationPlace();
    }
    BOOST_OUTCOME_TRY(const auto told,
                      read_row<OutboxRow>(*view.rows, store::Family::state, *last));
    return DeviationPlace{store::read_outbox_key(*last), told ? told->offset : 0};
}

base::Result<DeviationPlace> deviation_place(const store::ReadView& view,
                                             const DeviationPlace& known) {
    BOOST_OUTCOME_TRY(const auto same, read_row<OutboxRow>(*view.rows, store::Family::state,
                                                           store::outbox_key(known.number)));
    if (known.number == 0 || (same && same->offset == known.offset)) {
        return known;
    }
    DeviationPlace place;
    const auto look = [&](std::string_view key, std::string_view value) -> base::Result<bool> {
        BOOST_OUTCOME_TRY(const auto told, store::decode<OutboxRow>(value));
        if (told.offset <= known.offset) {
            place = {store::read_outbox_key(key), told.offset};
        }
        return told.offset <= known.offset;
    };
    BOOST_OUTCOME_TRY(scan_rows(*view.rows, store::Family::state, store::outbox_key(1),
                                store::outbox_key(std::numeric_limits<std::uint64_t>::max()),
                                look));
    return place;
}

}  // namespace query
