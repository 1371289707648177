#include "app/deviation_stream.h"

#include <charconv>
#include <optional>

#include "query/deviation_feed.h"
#include "query/routes.h"

namespace app {
namespace {

constexpr std::chrono::seconds comment_every{15};
constexpr std::chrono::milliseconds look_again{1'000};
constexpr std::size_t messages_at_once = 100;

std::optional<std::uint64_t> number_of(std::string_view text) {
    std::uint64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_whole = read.ec == std::errc{} && read.ptr == text.data() + text.size();
    return is_whole ? std::optional(number) : std::nullopt;
}

}  // namespace

void DeviationStream::add_to(base::HttpRouter& router) {
    router.add({.method = "GET",
                .pattern = "/v1/deviations/stream",
                .mode = base::HandlerMode::worker,
                .handler = base::HttpStreamHandler(
                    [this](const base::HttpRequest& head, base::HttpBodySource&,
                           base::HttpBodySink& sink) { serve(head, sink); })});
}

void DeviationStream::serve(const base::HttpRequest& head, base::HttpBodySink& sink) {
    const auto refuse = [&](const base::Error& error) {
        // Who is gone hears nothing, and there is nothing more to do.
        static_cast<void>(sink.answer(query::failure_response(error)));
    };
    const auto company = company_of(
        node_.config(), {{"company", std::string(head.query.last("company").value_or(""))}});
    if (!company) {
        return refuse(company.error());
    }
    const std::uint32_t partition = node_.partition(company.value());
    if (!node_.is_owned(partition)) {
        return refuse(base::Error(base::ErrorCode::unavailable, "another node has the views"));
    }
    const std::string_view last = head.headers.find("Last-Event-ID").value_or("");
    auto after = query::last_deviation_message(*node_.runner(partition).view());
    if (!after) {
        return refuse(after.error());
    }
    std::uint64_t told = number_of(last).value_or(after.value().number);
    base::HttpHeaders headers;
    headers.set("Content-Type", "text/event-stream");
    headers.set("Cache-Control", "no-store");
    if (!sink.begin(200, headers) || !sink.write("retry: 2000\n\n")) {
        return;
    }
    auto spoke_at = std::chrono::steady_clock::now();
    while (!is_stopping_) {
        const auto view = node_.runner(partition).view();
        const auto messages = query::deviation_messages(*view, told, messages_at_once);
        if (!messages) {
            return;  // the client sees a broken stream, and comes again
        }
        std::string text;
        for (const query::DeviationMessage& message : messages.value()) {
            told = message.place.number;
            if (message.company == company.value()) {
                text += "id: " + std::to_string(told) +
                        "\nevent: deviation\ndata: " + message.json + "\n\n";
            }
        }
        const auto now = std::chrono::steady_clock::now();
        if (text.empty() && now - spoke_at >= comment_every) {
            text = ":\n\n";
        }
        if (!text.empty()) {
            spoke_at = now;
            if (!sink.write(text)) {
                return;
            }
        }
        if (messages.value().size() < messages_at_once) {
            node_.runner(partition).wait_applied(view->applied_offset + 1, look_again);
        }
    }
    static_cast<void>(sink.end());
}

}  // namespace app
