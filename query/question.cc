#include "query/question.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/base64.h"
#include "store/bytes.h"

namespace query {
namespace {

constexpr std::uint8_t cursor_version = 1;

/// Understood by every question. `reveal` and `reason` ask for nothing here: what may be shown
/// comes with Who.
constexpr std::array common_params{std::string_view("company"), std::string_view("min_offset"),
                                   std::string_view("collector"), std::string_view("reveal"),
                                   std::string_view("reason")};

/// What does not change which items a list has, nor their order.
constexpr std::array outside_digest{std::string_view("cursor"),     std::string_view("limit"),
                                    std::string_view("count"),      std::string_view("company"),
                                    std::string_view("min_offset"), std::string_view("collector"),
                                    std::string_view("reveal"),     std::string_view("reason")};

/// Public names of KPIs that this version knows and does not compute: their value is unknown.
constexpr std::array not_computed{std::string_view("first_response_seconds_median"),
                                  std::string_view("first_response_seconds_p90"),
                                  std::string_view("clients_in_work"),
                                  std::string_view("clients_new"),
                                  std::string_view("clients_lost"),
                                  std::string_view("clients_overdue_contact"),
                                  std::string_view("service_level_offered")};

template <class List>
bool is_among(const List& list, std::string_view word) {
    return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return number;
}

/// Monday of `2026-W45`; nullopt when the year has no such week.
std::optional<std::chrono::year_month_day> iso_week(std::string_view text) {
    const std::size_t mark = text.find("-W");
    const auto year = whole_number(text.substr(0, mark));
    const auto week = whole_number(text.substr(std::min(text.size(), mark + 2)));
    if (mark != 4 || text.size() != 8 || !year || *year == 0 || !week || *week == 0 || *week > 53) {
        return std::nullopt;
    }
    const std::chrono::year_month_day january_4th{std::chrono::year(static_cast<int>(*year)),
                                                  std::chrono::month(1), std::chrono::day(4)};
    const auto monday =
        kpi::days_after(kpi::week_first(january_4th), 7 * (static_cast<int>(*week) - 1));
    const bool is_of_year = kpi::days_after(monday, 3).year() == january_4th.year();
    return is_of_year ? std::optional(monday) : std::nullopt;
}

}  // namespace

base::Error bad_question(std::string context) {
    return {base::ErrorCode::invalid, std::move(context)};
}

std::vector<std::string> words_of(std::string_view list) {
    std::vector<std::string> words;
    while (!list.empty()) {
        const std::string_view word = list.substr(0, list.find(','));
        list.remove_prefix(std::min(list.size(), word.size() + 1));
        if (!word.empty()) {
            words.emplace_back(word);
        }
    }
    return words;
}

bool Selection::holds(const kpi::Contribution& one) const {
    return range.holds(one.at) && (!manager || one.manager.value() == *manager) &&
           (!team || one.team.value() == *team) && (!segment || one.segment == *segment);
}

Question::Question(const store::ReadView& view, const store::CompanyView& company,
                   const Params& params, const Ports& ports)
    : view_(&view),
      company_(&company),
      params_(&params),
      ports_(&ports),
      settings_(company.settings->at(view.position.log_time)),
      names_(*view.rows, company.ordinal) {
}

base::Result<Question> Question::open(const store::ReadView& view, const Params& params,
                                      const Ports& ports,
                                      std::initializer_list<std::string_view> known) {
    for (const auto& [name, value] : params) {
        if (!is_among(known, name) && !is_among(common_params, name)) {
            return bad_question("no such parameter here: " + name);
        }
    }
    const auto named = params.find("company");
    const std::string id = named == params.end() ? std::string() : named->second;
    if (id.empty() && view.companies.size() > 1) {
        return bad_question("which company? several are here");
    }
    const auto company = id.empty() ? view.companies.begin() : view.companies.find(id);
    if (company == view.companies.end()) {
        return bad_question(id.empty() ? "no company is known yet" : "no such company: " + id);
    }
    return Question(view, company->second, params, ports);
}

std::string_view Question::param(std::string_view name) const {
    const auto found = params_->find(std::string(name));
    return found == params_->end() ? std::string_view() : std::string_view(found->second);
}

base::Result<base::UtcMillis> Question::moment(std::string_view name) const {
    const std::string_view text = param(name);
    if (text.find_first_of("Tt") != std::string_view::npos) {
        if (const auto at = kpi::parse_instant(text)) {
            return *at;
        }
    } else if (const auto date = kpi::parse_date(text)) {
        return settings_.zone.day_start(*date);
    }
    return bad_question(std::string(name) + ": an instant with offset or a date is needed");
}

base::Result<Range> Question::calendar_range() const {
    const auto days = [&](std::chrono::year_month_day first, std::chrono::year_month_day after) {
        return Range{settings_.zone.day_start(first), settings_.zone.day_start(after)};
    };
    if (const std::string_view day = param("day"); !day.empty()) {
        if (const auto date = kpi::parse_date(day)) {
            return days(*date, kpi::days_after(*date, 1));
        }
        return bad_question("day: a date is needed, as 2026-11-02");
    }
    if (const std::string_view week = param("week"); !week.empty()) {
        const auto date =
            week.find('W') == std::string_view::npos ? kpi::parse_date(week) : iso_week(week);
        if (date) {
            const auto monday = kpi::week_first(*date);
            return days(monday, kpi::days_after(monday, 7));
        }
        return bad_question("week: a week of the year or a date is needed, as 2026-W45");
    }
    const std::string month(param("month"));
    if (const auto date = kpi::parse_date(month.size() == 7 ? month + "-01" : month)) {
        return days(kpi::month_first(*date), kpi::month_next(*date));
    }
    return bad_question("month: a month is needed, as 2026-11");
}

base::Result<Range> Question::range() const {
    const auto given = [this](std::string_view name) { return param(name).empty() ? 0 : 1; };
    const bool has_border = given("from") + given("until") > 0;
    const int calendar = given("day") + given("week") + given("month");
    if (calendar + (has_border ? 1 : 0) > 1) {
        return bad_question("one of day, week, month, or from and until");
    }
    if (calendar == 1) {
        return calendar_range();
    }
    Range range{base::from_ms(0), *kpi::parse_instant("9999-01-01T00:00:00Z")};
    if (given("from") != 0) {
        BOOST_OUTCOME_TRY(range.from, moment("from"));
    }
    if (given("until") != 0) {
        BOOST_OUTCOME_TRY(range.until, moment("until"));
    }
    return range;
}

base::Result<base::UtcMillis> Question::moment_or_now(std::string_view name) const {
    if (param(name).empty()) {
        return ports_->now ? ports_->now() : view_->position.log_time;
    }
    return moment(name);
}

base::Result<std::optional<kpi::Zone>> Question::tz() const {
    const std::string_view name = param("tz");
    if (name.empty()) {
        return std::optional<kpi::Zone>();
    }
    const auto zone = kpi::Zone::find(name);
    if (!zone) {
        return bad_question("tz: no such zone");
    }
    return std::optional(zone.value());
}

base::Result<std::optional<std::uint32_t>> Question::filter(std::string_view name,
                                                            store::Table table) {
    const std::string_view id = param(name);
    if (id.empty()) {
        return std::optional<std::uint32_t>();
    }
    if (id == "none" && table != store::Table::client) {
        return std::optional<std::uint32_t>(0);
    }
    BOOST_OUTCOME_TRY(const auto ordinal, names_.ordinal(table, id));
    return std::optional(ordinal.value_or(unknown_ordinal));
}

base::Result<std::optional<kpi::Segment>> Question::segment() const {
    const std::string_view word = param("segment");
    if (word.empty() || word == "all") {
        return std::optional<kpi::Segment>();
    }
    for (const kpi::Segment one :
         {kpi::Segment::none, kpi::Segment::fresh, kpi::Segment::existing}) {
        if (word == kpi::to_string(one)) {
            return std::optional(one);
        }
    }
    return bad_question("segment: new, existing, none or all");
}

base::Result<Selection> Question::selection() {
    Selection selection;
    BOOST_OUTCOME_TRY(selection.range, range());
    BOOST_OUTCOME_TRY(selection.manager, filter("manager", store::Table::manager));
    BOOST_OUTCOME_TRY(selection.team, filter("team", store::Table::team));
    BOOST_OUTCOME_TRY(selection.segment, segment());
    return selection;
}

base::Result<std::vector<AskedKpi>> Question::asked_kpis() const {
    std::vector<AskedKpi> asked;
    for (const std::string& id : words_of(param("kpi"))) {
        const auto kpi = kpi::kpi_of_id(id);
        if (!kpi && !is_among(not_computed, id)) {
            return bad_question("no such KPI: " + id);
        }
        const bool is_twice = std::any_of(asked.begin(), asked.end(),
                                          [&](const AskedKpi& one) { return one.id == id; });
        if (!is_twice) {
            asked.push_back({id, kpi});
        }
    }
    if (asked.empty()) {
        for (const kpi::KpiInfo& one : kpi::all_kpis()) {
            asked.push_back({std::string(one.id), one.kpi});
        }
    }
    return asked;
}

std::uint64_t Question::digest(std::string_view list) const {
    store::KeyWriter text;
    text.text(list).text(company_->id);
    for (const auto& [name, value] : *params_) {
        if (!value.empty() && !is_among(outside_digest, name)) {
            text.text(name).text(value);
        }
    }
    return XXH3_64bits(text.bytes().data(), text.bytes().size());
}

std::string Question::cursor(std::string_view list, std::string_view position) const {
    store::KeyWriter bytes;
    bytes.u8(cursor_version).u64(digest(list)).raw(position);
    return base::base64url(bytes.bytes());
}

base::Result<Page> Question::page(std::string_view list) const {
    Page page;
    if (const std::string_view limit = param("limit"); !limit.empty()) {
        page.limit = whole_number(limit);
        if (!page.limit || *page.limit == 0) {
            return bad_question("limit: a whole number from 1 on is needed");
        }
    }
    if (const std::string_view count = param("count"); !count.empty()) {
        if (count != "exact") {
            return bad_question("count: exact is the only word");
        }
        page.count_exact = true;
    }
    if (const std::string_view cursor = param("cursor"); !cursor.empty()) {
        const auto bytes = base::from_base64url(cursor);
        store::KeyReader reader(bytes ? *bytes : std::string_view());
        const bool is_known = reader.u8() == cursor_version && reader.u64() == digest(list);
        if (!is_known || !reader.ok() || reader.rest().empty()) {
            return bad_question("cursor: not one of this question");
        }
        page.after = reader.rest();
    }
    return page;
}

}  // namespace query
