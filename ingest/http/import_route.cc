#include "ingest/http/import_route.h"

#include <charconv>

namespace ingest::http {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{256} << 10;

base::HttpResponse refusal(int status, std::string detail) {
    return base::problem_response({.status = status, .detail = std::move(detail)});
}

std::optional<std::uint64_t> number_of(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = failed == std::errc() && end == text.data() + text.size();
    return whole ? std::optional(number) : std::nullopt;
}

/// One import under way: bytes in, groups appended, progress out.
class Import {
public:
    Import(const ImportPorts& ports, ImportSource source, LineFormat format, std::string file,
           std::uint64_t skip, base::HttpBodySink& sink)
        : ports_(ports),
          partition_(source.target.partition),
          mapper_(format, std::move(source.target.context), std::move(file), skip),
          sink_(sink),
          appender_(ports.log, totals_, [this] { progress(); }) {
        totals_.partition = partition_.value();
        totals_.collector = ports_.collector;
    }

    base::Result<void> run(base::HttpBodySource& body) {
        std::string chunk(chunk_bytes, '\0');
        for (;;) {
            BOOST_OUTCOME_TRY(const std::size_t size,
                              body.read(std::span(chunk.data(), chunk.size())));
            mapper_.set_received_at(ports_.now());
            mapper_.feed(std::string_view(chunk).substr(0, size));
            if (size == 0) {
                mapper_.finish();
            }
            for (const FileItem& item : mapper_.take()) {
                BOOST_OUTCOME_TRY(appender_.add(item));
            }
            if (size == 0) {
                return appender_.flush();
            }
        }
    }

    base::Result<void> count_duplicates() {
        if (totals_.read == 0) {
            totals_.duplicates = 0;
            return base::success();
        }
        const std::uint64_t first = totals_.offset - totals_.read;
        BOOST_OUTCOME_TRY(totals_.duplicates, ports_.duplicates(partition_, first, totals_.offset));
        return base::success();
    }

    const ImportTotals& totals() const { return totals_; }

private:
    void progress() {
        // A client that is gone stops the import at its next read; what is durable stays.
        (void)sink_.write(totals_.json() + "\n");
    }

    const ImportPorts& ports_;
    eventlog::Partition partition_;
    ImportTotals totals_;
    FileMapper mapper_;
    base::HttpBodySink& sink_;
    GroupAppender appender_;
};

}  // namespace

void import_stream(const ImportPorts& ports, const base::HttpRequest& head,
                   base::HttpBodySource& source, base::HttpBodySink& sink) {
    auto found = ports.source(head.param("source_id"));
    const std::string format_word(
        head.query.last("format").value_or(found ? found->format : std::string_view()));
    const auto format = line_format_of(format_word);
    const bool is_mapped = !found || !format || can_map(*format, found->target.context);
    const auto skip = number_of(head.query.last("skip").value_or("0"));
    if (!found || !format || !is_mapped || !skip) {
        (void)sink.answer(!found       ? refusal(404, "no such source")
                          : !format    ? refusal(400, "format: no such format of files")
                          : !is_mapped ? refusal(400, "format: the source has no columns")
                                       : refusal(400, "skip: expected a number of lines"));
        return;
    }
    const std::string source_id = found->target.context.source_id;
    Import import(ports, std::move(*found), *format,
                  std::string(head.query.last("file").value_or("")), *skip, sink);
    if (!sink.begin(200, {{"Content-Type", "application/x-ndjson"}})) {
        return;
    }
    base::Result<void> done = import.run(source);
    if (done && head.query.last("wait") == std::string_view("true")) {
        done = import.count_duplicates();
    }
    ports.probe.received(source_id, format_word, import.totals().read);
    if (!done) {
        return;  // without an end the client sees that the answer is broken, and repeats
    }
    (void)sink.write(import.totals().json() + "\n");
    (void)sink.end();
}

}  // namespace ingest::http
