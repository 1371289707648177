// Proves that the configuration is read as documented and that every mistake is told as one line
// with its place. A row is a text and the lines it must give; nothing but the text differs between
// rows.
#include "app/config.h"

#include <gtest/gtest.h>

#include <string>

#include "kpi/kpi.h"

namespace app {
namespace {

constexpr const char* smallest = "data_dir: d\ncompany: {id: acme}\n";

struct Mistake {
    std::string name;
    std::string text;
    std::string line;  ///< the whole message
};

class ConfigMistake : public testing::TestWithParam<Mistake> {};

TEST_P(ConfigMistake, IsToldWithItsPlace) {
    const base::Result<Config> config = parse_config(GetParam().text, "n.yaml", {});
    ASSERT_FALSE(config.has_value());
    EXPECT_EQ(config.error().code(), base::ErrorCode::invalid);
    EXPECT_EQ(config.error().context(), GetParam().line);
}

const std::string head = smallest;

INSTANTIATE_TEST_SUITE_P(
    Keys, ConfigMistake,
    testing::Values(
        Mistake{"empty", "", "n.yaml:1: data_dir is needed\nn.yaml:1: company is needed"},
        Mistake{"no_map", "- a\n", "n.yaml:1: configuration: expected a map of keys"},
        Mistake{"no_yaml", "data_dir: [\n", "n.yaml:2: end of sequence flow not found"},
        Mistake{"not_utf8", "data_dir: d\ncompany: {id: a, name: \xD1\xEA}\n",
                "n.yaml:2: expected one line of UTF-8"},
        Mistake{"two_lines", "data_dir: d\ncompany: {id: a, name: \"a\\nb\"}\n",
                "n.yaml:2: expected one line of UTF-8"},
        Mistake{"key_of_two_lines", head + "\"a\\nb\": 1\n",
                "n.yaml:3: expected one line of UTF-8"},
        Mistake{"unknown_key", head + "server_typo: 1\n", "n.yaml:3: unknown key server_typo"},
        Mistake{"unknown_inner_key", head + "server:\n  listn: a\n",
                "n.yaml:4: unknown key server.listn"},
        Mistake{"unknown_source_key",
                head + "sources:\n  - {id: a, kind: cloudevents, colour: red}\n",
                "n.yaml:4: unknown key sources[0].colour"},
        Mistake{"key_twice", head + "log: {partitions: 1,\n partitions: 2}\n",
                "n.yaml:4: key partitions stands there twice"},
        Mistake{"merge", head + "log: {<<: {partitions: 1}}\n",
                "n.yaml:3: merging of maps (<<) is not supported"},
        Mistake{"every_mistake_at_once",
                "data_dir: d\ncompany: {id: acme, region: ru}\nserver: {listen: x}\n",
                "n.yaml:2: company.region: expected two letters, as RU\n"
                "n.yaml:3: server.listen: expected HOST:PORT, as 127.0.0.1:8080"}),
    [](const auto& tested) { return tested.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Values, ConfigMistake,
    testing::Values(
        Mistake{"zone", "data_dir: d\ncompany: {id: acme, timezone: Mars/Base}\n",
                "n.yaml:2: company.timezone: there is no time zone Mars/Base"},
        Mistake{"source_zone",
                head + "sources:\n  - {id: a, kind: cloudevents, timezone: Nowhere}\n",
                "n.yaml:4: sources[0].timezone: there is no time zone Nowhere"},
        Mistake{"currency", "data_dir: d\ncompany: {id: acme, currency: rub}\n",
                "n.yaml:2: company.currency: expected three letters, as RUB"},
        Mistake{"company_without_id", "data_dir: d\ncompany: {name: Acme}\n",
                "n.yaml:2: company.id is needed"},
        Mistake{"id_with_blank", "data_dir: d\ncompany: {id: a b}\n",
                "n.yaml:2: company.id: expected 1 to 64 letters, digits and . _ : - @ +"},
        Mistake{"company_twice", "data_dir: d\ncompanies:\n  - {id: a}\n  - {id: a}\n",
                "n.yaml:4: companies[1].id: company a stands there twice"},
        Mistake{"company_and_companies", "data_dir: d\ncompany: {id: a}\ncompanies: [{id: b}]\n",
                "n.yaml:3: company and companies exclude each other"},
        Mistake{"source_twice",
                head + "sources:\n  - {id: a, kind: cloudevents}\n  - {id: a, kind: cloudevents}\n",
                "n.yaml:5: sources[1].id: source a stands there twice"},
        Mistake{"source_of_nobody",
                head + "sources: [{id: a, kind: cloudevents, company: other}]\n",
                "n.yaml:3: sources[0].company: there is no company other"},
        Mistake{"source_of_several",
                "data_dir: d\ncompanies: [{id: a}, {id: b}]\nsources:\n"
                "  - {id: s, kind: cloudevents}\n",
                "n.yaml:4: sources[0].company is needed: several are configured"},
        Mistake{"no_kind", head + "sources: [{id: a}]\n", "n.yaml:3: sources[0].kind is needed"},
        Mistake{"unknown_kind", head + "sources: [{id: a, kind: fax}]\n",
                "n.yaml:3: sources[0].kind: fax is no kind of source; there are cloudevents, "
                "asterisk-cdr-csv, cdr-csv"},
        Mistake{"prefix",
                head + "sources: [{id: a, kind: cloudevents, international_prefix: +7}]\n",
                "n.yaml:3: sources[0].international_prefix: expected digits"},
        Mistake{"count", head + "sources: [{id: a, kind: cloudevents, count: 1}]\n",
                "n.yaml:3: sources[0].count: expected true or false"},
        Mistake{"partitions", head + "log: {partitions: 0}\n",
                "n.yaml:3: log.partitions: expected at least 1"},
        Mistake{"number", head + "kpis: {qualified_seconds: soon}\n",
                "n.yaml:3: kpis.qualified_seconds: expected a number from 0 to 31622400"},
        Mistake{"negative", head + "kpis: {touch_seconds: -1}\n",
                "n.yaml:3: kpis.touch_seconds: expected a number from 0 to 31622400"},
        Mistake{"proposals", head + "kpis: {proposals_from: fax}\n",
                "n.yaml:3: kpis.proposals_from: expected mail or events"},
        Mistake{"port", head + "server: {listen: \"127.0.0.1:70000\"}\n",
                "n.yaml:3: server.listen: expected HOST:PORT, as 127.0.0.1:8080"},
        Mistake{"not_loopback", head + "server: {listen: \"0.0.0.0:8080\"}\n",
                "n.yaml:3: server.listen: 0.0.0.0 is no loopback address; without tokens (not "
                "available in this "
                "version) only loopback is served"},
        Mistake{"same_port", head + "server: {listen: \"127.0.0.1:9464\"}\n",
                "n.yaml:3: server: listen and metrics_listen have the same port"},
        Mistake{"list_of_lists", "data_dir: d\ncompany: {id: a, mail_domains: [[x]]}\n",
                "n.yaml:2: company.mail_domains: expected a list of words"}),
    [](const auto& tested) { return tested.param.name; });

Mistake of_file(const std::string& name, const std::string& keys, const std::string& what) {
    return {name, head + "sources:\n  - {id: a, kind: asterisk-cdr-csv, " + keys + "}\n",
            "n.yaml:4: sources[0]." + what};
}

INSTANTIATE_TEST_SUITE_P(
    FollowedFiles, ConfigMistake,
    testing::Values(
        of_file("no_path", "follow: true", "follow: path is needed"),
        Mistake{"no_paths",
                head + "sources:\n  - {id: a, kind: cloudevents, follow: true}\n"
                       "  - {id: b, kind: cloudevents, follow: true}\n",
                "n.yaml:4: sources[0].follow: path is needed\n"
                "n.yaml:5: sources[1].follow: path is needed"},
        of_file("no_follow", "path: /m.csv",
                "path: say follow: true to read the file as it grows; without path the source is "
                "fed by import"),
        of_file("no_truth", "path: /m.csv, follow: 1", "follow: expected true or false"),
        Mistake{"hidden", head + "sources: [{id: .., kind: cloudevents, path: p, follow: true}]\n",
                "n.yaml:3: sources[0].id: of a followed file it begins with no . and ends in no "
                ".tmp"},
        Mistake{"temporary",
                head + "sources: [{id: a.tmp, kind: cloudevents, path: p, follow: true}]\n",
                "n.yaml:3: sources[0].id: of a followed file it begins with no . and ends in no "
                ".tmp"},
        Mistake{"twice",
                head + "sources:\n  - {id: a, kind: cloudevents, path: p, follow: true}\n"
                       "  - {id: b, kind: cloudevents, path: p, follow: true}\n",
                "n.yaml:5: sources[1].path: source a follows it already"}),
    [](const auto& tested) { return tested.param.name; });

/// A source of kind cdr-csv with these keys, each on its own line from 5 on.
Mistake of_columns(const std::string& name, const std::string& keys, const std::string& what) {
    return {name, head + "sources:\n  - id: a\n    kind: cdr-csv\n" + keys, "n.yaml:" + what};
}

const std::string needed = "from: 1, to: 2, started_at: 3";

INSTANTIATE_TEST_SUITE_P(
    Columns, ConfigMistake,
    testing::Values(
        of_columns("none", "", "4: sources[0].columns is needed"),
        of_columns("list", "    columns: [a]\n",
                   "6: sources[0].columns: expected a map of columns"),
        of_columns("needed", "    columns: {call_id: 1, duration: 2}\n",
                   "6: sources[0].columns.from is needed\n"
                   "n.yaml:6: sources[0].columns.to is needed\n"
                   "n.yaml:6: sources[0].columns.started_at is needed"),
        of_columns("no_end", "    columns: {" + needed + "}\n",
                   "6: sources[0].columns: one of ended_at and duration is needed"),
        of_columns("unknown",
                   "    columns: {" + needed + ", duration: 4,\n              colour: 5}\n",
                   "7: unknown key sources[0].columns.colour"),
        of_columns("zero", "    columns: {" + needed + ", duration: 0}\n",
                   "6: sources[0].columns.duration: expected a number from 1 to 1024"),
        of_columns("large", "    columns: {" + needed + ", duration: 1025}\n",
                   "6: sources[0].columns.duration: expected a number from 1 to 1024"),
        of_columns("name", "    columns: {" + needed + ", duration: length}\n",
                   "6: sources[0].columns.duration: a name needs header: true"),
        of_columns("column_list", "    columns: {" + needed + ", duration: [4]}\n",
                   "6: sources[0].columns.duration: expected the number of a column, or its name"),
        of_columns("separator", "    separator: ';;'\n    columns: {" + needed + ", duration: 4}\n",
                   "6: sources[0].separator: expected one character, as , or ; or a tab"),
        of_columns("separator_letter",
                   "    separator: x\n    columns: {" + needed + ", duration: 4}\n",
                   "6: sources[0].separator: expected one character, as , or ; or a tab"),
        of_columns("time", "    time: '%Y-%Q'\n    columns: {" + needed + ", duration: 4}\n",
                   "6: sources[0].time: unknown %Q"),
        of_columns("values",
                   "    columns: {" + needed +
                       ", duration: 4, direction: 5}\n"
                       "    values:\n      direction: {in: incoming}\n      talk: {a: b}\n",
                   "9: unknown key sources[0].values.talk\n"
                   "n.yaml:8: sources[0].values.direction.in: expected one of inbound, outbound, "
                   "internal"),
        of_columns("values_of_nothing",
                   "    columns: {" + needed +
                       ", duration: 4}\n"
                       "    values: {direction: {in: inbound}}\n",
                   "7: sources[0].values.direction: columns.direction is needed"),
        Mistake{"of_another_kind", head + "sources: [{id: a, kind: cloudevents, header: true}]\n",
                "n.yaml:3: sources[0].header is a key of kind cdr-csv"}),
    [](const auto& tested) { return tested.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Kafka, ConfigMistake,
    testing::Values(
        Mistake{"section", head + "log: {kind: kafka}\n",
                "n.yaml:3: log.kafka is needed: {brokers: HOST:PORT}"},
        Mistake{"brokers", head + "log:\n  kind: kafka\n  kafka: {group: g}\n",
                "n.yaml:5: log.kafka.brokers is needed: HOST:PORT,..."},
        Mistake{"instance",
                head + "log: {kind: kafka, kafka: {brokers: b, instance_id: \"a b\"}}\n",
                "n.yaml:3: log.kafka.instance_id: expected 1 to 32 letters, digits, '.', '_' or "
                "'-'"},
        Mistake{"session",
                head + "log: {kind: kafka, kafka: {brokers: b, session_timeout_ms: 100}}\n",
                "n.yaml:3: log.kafka.session_timeout_ms: expected at least 6000, what a broker "
                "takes"},
        Mistake{"peers",
                head + "log: {kind: kafka, kafka: {brokers: b, peers: {node-2: \"node-2:80\"}}}\n",
                "n.yaml:3: log.kafka.peers.node-2: expected http://HOST:PORT"},
        Mistake{"secret",
                head + "log: {kind: kafka, kafka: {brokers: b, client: {sasl.password: x}}}\n",
                "n.yaml:3: log.kafka.client.sasl.password: a secret stands in a file: "
                "log.kafka.password_file"},
        Mistake{"client",
                head + "log: {kind: kafka, kafka: {brokers: b, client: {linger.ms: 1}}}\n",
                "n.yaml:3: log.kafka.client.linger.ms: expected security.protocol, ssl.* or "
                "sasl.*"},
        Mistake{"whose", head + "metrics: {kpi: all}\n",
                "n.yaml:3: metrics.kpi: expected per_manager, per_team or off"},
        Mistake{"kpi", head + "metrics: {kpis: [calls_out, callz]}\n",
                "n.yaml:3: metrics.kpis: no such KPI: callz"},
        Mistake{"kpi_twice", head + "metrics: {kpis: [calls_out, calls_out]}\n",
                "n.yaml:3: metrics.kpis: calls_out stands there twice"},
        Mistake{"kind", head + "log: {kind: rabbit}\n",
                "n.yaml:3: log.kind: expected embedded or kafka"}),
    [](const auto& tested) { return tested.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Later, ConfigMistake,
    testing::Values(
        Mistake{"kind",
                head + "sources:\n  - {id: j, kind: smtp-journal, listen: \"127.0.0.1:2525\"}\n",
                "n.yaml:4: sources[0].kind: smtp-journal is not available in this version"},
        Mistake{"sweep", head + "sources: [{id: a, kind: asterisk-cdr-csv, sweep_dir: d}]\n",
                "n.yaml:3: sources[0].sweep_dir is not available in this version"},
        Mistake{"tokens", head + "auth: {tokens_file: t}\n",
                "n.yaml:3: auth is not available in this version"},
        Mistake{"entities", head + "retention: {entities: 90}\n",
                "n.yaml:3: retention.entities: other than 0 is not available in this version"},
        Mistake{"web", head + "server: {web_dir: w}\n",
                "n.yaml:3: server.web_dir is not available in this version"},
        Mistake{"heuristic", head + "pbx:\n  main: {attended_transfer_heuristic: true}\n",
                "n.yaml:4: pbx.main.attended_transfer_heuristic: true is not available in this "
                "version"}),
    [](const auto& tested) { return tested.param.name; });

Config good(const std::string& text, const Environment& environment = {}) {
    base::Result<Config> config = parse_config(text, "n.yaml", environment);
    if (!config) {
        ADD_FAILURE() << config.error().context();
        return {};
    }
    return std::move(config).value();
}

TEST(Config, FillsInDefaults) {
    const Config config =
        good(head + "sources: [{id: pbx, kind: asterisk-cdr-csv}, {id: crm, kind: cloudevents}]\n");
    EXPECT_EQ(config.companies.at(0).name, "acme");
    EXPECT_EQ(config.companies.at(0).timezone, "UTC");
    EXPECT_EQ(config.companies.at(0).currency, "RUB");
    EXPECT_EQ(config.companies.at(0).kpis.numbers.at("qualified_seconds"), 60);
    EXPECT_EQ(config.companies.at(0).kpis.numbers.count("lost_after_days"), 0U);
    EXPECT_EQ(config.companies.at(0).kpis.numbers.at("idle_seconds"), 1800);
    EXPECT_EQ(config.companies.at(0).kpis.numbers.at("min_expected"), 1);
    EXPECT_EQ(config.listen.port, 8080);
    EXPECT_EQ(config.metrics_listen.port, 9464);
    EXPECT_EQ(config.metrics.kpis.size(), 14U);
    for (const std::string& kpi : config.metrics.kpis) {
        EXPECT_TRUE(kpi::kpi_of_id(kpi)) << kpi;
    }
    EXPECT_EQ(config.source("pbx")->lateness_seconds, 300);
    EXPECT_EQ(config.source("crm")->lateness_seconds, 60);
    EXPECT_TRUE(config.source("crm")->timezone_assumed);
    EXPECT_EQ(config.source("nobody"), nullptr);
}

TEST(Config, SourceTakesZoneAndRegionOfItsCompany) {
    const Config config = good(
        "data_dir: d\n"
        "companies: [{id: a, timezone: Europe/Berlin, region: DE}, {id: b, timezone: Asia/Almaty, "
        "region: KZ}]\n"
        "sources: [{id: s, kind: cloudevents, company: b}, {id: t, kind: cloudevents, company: a, "
        "region: RU}]\n");
    EXPECT_EQ(config.source("s")->timezone, "Asia/Almaty");
    EXPECT_EQ(config.source("s")->region, "KZ");
    EXPECT_EQ(config.source("t")->timezone, "Europe/Berlin");
    EXPECT_EQ(config.source("t")->region, "RU");
}

TEST(Config, CompanyOfAListOverridesCommonThresholds) {
    const Config config = good(
        "data_dir: d\ncompanies: [{id: a}, {id: b, kpis: {qualified_seconds: 90.5}}]\nkpis: "
        "{qualified_seconds: 30}\n");
    EXPECT_EQ(config.company("a")->kpis.numbers.at("qualified_seconds"), 30);
    EXPECT_EQ(config.company("b")->kpis.numbers.at("qualified_seconds"), 90.5);
}

TEST(Config, EnvironmentGoesOverTheFile) {
    const Config config = good(head + "server: {listen: \"127.0.0.1:1\"}\n",
                               {{"NORMWATCH_SERVER__LISTEN", "127.0.0.1:2"},
                                {"NORMWATCH_DATA_DIR", "/elsewhere"},
                                {"NORMWATCH_LOG__RETENTION__DAYS", "7"},
                                {"NORMWATCH_COMPANY__MAIL_DOMAINS", "[a.example, b.example]"},
                                {"NORMWATCH_CI", "1"}});
    EXPECT_EQ(config.listen.port, 2);
    EXPECT_EQ(config.data_dir, "/elsewhere");
    EXPECT_EQ(config.log_retention_days, 7);
    EXPECT_EQ(config.companies.at(0).mail_domains,
              (std::vector<std::string>{"a.example", "b.example"}));
}

TEST(Config, EnvironmentMistakeNamesTheVariable) {
    const auto wrong = [](const std::string& name, const std::string& value) {
        const base::Result<Config> config = parse_config(smallest, "n.yaml", {{name, value}});
        return config.has_value() ? "accepted" : config.error().context();
    };
    EXPECT_EQ(wrong("NORMWATCH_SERVER__LISTN", "x"),
              "NORMWATCH_SERVER__LISTN: unknown key server.listn");
    EXPECT_EQ(wrong("NORMWATCH_LOG__PARTITIONS", "many"),
              "NORMWATCH_LOG__PARTITIONS: log.partitions: expected a whole number from 0 to 1024");
    EXPECT_EQ(wrong("NORMWATCH_DATA_DIR__X", "y"),
              "NORMWATCH_DATA_DIR__X: what it names has no member x");
}

TEST(Config, DatesAndNumbersOfIdsStayText) {
    const Config config = good("data_dir: 2026-11-02\ncompany: {id: 0101, name: \"~\"}\n");
    EXPECT_EQ(config.data_dir, "2026-11-02");
    EXPECT_EQ(config.companies.at(0).id, "0101");
    EXPECT_EQ(config.companies.at(0).name, "~");
}

TEST(Config, MissingFileIsNamed) {
    const base::Result<Config> config = load_config("/nonexistent/n.yaml", {});
    ASSERT_FALSE(config.has_value());
    EXPECT_EQ(config.error().code(), base::ErrorCode::not_found);
    EXPECT_EQ(config.error().context(), "/nonexistent/n.yaml: No such file or directory");
}

TEST(Config, ReadsAFollowedFileAndItsColumns) {
    const Config config = good(
        head +
        "sources:\n"
        "  - {id: crm, kind: cloudevents, path: /events.jsonl, follow: true}\n"
        "  - {id: paused, kind: asterisk-cdr-csv, path: /m.csv, follow: false}\n"
        "  - {id: pbx, kind: cdr-csv, path: /calls.csv, follow: true, separator: \"\\t\", header: "
        "true, time: '%s', columns: {from: caller, to: 3, started_at: 4, duration: 7, direction: "
        "9}, values: {direction: {in: inbound}}}\n"
        "  - {id: plain, kind: cdr-csv, columns: {from: 1, to: 2, started_at: 3, ended_at: 4}}\n");
    EXPECT_TRUE(config.source("crm")->follow);
    EXPECT_EQ(config.source("crm")->path, "/events.jsonl");
    EXPECT_EQ(config.source("crm")->lateness_seconds, 300);
    EXPECT_FALSE(config.source("paused")->follow);
    EXPECT_EQ(config.source("crm")->columns, nullptr);
    const ingest::cdr_csv::Mapping& mapping = *config.source("pbx")->columns;
    EXPECT_EQ(mapping.separator, '\t');
    EXPECT_TRUE(mapping.header);
    EXPECT_EQ(mapping.time.text(), "%s");
    EXPECT_EQ(mapping.column(ingest::cdr_csv::Field::from)->name, "caller");
    EXPECT_EQ(mapping.column(ingest::cdr_csv::Field::duration)->number, 7U);
    EXPECT_FALSE(mapping.column(ingest::cdr_csv::Field::talk));
    EXPECT_EQ(config.source("plain")->columns->separator, ',');
    EXPECT_EQ(config.source("plain")->columns->time.text(), "%Y-%m-%d %H:%M:%S");
    EXPECT_EQ(config.source("plain")->lateness_seconds, 300);
    const std::string shown = show_config(config);
    EXPECT_EQ(show_config(good(shown)), shown);
    EXPECT_NE(shown.find("direction: {\"in\": inbound}"), std::string::npos);
}

TEST(Config, WhatIsShownReadsBackTheSame) {
    const std::string text =
        "data_dir: \"d \\\"q\\\"\"\ncompany: {id: acme, name: 'A: b', region: RU, mail_domains: "
        "[acme.example]}\n"
        "log: {partitions: 3, retention: {days: 5}}\nserver: {listen: \"127.0.0.1:81\"}\n"
        "sources: [{id: p, kind: asterisk-cdr-csv, international_prefix: \"810\", pbx: main, "
        "types: [call*]}]\n"
        "pbx: {main: {attended_transfer_heuristic: false}}\n";
    const std::string shown = show_config(good(text));
    EXPECT_EQ(show_config(good(shown)), shown);
    EXPECT_NE(shown.find("partitions: 3"), std::string::npos);
    EXPECT_NE(shown.find("pbx: \"main\""), std::string::npos);
}

TEST(Config, ShowsEveryDigitOfANumber) {
    const Config config = good(head + "kpis: {qualified_seconds: 1234567.25}\n");
    const Config again = good(show_config(config));
    EXPECT_EQ(again.company("acme")->kpis.numbers, config.company("acme")->kpis.numbers);
}

}  // namespace
}  // namespace app
