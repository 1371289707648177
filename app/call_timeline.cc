#include "app/call_timeline.h"

#include <utility>

#include "processors/call_assembly.h"
#include "processors/leg_rows.h"
#include "processors/names.h"
#include "store/write_back.h"

namespace app {
namespace {

/// A state of the views in the shape that the fold's readers take. Nothing is ever written through
/// it.
class ReadOnlyViews final : public store::ViewStore {
public:
    explicit ReadOnlyViews(std::shared_ptr<const store::ViewReader> rows)
        : rows_(std::move(rows)) {}

    base::Result<std::optional<std::string>> get(store::Family family,
                                                 std::string_view key) const override {
        return rows_->get(family, key);
    }
    base::Result<void> scan(
        store::Family family, std::string_view from, std::string_view until,
        const std::function<bool(std::string_view, std::string_view)>& visit) const override {
        return rows_->scan(family, from, until, visit);
    }
    base::Result<std::optional<std::string>> last_key(store::Family family, std::string_view from,
                                                      std::string_view until) const override {
        return rows_->last_key(family, from, until);
    }
    base::Result<void> write(std::span<const store::Change>) override { return refused(); }
    std::shared_ptr<const store::ViewReader> snapshot() const override { return rows_; }
    base::Result<void> flush_wal() override { return refused(); }

private:
    static base::Error refused() {
        return base::Error(base::ErrorCode::unavailable, "this state of the views is read-only");
    }
    std::shared_ptr<const store::ViewReader> rows_;
};

base::Result<std::vector<query::Step>> steps_of(const store::CallRow& row,
                                                const store::ReadView& view,
                                                const store::CompanyView& company) {
    ReadOnlyViews views(view.rows);
    store::WriteBack rows(views);
    BOOST_OUTCOME_TRY(rows.open());
    processors::Names names(rows);
    std::vector<processors::Leg> legs;
    for (const store::LegRow& stored : row.legs) {
        BOOST_OUTCOME_TRY(processors::Leg leg, processors::to_leg(stored, names, company.ordinal));
        legs.push_back(std::move(leg));
    }
    const processors::CallWorld world{
        *company.directory, [](base::UtcMillis) { return processors::CallSettings{}; },
        [](kpi::Client, base::UtcMillis) { return kpi::Segment::none; },
        [](std::string_view) { return kpi::Subject{}; }};
    std::vector<query::Step> steps;
    for (processors::TimelineStep& step : processors::timeline(std::move(legs), world)) {
        steps.push_back({step.at, std::move(step.what), std::move(step.endpoint), step.manager});
    }
    return steps;
}

}  // namespace

std::vector<query::Step> call_timeline(const store::CallRow& row, const store::ReadView& view,
                                       const store::CompanyView& company) {
    base::Result<std::vector<query::Step>> steps = steps_of(row, view, company);
    return steps ? std::move(steps).value() : std::vector<query::Step>();
}

}  // namespace app
