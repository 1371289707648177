#include "app/server_link.h"

#include "base/json.h"
#include "eventlog/data_dir.h"

namespace app {

std::optional<base::HttpClient> find_server(const Config& config, base::Files& files) {
    const base::Result<eventlog::DataVersion> version =
        eventlog::read_version(files, config.data_dir);
    if (!version || config.listen.port == 0) {
        return std::nullopt;
    }
    const std::string url = "http://" + config.listen.text;
    base::HttpClientOptions options;
    options.connect_timeout = std::chrono::milliseconds(1'000);
    options.timeout = std::chrono::milliseconds(3'000);
    const base::Result<base::HttpClient> probe = base::HttpClient::open(url, options);
    if (!probe) {
        return std::nullopt;
    }
    const base::Result<base::HttpResponse> ready = probe.value().get("/readyz");
    const base::Result<boost::json::value> body =
        base::parse_json(ready ? std::string_view(ready.value().body) : std::string_view());
    const boost::json::object* object = body ? body.value().if_object() : nullptr;
    const boost::json::value* log_id = object == nullptr ? nullptr : object->if_contains("log_id");
    if (log_id == nullptr || !log_id->is_string() ||
        std::string_view(log_id->as_string()) != eventlog::to_hex(version.value().log_id)) {
        return std::nullopt;
    }
    base::HttpClientOptions patient;
    patient.timeout = std::chrono::minutes(10);
    base::Result<base::HttpClient> client = base::HttpClient::open(url, patient);
    return client ? std::optional<base::HttpClient>(std::move(client).value()) : std::nullopt;
}

}  // namespace app
