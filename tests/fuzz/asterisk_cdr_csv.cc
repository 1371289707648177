// A file of Asterisk's cdr_csv: any bytes behind one that says in what pieces they come.
#include "tests/fuzz/contexts.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/line_file.h"

void fuzz::run(std::string_view bytes) {
    Input input(bytes);
    const std::size_t piece_bytes = input.byte();
    check_line_file(ingest::LineFormat::asterisk_cdr_csv, pbx_context(), input.rest(), piece_bytes);
}
