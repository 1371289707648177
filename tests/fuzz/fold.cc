// Two files, of an exchange and, behind a line `----`, of CloudEvents, through the whole pipeline:
// mapped, appended, folded. Every record gets its verdict, and a fold of the same log in other
// batches gives the same rows.
#include <memory>
#include <string>

#include "base/ensure.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/pipeline.h"

namespace fuzz {
namespace {

constexpr const char* directory =
    "managers:\n"
    "  - {id: m1, name: One, team: t1}\n"
    "  - {id: m2, name: Two, team: t1}\n"
    "endpoints:\n"
    "  - {kind: extension, address: \"101\", manager: m1}\n"
    "  - {kind: extension, address: \"102\", manager: m2}\n"
    "  - {kind: email, address: one@acme.example, manager: m1}\n"
    "clients:\n"
    "  - {id: c1, name: Client, owner: m1, phones: [\"+74955550101\"], emails: [a@c1.example]}\n";

}  // namespace

void run(std::string_view bytes) {
    constexpr std::string_view border = "\n----\n";
    const std::size_t end = bytes.find(border);
    const std::string_view rows = bytes.substr(0, end);
    const std::string_view events =
        end == std::string_view::npos ? "" : bytes.substr(end + border.size());

    const auto opened = support::Pipeline::open({.small_segments = true});
    ENSURE(opened);
    support::Pipeline& pipeline = *opened.value();
    ENSURE(pipeline.apply_directory(directory));
    ENSURE(pipeline.import_cdr("pbx-1", rows));
    ENSURE(pipeline.import_events("crm", events));
    ENSURE(pipeline.ledger().sum() == pipeline.records_count());
    const auto digest = pipeline.refold(3);
    ENSURE(digest && digest.value() == pipeline.digest());
    for (const char* by : {"manager", "team,segment", "day"}) {
        ENSURE(pipeline.kpis({{"by", by}}));
    }
    ENSURE(pipeline.calls({}) && pipeline.quarantine({}));
}

}  // namespace fuzz
