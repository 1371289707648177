#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "events/event.h"
#include "ingest/mapped.h"

/// The directory as a file: interface.md 3.
namespace ingest::directory_yaml {

/// One entry of the file.
struct Entry {
    std::string section;  ///< `managers`
    events::Event event;  ///< of revision 1, without id; its source is `/directory`
    std::size_t line = 0;
};

struct Directory {
    std::vector<std::string>
        sections;  ///< those that stand there, empty ones too, in the file's order
    std::vector<Entry> entries;
};

/// Reads directory.yaml. Ids, addresses and dates need no quotes: what the contract calls a text is
/// taken as it stands.
///
/// Errors: invalid - `FILE:LINE: ...`: no YAML, an unknown section or field, a value that its event
///         would be refused for, an identity that stands there twice. Nothing of it is used then.
base::Result<Directory> read(std::string_view text, std::string_view file_name,
                             const MapContext& context);

/// A section and its entries as JSON objects (cloudevents::data_json).
struct Section {
    std::string name;
    std::vector<std::string> entries;
};

/// The text of a directory.yaml, which `read` reads back: a line an entry, without empty sections.
std::string write(const std::vector<Section>& sections);

/// `managers` of `manager`; empty when no section has such entries. And the other way round.
std::string_view section_of(std::string_view word);
std::string_view word_of(std::string_view section);

}  // namespace ingest::directory_yaml
