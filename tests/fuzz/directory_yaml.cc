// A directory.yaml: any text. A mistake names its line; what is read is written as a file that
// reads back as the same entries.
#include <algorithm>
#include <string>
#include <vector>

#include "base/ensure.h"
#include "ingest/cloudevents/event_json.h"
#include "ingest/directory_yaml.h"
#include "tests/fuzz/contexts.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/line_file.h"

namespace fuzz {
namespace {

using ingest::directory_yaml::Directory;
using ingest::directory_yaml::Section;

std::vector<Section> sections_of(const Directory& directory) {
    std::vector<Section> sections;
    for (const std::string& name : directory.sections) {
        Section& section = sections.emplace_back(Section{name, {}});
        for (const auto& entry : directory.entries) {
            if (entry.section == name) {
                section.entries.push_back(ingest::cloudevents::data_json(entry.event));
            }
        }
    }
    return sections;
}

/// The events, section by section.
std::vector<std::string> records_of(const Directory& directory) {
    std::vector<std::string> records;
    for (const std::string& name : directory.sections) {
        for (const auto& entry : directory.entries) {
            if (entry.section == name) {
                records.push_back(events::encode(entry.event));
            }
        }
    }
    return records;
}

}  // namespace

void run(std::string_view bytes) {
    const auto directory = ingest::directory_yaml::read(bytes, "d.yaml", crm_context());
    if (!directory) {
        ENSURE(directory.error().code() == base::ErrorCode::invalid);
        ENSURE(directory.error().context().starts_with("d.yaml:"));
        return;
    }
    const auto lines = static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '\n'));
    for (const auto& entry : directory.value().entries) {
        ENSURE(entry.line >= 1 && entry.line <= lines + 1);
        check_event(entry.event);
        ENSURE(ingest::directory_yaml::section_of(
                   events::to_string(events::kind_of(entry.event.head))) == entry.section);
    }
    const std::string written = ingest::directory_yaml::write(sections_of(directory.value()));
    const auto again = ingest::directory_yaml::read(written, "d.yaml", crm_context());
    ENSURE(again && records_of(again.value()) == records_of(directory.value()));
}

}  // namespace fuzz
