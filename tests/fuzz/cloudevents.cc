// CloudEvents by both of their ways: a request to POST /v1/events in structured, batch or binary
// mode, and, when the input begins with `lines`, a file. Each item of a request is appended, or
// repeated in it, and what the answer counts is what was appended. What an event shows as its
// `data` is accepted again and says the same.
#include <boost/json.hpp>
#include <string>
#include <vector>

#include "base/ensure.h"
#include "base/json.h"
#include "ingest/cloudevents/event_json.h"
#include "ingest/cloudevents/mapper.h"
#include "ingest/http/events_route.h"
#include "tests/fuzz/contexts.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/http_text.h"
#include "tests/fuzz/line_file.h"

namespace fuzz {
namespace {

namespace json = boost::json;

constexpr std::uint64_t log_end = 7;

/// A log that keeps what is appended to it.
class KeepingLog final : public eventlog::LogWriter, public eventlog::LogReader {
public:
    void append(eventlog::Partition, std::vector<eventlog::Record> records, Done done) override {
        ENSURE(kept.empty() && !records.empty());
        kept = std::move(records);
        done(eventlog::Appended{log_end, log_end + kept.size()});
    }
    base::Result<std::vector<eventlog::ReadRecord>> read(eventlog::Partition, std::uint64_t,
                                                         std::size_t, std::size_t) override {
        return std::vector<eventlog::ReadRecord>();
    }
    std::uint64_t first_offset(eventlog::Partition) const override { return 0; }
    std::uint64_t durable_end(eventlog::Partition) const override { return log_end; }
    bool wait_beyond(eventlog::Partition, std::uint64_t, std::chrono::milliseconds,
                     std::stop_token) override {
        return false;
    }

    std::vector<eventlog::Record> kept;
};

/// The event whose `data` is what `event` shows of its own.
json::object shown_again(const events::Event& event, const json::value& data) {
    return {{"specversion", "1.0"},
            {"id", event.head.id()},
            {"source", event.head.source()},
            {"type", event.head.type()},
            {"data", data}};
}

/// An event without what travels beside its facts.
std::string facts_of(events::Event event) {
    event.head.clear_time();
    event.head.clear_origin();
    event.personal.clear_extra();
    return events::encode(event);
}

void check_shown(const events::Event& event) {
    const std::string shown = ingest::cloudevents::data_json(event);
    const auto data = base::parse_json(shown);
    ENSURE(data);
    const ingest::Mapped again = ingest::cloudevents::map_event(shown_again(event, data.value()),
                                                                shown.size(), crm_context());
    ENSURE(ingest::is_event(again));
    const auto& second = std::get<events::Event>(again);
    ENSURE(facts_of(second) == facts_of(event));
    ENSURE(ingest::cloudevents::data_json(second) == shown);
}

/// Returns: how many of the records are rejections.
std::uint64_t check_records(const std::vector<eventlog::Record>& records) {
    std::uint64_t rejected = 0;
    for (const eventlog::Record& record : records) {
        const auto event = events::decode(record.bytes);
        ENSURE(event);
        check_event(event.value());
        ENSURE(event.value().head.origin().has_index());
        if (event.value().head.has_rejected()) {
            ++rejected;
            check_reason(event.value().head.rejected());
        } else {
            check_shown(event.value());
        }
    }
    return rejected;
}

std::uint64_t number_at(const json::value& answer, std::string_view name) {
    return answer.at(name).to_number<std::uint64_t>();
}

void check_answer(const base::HttpRequest& request, const base::HttpResponse& response,
                  const KeepingLog& log) {
    const auto parsed = base::parse_json(response.body);
    ENSURE(parsed);
    const json::value& answer = parsed.value();
    if (response.status != 202) {
        ENSURE(response.status == 400 || response.status == 415);
        ENSURE(log.kept.empty());
        ENSURE(answer.at("status").to_number<int>() == response.status);
        return;
    }
    const bool is_batch = request.content_type() == "application/cloudevents-batch+json";
    const std::uint64_t items_count =
        is_batch ? base::parse_json(request.body).value().as_array().size() : 1;
    const std::uint64_t accepted = number_at(answer, "accepted");
    const std::uint64_t duplicates = number_at(answer, "duplicates");
    const std::uint64_t rejected = number_at(answer, "rejected");
    ENSURE(accepted + duplicates + rejected == items_count);
    ENSURE(answer.at("items").as_array().size() == duplicates + rejected);
    ENSURE(accepted + rejected == log.kept.size());
    ENSURE(check_records(log.kept) == rejected);
    ENSURE(number_at(answer.at("position"), "offset") == log_end + log.kept.size());
}

void check_request(std::string_view text) {
    const base::HttpRequest request = read_request(text);
    KeepingLog log;
    ingest::http::IntakeProbe probe;
    ingest::http::EventsRoute route({.log = log,
                                     .reader = log,
                                     .events_target = []() -> base::Result<ingest::http::Target> {
                                         return ingest::http::Target{crm_context(),
                                                                     eventlog::Partition{0}};
                                     },
                                     .probe = probe,
                                     .collector = {}});
    int answers = 0;
    route.handle(request, [&](const base::HttpResponse& response) {
        ++answers;
        check_answer(request, response, log);
    });
    ENSURE(answers == 1);
}

}  // namespace

void run(std::string_view bytes) {
    Input input(bytes);
    if (!bytes.starts_with("lines")) {
        check_request(bytes);
        return;
    }
    const std::size_t piece_bytes = input.line().size();
    check_line_file(ingest::LineFormat::cloudevents, crm_context(), input.rest(), piece_bytes);
}

}  // namespace fuzz
