#include "app/commands.h"

#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <utility>

#include "app/audit.h"
#include "app/care.h"
#include "app/directory.h"
#include "app/file_intake.h"
#include "app/frozen_views.h"
#include "app/node.h"
#include "app/quarantine.h"
#include "app/question.h"
#include "app/remote.h"
#include "app/serve.h"
#include "app/server_link.h"
#include "base/json.h"
#include "query/csv.h"

namespace app {
namespace {

/// `unknown` of a doctor on this machine waits for nothing: nobody else folds.
constexpr std::chrono::milliseconds no_patience{0};

CommandResult failed(const base::Error& error) {
    const std::string& text = error.context();
    const std::size_t end = text.find('\n');
    return {exit_code_of(error), "", text.substr(0, end)};
}

CommandResult usage(const std::string& text) {
    return {2, "", text};
}

/// The answer as asked for.
CommandResult printed(AnswerKind kind, const base::Result<std::string>& answer, Output output,
                      int exit_code = 0) {
    if (!answer) {
        return failed(answer.error());
    }
    if (output == Output::json) {
        return {exit_code, answer.value() + "\n", ""};
    }
    if (output == Output::csv) {
        const base::Result<std::string> csv = query::csv(answer.value());
        return csv ? CommandResult{exit_code, csv.value(), ""} : failed(csv.error());
    }
    const base::Result<boost::json::value> value = base::parse_json(answer.value());
    return value ? CommandResult{exit_code, answer_table(kind, value.value()), ""}
                 : failed(value.error());
}

AnswerKind kind_of(Command command) {
    switch (command) {
        case Command::report: return AnswerKind::report;
        case Command::calls: return AnswerKind::calls;
        case Command::explain: return AnswerKind::explain;
        case Command::pace: return AnswerKind::pace;
        case Command::board: return AnswerKind::board;
        case Command::quarantine_list: return AnswerKind::quarantine;
        default: return AnswerKind::quarantine_item;
    }
}

/// The member of an answer that decides the exit code.
bool member_is(const std::string& answer, std::string_view name, const boost::json::value& wanted) {
    const base::Result<boost::json::value> value = base::parse_json(answer);
    const boost::json::object* object = value ? value.value().if_object() : nullptr;
    const boost::json::value* found = object == nullptr ? nullptr : object->if_contains(name);
    return found != nullptr && *found == wanted;
}

/// The instant that a member says.
std::optional<base::UtcMillis> instant_in(const boost::json::object* object,
                                          std::string_view name) {
    const boost::json::value* const found = object == nullptr ? nullptr : object->if_contains(name);
    return found == nullptr || !found->is_string()
               ? std::nullopt
               : kpi::parse_instant(std::string_view(found->get_string()));
}

/// Whether an item of the answer to a redrive or discard is still open.
bool has_open_item(const std::string& answer) {
    const base::Result<boost::json::value> value = base::parse_json(answer);
    const boost::json::array& items = value.value().as_object().at("items").as_array();
    return std::ranges::any_of(items, [](const boost::json::value& item) {
        const boost::json::object* object = item.if_object();
        const boost::json::value* state =
            object == nullptr ? nullptr : object->if_contains("state");
        return state != nullptr && *state == boost::json::value("open");
    });
}

/// Of a command that runs until it is stopped.
std::optional<Role> role_of(Command command) {
    switch (command) {
        case Command::serve: return serve_role;
        case Command::collect: return collect_role;
        case Command::process: return process_role;
        case Command::query: return query_role;
        default: return std::nullopt;
    }
}

int doctor_exit(const base::Result<std::string>& answer) {
    if (!answer) {
        return exit_code_of(answer.error());
    }
    return member_is(answer.value(), "result", "equal")     ? 0
           : member_is(answer.value(), "result", "differs") ? 1
                                                            : 3;
}

/// One command over a configuration that is read.
class Run {
public:
    Run(const CommandLine& line, const Config& config) : line_(line), config_(config) {}

    CommandResult run() {
        server_ = line_.views.empty() ? find_server(config_, files_) : std::nullopt;
        switch (line_.command) {
            case Command::import: return import();
            case Command::directory_apply: return directory(DirectoryMode::apply);
            case Command::directory_diff: return directory(DirectoryMode::diff);
            case Command::directory_export: return directory_export();
            case Command::replay: return replay_views();
            case Command::doctor: return doctor();
            case Command::quarantine_redrive: return quarantine(QuarantineWork::redrive);
            case Command::quarantine_discard: return quarantine(QuarantineWork::discard);
            default: return question();
        }
    }

private:
    base::Result<std::unique_ptr<Node>> open() { return Node::open(config_, clock_); }

    CommandResult question() {
        Question asked;
        asked.kind = kind_of(line_.command);
        asked.params = line_.params;
        asked.reveal = line_.reveal;
        asked.reason = line_.reason;
        if (line_.command == Command::quarantine_show) {
            asked.id = line_.files.front();
        }
        if (line_.number_on_stdin) {
            std::getline(std::cin, asked.number);
            if (asked.number.empty()) {
                return usage("--number: nothing on standard input");
            }
        }
        const base::Result<std::string> company = company_of(config_, asked.params);
        if (!company) {
            return failed(company.error());
        }
        asked.params["company"] = company.value();
        const CompanyConfig* configured = config_.company(company.value());
        const bool shows_clock = line_.command == Command::calls ||
                                 line_.command == Command::pace || line_.command == Command::board;
        if (shows_clock && line_.output == Output::table && configured != nullptr) {
            asked.params.emplace("tz", configured->timezone);  // people read their own clock
        }
        base::Result<std::string> answer = ask(asked);
        if (answer && line_.output == Output::table && has_norm_columns(asked)) {
            answer = with_norms(asked, answer.value());
        }
        return printed(asked.kind, answer, line_.output);
    }

    base::Result<std::string> ask(const Question& asked) {
        return server_ ? ask_server(*server_, asked) : ask_here(asked, asked.params.at("company"));
    }

    /// Of one day, week or month by manager.
    static bool has_norm_columns(const Question& asked) {
        const auto& params = asked.params;
        const auto by = params.find("by");
        return asked.kind == AnswerKind::report && !params.contains("segment") &&
               (by == params.end() || by->second == "manager") && !period_of(asked).empty();
    }
    static std::string period_of(const Question& asked) {
        for (const std::string name : {"day", "week", "month"}) {
            if (asked.params.contains(name)) {
                return name;
            }
        }
        return {};
    }

    /// The answer of a report with the pace of its managers at its end, or as of what is known.
    base::Result<std::string> with_norms(const Question& report, const std::string& text) {
        BOOST_OUTCOME_TRY(boost::json::value answer, base::parse_json(text));
        boost::json::object* const object = answer.if_object();
        const auto until = instant_in(object, "until");
        const boost::json::value* const meta =
            object == nullptr ? nullptr : object->if_contains("meta");
        const auto as_of = instant_in(meta == nullptr ? nullptr : meta->if_object(), "as_of");
        if (!until || !as_of) {
            return text;
        }
        Question asked;
        asked.kind = AnswerKind::pace;
        for (const std::string name : {"company", "manager", "team", "kpi"}) {
            if (const auto found = report.params.find(name); found != report.params.end()) {
                asked.params.insert(*found);
            }
        }
        const base::UtcMillis at = std::min(*until - base::Millis{1}, *as_of);
        asked.params["at"] = kpi::render(at);
        BOOST_OUTCOME_TRY(const std::string pace, ask(asked));
        BOOST_OUTCOME_TRY(const boost::json::value norms, base::parse_json(pace));
        (*object)["pace"] = norms;
        (*object)["grain"] = period_of(report);
        return base::JsonWriter().json(answer).take();
    }

    base::Result<std::string> ask_here(const Question& asked, const std::string& company) {
        if (!line_.views.empty()) {
            BOOST_OUTCOME_TRY(const auto views, FrozenViews::open(config_, company, line_.views));
            return answer_audited(*views->view(), asked, company, {});
        }
        BOOST_OUTCOME_TRY(const std::unique_ptr<Node> node, open());
        BOOST_OUTCOME_TRY(node->fold_to_end());
        return answer_audited(*node->view(company), asked, company,
                              [&node] { return node->history(); });
    }

    base::Result<std::string> answer_audited(const store::ReadView& view, const Question& asked,
                                             const std::string& company, const LogOf& log) {
        if (asked.reveal) {
            BOOST_OUTCOME_TRY(append_audit(config_.data_dir, {clock_.now(), current_user(), "calls",
                                                              asked.reason, asked.params}));
        }
        const CompanyConfig* configured = config_.company(company);
        return answer(view, asked, query_ports(config_, company, log, clock_),
                      configured == nullptr ? "" : configured->region);
    }

    CommandResult import() {
        const SourceConfig* source = config_.source(line_.source);
        if (source == nullptr) {
            return usage("--source: there is no source " + line_.source + " in " + config_.path);
        }
        for (const std::string& path : line_.files) {
            if (::access(path.c_str(), R_OK) != 0) {
                return {3, "", path + ": " + std::strerror(errno)};
            }
        }
        const base::Result<ingest::ImportTotals> totals =
            server_ ? import_through(*server_, *source, line_) : import_here(*source);
        if (!totals) {
            return failed(totals.error());
        }
        const int exit_code = line_.strict && totals.value().quarantined > 0 ? 1 : 0;
        return printed(AnswerKind::imported, totals.value().json(), line_.output, exit_code);
    }

    base::Result<ingest::ImportTotals> import_here(const SourceConfig& source) {
        BOOST_OUTCOME_TRY(const std::unique_ptr<Node> node, open());
        BOOST_OUTCOME_TRY(node->declare_settings());
        ingest::ImportTotals totals;
        totals.partition = node->partition(source.company);
        totals.offset = node->log().durable_end(eventlog::Partition(totals.partition));
        processors::Runner& runner = node->runner(totals.partition);
        BOOST_OUTCOME_TRY(const std::uint64_t duplicates_before,
                          duplicates_of(*runner.view(), source));
        for (const std::string& path : line_.files) {
            const FileToImport file{path, line_.format.empty() ? source.kind : line_.format,
                                    line_.skip};
            BOOST_OUTCOME_TRY(
                import_file(*node, source, file, totals, [&] { show_progress(totals.read); }));
        }
        if (line_.wait) {
            BOOST_OUTCOME_TRY(node->fold_to_end());
            BOOST_OUTCOME_TRY(const std::uint64_t duplicates_now,
                              duplicates_of(*runner.view(), source));
            totals.duplicates = duplicates_now - duplicates_before;
        }
        end_progress();
        return totals;
    }

    CommandResult directory(DirectoryMode mode) {
        const std::string& path = line_.files.front();
        const base::Result<std::string> text =
            base::read_small_file(files_, path, std::size_t{64} << 20);
        if (!text) {
            return {3, "", text.error().context()};
        }
        const base::Result<std::string> company = company_of(config_, line_.params);
        if (!company) {
            return failed(company.error());
        }
        const DirectoryRequest request{company.value(), mode,      text.value(), path,
                                       line_.prune,     line_.wait};
        const base::Result<std::string> answer =
            server_ ? directory_through(*server_, request) : directory_here(request);
        if (!answer) {
            return failed(answer.error());
        }
        const bool is_good = mode == DirectoryMode::apply
                                 ? member_is(answer.value(), "applied", true)
                                 : member_is(answer.value(), "changes", boost::json::array());
        return printed(AnswerKind::directory, answer, line_.output, is_good ? 0 : 1);
    }

    base::Result<std::string> directory_here(const DirectoryRequest& request) {
        BOOST_OUTCOME_TRY(const std::unique_ptr<Node> node, open());
        if (request.mode == DirectoryMode::apply) {
            BOOST_OUTCOME_TRY(node->declare_settings());
        }
        BOOST_OUTCOME_TRY(node->fold_to_end());
        BOOST_OUTCOME_TRY(std::string answer, change_directory(*node, request));
        if (request.mode == DirectoryMode::apply && request.wait) {
            BOOST_OUTCOME_TRY(node->fold_to_end());
        }
        return answer;
    }

    CommandResult directory_export() {
        const base::Result<std::string> company = company_of(config_, line_.params);
        if (!company) {
            return failed(company.error());
        }
        const base::Result<std::string> text =
            server_ ? directory_of(*server_, company.value()) : export_here(company.value());
        return text ? CommandResult{0, text.value(), ""} : failed(text.error());
    }

    base::Result<std::string> export_here(const std::string& company) {
        BOOST_OUTCOME_TRY(const std::unique_ptr<Node> node, open());
        BOOST_OUTCOME_TRY(node->fold_to_end());
        return directory_text(*node->view(company), company);
    }

    CommandResult replay_views() {
        if (server_ && line_.into.empty()) {
            return printed(AnswerKind::replay, replay_of(*server_), line_.output);
        }
        // Beside the views of a running server nothing is opened: it holds LOCK, its pid is named.
        const base::Result<std::unique_ptr<Node>> node = open();
        if (!node) {
            return failed(node.error());
        }
        return printed(AnswerKind::replay,
                       replay(*node.value(), {.until = line_.until, .into = line_.into}),
                       line_.output);
    }

    CommandResult quarantine(QuarantineWork work) {
        const base::Result<std::string> company = company_of(config_, line_.params);
        if (!company) {
            return failed(company.error());
        }
        QuarantineRequest request;
        request.company = company.value();
        request.work = work;
        request.ids = line_.files;
        request.reason = param("reason");
        request.source = param("source");
        request.all = line_.all;
        request.replace = line_.replace;
        request.because = line_.because;
        request.by = current_user();
        const base::Result<std::string> answer =
            server_ ? quarantine_through(*server_, request) : quarantine_here(request);
        const bool is_done = answer && !has_open_item(answer.value());
        return printed(AnswerKind::quarantine_work, answer, line_.output, is_done ? 0 : 1);
    }

    base::Result<std::string> quarantine_here(const QuarantineRequest& request) {
        BOOST_OUTCOME_TRY(const std::unique_ptr<Node> node, open());
        BOOST_OUTCOME_TRY(node->declare_settings());
        return all_pages(request, [&](const QuarantineRequest& page) -> base::Result<std::string> {
            BOOST_OUTCOME_TRY(node->fold_to_end());
            return change_quarantine(*node, page, [] { return false; });
        });
    }

    std::string param(const std::string& name) const {
        const auto found = line_.params.find(name);
        return found == line_.params.end() ? std::string() : found->second;
    }

    CommandResult doctor() {
        const base::Result<std::string> answer = server_ ? doctor_of(*server_) : doctor_here();
        return printed(AnswerKind::doctor, answer, line_.output, doctor_exit(answer));
    }

    base::Result<std::string> doctor_here() {
        BOOST_OUTCOME_TRY(const std::unique_ptr<Node> node, open());
        BOOST_OUTCOME_TRY(eventlog::LogReader* const log, node->history());
        const Examined examined{
            *log,
            node->partitions(),
            [&](std::uint32_t partition) { return node->runner(partition).view(); },
            [](std::uint32_t) { return true; },
            config_.data_dir + "/doctor",
            [] { return false; }};
        return doctor_answer(examined, no_patience);
    }

    const CommandLine& line_;
    const Config& config_;
    base::SystemClock clock_;
    base::PosixFiles files_;
    std::optional<base::HttpClient> server_;
};

CommandResult generate(const WorkloadOptions& options) {
    const auto files = write_workload(options);
    if (!files) {
        return failed(files.error());
    }
    CommandResult result;
    for (const WorkloadFile& file : files.value()) {
        result.out += file.path + ": " + std::to_string(file.events) + " lines, clock of " +
                      file.zone + ", sha256 " + file.sha256 + "\n";
    }
    return result;
}

}  // namespace

int exit_code_of(const base::Error& error) {
    return error.code() == base::ErrorCode::invalid || error.code() == base::ErrorCode::not_found
               ? 2
               : 3;
}

CommandResult run_command(const CommandLine& line, const Environment& environment) {
    if (line.command == Command::generate) {
        return generate(line.workload);
    }
    const base::Result<Config> config = load_config(line.config, environment);
    if (!config && line.command == Command::config_check) {
        return {2, "", config.error().context()};
    }
    if (!config) {
        CommandResult result = failed(config.error());
        result.exit_code = 2;
        return result;
    }
    switch (line.command) {
        case Command::config_check: return {0, "ok\n", ""};
        case Command::config_show: return {0, show_config(config.value()), ""};
        default: break;
    }
    if (const base::Result<void> zones = kpi::check_zone_data(); !zones) {
        return {3, "", zones.error().context()};
    }
    if (const std::optional<Role> role = role_of(line.command)) {
        if (!config.value().kafka && line.command != Command::serve) {
            return usage(
                "roles of their own need log.kind: kafka; `normwatch serve` does all of it");
        }
        return serve(config.value(), *role);
    }
    return Run(line, config.value()).run();
}

}  // namespace app
