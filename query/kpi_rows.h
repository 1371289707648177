#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "kpi/local_time.h"
#include "query/question.h"
#include "query/tally.h"
#include "store/keys.h"

namespace query {

/// What rows of KPI values are told apart by.
enum class Dimension : std::uint8_t { company, team, manager, segment, hour, day, week, month };

/// The words of `by`; manager when it is empty.
/// Errors: invalid - no such word, or one twice.
base::Result<std::vector<Dimension>> dimensions_of(std::string_view by);
std::string_view to_string(Dimension dimension);

/// One row: its values of the dimensions (nullopt: null), in their order, and its sums.
struct KpiRow {
    std::vector<std::optional<std::string>> names;
    Tally tally;
};

/// The rows of an answer, in its order: by the dimensions, null last, hours by instant.
///
/// Lifetime: the question must outlive it. Threads: one.
class KpiRows {
public:
    KpiRows(Question& question, std::vector<Dimension> by, kpi::Zone zone);

    /// The row that a contribution of these belongs to, made when it is new. Valid until the next
    /// call.
    base::Result<KpiRow*> row(kpi::Manager manager, kpi::Team team, kpi::Segment segment,
                              base::UtcMillis at);
    /// The row of one text in the only dimension.
    KpiRow& single(const std::string& name);

    bool is_by(Dimension dimension) const;
    /// By hour, day, week or month.
    bool is_by_time() const;
    /// Whether the rows do not tell these instants, and what lies between them, apart.
    bool is_one_time(base::UtcMillis first, base::UtcMillis last);
    bool is_only_by(Dimension dimension) const {
        return by_.size() == 1 && by_.front() == dimension;
    }
    const std::vector<Dimension>& by() const { return by_; }

    /// The rows by their position; a position is what a cursor keeps.
    const std::map<std::string, KpiRow>& all() const { return rows_; }
    std::map<std::string, KpiRow>& all() { return rows_; }

private:
    /// The value of one dimension and its bytes in a position.
    struct Part {
        std::optional<std::string> name;
        std::string bytes;
        friend bool operator==(const Part&, const Part&) = default;
    };
    /// The row that was asked for last, and for what.
    struct Last {
        kpi::Manager manager;
        kpi::Team team;
        kpi::Segment segment{};
        base::UtcMillis at{};
        KpiRow* row = nullptr;
    };

    static Part text_part(std::optional<std::string> name);
    Part time_part(Dimension dimension, base::UtcMillis at) const;
    const std::vector<Part>& time_parts(base::UtcMillis at);
    bool is_last(kpi::Manager manager, kpi::Team team, kpi::Segment segment,
                 base::UtcMillis at) const;
    base::Result<Part> part(Dimension dimension, kpi::Manager manager, kpi::Team team,
                            kpi::Segment segment);

    Question* question_;
    std::vector<Dimension> by_;
    kpi::Zone zone_;
    std::map<std::string, KpiRow> rows_;
    std::unordered_map<std::int64_t, std::vector<Part>>
        times_;  ///< by instant, of the time dimensions
    Last last_;
};

}  // namespace query
