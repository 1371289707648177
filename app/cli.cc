#include "app/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "app/version.h"

namespace app {
namespace {

/// A flag that becomes a parameter of the question: `talk-min` is `talk_min`.
struct ParamFlag {
    std::string_view name;
    std::string_view help;
};
using ParamFlags = std::initializer_list<ParamFlag>;

constexpr ParamFlags range_flags = {
    {"day", "a local day: 2026-11-02"},
    {"week", "an ISO week: 2026-W45"},
    {"month", "a month: 2026-11"},
    {"from", "first instant or local day"},
    {"until", "end, exclusive: instant or local day"},
};
constexpr ParamFlags subject_flags = {
    {"manager", "id of a manager, or none"},
    {"team", "id of a team, or none"},
    {"segment", "new, existing or none"},
};
constexpr ParamFlags page_flags = {
    {"company", "needed when several are configured"},
    {"limit", "at most that many rows"},
    {"cursor", "go on behind a page"},
};
constexpr ParamFlags report_flags = {
    {"by", "comma separated: company, team, manager, segment, hour, day, week, month"},
    {"kpi", "comma separated KPI ids; all"},
    {"tz", "zone of the answer; the company's"},
};
constexpr ParamFlags calls_flags = {
    {"client", "id of a client"},
    {"direction", "inbound, outbound or internal"},
    {"disposition", "answered, no_answer, abandoned_queue ..."},
    {"talk-min", "seconds of talk"},
    {"talk-max", "seconds of talk"},
    {"wait-min", "seconds of waiting"},
    {"recording", "state of the recording"},
    {"tag", "a tag"},
    {"reviewed", "true or false"},
    {"sort", "-started_at or started_at"},
    {"tz", "zone of the answer; the company's"},
};
constexpr ParamFlags explain_flags = {
    {"kpi", "id of a KPI"},
    {"received-after", "only what a later event gave"},
};
constexpr ParamFlags pace_flags = {
    {"at", "an instant or a local day's first; now"},
    {"manager", "id of a manager"},
    {"team", "id of a team"},
    {"kpi", "comma separated KPI ids; all that have a norm"},
    {"tz", "zone of the answer; the company's"},
    {"company", "needed when several are configured"},
};
constexpr ParamFlags quarantine_flags = {
    {"reason", "malformed, missing_field, conflict ..."},
    {"source", "id of a source"},
    {"state", "open, redriven or discarded"},
};

/// Builds the tree of commands over one CommandLine.
class Grammar {
public:
    Grammar()
        : root_("From calls, mail and invoices to what every sales manager did.", "normwatch") {
        root_.set_version_flag("--version", "normwatch " + std::string(version()) + " (" +
                                                std::string(commit()) + ")");
        root_.require_subcommand(0, 1);
        root_.footer(
            "normwatch COMMAND --help shows an example of each.\n"
            "Exit codes: 0 done, 1 the answer is no or differs, 2 usage or configuration,\n"
            "            3 could not be done.");
        add_intake();
        add_questions();
        add_care();
    }

    CLI::App& root() { return root_; }
    bool is_chosen() const { return is_chosen_; }
    CommandLine take() {
        for (const auto& [name, value] : params_) {
            std::string key = name;
            std::ranges::replace(key, '-', '_');
            if (!value.empty()) {
                line_.params[key] = value;
            }
        }
        line_.output = output_ == "json"  ? Output::json
                       : output_ == "csv" ? Output::csv
                                          : Output::table;
        return std::move(line_);
    }

private:
    /// Of a command without configuration.
    CLI::App* add_plain(CLI::App& parent, const std::string& name, const std::string& help,
                        const std::string& example, Command command) {
        CLI::App* added = parent.add_subcommand(name, help);
        added->footer("Example:\n  normwatch " + example);
        added->final_callback([this, command] {
            line_.command = command;
            is_chosen_ = true;
        });
        return added;
    }

    CLI::App* add(CLI::App& parent, const std::string& name, const std::string& help,
                  const std::string& example, Command command) {
        CLI::App* added = add_plain(parent, name, help, example, command);
        added->add_option("--config", line_.config, "the configuration, normwatch.yaml")
            ->required()
            ->type_name("FILE");
        return added;
    }

    void add_output(CLI::App* to, bool with_csv) {
        to->add_option("-o,--output", output_, "how the answer is printed; table")
            ->check([with_csv](const std::string& word) {
                const bool is_known =
                    word == "table" || word == "json" || (with_csv && word == "csv");
                return is_known ? std::string()
                                : "expected table" +
                                      std::string(with_csv ? ", json or csv" : " or json");
            })
            ->type_name(with_csv ? "table|json|csv" : "table|json");
    }

    void add_params(CLI::App* to, ParamFlags flags) {
        for (const ParamFlag& flag : flags) {
            to->add_option("--" + std::string(flag.name), params_[std::string(flag.name)],
                           std::string(flag.help))
                ->type_name("");
        }
    }

    void add_views(CLI::App* to) {
        to->add_option("--views", line_.views, "answer from what `replay --into DIR` left")
            ->type_name("DIR");
    }

    void add_intake() {
        add(root_, "serve", "take events in, fold them, answer questions over HTTP",
            "serve --config normwatch.yaml", Command::serve);
        add(root_, "collect", "over Kafka: take events in and publish them, nothing else",
            "collect --config normwatch.yaml", Command::collect);
        add(root_, "process", "over Kafka: fold, and answer about what is folded here",
            "process --config normwatch.yaml", Command::process);
        add(root_, "query", "over Kafka: answer by asking the nodes that fold",
            "query --config normwatch.yaml", Command::query);
        CLI::App* import =
            add(root_, "import", "read files of a source",
                "import --config normwatch.yaml --source pbx-1 --wait Master.csv", Command::import);
        import->add_option("--source", line_.source, "id of the configured source")
            ->required()
            ->type_name("ID");
        import->add_option("--format", line_.format, "other than the source's kind")
            ->check(CLI::IsMember({"asterisk-cdr-csv", "cdr-csv", "cloudevents"}))
            ->type_name("asterisk-cdr-csv|cdr-csv|cloudevents");
        import->add_flag("--wait", line_.wait,
                         "until the events are in the numbers, not only durable");
        import->add_flag("--strict", line_.strict, "exit 1 when a line could not be used");
        import
            ->add_option("--skip", line_.skip,
                         "physical lines to pass over, to go on after a break")
            ->type_name("N");
        import->add_option("PATH", line_.files, "files")
            ->required()
            ->expected(1, -1)
            ->type_name("");
        add_output(import, false);
        add_directory();
    }

    void add_directory() {
        CLI::App* group =
            root_.add_subcommand("directory", "teams, managers, endpoints, clients, norms");
        group->require_subcommand(0, 1);
        CLI::App* apply = add(*group, "apply", "make the directory what FILE says",
                              "directory apply --config normwatch.yaml --wait directory.yaml",
                              Command::directory_apply);
        apply->add_flag("--prune", line_.prune, "also remove what FILE no longer names");
        apply->add_flag("--wait", line_.wait, "until the numbers follow");
        CLI::App* diff =
            add(*group, "diff", "what apply would change; exit 1 when something",
                "directory diff --config normwatch.yaml directory.yaml", Command::directory_diff);
        CLI::App* dump = add(*group, "export", "the directory as it stands, as YAML",
                             "directory export --config normwatch.yaml > directory.yaml",
                             Command::directory_export);
        for (CLI::App* with_file : {apply, diff}) {
            with_file->add_option("FILE", line_.files, "directory.yaml")
                ->required()
                ->expected(1)
                ->type_name("");
        }
        for (CLI::App* each : {apply, diff, dump}) {
            add_params(each, {{"company", "needed when several are configured"}});
            add_output(each, false);
        }
    }

    void add_questions() {
        CLI::App* report =
            add(root_, "report", "KPIs by manager, team, hour, day ...",
                "report --config normwatch.yaml --day 2026-11-02 --by manager", Command::report);
        add_params(report, range_flags);
        add_params(report, report_flags);
        add_params(report, subject_flags);
        add_params(report, page_flags);
        CLI::App* calls = add(root_, "calls", "the calls behind the numbers",
                              "calls --config normwatch.yaml --day 2026-11-02 --manager m-ivanov",
                              Command::calls);
        add_params(calls, range_flags);
        add_params(calls, subject_flags);
        add_params(calls, calls_flags);
        add_params(calls, page_flags);
        calls
            ->add_option("--number", number_,
                         "a telephone number, read from standard input: --number -")
            ->check([](const std::string& text) {
                return text == "-" ? std::string()
                                   : "give the number on standard input: --number -";
            })
            ->type_name("-")
            ->each([this](const std::string&) { line_.number_on_stdin = true; });
        CLI::Option* reveal = calls->add_flag("--reveal", line_.reveal, "full numbers; audited");
        CLI::Option* reason = calls->add_option("--reason", line_.reason, "why they are revealed");
        reason->type_name("TEXT");
        reveal->needs(reason);
        reason->needs(reveal);
        CLI::App* explain =
            add(root_, "explain", "the events behind one number",
                "explain --config normwatch.yaml --kpi calls_missed --day 2026-11-02",
                Command::explain);
        add_params(explain, explain_flags);
        explain->get_option("--kpi")->required();
        add_params(explain, range_flags);
        add_params(explain, subject_flags);
        add_params(explain, page_flags);
        CLI::App* pace = add(root_, "pace", "managers against their norms at an instant",
                             "pace --config normwatch.yaml --team north", Command::pace);
        CLI::App* board = add(root_, "board", "what everybody is doing, and his pace of the day",
                              "board --config normwatch.yaml", Command::board);
        add_params(pace, pace_flags);
        add_params(board, pace_flags);
        add_quarantine();
        for (CLI::App* each : {report, calls, explain, pace, board}) {
            add_output(each, true);
            add_views(each);
        }
    }

    void add_quarantine() {
        CLI::App* group =
            root_.add_subcommand("quarantine", "what could not be used, with its reason");
        group->require_subcommand(0, 1);
        CLI::App* list = add(*group, "list", "every item, in log order",
                             "quarantine list --config normwatch.yaml --reason malformed",
                             Command::quarantine_list);
        add_params(list, quarantine_flags);
        add_params(list, page_flags);
        CLI::App* show =
            add(*group, "show", "one item with its raw bytes",
                "quarantine show --config normwatch.yaml 0-17", Command::quarantine_show);
        show->add_option("ID", line_.files, "id of the item")
            ->required()
            ->expected(1)
            ->type_name("");
        add_params(show, {{"company", "needed when several are configured"}});
        for (CLI::App* each : {list, show}) {
            add_output(each, each == list);
            add_views(each);
        }
        add_quarantine_work(*group);
    }

    void add_quarantine_work(CLI::App& group) {
        CLI::App* redrive =
            add(group, "redrive", "map open items again, after their source was mended",
                "quarantine redrive --config normwatch.yaml --source pbx-1",
                Command::quarantine_redrive);
        redrive->add_flag("--replace", line_.replace,
                          "an item in conflict wins over what was kept");
        redrive->add_option("--because", line_.because, "why")->type_name("TEXT");
        CLI::App* discard =
            add(group, "discard", "close open items that shall never count",
                "quarantine discard --config normwatch.yaml --because 'test calls' 0-17 0-18",
                Command::quarantine_discard);
        discard->add_option("--because", line_.because, "why")->required()->type_name("TEXT");
        for (CLI::App* each : {redrive, discard}) {
            each->add_option("ID", line_.files, "ids of items")->expected(0, -1)->type_name("");
            each->add_flag("--all", line_.all, "every open item");
            add_params(each, {{"reason", "open items of that reason"},
                              {"source", "open items of that source"},
                              {"company", "needed when several are configured"}});
            add_output(each, false);
        }
    }

    void add_care() {
        CLI::App* replay = add(root_, "replay", "rebuild the views from the log",
                               "replay --config normwatch.yaml", Command::replay);
        replay->add_option("--until", line_.until, "log offset, exclusive; needs --into")
            ->type_name("OFFSET");
        replay->add_option("--into", line_.into, "beside the live views, for --views")
            ->type_name("DIR");
        replay->get_option("--until")->needs(replay->get_option("--into"));
        CLI::App* doctor = add(root_, "doctor", "prove that the views are the fold of the log",
                               "doctor --config normwatch.yaml", Command::doctor);
        add_output(replay, false);
        add_output(doctor, false);
        CLI::App* group = root_.add_subcommand("config", "the configuration");
        group->require_subcommand(0, 1);
        add(*group, "check", "print ok, or every mistake with its line",
            "config check --config normwatch.yaml", Command::config_check);
        add(*group, "show", "what the program runs with, defaults filled in",
            "config show --config normwatch.yaml", Command::config_show);
        add_generate();
    }

    void add_generate() {
        WorkloadOptions& made = line_.workload;
        CLI::App* generate =
            add_plain(root_, "generate", "write a seeded workload, and FILE.directory.yaml",
                      "generate --seed 1 --events 100000 -o calls.jsonl", Command::generate);
        generate->add_option("--seed", made.seed, "the same seed gives the same bytes; 1");
        generate->add_option("--companies", made.companies, "each a file of its own; 1");
        generate->add_option("--managers", made.managers, "of all companies together; 50");
        generate->add_option("--days", made.days, "that the events lie in; 30");
        generate->add_option("--events", made.events, "lines of all files together; 100000");
        generate->add_option("--format", made.format, "cloudevents")
            ->check(CLI::IsMember({"asterisk-cdr-csv", "cloudevents"}))
            ->type_name("asterisk-cdr-csv|cloudevents");
        generate->add_option("-o", made.out, "where to write")->required()->type_name("FILE");
        for (const char* number : {"--seed", "--companies", "--managers", "--days", "--events"}) {
            generate->get_option(number)->type_name("N");
        }
    }

    CommandLine line_;
    std::map<std::string, std::string> params_;
    std::string number_;
    std::string output_;
    bool is_chosen_ = false;
    CLI::App root_;
};

std::string one_line(std::string text) {
    std::ranges::replace(text, '\n', ' ');
    while (text.ends_with(' ')) {
        text.pop_back();
    }
    return text;
}

/// `normwatch report --help` of the command that was being read.
std::string help_hint(CLI::App& root) {
    std::string name = "normwatch";
    const CLI::App* at = &root;
    for (auto chosen = at->get_subcommands(); !chosen.empty(); chosen = at->get_subcommands()) {
        at = chosen.front();
        name += " " + at->get_name();
    }
    return "see " + name + " --help";
}

/// What is wrong with the choice of items of `quarantine redrive|discard`; empty: nothing.
std::string wrong_items(const CommandLine& line) {
    if (line.command != Command::quarantine_redrive &&
        line.command != Command::quarantine_discard) {
        return {};
    }
    const bool has_filter = line.params.contains("reason") || line.params.contains("source");
    const int ways = (line.files.empty() ? 0 : 1) + (has_filter ? 1 : 0) + (line.all ? 1 : 0);
    return ways == 1 ? "" : "name the items one way: ID..., --reason and --source, or --all";
}

}  // namespace

ParsedLine parse_command_line(std::vector<std::string> arguments) {
    std::ranges::reverse(arguments);
    Grammar grammar;
    try {
        grammar.root().parse(std::move(arguments));
    } catch (const CLI::CallForVersion& asked) {
        return {{}, 0, std::string(asked.what()) + "\n", ""};
    } catch (const CLI::CallForHelp&) {
        return {{}, 0, grammar.root().help(), ""};
    } catch (const CLI::ParseError& failed) {
        return {{}, 2, "", one_line(failed.what()) + "; " + help_hint(grammar.root())};
    }
    if (!grammar.is_chosen()) {
        return {{}, 2, "", "a command is needed; " + help_hint(grammar.root())};
    }
    ParsedLine parsed;
    parsed.line = grammar.take();
    if (parsed.line->command == Command::import && parsed.line->skip > 0 &&
        parsed.line->files.size() > 1) {
        return {{}, 2, "", "--skip goes with one PATH; see normwatch import --help"};
    }
    if (const std::string wrong = wrong_items(*parsed.line); !wrong.empty()) {
        return {{}, 2, "", wrong + "; " + help_hint(grammar.root())};
    }
    return parsed;
}

}  // namespace app
