#include "app/remote.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <utility>

#include "app/file_intake.h"
#include "app/question.h"
#include "base/json.h"

namespace app {
namespace {

namespace json = boost::json;

base::Result<std::string> body_of(base::Result<base::HttpResponse> response) {
    if (!response) {
        return std::move(response).error();
    }
    if (response.value().status / 100 != 2) {
        return error_of(response.value());
    }
    return std::move(response.value().body);
}

std::uint64_t number_of(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value != nullptr && value->is_number() ? value->to_number<std::uint64_t>() : 0;
}

/// The last line that the server wrote of one file.
struct LastLine {
    std::string text;
    std::uint64_t read = 0;
};

/// Adds the totals of one file. Errors: unavailable - the server's last line cannot be read.
base::Result<void> add(ingest::ImportTotals& totals, const std::string& line) {
    const base::Result<json::value> value = base::parse_json(line);
    const json::object* object = value ? value.value().if_object() : nullptr;
    const json::value* position = object == nullptr ? nullptr : object->if_contains("position");
    if (position == nullptr || !position->is_object()) {
        return base::Error(base::ErrorCode::unavailable,
                           "the server broke off; import again, all is recognised");
    }
    totals.read += number_of(*object, "read");
    totals.quarantined += number_of(*object, "quarantined");
    const json::value* duplicates = object->if_contains("duplicates");
    if (duplicates != nullptr && duplicates->is_number()) {
        totals.duplicates = totals.duplicates.value_or(0) + duplicates->to_number<std::uint64_t>();
    }
    totals.partition = static_cast<std::uint32_t>(number_of(position->as_object(), "partition"));
    totals.offset = number_of(position->as_object(), "offset");
    const json::value* collector = position->as_object().if_contains("collector");
    if (collector != nullptr && collector->is_string()) {
        totals.collector = collector->get_string();
    }
    totals.lines = number_of(*object, "lines");
    return base::success();
}

base::Result<LastLine> stream_file(const base::HttpClient& server, const base::HttpRequest& request,
                                   const std::string& path, std::uint64_t read_before) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return base::Error(base::ErrorCode::unavailable, path + ": " + std::strerror(errno));
    }
    LastLine last;
    const auto next = [&](std::span<char> buffer) -> base::Result<std::size_t> {
        file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
        if (file.bad()) {
            return base::Error(base::ErrorCode::unavailable, path + ": cannot be read");
        }
        return static_cast<std::size_t>(file.gcount());
    };
    const auto on_line = [&](std::string_view line) {
        const base::Result<json::value> value = base::parse_json(line);
        if (value && value.value().is_object()) {
            last.text = line;
            last.read = number_of(value.value().as_object(), "read");
            show_progress(read_before + last.read);
        }
    };
    base::Result<base::HttpResponse> response = server.stream(request, next, on_line);
    end_progress();
    BOOST_OUTCOME_TRY(body_of(std::move(response)));
    return last;
}

}  // namespace

void show_progress(std::uint64_t read) {
    if (::isatty(STDERR_FILENO) != 0) {
        std::fprintf(stderr, "\r%llu read", static_cast<unsigned long long>(read));
    }
}

void end_progress() {
    if (::isatty(STDERR_FILENO) != 0) {
        std::fprintf(stderr, "\r\033[K");
    }
}

base::Result<ingest::ImportTotals> import_through(const base::HttpClient& server,
                                                  const SourceConfig& source,
                                                  const CommandLine& line) {
    ingest::ImportTotals totals;
    for (const std::string& path : line.files) {
        query::Params params{{"file", file_name_of(path)}};
        if (!line.format.empty()) {
            params["format"] = line.format;
        }
        if (line.skip > 0) {
            params["skip"] = std::to_string(line.skip);
        }
        if (line.wait) {
            params["wait"] = "true";
        }
        base::HttpRequest request;
        request.method = "POST";
        request.target =
            target_of("/v1/sources/" + base::url_encode(source.id) + "/import", params);
        request.headers.add("Content-Type", "application/octet-stream");
        BOOST_OUTCOME_TRY(const LastLine last, stream_file(server, request, path, totals.read));
        BOOST_OUTCOME_TRY(add(totals, last.text));
    }
    return totals;
}

base::Result<std::string> directory_through(const base::HttpClient& server,
                                            const DirectoryRequest& request) {
    query::Params params{{"company", request.company},
                         {"mode", request.mode == DirectoryMode::apply ? "apply" : "diff"}};
    if (request.prune) {
        params["prune"] = "true";
    }
    if (request.wait) {
        params["wait"] = "true";
    }
    base::Result<std::string> body =
        body_of(server.post(target_of("/v1/directory", params), "application/yaml", request.text));
    if (!body && body.error().code() == base::ErrorCode::invalid) {
        return body.error().within(request.file_name + ": ");
    }
    return body;
}

base::Result<std::string> directory_of(const base::HttpClient& server, const std::string& company) {
    return body_of(server.get(target_of("/v1/directory", {{"company", company}})));
}

base::Result<std::string> quarantine_through(const base::HttpClient& server,
                                             const QuarantineRequest& request) {
    return all_pages(request, [&server](const QuarantineRequest& page) {
        return body_of(server.post("/v1/quarantine", "application/json", to_json(page)));
    });
}

base::Result<std::string> doctor_of(const base::HttpClient& server) {
    return body_of(server.post("/v1/doctor", "application/json", ""));
}

base::Result<std::string> replay_of(const base::HttpClient& server) {
    return body_of(server.post("/v1/replay", "application/json", ""));
}

}  // namespace app
