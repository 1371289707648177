// Proves that a workload is what its options say: the same bytes from the same seed, as many lines
// as asked, 60 % of them between 10:00 and 17:00 of the company's clock, and lines that the mappers
// take, but for the broken ones that it promises.

#include "app/workload.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "ingest/file_import.h"

namespace app {
namespace {

class Workload : public testing::TestWithParam<const char*> {
protected:
    Workload() {
        std::string name = testing::TempDir() + "normwatch-workload-XXXXXX";
        folder_ = ::mkdtemp(name.data());
    }
    ~Workload() override {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    WorkloadOptions options(std::uint64_t seed) const {
        WorkloadOptions made;
        made.seed = seed;
        made.events = 20'000;
        made.format = GetParam();
        made.out = folder_ + "/calls";
        return made;
    }
    static std::string read(const std::string& path) {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    std::string folder_;
};
INSTANTIATE_TEST_SUITE_P(Formats, Workload, testing::Values("cloudevents", "asterisk-cdr-csv"),
                         [](const auto& tested) {
                             return std::string(tested.param) == "cloudevents" ? "events" : "rows";
                         });

TEST_P(Workload, IsTheSameForTheSameSeed) {
    const auto first = write_workload(options(7));
    ASSERT_TRUE(first) << first.error().context();
    const std::string bytes = read(folder_ + "/calls");
    const std::string directory = read(folder_ + "/calls.directory.yaml");
    EXPECT_EQ(std::count(bytes.begin(), bytes.end(), '\n'), 20'000);
    const auto again = write_workload(options(7));
    EXPECT_EQ(first.value().front().sha256, again.value().front().sha256);
    EXPECT_EQ(read(folder_ + "/calls"), bytes);
    EXPECT_EQ(read(folder_ + "/calls.directory.yaml"), directory);
    EXPECT_NE(write_workload(options(8)).value().front().sha256, first.value().front().sha256);
}

TEST_P(Workload, IsTakenByItsMapperAndFollowsTheWorkingDay) {
    const auto written = write_workload(options(7));
    ASSERT_TRUE(written) << written.error().context();
    const kpi::Zone zone = kpi::Zone::find(written.value().front().zone).value();
    ingest::MapContext context;
    context.company = "acme";
    context.source_id = "any";
    context.source_zone = context.company_zone = zone;
    context.source_plan = context.company_plan = {"RU", ""};
    context.received_at = base::from_ms(1'798'000'000'000);
    ingest::FileMapper mapper(*ingest::line_format_of(GetParam()), context, "calls", 0);
    mapper.feed(read(folder_ + "/calls"));
    mapper.finish();
    std::size_t refused = 0;
    std::size_t calls = 0;
    std::size_t at_work = 0;
    for (const ingest::FileItem& item : mapper.take()) {
        const events::pb::Event& head = item.event.head;
        refused += head.has_rejected() ? 1 : 0;
        if (head.has_call() || head.has_cdr_row()) {
            const auto wall = zone.local(base::from_ms(
                head.has_call() ? head.call().started_at() : head.cdr_row().started_at()));
            const auto hour = std::chrono::duration_cast<std::chrono::hours>(
                wall - std::chrono::floor<std::chrono::days>(wall));
            ++calls;
            at_work += hour.count() >= 10 && hour.count() < 17 ? 1 : 0;
        }
    }
    EXPECT_GE(refused, 1U);
    EXPECT_LE(refused, 10U);
    EXPECT_GT(calls, 16'000U);
    EXPECT_NEAR(static_cast<double>(at_work) / static_cast<double>(calls), 0.6, 0.02);
}

TEST_P(Workload, OfSeveralCompaniesIsAFileEach) {
    WorkloadOptions three = options(7);
    three.companies = 3;
    const auto written = write_workload(three);
    ASSERT_TRUE(written) << written.error().context();
    ASSERT_EQ(written.value().size(), 3U);
    std::uint64_t events = 0;
    for (const WorkloadFile& file : written.value()) {
        events += file.events;
        EXPECT_TRUE(std::filesystem::exists(file.path)) << file.path;
    }
    EXPECT_EQ(events, 20'000U);
    EXPECT_NE(written.value()[0].zone, written.value()[1].zone);
}

TEST_P(Workload, WithoutManagersOrAPlaceToWriteIsRefused) {
    WorkloadOptions none = options(7);
    none.managers = 0;
    EXPECT_EQ(write_workload(none).error().code(), base::ErrorCode::invalid);
    WorkloadOptions nowhere = options(7);
    nowhere.out = folder_ + "/missing/calls";
    EXPECT_EQ(write_workload(nowhere).error().code(), base::ErrorCode::unavailable);
}

}  // namespace
}  // namespace app
