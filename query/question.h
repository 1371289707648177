#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "kpi/contribution.h"
#include "kpi/kpi.h"
#include "kpi/local_time.h"
#include "kpi/settings.h"
#include "query/names.h"
#include "query/ports.h"
#include "store/read_view.h"

namespace query {

/// Half-open [from, until).
struct Range {
    base::UtcMillis from{};
    base::UtcMillis until{};
    bool holds(base::UtcMillis at) const { return from <= at && at < until; }
};

/// Whose contributions a question is about. An ordinal of 0 asks for the `null` row,
/// unknown_ordinal for nobody.
struct Selection {
    Range range;
    std::optional<std::uint32_t> manager;
    std::optional<std::uint32_t> team;
    std::optional<kpi::Segment> segment;
    bool holds(const kpi::Contribution& one) const;
};

/// A KPI that was asked for. Without `kpi` it is a public name that this version does not compute:
/// null.
struct AskedKpi {
    std::string id;
    std::optional<kpi::Kpi> kpi;
};

/// The part of a list that was asked for.
struct Page {
    std::optional<std::uint64_t> limit;  ///< absent: all
    std::string after;  ///< position behind which the page begins; empty: the start
    bool count_exact = false;
};

/// One question to one company as of one view.
///
/// Lifetime: view, parameters and ports must outlive it. Threads: one.
class Question {
public:
    /// Errors: invalid - a parameter that is not in `known`, an unknown company, or none named
    /// although the view has several.
    static base::Result<Question> open(const store::ReadView& view, const Params& params,
                                       const Ports& ports,
                                       std::initializer_list<std::string_view> known);

    /// The parameter's text; empty when it is absent.
    std::string_view param(std::string_view name) const;

    /// day | week | month | from, until: dates are days of the company's zone. Without any: 1970 to
    /// 9999.
    base::Result<Range> range() const;
    /// An RFC 3339 instant, or a date: the first instant of that day in the company's zone.
    base::Result<base::UtcMillis> moment(std::string_view name) const;
    /// The same; the present when it is absent.
    base::Result<base::UtcMillis> moment_or_now(std::string_view name) const;
    /// The zone that `tz` names; nullopt without it.
    base::Result<std::optional<kpi::Zone>> tz() const;
    /// range, manager, team, segment.
    base::Result<Selection> selection();
    /// The ordinal that a filter names: `none` 0, an id never seen unknown_ordinal, absent nullopt.
    base::Result<std::optional<std::uint32_t>> filter(std::string_view name, store::Table table);
    base::Result<std::optional<kpi::Segment>> segment() const;
    /// The KPIs of `kpi`, all that are computed when it is absent.
    base::Result<std::vector<AskedKpi>> asked_kpis() const;

    /// limit, cursor, count. `list` names the answer: a cursor belongs to one list, company and
    /// filter.
    base::Result<Page> page(std::string_view list) const;
    /// The cursor of a page that ends at `position`.
    std::string cursor(std::string_view list, std::string_view position) const;

    const store::ReadView& view() const { return *view_; }
    const store::ViewReader& rows() const { return *view_->rows; }
    const store::CompanyView& company() const { return *company_; }
    const Ports& ports() const { return *ports_; }
    /// In force at the view's log time.
    const kpi::Settings& settings() const { return settings_; }
    Names& names() { return names_; }

private:
    Question(const store::ReadView& view, const store::CompanyView& company, const Params& params,
             const Ports& ports);
    std::uint64_t digest(std::string_view list) const;
    base::Result<Range> calendar_range() const;

    const store::ReadView* view_;
    const store::CompanyView* company_;
    const Params* params_;
    const Ports* ports_;
    kpi::Settings settings_;
    Names names_;
};

/// Items of a comma-separated list, without empty ones.
std::vector<std::string> words_of(std::string_view list);

/// `invalid`, with this context.
base::Error bad_question(std::string context);

}  // namespace query
