#include "app/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "kpi/local_time.h"

namespace app {
namespace {

void write(spdlog::level::level_enum level, std::string_view name, std::string_view code,
           std::string_view text) {
    static const std::shared_ptr<spdlog::logger> logger = [] {
        auto made = spdlog::stderr_logger_mt("normwatch");
        made->set_pattern("%v");
        made->flush_on(spdlog::level::info);
        return made;
    }();
    static const base::SystemClock clock;
    base::JsonWriter line;
    line.begin_object().member("at", std::string_view(kpi::render(clock.now())));
    line.member("level", name).member("code", code).member("text", text).end_object();
    logger->log(level, line.take());
}

}  // namespace

void log_info(std::string_view code, std::string_view text) {
    write(spdlog::level::info, "info", code, text);
}
void log_warning(std::string_view code, std::string_view text) {
    write(spdlog::level::warn, "warning", code, text);
}
void log_error(std::string_view code, std::string_view text) {
    write(spdlog::level::err, "error", code, text);
}

}  // namespace app
