#include <algorithm>
#include <map>

#include "query/answers.h"
#include "query/call_facts.h"
#include "query/entity_scan.h"
#include "query/meta.h"
#include "query/reading.h"
#include "query/tally.h"
#include "query/value_text.h"
#include "store/bytes.h"
#include "store/measures.h"

namespace query {
namespace {

/// One contribution of an entity to the number.
struct Item {
    store::IndexKey key;
    std::string id;
    std::string_view part;  ///< numerator, denominator; empty: neither
    kpi::Kpi kpi{};
    bool is_one = false;  ///< counts 1, whatever it is worth
    std::int64_t value = 0;
    kpi::Currency currency{};
    std::uint64_t member = 0;
    std::string group;  ///< of a set: who it is

    /// Its place in the list: by instant, id, group.
    std::string place() const {
        return store::KeyWriter()
            .i64(base::to_ms(key.at))
            .text(id)
            .text(part)
            .u8(key.kind)
            .text(key.native_id)
            .u32(key.scope.value())
            .take();
    }
};

/// What is listed for a KPI: contributions to one, under this heading.
struct Part {
    kpi::Kpi kpi{};
    std::string_view name;
};

std::vector<Part> parts_of(kpi::Kpi kpi) {
    switch (kpi::info(kpi).unit) {
        case kpi::Unit::ratio: {
            const kpi::RatioParts ratio = kpi::ratio_parts(kpi);
            return {{ratio.numerator, "numerator"}, {ratio.denominator, "denominator"}};
        }
        case kpi::Unit::cheque:
            return {{kpi::Kpi::invoices_paid, "numerator"},
                    {kpi::Kpi::invoices_paid, "denominator"}};
        default: return {{kpi, ""}};
    }
}

/// The kinds of entities that can contribute to a KPI.
std::vector<std::uint8_t> kinds_of(kpi::Kpi kpi) {
    using events::Kind;
    const auto bytes = [](std::initializer_list<Kind> kinds) {
        std::vector<std::uint8_t> found;
        for (const Kind kind : kinds) {
            found.push_back(store::kind_byte(kind));
        }
        return found;
    };
    using kpi::Kpi;
    const Kpi base = store::contributing_kpis(kpi).front();
    switch (base) {
        case Kpi::emails_sent:
        case Kpi::emails_received: return bytes({Kind::email});
        case Kpi::meetings_scheduled:
        case Kpi::meetings_held:
        case Kpi::meetings_no_show:
        case Kpi::presentations_held: return bytes({Kind::meeting});
        case Kpi::proposals_sent: return bytes({Kind::proposal, Kind::email});
        case Kpi::touches: return bytes({Kind::call, Kind::email, Kind::meeting, Kind::proposal});
        case Kpi::invoices_issued:
        case Kpi::invoices_amount:
        case Kpi::invoices_paid: return bytes({Kind::invoice});
        case Kpi::payments_amount:
        case Kpi::refunds_amount: return bytes({Kind::payment});
        case Kpi::missed_cases:
        case Kpi::callbacks_returned:
        case Kpi::callbacks_recovered:
        case Kpi::callbacks_expired:
        case Kpi::callback_seconds: return {store::case_kind};
        default: return bytes({Kind::call});
    }
}

/// Gathers what makes one number.
class Explanation {
public:
    Explanation(Question& question, Selection selection, AskedKpi asked,
                std::optional<base::UtcMillis> received_after)
        : question_(question),
          selection_(selection),
          asked_(std::move(asked)),
          received_after_(received_after) {}

    base::Result<void> gather() {
        if (!asked_.kpi) {
            return base::success();
        }
        BOOST_OUTCOME_TRY(
            scan_entities(question_, kinds_of(*asked_.kpi), selection_.range, selection_.manager,
                          [this](const StandingEntity& entity) { return add(entity); }));
        std::sort(items_.begin(), items_.end(),
                  [](const auto& a, const auto& b) { return a.first < b.first; });
        return name_groups();
    }

    base::Result<std::string> write(const Page& page);

private:
    base::Result<void> add(const StandingEntity& entity);
    base::Result<bool> is_recent(const StandingEntity& entity);
    base::Result<std::vector<Evidence>> evidence(const store::IndexKey& key, kpi::Kpi kpi);
    base::Result<std::vector<Evidence>> evidence_of_case(const store::IndexKey& key, kpi::Kpi kpi);
    base::Result<std::vector<Evidence>> payments_of(const store::IndexKey& key,
                                                    const store::ActivityRow& invoice);
    base::Result<void> name_groups();
    base::Result<void> write_item(base::JsonWriter& out, const Item& item);
    void write_echo(base::JsonWriter& out, std::string_view name) const {
        out.key(name);
        write_word(out, question_.param(name));
    }

    Question& question_;
    Selection selection_;
    AskedKpi asked_;
    std::optional<base::UtcMillis> received_after_;
    Tally tally_;
    std::vector<std::pair<std::string, Item>> items_;  ///< by place
};

base::Result<std::vector<Evidence>> Explanation::payments_of(const store::IndexKey& key,
                                                             const store::ActivityRow& invoice) {
    std::vector<store::ActivityRow> payments;
    for (const store::PaymentPart& part : invoice.payments) {
        const store::EntityKey payment{key.company, store::kind_byte(events::Kind::payment),
                                       key.scope, part.payment_id};
        BOOST_OUTCOME_TRY(auto row,
                          read_row<store::ActivityRow>(question_.rows(), store::Family::entity,
                                                       store::entity_key(payment)));
        if (row && !part.refund) {
            payments.push_back(std::move(*row));
        }
    }
    std::vector<const store::Head*> heads;
    for (const store::ActivityRow& payment : payments) {
        heads.push_back(&payment.head);
    }
    return evidence_of(heads);
}

/// Of the first missed call, and of the call or mail that resolved the case where that counts.
base::Result<std::vector<Evidence>> Explanation::evidence_of_case(const store::IndexKey& key,
                                                                  kpi::Kpi kpi) {
    store::IndexKey call = key;
    call.kind = store::kind_byte(events::Kind::call);
    BOOST_OUTCOME_TRY(auto found, evidence(call, kpi));
    BOOST_OUTCOME_TRY(const auto row,
                      read_row<store::CaseRow>(question_.rows(), store::Family::entity,
                                               store::entity_key(entity_of(key))));
    const bool is_of_first = kpi == kpi::Kpi::missed_cases || kpi == kpi::Kpi::callbacks_expired;
    if (!row || row->resolver_kind == 0 || is_of_first) {
        return found;
    }
    store::IndexKey resolver = key;
    resolver.kind = row->resolver_kind;
    resolver.scope = row->resolver_scope;
    resolver.native_id = row->resolver_native_id;
    BOOST_OUTCOME_TRY(const auto more, evidence(resolver, kpi));
    found.insert(found.end(), more.begin(), more.end());
    std::sort(found.begin(), found.end());
    return found;
}

/// The deliveries in force that make an entity's contribution: of a paid invoice those of its
/// payments.
base::Result<std::vector<Evidence>> Explanation::evidence(const store::IndexKey& key,
                                                          kpi::Kpi kpi) {
    const store::Key row_key = store::entity_key(entity_of(key));
    if (key.kind == store::kind_byte(events::Kind::call)) {
        BOOST_OUTCOME_TRY(const auto row, read_row<store::CallRow>(question_.rows(),
                                                                   store::Family::entity, row_key));
        return row ? evidence_of(*row) : std::vector<Evidence>();
    }
    if (key.kind == store::case_kind) {
        return evidence_of_case(key, kpi);
    }
    BOOST_OUTCOME_TRY(const auto row, read_row<store::ActivityRow>(question_.rows(),
                                                                   store::Family::entity, row_key));
    if (!row) {
        return std::vector<Evidence>();
    }
    if (kpi == kpi::Kpi::invoices_paid) {
        return payments_of(key, *row);
    }
    return evidence_of(std::vector<const store::Head*>{&row->head});
}

base::Result<bool> Explanation::is_recent(const StandingEntity& entity) {
    if (!received_after_) {
        return true;
    }
    BOOST_OUTCOME_TRY(const auto found,
                      evidence(entity.key, store::contributing_kpis(*asked_.kpi).front()));
    return std::any_of(found.begin(), found.end(),
                       [this](const Evidence& one) { return one.received_at > *received_after_; });
}

base::Result<void> Explanation::add(const StandingEntity& entity) {
    const std::vector<kpi::Kpi> wanted = store::contributing_kpis(*asked_.kpi);
    std::vector<const kpi::Contribution*> selected;
    for (const kpi::Contribution& one : entity.contributions) {
        const bool is_wanted = std::find(wanted.begin(), wanted.end(), one.kpi) != wanted.end();
        if (is_wanted && selection_.holds(one)) {
            selected.push_back(&one);
        }
    }
    if (selected.empty()) {
        return base::success();
    }
    BOOST_OUTCOME_TRY(const bool takes, is_recent(entity));
    if (!takes) {
        return base::success();
    }
    tally_.add_entity(selected);
    BOOST_OUTCOME_TRY(const std::string id, shown_id(question_, entity.key, entity.activity));
    const bool is_cheque = asked_.kpi == kpi::Kpi::average_cheque;
    for (const Part& part : parts_of(*asked_.kpi)) {
        Item item{.key = entity.key,
                  .id = id,
                  .part = part.name,
                  .kpi = part.kpi,
                  .is_one = false,
                  .value = 0,
                  .currency = {},
                  .member = 0,
                  .group = {}};
        bool has_any = false;
        for (const kpi::Contribution* one : selected) {
            if (one->kpi == part.kpi) {
                const bool is_sum = kpi::info(one->kpi).unit == kpi::Unit::seconds;
                item.value = is_sum ? item.value + one->value : has_any ? item.value : one->value;
                item.currency = has_any ? item.currency : one->currency;
                item.member = has_any ? item.member : one->member;
                has_any = true;
            }
        }
        const bool is_foreign = is_cheque && item.currency != question_.settings().currency;
        item.is_one = part.name == "denominator";
        if (has_any && !is_foreign) {
            std::string place = item.place();
            items_.emplace_back(std::move(place), std::move(item));
        }
    }
    return base::success();
}

/// Members of a set by client id; who is no client is `party-<n>`, numbered as they first appear.
base::Result<void> Explanation::name_groups() {
    constexpr std::uint64_t client_kind = 1;
    if (kpi::info(*asked_.kpi).unit != kpi::Unit::contacts) {
        return base::success();
    }
    std::map<std::uint64_t, std::string> parties;
    for (auto& [place, item] : items_) {
        if (item.member >> 32 == client_kind) {
            const auto client = static_cast<std::uint32_t>(item.member);
            BOOST_OUTCOME_TRY(const auto id, question_.names().text(store::Table::client, client));
            item.group = id.value_or("");
            continue;
        }
        const auto [party, is_new] = parties.try_emplace(item.member);
        if (is_new) {
            party->second = "party-" + std::to_string(parties.size());
        }
        item.group = party->second;
    }
    return base::success();
}

base::Result<void> Explanation::write_item(base::JsonWriter& out, const Item& item) {
    out.begin_object().member("entity", word_of(item.key.kind)).member("id", item.id);
    out.member("at", kpi::render(item.key.at)).key("group");
    write_word(out, item.group.empty() ? item.part : std::string_view(item.group));
    out.key("value");
    const bool is_cheque = asked_.kpi == kpi::Kpi::average_cheque;
    const kpi::Unit unit = kpi::info(item.kpi).unit;
    if (unit == kpi::Unit::money || (is_cheque && !item.is_one)) {
        write_money(out, item.value, item.currency);
    } else if (unit == kpi::Unit::seconds) {
        out.raw(seconds_text(item.value));
    } else {
        out.value(1);
    }
    BOOST_OUTCOME_TRY(const auto found, evidence(item.key, item.kpi));
    out.key("events").begin_array();
    for (const Evidence& one : found) {
        out.begin_object().member("source", one.source).member("id", one.id);
        out.member("offset", one.offset).end_object();
    }
    out.end_array().end_object();
    return base::success();
}

base::Result<std::string> Explanation::write(const Page& page) {
    base::JsonWriter out;
    out.begin_object().member("kpi", asked_.id);
    for (const std::string_view name : {"manager", "team", "segment"}) {
        write_echo(out, name);
    }
    out.member("from", kpi::render(selection_.range.from));
    out.member("until", kpi::render(selection_.range.until)).key("value");
    tally_.write_value(out, asked_, question_.settings().currency);
    out.key("contributions").begin_array();
    auto item = std::upper_bound(
        items_.begin(), items_.end(), page.after,
        [](const std::string& place, const auto& one) { return place < one.first; });
    std::string cursor;
    for (std::uint64_t shown = 0; item != items_.end(); ++item, ++shown) {
        if (page.limit && shown == *page.limit) {
            cursor = question_.cursor("explain", std::prev(item)->first);
            break;
        }
        BOOST_OUTCOME_TRY(write_item(out, item->second));
    }
    out.end_array().key("next_cursor");
    write_word(out, cursor);
    if (page.count_exact) {
        out.member("total", items_.size());
    }
    BOOST_OUTCOME_TRY(write_meta(out, question_, std::span(&asked_, 1)));
    out.end_object();
    return out.take();
}

}  // namespace

base::Result<std::string> explain(const store::ReadView& view, const Params& params,
                                  const Ports& ports) {
    BOOST_OUTCOME_TRY(
        Question question,
        Question::open(view, params, ports,
                       {"day", "week", "month", "from", "until", "kpi", "manager", "team",
                        "segment", "received_after", "limit", "cursor", "count"}));
    BOOST_OUTCOME_TRY(const Selection selection, question.selection());
    if (words_of(question.param("kpi")).size() != 1) {
        return bad_question("kpi: one KPI is explained at a time");
    }
    BOOST_OUTCOME_TRY(auto asked, question.asked_kpis());
    std::optional<base::UtcMillis> received_after;
    if (!question.param("received_after").empty()) {
        BOOST_OUTCOME_TRY(received_after, question.moment("received_after"));
    }
    BOOST_OUTCOME_TRY(const Page page, question.page("explain"));
    Explanation explanation(question, selection, std::move(asked.front()), received_after);
    BOOST_OUTCOME_TRY(explanation.gather());
    return explanation.write(page);
}

}  // namespace query
