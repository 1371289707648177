// A file of a cdr-csv source. The first byte says in what pieces the file comes, the first line
// goes on with a digit that chooses the mapping and the form of its instants; the file follows.
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "ingest/cdr_csv/mapping.h"
#include "tests/fuzz/contexts.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/line_file.h"

namespace fuzz {
namespace {

using ingest::cdr_csv::Column;
using ingest::cdr_csv::Field;
using ingest::cdr_csv::Mapping;

/// All columns by number: call_id,from,to,started_at,...
Mapping by_number() {
    Mapping mapping;
    for (std::uint32_t n = 0; n < ingest::cdr_csv::fields_count; ++n) {
        mapping.columns[n] = Column{n + 1, {}};
    }
    mapping.values[static_cast<std::size_t>(Field::direction)] = {{"in", "inbound"}};
    mapping.values[static_cast<std::size_t>(Field::disposition)] = {{"OK", "answered"}};
    return mapping;
}

/// No more than what is needed, in another order.
Mapping smallest() {
    Mapping mapping;
    mapping.separator = ';';
    mapping.column(Field::from) = Column{3, {}};
    mapping.column(Field::to) = Column{1, {}};
    mapping.column(Field::started_at) = Column{2, {}};
    mapping.column(Field::duration) = Column{4, {}};
    return mapping;
}

/// By the names of a header.
Mapping by_name() {
    Mapping mapping;
    mapping.separator = '\t';
    mapping.header = true;
    mapping.column(Field::from) = Column{0, "From"};
    mapping.column(Field::to) = Column{0, "To"};
    mapping.column(Field::started_at) = Column{0, "Start"};
    mapping.column(Field::ended_at) = Column{0, "End"};
    mapping.column(Field::talk) = Column{0, "Talk"};
    mapping.column(Field::call_id) = Column{1, {}};
    return mapping;
}

/// By number, with a header that is passed over.
Mapping with_header() {
    Mapping mapping = by_number();
    mapping.header = true;
    return mapping;
}

}  // namespace

void run(std::string_view bytes) {
    Input input(bytes);
    const std::size_t piece_bytes = input.byte();
    const std::size_t chosen = input.byte();
    auto time = ingest::cdr_csv::TimeFormat::parse(input.line());
    if (!time) {
        return;
    }
    static const std::array<Mapping, 4> mappings = {by_number(), smallest(), by_name(),
                                                    with_header()};
    Mapping mapping = mappings[chosen % mappings.size()];
    mapping.time = std::move(time).value();
    ingest::MapContext context = pbx_context();
    context.columns = std::make_shared<const Mapping>(std::move(mapping));
    check_line_file(ingest::LineFormat::cdr_csv, context, input.rest(), piece_bytes);
}

}  // namespace fuzz
